"""A copy of the state in one file, made while runs go on, that says which repository wrote it.

Not in it: captured output, caches, and what waits in files of its own (`spool`, `waiting`). A task whose result is lost
so is run again.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, NamedTuple

from mdtodo import __version__
from mdtodo.errors import MdtodoError, UsageError
from mdtodo.git.repository import run
from mdtodo.storage.database import is_copy, write_copy
from mdtodo.storage.state import folder

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository

#: How a file of SQLite begins.
SQLITE = b"SQLite format 3\0"


class Origin(NamedTuple):
    """The repository that wrote a state: its first commits and its newest one, and its git folder. `commits`: some that
    its receipts landed with. All of it as far as that is known."""

    roots: frozenset[str] = frozenset()
    head: str | None = None
    place: str | None = None
    commits: tuple[str, ...] = ()

    @classmethod
    def of(cls, repo: Repository) -> Origin:
        """This repository."""
        roots = run(repo, "rev-list", "--max-parents=0", "--all").decode().split()
        head = run(repo, "rev-parse", "--verify", "--quiet", "HEAD", ok=(0, 1)).decode().strip()
        return cls(frozenset(roots), head or None, os.path.realpath(repo.common_dir))

    def notes(self) -> dict[str, str]:
        """As a copy keeps it."""
        known = {"roots": json.dumps(sorted(self.roots)), "head": self.head, "place": self.place}
        return {name: text for name, text in known.items() if text is not None}


def back_up(repo: Repository, target: str) -> int:
    """Copy the state of this clone to the file `target`, whole or not at all; its size in bytes.

    An older copy there is replaced. Raises UsageError where `target` is anything else, or the state itself, and
    MdtodoError where there is no state, or it cannot be read, or the file cannot be written.
    """
    path = os.path.join(folder(repo), "state.db")
    if not os.path.exists(path):
        raise MdtodoError("there is no state to back up: nothing has run in this clone yet", file=path)
    _refuse_target(path, target)
    notes = {"mdtodo": __version__, "taken": str(time.time()), **Origin.of(repo).notes()}
    write_copy(path, target, notes)
    return os.path.getsize(target)


def _refuse_target(path: str, target: str) -> None:
    if not os.path.lexists(target):
        return
    if not os.path.isfile(target):
        raise UsageError(f"{target} is no file")
    if os.path.realpath(path) == os.path.realpath(target):
        raise UsageError(f"{target} is the state itself: name another file")
    try:
        with open(target, "rb") as file:
            begins = file.read(len(SQLITE))
    except OSError as error:
        raise MdtodoError(f"the backup cannot be written: {error.strerror}", file=target) from error
    if begins and not (begins == SQLITE and is_copy(target)):
        raise UsageError(f"{target} is there, and is no backup: name another file")
