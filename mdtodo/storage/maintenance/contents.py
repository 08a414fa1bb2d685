"""What is in the folder of the state, and how much of the disk it takes. Reads only."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import MdtodoError
from mdtodo.storage.rows import integer
from mdtodo.storage.state import StateStore, folder

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository

#: Folders of what was worked out once, and may be deleted at any time.
CACHES = ("check", "fast", "proof", "receipts", "signatures")


#: Copies of the state: damaged ones, those of older versions, those that a restore has replaced.
COPY = re.compile(r"state\.db\.(damaged|version|replaced)-\d+(-wal|-shm)?")


class Contents(NamedTuple):
    """The folder, and what it takes in bytes: the state itself with its log, captured output, caches, and everything
    else (`other`). `problem`: why the state cannot be read. `copies`: names of set-aside ones. `waiting`: results that
    have yet to land; `uncommitted`: receipts that no commit carries; `active`: runs that go on. `messages`: those that
    have yet to be sent."""

    folder: str
    exists: bool
    problem: str | None
    size: int
    logs: int
    caches: int
    other: int
    free: int
    copies: tuple[str, ...]
    messages: int
    runs: int = 0
    results: int = 0
    waiting: int = 0
    uncommitted: int = 0
    claims: int = 0
    active: tuple[str, ...] = ()


def contents(repo: Repository) -> Contents:
    """Of this clone. What cannot be read counts as nothing, and `problem` says why."""
    place = folder(repo)
    path = os.path.join(place, "state.db")
    size = sum(size_of(f"{path}{end}") for end in ("", "-wal", "-shm"))
    logs, caches = (
        size_of(os.path.join(place, "logs")),
        sum(size_of(os.path.join(place, name)) for name in CACHES),
    )
    other = size_of(place) - size - logs - caches
    names = sorted(os.listdir(place)) if os.path.isdir(place) else []
    copies = tuple(name for name in names if COPY.fullmatch(name) and not name.endswith(("-wal", "-shm")))
    found = Contents(
        *(
            place,
            os.path.exists(path),
            None,
            size,
            logs,
            caches,
            other,
            _free(repo.common_dir),
            copies,
            _messages(place),
        )
    )
    return _with_figures(repo, found) if found.exists else found


def _with_figures(repo: Repository, found: Contents) -> Contents:
    from mdtodo.storage.database import damage

    try:
        if (problem := damage(os.path.join(found.folder, "state.db"))) is not None:
            return found._replace(problem=problem)
        with StateStore.open(repo, create=False) as state:
            runs, results, waiting, uncommitted = map(integer, state.database.read(_FIGURES)[0])
            return found._replace(
                runs=runs,
                results=results,
                waiting=waiting,
                uncommitted=uncommitted,
                claims=sum(one.claimed for one in state.live_leases()),
                active=tuple(run for run, _, _ in state.active_runs()),
            )
    except MdtodoError as error:
        return found._replace(problem=error.sentence)


_FIGURES = (
    "SELECT (SELECT count(*) FROM runs), count(*), count(receipt),"
    " (SELECT count(*) FROM receipts WHERE commit_id IS NULL) FROM results"
)


def _messages(place: str) -> int:
    with suppress(OSError):
        return sum(name.endswith(".json") for name in os.listdir(os.path.join(place, "messages")))
    return 0


def size_of(path: str) -> int:
    """Bytes that a file, or all below a folder, takes; 0 for what is not there."""
    with suppress(OSError):
        if not os.path.isdir(path) or os.path.islink(path):
            return os.lstat(path).st_size
        with os.scandir(path) as entries:
            return sum(size_of(entry.path) for entry in entries)
    return 0


def _free(path: str) -> int:
    with suppress(OSError):
        found = os.statvfs(path)
        return found.f_bavail * found.f_frsize
    return 0
