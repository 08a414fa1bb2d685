"""The identity of a process, so that what a killed one left behind can be told from a living one's.

It is `<where>-<pid>-<start>`: a hash of this boot and PID namespace, and the moment the process
started, so that neither a reused PID nor another container's process is taken for it.
"""

from __future__ import annotations

import os
from functools import lru_cache

from mdtodo.core.digest import hexdigest


def current() -> str:
    """The identity of this process."""
    return _name(os.getpid())


def has_ended(owner: str) -> bool:
    """Whether the process has certainly ended; False for one that cannot be seen from here."""
    where, _, rest = owner.partition("-")
    pid, _, started = rest.partition("-")
    if not (pid.isdigit() and started.isdigit()) or where != _where() or started == "0":
        return False
    # /proc may hide the processes of others (hidepid, proc(5)): then kill(2) says whether the PID is used.
    now = _started(int(pid))
    return not _exists(int(pid)) if now is None else now != int(started)


def can_be_checked(owner: str) -> bool:
    """Whether `has_ended` can tell: not of a process in another container, before the last boot, or where there is no
    /proc.
    """
    where, _, rest = owner.partition("-")
    return where == _where() != _UNKNOWN and not rest.endswith("-0")


_UNKNOWN = "unknown"


# Cached by PID, as a forked child inherits the cache.
@lru_cache(maxsize=1)
def _name(pid: int) -> str:
    return f"{_where()}-{pid}-{_started(pid) or 0}"


@lru_cache(maxsize=1)
def _where() -> str:
    """8 hex digits for this boot of this machine and this PID namespace; _UNKNOWN where nothing tells."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            boot = file.read()
        namespace = os.readlink("/proc/self/ns/pid").encode()
    except OSError:
        return _UNKNOWN
    return hexdigest(boot + namespace)[:8]


def _started(pid: int) -> int | None:
    """When the process started, in clock ticks since boot (field 22 of /proc/PID/stat); 0 for one that has
    ended and was not waited for, None for one that is not shown.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # After the last `)`: the program's name before it may hold spaces and parentheses (proc(5)).
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return 0 if fields[0] in (b"Z", b"X") else int(fields[19])


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
