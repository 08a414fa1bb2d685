"""Whose turn it is to land: of many workers in one work tree, one at a time, and no sooner than is worth it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from mdtodo.storage.state import folder
from mdtodo.system.clock import boot_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.git.repository import Repository

#: Seconds between two landings of a work tree, at most.
LONGEST_REST = 10.0


class Turn:
    """A turn that is ours, and when the last one of anybody was over: its lock file says so."""

    def __init__(self, lock: IO[bytes]) -> None:
        self._lock = lock

    def is_due(self, times: float) -> bool:
        """Whether the last landing is over for so many times as long as it took."""
        try:
            ended, took = map(float, self._lock.read().split())
        except ValueError:
            return True
        left = ended + min(LONGEST_REST, times * took) - boot_clock()
        return not 0 < left <= LONGEST_REST  # more is left from before a restart of the machine

    def over(self, took: float) -> None:
        """A landing took so many seconds, and is over."""
        self._lock.seek(0)
        self._lock.write(b"%.6f %.6f" % (boot_clock(), took))
        self._lock.truncate()
        self._lock.flush()


@contextmanager
def landing_turn(repo: Repository) -> Iterator[Turn | None]:
    """The turn, until the end of the context; None where it is another's. Landings are right without it, since HEAD
    moves by compare-and-swap: with it, nobody prepares one that comes too late, and what waits goes together.

    The system gives a turn back when its process ends.
    """
    import fcntl

    name = f"landing-{os.stat(repo.git_dir).st_ino}.lock"  # each work tree has an index of its own
    with open(os.open(os.path.join(folder(repo), name), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
        else:
            yield Turn(lock)
