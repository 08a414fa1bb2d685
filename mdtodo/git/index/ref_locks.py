"""Locks on refs that a git of ours left when it was killed together with us.

`git update-ref` holds `HEAD.lock`, and that of the branch, for some milliseconds. Killed within them it
leaves these files, and every git refuses to move that branch until somebody deletes them. They are deleted
here only if they are younger than what else our killed process left, and do not go away within a second.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.git.position import head_position

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository

#: Seconds after which a lock that nobody renews is taken for left behind; git's own patience is 0.1.
SETTLED = 1.0


def remove_stale(repo: Repository, since: float) -> tuple[str, ...]:
    """Delete the locks of HEAD and its branch that were made after the Unix time `since`, when a process of
    ours was killed, and are left behind; sentences about that.
    """
    names = [os.path.join(repo.git_dir, "HEAD.lock")]
    if ref := head_position(repo).ref:
        names.append(os.path.join(repo.common_dir, ref + ".lock"))
    return tuple(
        f"removed {name}, which a killed run had left" for name in names if remove_if_stale(name, since)
    )


def remove_if_stale(name: str, since: float) -> bool:
    """Whether this lock, made after `since`, has stayed for a second without a change: it is deleted then."""
    first = _stat(name)
    if first is None or first.st_ctime < since:
        return False
    # Bounded: on a network file system the file's time is of another clock.
    time.sleep(max(0.0, min(SETTLED, first.st_mtime + SETTLED - time.time())))
    now = _stat(name)
    # Another file of the same name: a living git has taken the lock anew.
    if now is None or (now.st_ino, now.st_mtime_ns) != (first.st_ino, first.st_mtime_ns):
        return False
    with suppress(FileNotFoundError):
        os.unlink(name)
    return True


def _stat(name: str) -> os.stat_result | None:
    try:
        return os.lstat(name)
    except OSError:
        return None
