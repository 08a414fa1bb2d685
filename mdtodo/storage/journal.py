"""The journal: what processors came to, and the receipts of it that have yet to land."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mdtodo.core.edits import new_subtasks
from mdtodo.core.results import Outcome
from mdtodo.storage.rows import (
    INSERT,
    SELECT,
    JournalEntry,
    NewResult,
    entry_of,
    integer,
    receipt_text,
    row_of,
)
from mdtodo.storage.runs import active_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.core.receipt import Receipt
    from mdtodo.storage.database import Database

#: In the place of the time of landing.
_PARKED = -1.0
_COUNTED = "INSERT INTO counters VALUES ('subtasks', ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"


class Journal:
    """The results in a database. Every method raises MdtodoError, with a sentence, where the disk or SQLite refuses."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def record(self, records: Sequence[NewResult]) -> tuple[int, ...]:
        """Write results down; their ids in the journal, in order. A killed process does not take them back,
        and after `sync` a power cut does not either."""
        rows = [row_of(record) for record in records]
        with self._db.writing("result") as db:
            (last,) = db.execute("SELECT coalesce(max(id), 0) FROM results").fetchone()
            numbers = tuple(range(last + 1, last + 1 + len(rows)))
            db.executemany(INSERT, [(n, *row) for n, row in zip(numbers, rows, strict=True)])
            if subtasks := sum(new_subtasks(record.receipt.edits) for record in records):
                db.execute(_COUNTED, (subtasks,))
            return numbers

    def record_missing(self, records: Sequence[NewResult]) -> None:
        """Write down those of these results whose attempt the journal does not have."""
        known = "SELECT 1 FROM results WHERE run_id = ? AND task_id = ? AND attempt >= ?"
        with self._db.writing("missing") as db:
            for record in records:
                attempt = record.run_id, record.receipt.task_id, record.receipt.attempt
                if db.execute(known, attempt).fetchone() is None:
                    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM results").fetchone()
                    db.execute(INSERT, (last + 1, *row_of(record)))

    def count_subtasks(self, number: int) -> None:
        """Note that so many subtasks were written without a result of a run."""
        with self._db.writing("count") as db:
            db.execute(_COUNTED, (number,))

    def subtasks(self) -> int:
        """How many subtasks breakdowns and processors have made since this state began."""
        rows = self._db.read("SELECT value FROM counters WHERE name = 'subtasks'")
        return integer(rows[0][0]) if rows else 0

    def sync(self) -> None:
        """Have the disk hold what was recorded."""
        self._db.sync()

    def unlanded(self, run_id: str | None = None) -> tuple[JournalEntry, ...]:
        """The results whose receipts have not landed, oldest first, parked ones too: those of this run, or,
        without a run, those of every run that no longer goes on.
        """
        rows = self._db.read(f"{SELECT} WHERE receipt IS NOT NULL ORDER BY id")
        active = {run for run, _, _ in active_runs(self._db)}
        entries = map(entry_of, rows)
        return tuple(
            entry
            for entry in entries
            if (entry.run_id not in active if run_id is None else entry.run_id == run_id)
        )

    def unlanded_runs(self) -> frozenset[str]:
        """The runs, over or not, with results that have not landed and are not parked."""
        # `results_unlanded` is an index of just these, so that each command may ask
        query = "SELECT DISTINCT run_id FROM results WHERE receipt IS NOT NULL AND landed IS NULL"
        return frozenset(str(row[0]) for row in self._db.read(query))

    def park(self, ids: Iterable[int]) -> None:
        """Keep these receipts for another checkout; here they are in nobody's way."""
        rows = [(_PARKED, number) for number in ids]
        with self._db.writing("parked") as db:
            db.executemany("UPDATE results SET landed = ? WHERE id = ?", rows)

    def replace_receipts(self, receipts: Mapping[int, Receipt]) -> None:
        """These results have these receipts, by their numbers."""
        rows = [(receipt_text(receipt), number) for number, receipt in receipts.items()]
        if rows:
            with self._db.writing("replaced") as db:
                db.executemany("UPDATE results SET receipt = ? WHERE id = ?", rows)

    def mark_landed(self, ids: Iterable[int], commit: str | None = None) -> None:
        """These receipts have landed, in this commit if in one."""
        rows = [(time.time(), commit, number) for number in ids]
        with self._db.writing("landed") as db:
            db.executemany("UPDATE results SET landed = ?, commit_id = ?, receipt = NULL WHERE id = ?", rows)

    def refuse(self, ids: Iterable[int]) -> None:
        """These receipts will not land: their tasks stay open, and no result of theirs stands."""
        rows = [(time.time(), str(Outcome.FAILED), number) for number in ids]
        with self._db.writing("refused") as db:
            db.executemany(
                "UPDATE results SET landed = ?, outcome = ?, receipt = NULL, inputs = NULL WHERE id = ?", rows
            )
