"""Ending processes: groups, what escaped from its group, and what a dead supervisor left behind.

A command leads a session of its own, so one signal to its group reaches nearly all of it. On Linux a pool
process also is a child subreaper (prctl(2)): what a command's descendants orphan comes back to it, so that
daemons with a session of their own are found too. Elsewhere, and without /proc, those that detached twice
before the end are missed.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from time import monotonic, sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import psutil

#: Signals that ask a process to end. In the pool's own processes they do nothing, as what ends
#: is for the runner to say: a service manager, or an outer mdtodo, that signals all of them at once must not lose
#: attempts by it.
REQUESTS_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_ROUNDS = 10
_GIVE_UP = 1.0


def become_subreaper() -> None:
    """Adopt what descendants orphan (Linux; elsewhere nothing happens)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """Be killed when the process `parent`, which forked this one, dies (Linux; elsewhere nothing happens)."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # it may have died before the line above, and then no signal comes
    if os.getppid() != parent:
        os._exit(1)


def signal_group(group: int, number: int) -> bool:
    """Signal a process group; whether there is one (also where it is another user's, and gets no signal)."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def group_exists(group: int) -> bool:
    """Whether any process is left in the group."""
    return signal_group(group, 0)


def kill_groups(*groups: int) -> None:
    """Kill process groups, and wait until they are gone; at most a second, if nobody collects their dead."""
    give_up = monotonic() + _GIVE_UP
    # a sum, as each is to get the signal, and not the first one that is there
    while sum(signal_group(group, signal.SIGKILL) for group in groups) and monotonic() < give_up:
        sleep(0.002)


def outside(group: int, processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that are not in the process group."""
    return [process for process in processes if _group_of(process.pid) not in (group, None)]


def descendants(spared: Iterable[psutil.Process] = ()) -> list[psutil.Process]:
    """All living descendants of this process, without the spared ones and theirs."""
    # psutil compares processes by id and start, so an id that was used again is another one
    left = set(children())
    for process in spared:
        left -= {process, *children(process)}
    return [process for process in left if _alive(process)]


def children(process: psutil.Process | None = None, *, recursive: bool = True) -> list[psutil.Process]:
    """Of this process, or of another; none that the system does not show."""
    import psutil

    try:
        return list((process or psutil.Process()).children(recursive=recursive))
    except (psutil.Error, *_HIDDEN):
        return []


def processes(pids: Iterable[int]) -> list[psutil.Process]:
    """Those that are there."""
    import psutil

    found = []
    for pid in pids:
        with suppress(psutil.Error):
            found.append(psutil.Process(pid))
    return found


def is_of(process: psutil.Process, session: int, variables: Mapping[str, str]) -> bool:
    """Whether it is in the session, or has all of the variables in its environment."""
    try:
        if os.getsid(process.pid) == session:
            return True
    except OSError:
        return False
    return bool(variables) and _holds(process, variables)


def inside(sandbox: int) -> list[psutil.Process]:
    """All that lives in a sandbox; its own process has one child, the init in it, which is not counted."""
    import psutil

    try:
        outer = psutil.Process(sandbox)
    except psutil.Error:
        return []
    found = set(children(outer)) - set(children(outer, recursive=False))
    return [process for process in found if _alive(process)]


def signal_all(processes: Iterable[psutil.Process], number: int) -> None:
    """Signal each; those that are gone meanwhile, or not ours, are left."""
    import psutil

    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue


def kill_by_environment(*several: Mapping[str, str]) -> None:
    """Kill every process of this user whose environment holds all of one of these sets of variables, except this one.

    For a command whose supervisor was killed: nobody else knows what it started.
    """
    import psutil

    # in rounds, for what is forked while the list is read
    for _ in range(_ROUNDS):
        marked = [p for p in _processes() if p.pid != os.getpid() and _holds(p, *several)]
        if not marked:
            return
        signal_all(marked, signal.SIGKILL)
        psutil.wait_procs(marked, timeout=0.5)


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _processes() -> list[psutil.Process]:
    import psutil

    try:
        return list(psutil.process_iter())
    except _HIDDEN:
        return []


#: What psutil comes upon where /proc is not mounted, or is an empty folder.
_HIDDEN = (OSError, LookupError)


def _alive(process: psutil.Process) -> bool:
    import psutil

    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _holds(process: psutil.Process, *several: Mapping[str, str]) -> bool:
    import psutil

    try:
        environment = process.environ()
    except (psutil.Error, OSError):
        return False
    return any(variables.items() <= environment.items() for variables in several)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
