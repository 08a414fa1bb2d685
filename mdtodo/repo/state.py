"""What this clone remembers: leases, the journal of results, runs. SQLite in the git common directory.

Nothing in it is the truth: delete `.git/mdtodo/`, and only history, and results of a killed run that were not
landed yet, are gone. It is shared by the terminals and linked worktrees of one clone on one machine.

Times of leases are of a clock that all processes of the machine share and that nobody sets (`_clock`), so
that a change of the date neither frees nor holds one; a restart of the machine frees them all.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.repo import owner
from mdtodo.repo.entries import INSERT, SELECT, Entry, Record, entry_of, integer, mapping, real, row_of
from mdtodo.results import EXPANDED, Outcome, new_subtasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from mdtodo.repo.database import Database
    from mdtodo.repo.git import Repository

__all__ = ["KEPT", "Entry", "Lease", "Moment", "Record", "State", "folder"]

#: Results that are kept for history and estimates.
KEPT = 20_000

_VERSION = 2
_UPGRADES = {1: "ALTER TABLE results ADD COLUMN inputs TEXT"}
_SCHEMA = """
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters VALUES ('token', CAST(strftime('%s', 'now') AS INTEGER));
CREATE TABLE leases (
  task_id TEXT PRIMARY KEY, token INTEGER NOT NULL, worker TEXT NOT NULL, owner TEXT NOT NULL,
  ttl REAL NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, worker TEXT NOT NULL, owner TEXT NOT NULL, started REAL NOT NULL, finished REAL,
  summary TEXT
) WITHOUT ROWID;
CREATE TABLE results (
  id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, task_id TEXT NOT NULL, attempt INTEGER NOT NULL,
  outcome TEXT NOT NULL, processor TEXT NOT NULL, exit_code INTEGER, seconds REAL NOT NULL,
  finished REAL NOT NULL, log TEXT, metrics TEXT, receipt TEXT, landed REAL, commit_id TEXT,
  inputs TEXT
);
CREATE UNIQUE INDEX leases_by_token ON leases (token);
CREATE INDEX results_by_task ON results (task_id, id);
CREATE INDEX results_unlanded ON results (id) WHERE receipt IS NOT NULL AND landed IS NULL;
"""


class Lease(NamedTuple):
    """A task that a worker has. `token` is greater than that of any lease before; `expires` is in Unix
    time, as far as today's date is right.
    """

    task_id: str
    token: int
    worker: str
    expires: float


class Moment(NamedTuple):
    """A point in the life of a state: the newest entry of its journal, and those that had not landed. No time, since
    the date may be set back.
    """

    entry: int
    waiting: tuple[int, ...] = ()


def folder(repo: Repository) -> str:
    """Where state and logs are: `mdtodo` in the git common directory."""
    return os.path.join(repo.common_dir, "mdtodo")


class State:
    """An open state; also a context manager. One for each process: never carry it across a fork.

    Raises MdtodoError, with a sentence, where the disk or SQLite refuses.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    @classmethod
    def open(cls, repo: Repository, *, create: bool = True) -> State:
        """The state of this clone. Without `create` nothing is made or changed: one that is missing or
        damaged reads as empty.
        """
        from mdtodo.repo.database import Database

        path = os.path.join(folder(repo), "state.db")
        if not create:
            return cls(Database.open_to_read(path, _SCHEMA, _VERSION))
        database = Database.open(path, _SCHEMA, _VERSION, _UPGRADES)
        if database.is_new:
            from mdtodo.repo.memory import remember

            remember(database, repo)
        return cls(database)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for a person: that a damaged state was set aside."""
        return self._db.warnings

    def close(self) -> None:
        """Close it; what was recorded stays."""
        self._db.close()

    def __enter__(self) -> State:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Leases

    def lease(
        self, task_id: str, worker: str, ttl: float, *, mine: bool = True, since: Moment | None = None
    ) -> Lease | None:
        """Take the task for `ttl` seconds, or None while a live worker has it, and where somebody
        came to a result for it, or landed one, after the moment `since`.

        `mine` ties the lease to this process: it is free at once when the process has ended. Otherwise (a
        claim by hand) only time frees it.
        """
        return self.lease_all([task_id], worker, ttl, mine=mine, since=since).get(task_id)

    def lease_all(
        self,
        task_ids: Iterable[str],
        worker: str,
        ttl: float,
        *,
        mine: bool = True,
        since: Moment | None = None,
        run: str = "",
    ) -> dict[str, Lease]:
        """As `lease`, for several tasks at once: the leases of those that could be taken, by task. That `run` has
        broken a task down keeps it from none."""
        who, names = owner.myself() if mine else "", tuple(dict.fromkeys(task_ids))
        with self._db.writing("lease") as db:
            now = _clock()
            rows = db.execute(f"{_HELD} {_among(names)}", names)
            refused = {str(task) for task, ttl_, expires, whose in rows if _live(ttl_, expires, whose, now)}
            if since is not None:
                refused.update(
                    str(row[0])
                    for row in db.execute(
                        f"{_NEWER} {_among(names)}",
                        (since.entry, json.dumps(since.waiting), EXPANDED, run, *names),
                    )
                )
            free = [name for name in names if name not in refused]
            (last,) = db.execute(_GROWN, (len(free),)).fetchone()
            tokens = dict(zip(free, range(last - len(free) + 1, last + 1), strict=True))
            new = [(name, token, worker, who, ttl, now + ttl) for name, token in tokens.items()]
            db.executemany("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)", new)
        until = _unix_time(now + ttl)
        return {name: Lease(name, token, worker, until) for name, token in tokens.items()}

    def renew(self, tokens: Iterable[int], ttl: float) -> frozenset[int]:
        """Give the leases with these tokens `ttl` seconds from now; returns those that are still held.

        One that ran out but that nobody has taken over is held again.
        """
        query = "UPDATE leases SET ttl = ?, expires = ? WHERE token = ?"
        with self._db.writing("renewal") as db:
            expires = _clock() + ttl
            return frozenset(token for token in tokens if db.execute(query, (ttl, expires, token)).rowcount)

    def held(self, tokens: Sequence[int]) -> frozenset[int]:
        """Those of these tokens whose lease was neither taken over nor released."""
        rows = self._db.read(f"{_TOKENS} {_among(tokens)}", tokens)
        return frozenset(integer(row[0]) for row in rows)

    def release(self, *tokens: int) -> tuple[str, ...]:
        """Give tasks back; the ids of those whose token held a lease still."""
        released: list[str] = []
        with self._db.writing("release") as db:
            for some in _chunks(tokens):
                query = f"{_RELEASED} {_among(some)} RETURNING task_id"
                released += (str(row[0]) for row in db.execute(query, some).fetchall())
        return tuple(released)

    def live_leases(self) -> tuple[Lease, ...]:
        """The leases that hold now, by task."""
        now = _clock()
        query = "SELECT task_id, token, worker, ttl, expires, owner FROM leases ORDER BY task_id"
        return tuple(
            Lease(str(task), integer(token), str(worker), _unix_time(real(expires)))
            for task, token, worker, ttl, expires, who in self._db.read(query)
            if _live(real(ttl), real(expires), str(who), now)
        )

    # The journal

    def record(self, records: Sequence[Record]) -> tuple[int, ...]:
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

    def record_missing(self, records: Sequence[Record]) -> None:
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

    def moment(self) -> Moment:
        """Now, for `lease`."""
        ((last, waiting),) = self._db.read(_MOMENT)
        return Moment(integer(last), tuple(json.loads(str(waiting))))

    def unlanded(self, run_id: str | None = None) -> tuple[Entry, ...]:
        """The results whose receipts have not landed, oldest first, parked ones too: those of this run, or,
        without a run, those of every run that no longer goes on.
        """
        rows = self._db.read(f"{SELECT} WHERE receipt IS NOT NULL ORDER BY id")
        active = {run for run, _, _ in self.active_runs()}
        entries = map(entry_of, rows)
        return tuple(
            entry
            for entry in entries
            if (entry.run_id not in active if run_id is None else entry.run_id == run_id)
        )

    def unlanded_runs(self) -> frozenset[str]:
        """The runs, over or not, with results that have not landed and are not parked."""
        query = "SELECT DISTINCT run_id FROM results WHERE receipt IS NOT NULL AND landed IS NULL"
        return frozenset(str(row[0]) for row in self._db.read(query))

    def park(self, ids: Iterable[int]) -> None:
        """Keep these receipts for another checkout; here they are in nobody's way."""
        rows = [(_PARKED, number) for number in ids]
        with self._db.writing("parked") as db:
            db.executemany("UPDATE results SET landed = ? WHERE id = ?", rows)

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

    def history(self, task_id: str | None = None, *, limit: int = 1000) -> tuple[Entry, ...]:
        """Results, newest first; those of one task if named."""
        if task_id is None:
            rows = self._db.read(f"{SELECT} ORDER BY id DESC LIMIT ?", (limit,))
        else:
            rows = self._db.read(f"{SELECT} WHERE task_id = ? ORDER BY id DESC LIMIT ?", (task_id, limit))
        return tuple(map(entry_of, rows))

    # Runs and durations

    def start_run(self, run_id: str, worker: str = "", begun: Mapping[str, object] | None = None) -> None:
        """Note that a run of this process has begun, with any JSON on how (see `begun`)."""
        row = (run_id, worker, owner.myself(), time.time(), json.dumps(begun))
        with self._db.writing("run") as db:
            db.execute(
                "INSERT INTO runs (run_id, worker, owner, started, summary) VALUES (?, ?, ?, ?, ?)", row
            )

    def begun(self, run_id: str) -> Mapping[str, object]:
        """How the run was begun; empty where nobody said."""
        rows = self._db.read("SELECT summary FROM runs WHERE run_id = ?", (run_id,))
        return mapping(rows[0][0] if rows else None)

    def finish_run(self, run_id: str, summary: Mapping[str, object] | None = None) -> None:
        """Note that it has ended, with any JSON to keep instead of how it was begun; forget what has landed
        and is older than `KEPT` results.
        """
        row = (time.time(), None if summary is None else json.dumps(summary), run_id)
        with self._db.writing("end") as db:
            db.execute("UPDATE runs SET finished = ?, summary = coalesce(?, summary) WHERE run_id = ?", row)
            db.execute(_OLD, (KEPT,))

    def active_runs(self) -> tuple[tuple[str, str, float], ...]:
        """Run, worker and start in Unix time of what has begun, not ended, and whose process is not gone.

        One that cannot be seen from here (see `owner`) is taken for gone once it holds no task any more.
        """
        query = "SELECT run_id, worker, started, owner FROM runs WHERE finished IS NULL ORDER BY started"
        rows = self._db.read(query)
        holding = self._holding() if rows else set()
        return tuple(
            (str(run), str(worker), real(started))
            for run, worker, started, who in rows
            if not owner.is_gone(str(who)) and (owner.is_visible(str(who)) or who in holding)
        )

    def _holding(self) -> set[str]:
        """The owners of leases that hold now."""
        now = _clock()
        rows = self._db.read("SELECT ttl, expires, owner FROM leases")
        return {str(who) for ttl, expires, who in rows if _live(real(ttl), real(expires), str(who), now)}

    def ended_runs(self, *, limit: int) -> tuple[tuple[str, float, float], ...]:
        """Run, start and end in Unix time of the runs that ended last, newest first."""
        query = "SELECT run_id, started, finished FROM runs WHERE finished IS NOT NULL ORDER BY finished DESC LIMIT ?"
        rows = self._db.read(query, (limit,))
        return tuple((str(run), real(started), real(finished)) for run, started, finished in rows)

    def durations(self) -> dict[str, float]:
        """Median seconds of the last (at most 20) successful runs of each task."""
        return _medians(self._db.read(_DURATIONS))


