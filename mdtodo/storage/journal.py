"""The journal: what processors came to, the receipts of it that have yet to land, and those that have."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mdtodo.core import codec
from mdtodo.core.edits import new_subtasks
from mdtodo.core.results import Outcome
from mdtodo.receipts.codec import from_text, to_text
from mdtodo.storage.rows import INSERT, LANDED, NEWEST_FIRST, WAITING, WITHIN, entry_of, is_of, row_of
from mdtodo.storage.runs import TOGETHER, active_runs, begun

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from mdtodo.core.receipt import Receipt
    from mdtodo.core.task import Anchor
    from mdtodo.storage.database import Database
    from mdtodo.storage.rows import Entry, JournalEntry

#: In the place of the time of landing.
_PARKED = -1.0
UNLANDED_RUNS = "SELECT DISTINCT run_id FROM results WHERE receipt IS NOT NULL AND landed IS NULL"
_UNLANDED = "SELECT id, run_id, task_id, outcome FROM results WHERE receipt IS NOT NULL AND landed IS NULL ORDER BY id"
_COUNTED = "INSERT INTO counters VALUES ('subtasks', ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
#: A receipt is kept when it lands; then its result is over.
_KEEP = (
    "INSERT OR REPLACE INTO receipts (result, receipt, commit_id, base_id)"
    " SELECT id, receipt, ?, ? FROM results WHERE id = ? AND receipt IS NOT NULL"
)
#: Once: another worker may have landed it meanwhile.
_END = "UPDATE results SET landed = ?, commit_id = ?, receipt = NULL WHERE id = ? AND receipt IS NOT NULL"
_CLAIMED = (
    "SELECT kept.receipt FROM receipts AS kept JOIN results ON results.id = kept.result"
    " WHERE task_id = ? AND outcome = 'doing' ORDER BY results.id DESC LIMIT 1"
)
_TAKE_BACK = (
    "UPDATE results SET landed = ?, commit_id = NULL,"
    " receipt = (SELECT receipt FROM receipts WHERE result = results.id) WHERE id = ?"
)


class Journal:
    """The results in a database. Every method raises MdtodoError, with a sentence, where the disk or SQLite refuses."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def record(self, records: Sequence[JournalEntry]) -> tuple[int, ...]:
        """Write results down; their ids in the journal, in order. A killed process does not take them back,
        and after `sync` a power cut does not either."""
        rows = [row_of(record) for record in records]
        with self._db.writing("result") as db:
            numbers = tuple(db.execute(INSERT, row).lastrowid or 0 for row in rows)
            if subtasks := sum(new_subtasks(record.receipt.edits) for record in records):
                db.execute(_COUNTED, (subtasks,))
            return numbers

    def record_missing(self, records: Sequence[JournalEntry]) -> None:
        """Write down those of these results whose attempt the journal does not have."""
        known = "SELECT 1 FROM results WHERE run_id = ? AND task_id = ? AND attempt >= ?"
        with self._db.writing("missing") as db:
            for record in records:
                attempt = record.run_id, record.receipt.task_id, record.receipt.attempt
                if db.execute(known, attempt).fetchone() is None:
                    db.execute(INSERT, row_of(record))

    def results_after(self, number: int, *, without: str) -> tuple[tuple[int, str, str], ...]:
        """Number, task and outcome of the results with greater numbers, in their order, but for those of one run."""
        query = "SELECT id, task_id, outcome FROM results WHERE id > ? AND run_id <> ? ORDER BY id"
        return tuple(self._db.read(query, (number, without)))

    def waiting_of_active_runs(self, *, without: str) -> tuple[tuple[int, str, str], ...]:
        """The same of the results that have yet to land, and that a run which goes on has come to; not of that one."""
        active = {run for run, _, _ in active_runs(self._db)} - {without}
        rows = self._db.read(_UNLANDED)
        return tuple((number, task, outcome) for number, run, task, outcome in rows if run in active)

    def waiting_in(self, work_tree: str, *, without: str) -> dict[str, list[Entry]]:
        """The receipts that have yet to land, by runs that go on and leave it to others of this work tree, too, to land
        them; without that run."""
        rows = self._db.read(f"{WAITING} AND landed IS NULL AND run_id <> ? ORDER BY id", (without,))
        active = {run for run, _, _ in active_runs(self._db)} & {row[1] for row in rows} if rows else set()
        shared = {run for run in active if begun(self._db, run).get(TOGETHER) == work_tree}
        found: dict[str, list[Entry]] = {}
        for entry in map(entry_of, (row for row in rows if row[1] in shared)):
            if entry is not None:
                found.setdefault(entry.run_id, []).append((entry.number, entry.receipt))
        return found

    def landed_among(self, numbers: Sequence[int]) -> dict[int, str | None]:
        """Those of these results that have landed, each with its commit."""
        query = (
            "SELECT id, commit_id FROM results WHERE landed >= 0 AND id IN (SELECT value FROM json_each(?))"
        )
        return dict(self._db.read(query, (codec.dumps([*numbers]),)))

    def count_subtasks(self, number: int) -> None:
        """Note that so many subtasks were written without a result of a run."""
        with self._db.writing("count") as db:
            db.execute(_COUNTED, (number,))

    def subtasks(self) -> int:
        """How many subtasks breakdowns and processors have made since this state began."""
        rows = self._db.read("SELECT value FROM counters WHERE name = 'subtasks'")
        return rows[0][0] if rows else 0

    def sync(self) -> None:
        """Have the disk hold what was recorded."""
        self._db.sync()

    def unlanded(self, run_id: str | None = None) -> tuple[JournalEntry, ...]:
        """The receipts that have not landed, oldest first, parked ones too: those of this run, or, without a run,
        those of every run that no longer goes on.
        """
        rows = self._db.read(f"{WAITING} ORDER BY id")
        active = {run for run, _, _ in active_runs(self._db)} if run_id is None else ()
        wanted = (
            entry_of(row) for row in rows if (row[1] not in active if run_id is None else row[1] == run_id)
        )
        return tuple(entry for entry in wanted if entry is not None)

    def unlanded_runs(self) -> frozenset[str]:
        """The runs, over or not, with results that have not landed and are not parked."""
        # `results_unlanded` is an index of just these, so that each command may ask
        return frozenset(run for (run,) in self._db.read(UNLANDED_RUNS))

    def park(self, ids: Iterable[int]) -> None:
        """Keep these receipts for another checkout; here they are in nobody's way."""
        rows = [(_PARKED, number) for number in ids]
        with self._db.writing("parked") as db:
            db.executemany("UPDATE results SET landed = ? WHERE id = ?", rows)

    def replace_receipts(self, receipts: Mapping[int, Receipt]) -> None:
        """These results have these receipts, by their numbers."""
        rows = [(to_text(receipt), number) for number, receipt in receipts.items()]
        if rows:
            with self._db.writing("replaced") as db:
                db.executemany("UPDATE results SET receipt = ? WHERE id = ?", rows)

    def mark_landed(self, ids: Iterable[int], commit: str | None = None, *, base: str | None = None) -> None:
        """These receipts have landed, in this commit if in one, else in the work tree alone; `base` is what HEAD was
        just before, None for unborn, and where nobody knows."""
        numbers = tuple(ids)
        with self._db.writing("landed") as db:
            db.executemany(_KEEP, [(commit, base, number) for number in numbers])
            db.executemany(_END, [(time.time(), commit, number) for number in numbers])

    def forget(self, ids: Iterable[int]) -> None:
        """These results are as if they had never been written down."""
        with self._db.writing("forgotten") as db:
            for number in ids:
                for (text,) in db.execute(
                    "DELETE FROM results WHERE id = ? RETURNING receipt", (number,)
                ).fetchall():
                    if text and (subtasks := new_subtasks(from_text(text).edits)):
                        db.execute(_COUNTED, (-subtasks,))

    def discard(self, ids: Iterable[int]) -> None:
        """These receipts have no need to land any more: nothing was ticked for them, or it was taken back."""
        with self._db.writing("discarded") as db:
            db.executemany(_END, [(time.time(), None, number) for number in ids])

    def take_back(self, run_id: str, task_id: str) -> bool:
        """What has landed for the task in that run has yet to land again, and is parked; False where it is not here."""
        with self._db.writing("taken back") as db:
            number = db.execute(
                "SELECT max(result) FROM receipts JOIN results ON results.id = result WHERE run_id = ? AND task_id = ?",
                (run_id, task_id),
            ).fetchone()[0]
            if number is not None:
                db.execute(_TAKE_BACK, (_PARKED, number))
                db.execute("DELETE FROM receipts WHERE result = ?", (number,))
        waiting = "SELECT 1 FROM results WHERE run_id = ? AND task_id = ? AND receipt IS NOT NULL"
        return bool(self._db.read(waiting, (run_id, task_id)))

    def receipts(
        self,
        *,
        within: Iterable[str | None] | None = None,
        of: Container[str | None] | None = None,
    ) -> Iterator[JournalEntry]:
        """All receipts that the journal still has, whatever their outcomes: those that have yet to land, then those
        that have, newest first. `within`: those alone that landed with one of these commits, where None stands for no
        commit. `of`: those alone of tasks with these explicit ids, or digests of titles."""
        if within is None:
            rows = self._db.read(f"{WAITING} UNION ALL {LANDED} {NEWEST_FIRST}")
        else:
            commits = codec.dumps([one or "" for one in within])
            rows = self._db.read(f"{LANDED} {WITHIN} {NEWEST_FIRST}", (commits,))
        for row in rows:
            wanted = of is None or is_of(row[2], of)
            if wanted and (found := entry_of(row)) is not None:
                yield found

    def landed(self, run_id: str, task_id: str, attempt: int) -> JournalEntry | None:
        """What has landed for the task in that run, after so many attempts; None where that is not here any more."""
        where = "WHERE run_id = ? AND task_id = ? AND attempt = ? ORDER BY number DESC LIMIT 1"
        rows = self._db.read(f"{LANDED} {where}", (run_id, task_id, attempt))
        return entry_of(rows[0]) if rows else None

    def claimed_anchor(self, task_id: str) -> Anchor | None:
        """Where the task stood when it was last claimed by that id; None where that is not known."""
        rows = self._db.read(_CLAIMED, (task_id,))
        edits = from_text(rows[0][0]).edits if rows else ()
        return edits[0].anchor if edits else None

    def receipt_commits(self) -> frozenset[str | None]:
        """The commits that the receipts which it still has landed with; None among them where one did with none."""
        return frozenset(one for (one,) in self._db.read("SELECT DISTINCT commit_id FROM receipts"))

    def carry(self, commit_of: Mapping[int, str]) -> None:
        """These commits carry the receipts of these results, which had landed already."""
        rows = [(commit, number) for number, commit in commit_of.items()]
        if rows:
            with self._db.writing("carried") as db:
                db.executemany("UPDATE receipts SET commit_id = ? WHERE result = ?", rows)
                db.executemany("UPDATE results SET commit_id = ? WHERE id = ?", rows)

    def refuse(self, ids: Iterable[int]) -> None:
        """These receipts will not land: their tasks stay open, and no result of theirs stands."""
        rows = [(time.time(), str(Outcome.FAILED), number) for number in ids]
        with self._db.writing("refused") as db:
            db.executemany(
                "UPDATE results SET landed = ?, outcome = ?, receipt = NULL, inputs = NULL WHERE id = ?", rows
            )
