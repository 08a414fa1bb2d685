"""The same work on many files, shared out among the cores by forks of this process.

For pure work that is over in seconds: a fork costs a millisecond, and a pool that is made to last for a run ten
times that. A fork that fails costs time alone, since its share is done here then.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mdtodo.system.process import available_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    #: Names to texts without line ends; a name that is not in it has none.
    Work = Callable[[Sequence[str]], Mapping[str, str]]

#: Bytes for which another process pays.
SHARE = 1 << 19

#: More processes than this do not help: what is left to do is here.
PROCESSES = 8


def fork_map(sizes: Mapping[str, int], work: Work) -> dict[str, str]:
    """What `work` makes of these names (without tab or line end), each of which takes time by its size."""
    count = min(_available_cpus(), PROCESSES, 1 + sum(sizes.values()) // SHARE)
    shares: list[list[str]] = [[] for _ in range(count)]
    loads = [0] * count
    # the largest first: the small ones even out what these leave
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        lightest = loads.index(min(loads))
        shares[lightest].append(name)
        loads[lightest] += sizes[name]
    forks = [(share, _start(share, work)) for share in shares[1:]]
    done = dict(work(shares[0]))
    for share, fork in forks:
        answer = None if fork is None else _collect(*fork)
        done |= work(share) if answer is None else answer
    return done


def _start(share: Sequence[str], work: Work) -> tuple[int, int] | None:
    """A fork that does this share: its process id, and where its answer is read; None where there is no fork."""
    reader, writer = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        return None
    if pid:
        os.close(writer)
        return pid, reader
    code = 1
    try:
        lines = [f"{name}\t{text}\n" for name, text in work(share).items()]
        with open(writer, "wb") as file:
            file.write("".join(lines).encode("utf-8", "surrogatepass"))
        code = 0
    finally:
        # never back into the caller: it would go on, and print, a second time
        os._exit(code)


def _collect(pid: int, fd: int) -> dict[str, str] | None:
    """What a fork told; None where it failed."""
    # read before it is waited for: one with more to say than a pipe holds ends only when it is read
    with open(fd, "rb") as file:
        output = file.read().decode("utf-8", "surrogatepass")
    if os.waitpid(pid, 0)[1]:
        return None
    # not splitlines(), which also splits at U+2028 and its like
    pairs = (line.partition("\t") for line in output.split("\n")[:-1])
    return {name: text for name, _, text in pairs}


def _available_cpus() -> int:
    """How many processes may run at once; one where there are threads, which no fork should be made of."""
    threading = sys.modules.get("threading")
    if not hasattr(os, "fork") or (threading is not None and threading.active_count() > 1):
        return 1
    return available_cpus()
