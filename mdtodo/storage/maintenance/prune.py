"""What may be deleted of the state: copies that nobody reads, caches, captured output, old rows.

Never a result that has not landed, nor a receipt that no commit carries: these are in no other place.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.storage import task_logs
from mdtodo.storage.live.runners import REMEMBERED
from mdtodo.storage.maintenance.contents import CACHES, COPY, size_of
from mdtodo.storage.state import StateStore, folder
from mdtodo.storage.totals import delete_results

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdtodo.config.settings import Logs
    from mdtodo.git.repository import Repository
    from mdtodo.storage.database import Database

#: What a killed command leaves: half of a copy, or the folder of one.
_HALF = re.compile(r"state\.db(\.[\w-]+)?\.part-\d+(-\w+)?|restore\.\w+|\w+\.json\.\d+")
#: Seconds after which nobody is writing what a killed command would leave.
_LEFT = 3600.0

_OLD = (
    "receipt IS NULL AND finished < ?"
    " AND id NOT IN (SELECT result FROM receipts WHERE commit_id IS NULL)"
    " AND run_id NOT IN (SELECT run_id FROM results WHERE receipt IS NOT NULL)"
)
_OF_NO_RESULT = "DELETE FROM receipts WHERE result NOT IN (SELECT id FROM results)"
_OLD_RUNS = (
    "DELETE FROM runs WHERE started < ? AND (finished IS NOT NULL OR started < ?)"
    " AND run_id NOT IN (SELECT run_id FROM results)"
)


class Pruned(NamedTuple):
    """What was deleted, or would be: copies by name, rows of results and runs, bytes of the disk in all. `compacted`:
    the disk has got back what rows took; not while runs go on."""

    copies: tuple[str, ...]
    results: int
    runs: int
    size: int
    compacted: bool


def prune(repo: Repository, logs: Logs, *, age: float) -> Pruned:
    """Delete copies and caches, captured output as `logs` says, and rows that are older than `age` seconds.

    Raises MdtodoError where the state cannot be written.
    """
    place = folder(repo)
    before = size_of(place)
    copies = [name for name, path in _copies(place) if _delete(path)]
    for path in _left(place):
        _delete(path)
    for name in CACHES:
        for path in _files(os.path.join(place, name)):
            _delete(path)
    results, runs, compacted = 0, 0, False
    if os.path.exists(os.path.join(place, "state.db")):
        with StateStore.open(repo) as state:
            task_logs.prune(repo, state, logs, keep="")
            results, runs = _delete_rows(state.database, time.time() - age)
            if not state.active_runs():
                state.database.compact()
                compacted = True
    return Pruned(tuple(copies), results, runs, max(0, before - size_of(place)), compacted)


def _copies(place: str) -> Iterator[tuple[str, str]]:
    return (
        (os.path.basename(path), path) for path in _files(place) if COPY.fullmatch(os.path.basename(path))
    )


def _left(place: str) -> Iterator[str]:
    for path in (*_files(place), *_files(os.path.join(place, "messages"))):
        with suppress(OSError):
            if _HALF.fullmatch(os.path.basename(path)) and os.stat(path).st_mtime < time.time() - _LEFT:
                yield path


def _files(place: str) -> Iterable[str]:
    with suppress(OSError):
        return [os.path.join(place, name) for name in sorted(os.listdir(place))]
    return []


def _delete(path: str) -> bool:
    """Whether it is gone; what cannot be deleted stays."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            os.unlink(path)
    return not os.path.lexists(path)


def _delete_rows(database: Database, before: float) -> tuple[int, int]:
    with database.writing("pruned") as db:
        results = delete_results(database, _OLD, (before,))
        db.execute(_OF_NO_RESULT)
        now = time.time()
        runs = db.execute(_OLD_RUNS, (before, now - REMEMBERED)).rowcount
        db.execute("DELETE FROM runners WHERE last_sign < ?", (now - REMEMBERED,))
    return results, runs