#: In the place of the time of landing.
_PARKED = -1.0
_OLD = "DELETE FROM results WHERE receipt IS NULL AND id <= (SELECT max(id) FROM results) - ?"
_HELD = "SELECT task_id, ttl, expires, owner FROM leases WHERE task_id"
_RELEASED = "DELETE FROM leases WHERE token"
_TOKENS = "SELECT token FROM leases WHERE token"
_GROWN = "UPDATE counters SET value = value + ? WHERE name = 'token' RETURNING value"
_COUNTED = "INSERT INTO counters VALUES ('subtasks', ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
_MOMENT = (
    "SELECT coalesce(max(id), 0), (SELECT json_group_array(id) FROM results WHERE receipt IS NOT NULL)"
    " FROM results"
)
_NEWER = (
    "SELECT task_id FROM results"
    " WHERE (id > ? OR (receipt IS NOT NULL AND landed IS NULL)"
    " OR (receipt IS NULL AND id IN (SELECT value FROM json_each(?))))"
    " AND NOT (outcome = ? AND run_id = ?) AND task_id"
)
_DURATIONS = (
    "SELECT task_id, seconds FROM results WHERE outcome = 'done' AND attempt > 0 ORDER BY id DESC LIMIT 20000"
)


def _chunks(values: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many as a statement of any SQLite takes."""
    return (values[start : start + 500] for start in range(0, len(values), 500))


def _among(values: Sequence[object]) -> str:
    return f"IN ({', '.join('?' * len(values))})"


def _clock() -> float:
    """Seconds of a clock that all processes of this machine share, that nobody sets, and that counts
    sleep.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _unix_time(clock: float) -> float:
    return time.time() + clock - _clock()


def _live(ttl: float, expires: float, who: str, now: float) -> bool:
    """Whether a lease holds: not run out, its process not gone; one that ends later than it can, as of a time before
    the machine's start, only if its process is seen to live."""
    if now >= expires or (who and owner.is_gone(who)):
        return False
    return expires <= now + ttl or owner.is_visible(who)


def _medians(rows: Iterable[Sequence[object]]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for name, seconds in rows:
        if len(found.setdefault(str(name), [])) < 20:
            found[str(name)].append(real(seconds))
    return {name: _median(sorted(values)) for name, values in found.items()}


def _median(values: Sequence[float]) -> float:
    """Of sorted values; `statistics` takes longer to import than a state to read."""
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
