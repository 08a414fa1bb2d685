"""Whose turn it is to land: of many workers in one work tree, one at a time."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mdtodo.storage.state import folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.git.repository import Repository


@contextmanager
def landing_turn(repo: Repository) -> Iterator[bool]:
    """Whether it is ours now, until the end of the context. Landings are right without it, since HEAD moves by
    compare-and-swap: with it, nobody prepares one that comes too late, and what waits goes together.

    The system gives a turn back when its process ends.
    """
    import fcntl

    name = f"landing-{os.stat(repo.git_dir).st_ino}.lock"  # each work tree has an index of its own
    with open(os.path.join(folder(repo), name), "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
