"""Runs: which ones there are, which go on, and what their results say of how long a task takes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from mdtodo.storage.leases import owners
from mdtodo.storage.rows import HISTORY, KEPT, mapping, past_run_of
from mdtodo.storage.totals import delete_results
from mdtodo.system import process_identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.core.results import PastRun
    from mdtodo.storage.database import Database


#: In what a run says of how it was begun: the work tree in which others may land what it comes to, by its git folder.
TOGETHER = "together"


class Runs:
    """The runs in a database. Every method raises MdtodoError, with a sentence, where the disk or SQLite refuses."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def start_run(self, run_id: str, worker: str = "", begun: Mapping[str, object] | None = None) -> None:
        """Note that a run of this process has begun, with any JSON on how (see `begun`)."""
        row = (run_id, worker, process_identity.current(), time.time(), json.dumps(begun))
        with self._db.writing("run") as db:
            db.execute(
                "INSERT INTO runs (run_id, worker, owner, started, summary) VALUES (?, ?, ?, ?, ?)", row
            )

    def begun(self, run_id: str) -> Mapping[str, object]:
        """How the run was begun; empty where nobody said."""
        return begun(self._db, run_id)

    def finish_run(self, run_id: str) -> None:
        """Note that it has ended; forget what has landed and is older than `KEPT` results."""
        with self._db.writing("end") as db:
            db.execute(_ENDED, (time.time(), run_id))
            delete_results(self._db, _OLD, (KEPT,))
            db.execute(_OLD_RECEIPTS, (KEPT,))

    def end_command(self, run_id: str) -> None:
        """Note that what was recorded like a run, and is the command of a person, has ended: nothing is kept of it but
        how it was begun, where it has left something to land."""
        with self._db.writing("end") as db:
            db.execute(_OVER, (run_id, run_id))
            db.execute(_ENDED, (time.time(), run_id))

    def active_runs(self) -> tuple[tuple[str, str, float], ...]:
        """Run, worker and start in Unix time of what has begun, not ended, and whose process is not gone.

        One that cannot be seen from here (see `owner`) is taken for gone once it holds no task any more.
        """
        return active_runs(self._db)

    def owner(self, run_id: str) -> str:
        """The process of the run, as its leases have it; "" for one that is not known."""
        rows = self._db.read("SELECT owner FROM runs WHERE run_id = ?", (run_id,))
        return rows[0][0] if rows else ""

    def ended_runs(self, *, limit: int) -> tuple[tuple[str, float, float], ...]:
        """Run, start and end in Unix time of the runs that ended last, newest first."""
        query = "SELECT run_id, started, finished FROM runs WHERE finished IS NOT NULL ORDER BY finished DESC LIMIT ?"
        return tuple(self._db.read(query, (limit,)))

    def known_runs(self) -> dict[str, tuple[str, float, float | None, Mapping[str, object]]]:
        """By run: worker, start and end in Unix time, None for one that has not ended or was killed, and how it was
        begun (see `begun`)."""
        rows = self._db.read("SELECT run_id, worker, started, finished, summary FROM runs")
        return {run: (worker, began, end, mapping(begun)) for run, worker, began, end, begun in rows}

    def history(self, task_id: str | None = None, *, limit: int = 1000) -> tuple[PastRun, ...]:
        """Results, newest first; those of one task if named."""
        if task_id is None:
            rows = self._db.read(f"{HISTORY} ORDER BY id DESC LIMIT ?", (limit,))
        else:
            rows = self._db.read(f"{HISTORY} WHERE task_id = ? ORDER BY id DESC LIMIT ?", (task_id, limit))
        return tuple(map(past_run_of, rows))

    def durations(self) -> dict[str, float]:
        """Median seconds of the last (at most 20) successful runs of each task."""
        return medians(self._db.read(_DURATIONS))


def begun(database: Database, run_id: str) -> Mapping[str, object]:
    """As `Runs.begun`, for those who have no more than the database."""
    rows = database.read("SELECT summary FROM runs WHERE run_id = ?", (run_id,))
    return mapping(rows[0][0] if rows else None)


def active_runs(database: Database) -> tuple[tuple[str, str, float], ...]:
    """As `Runs.active_runs`, for those who have no more than the database."""
    query = "SELECT run_id, worker, started, owner FROM runs WHERE finished IS NULL ORDER BY started"
    rows = database.read(query)
    holding = owners(database) if rows else set()
    return tuple(
        (run, worker, started)
        for run, worker, started, who in rows
        if not process_identity.has_ended(who) and (process_identity.can_be_checked(who) or who in holding)
    )


_OVER = (
    "DELETE FROM runs WHERE run_id = ? AND NOT EXISTS"
    " (SELECT 1 FROM results WHERE receipt IS NOT NULL AND landed IS NULL AND run_id = ?)"
)
_ENDED = "UPDATE runs SET finished = ? WHERE run_id = ?"
#: By number, and only what has landed: of a run that never ended the receipts wait, however old they are.
_OLD = "receipt IS NULL AND id <= (SELECT max(id) FROM results) - ?"
_OLD_RECEIPTS = "DELETE FROM receipts WHERE result <= (SELECT max(id) FROM results) - ?"
#: Attempt 0 is a person's word, or a rollup: it took no time. The limit bounds what each plan reads.
_DURATIONS = (
    "SELECT task_id, seconds FROM results WHERE outcome = 'done' AND attempt > 0 ORDER BY id DESC LIMIT 20000"
)


def medians(rows: Iterable[Sequence[Any]]) -> dict[str, float]:
    """Of the first 20 seconds of each task, by id."""
    found: dict[str, list[float]] = {}
    for name, seconds in rows:
        if len(found.setdefault(name, [])) < 20:
            found[name].append(seconds)
    return {name: _median(sorted(values)) for name, values in found.items()}


def _median(values: Sequence[float]) -> float:
    """Of sorted values; `statistics` takes longer to import than a state to read."""
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
