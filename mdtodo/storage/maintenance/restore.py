"""A state from a copy, in the place of the one that is there, for whoever has it open too.

Rows are replaced in one transaction, not the file: a process that has the state open would go on writing a file that
has no name any more.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import GitError, MdtodoError
from mdtodo.git.repository import run
from mdtodo.storage.database import write_copy
from mdtodo.storage.maintenance.backup import SQLITE, Origin
from mdtodo.storage.rows import integer
from mdtodo.storage.runs import active_runs
from mdtodo.storage.state import StateStore, folder
from mdtodo.system import process_identity

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository
    from mdtodo.storage.database import Database

#: Commits of receipts that are looked for where a copy does not say whose it is.
_LOOKED_FOR = 200
#: What comes from the copy as a whole. Of the rest, runners and what they have in hand are of this moment.
_TABLES = ("runs", "results", "receipts")


class Restored(NamedTuple):
    """What there is now: runs, results, and those of them that have yet to land; `kept` is the file with what was there
    before, None where that was nothing."""

    runs: int
    results: int
    unlanded: int
    kept: str | None


def restore(repo: Repository, source: str, *, force: bool = False) -> Restored:
    """Let this clone's state be what the copy `source` has; all of it or nothing.

    Raises MdtodoError where that is no state, or one of another repository, where a run goes on, and, unless `force`,
    where results wait here to land, which would be set aside.
    """
    os.makedirs(folder(repo), 0o700, exist_ok=True)
    place = tempfile.mkdtemp(dir=folder(repo), prefix="restore.")
    try:
        copy = _read(source, place)
        with _opened(copy, source) as other:
            _refuse_other_repository(repo, origin_of(other.database), source)
            _refuse_active(_alive(other.database))
        fresh = not os.path.exists(os.path.join(folder(repo), "state.db"))
        with StateStore.open(repo) as state:
            return _replace(state, copy, fresh=fresh or bool(state.warnings), force=force)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _read(source: str, place: str) -> str:
    """The path of a copy that can be written, with the log that a plain copy of a file in use may have beside it."""
    copy = os.path.join(place, "state.db")
    try:
        with open(source, "rb") as file:
            if file.read(len(SQLITE)) != SQLITE:
                raise MdtodoError("is no backup of a state", file=source)
        shutil.copyfile(source, copy)
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{source}-wal", f"{copy}-wal")
    except OSError as error:
        raise MdtodoError(
            f"the backup cannot be read: {error.strerror}", file=error.filename or source
        ) from error
    return copy


def _opened(copy: str, source: str) -> StateStore:
    try:
        return StateStore.open_file(copy)
    except MdtodoError as error:
        raise MdtodoError(error.sentence, file=source, hint="nothing was changed") from error


def origin_of(database: Database) -> Origin:
    """Whose state it is, as its notes say, and the receipts in it."""
    notes: dict[str, str] = {}
    if database.read("SELECT 1 FROM sqlite_master WHERE name = 'notes'"):
        notes = {str(name): str(value) for name, value in database.read("SELECT name, value FROM notes")}
    query = "SELECT DISTINCT commit_id FROM results WHERE commit_id IS NOT NULL ORDER BY id DESC LIMIT ?"  # newest
    commits = tuple(str(row[0]) for row in database.read(query, (_LOOKED_FOR,)))
    roots: frozenset[str] = frozenset()
    with suppress(ValueError, TypeError):
        roots = frozenset(map(str, json.loads(notes.get("roots", "[]"))))
    return Origin(roots, notes.get("head"), notes.get("place"), commits)


def _refuse_other_repository(repo: Repository, origin: Origin, source: str) -> None:
    here = Origin.of(repo)
    if origin.roots & here.roots:
        return
    # in a shallow clone the first commits are missing; a copy of an older mdtodo does not name them
    named = [one for one in (origin.head, *origin.commits) if one]
    if named and _any_here(repo, named):
        return
    if not (origin.roots or named) and origin.place == here.place:
        return
    if not (origin.roots or named or origin.place):
        raise MdtodoError(
            "does not say which repository wrote it, and has no receipt of a commit of this one", file=source
        )
    where = f" ({origin.place})" if origin.place else ""
    raise MdtodoError(f"is the state of another repository{where}; nothing was changed", file=source)


def _any_here(repo: Repository, commits: list[str]) -> bool:
    said = run(repo, "cat-file", "--batch-check", stdin="\n".join([*commits, ""]).encode())
    return any(line.split()[1:2] == [b"commit"] for line in said.splitlines())


def _alive(database: Database) -> list[str]:
    """The runs that the copy has as not ended, and whose processes are seen to live: they have lost their state."""
    rows = database.read("SELECT run_id, owner FROM runs WHERE finished IS NULL")
    return [
        str(name)
        for name, owner in rows
        if process_identity.can_be_checked(str(owner)) and not process_identity.has_ended(str(owner))
    ]


def _refuse_active(runs: list[str]) -> None:
    if runs:
        many = f"run {runs[0]} goes on" if len(runs) == 1 else f"{len(runs)} runs go on"
        raise GitError(f"{many}: nothing was restored", hint="try again when it has ended")


def _replace(state: StateStore, copy: str, *, fresh: bool, force: bool) -> Restored:
    database, kept = state.database, None
    with database.beside(copy), database.writing("restore") as db:
        # within the transaction, so that no run can begin in between
        _refuse_active([name for name, _, _ in active_runs(database)])
        if not fresh:
            _refuse_unlanded(database, force=force)
            kept = f"{database.path}.replaced-{time.time_ns()}"
            write_copy(database.path, kept, {})
        for table in _TABLES:
            _take_over(database, table)
        here = database.read("SELECT value FROM main.counters WHERE name = 'token'")
        _take_over(database, "counters")
        # no token that was given out since the copy was made is given out again
        least = max(int(time.time()), *(integer(value) for (value,) in here))
        db.execute("UPDATE main.counters SET value = max(value, ?) WHERE name = 'token'", (least,))
        if fresh:  # else the claims of now count
            db.execute("INSERT OR IGNORE INTO main.leases SELECT * FROM other.leases WHERE owner = ''")
            db.execute("INSERT OR IGNORE INTO main.reservations SELECT * FROM other.reservations")
        return Restored(*_figures(database), kept)


def _refuse_unlanded(database: Database, *, force: bool) -> None:
    """A result that has not landed is in no other place."""
    ((waiting,),) = database.read("SELECT count(*) FROM main.results WHERE receipt IS NOT NULL")
    if waiting and not force:
        many = "1 result waits" if waiting == 1 else f"{waiting} results wait"
        raise GitError(
            f"{many} here to land, and would be set aside: nothing was restored",
            hint="`mdtodo run` lands them; --force restores all the same, and keeps them in a copy",
        )


def _take_over(database: Database, table: str) -> None:
    """Columns by name: a file that was brought to this version may have them in another order."""
    rows = database.read("SELECT name FROM pragma_table_info(?)", (table,))
    columns = ", ".join(str(name) for (name,) in rows)
    with database.writing("rows") as db:
        db.execute(f"DELETE FROM main.{table}")  # noqa: S608  # names of ours
        db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM other.{table}")  # noqa: S608


def _figures(database: Database) -> tuple[int, int, int]:
    query = "SELECT (SELECT count(*) FROM main.runs), count(*), count(receipt) FROM main.results"
    runs, results, unlanded = database.read(query)[0]
    return integer(runs), integer(results), integer(unlanded)
