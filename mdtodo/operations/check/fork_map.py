"""The same work on many files, shared out among the cores by forks of this process.

For pure work that is over in seconds: a fork costs a millisecond, and a pool that is made to last for a run ten
times that. A fork that fails costs time alone, since its part is done here then.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    #: Names to texts without line ends; a name that is not in it has none.
    Work = Callable[[Sequence[str]], Mapping[str, str]]

#: Bytes for which another process pays.
SHARE = 1 << 19

#: More processes than this do not help: what is left to do is here.
PROCESSES = 8


def in_parts(sizes: Mapping[str, int], work: Work) -> dict[str, str]:
    """What `work` makes of these names (without tab or line end), each of which takes time by its size."""
    count = min(_cores(), PROCESSES, 1 + sum(sizes.values()) // SHARE)
    parts: list[list[str]] = [[] for _ in range(count)]
    loads = [0] * count
    # the largest first: the small ones even out what these leave
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        lightest = loads.index(min(loads))
        parts[lightest].append(name)
        loads[lightest] += sizes[name]
    forks = [(part, _start(part, work)) for part in parts[1:]]
    done = dict(work(parts[0]))
    for part, fork in forks:
        heard = None if fork is None else _hear(*fork)
        done |= work(part) if heard is None else heard
    return done


def _start(part: Sequence[str], work: Work) -> tuple[int, int] | None:
    """A fork that does the part: its process id, and where it will be heard; None where there is no fork."""
    hear, tell = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(hear)
        os.close(tell)
        return None
    if pid:
        os.close(tell)
        return pid, hear
    code = 1
    try:
        lines = [f"{name}\t{text}\n" for name, text in work(part).items()]
        with open(tell, "wb") as file:
            file.write("".join(lines).encode("utf-8", "surrogatepass"))
        code = 0
    finally:
        # never back into the caller: it would go on, and print, a second time
        os._exit(code)


def _hear(pid: int, fd: int) -> dict[str, str] | None:
    """What a fork told; None where it failed."""
    # read before it is waited for: one with more to say than a pipe holds ends only when it is read
    with open(fd, "rb") as file:
        told = file.read().decode("utf-8", "surrogatepass")
    if os.waitpid(pid, 0)[1]:
        return None
    # not splitlines(), which also splits at U+2028 and its like
    pairs = (line.partition("\t") for line in told.split("\n")[:-1])
    return {name: text for name, _, text in pairs}


def _cores() -> int:
    """How many processes may run at once; one where there are threads, which no fork should be made of."""
    threading = sys.modules.get("threading")
    if not hasattr(os, "fork") or (threading is not None and threading.active_count() > 1):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
