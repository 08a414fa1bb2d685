"""What this clone remembers: leases, the journal of results, runs, runners. SQLite in the git common directory.

Nothing in it is the truth: delete `.git/mdtodo/`, and only history, results of a killed run that were not landed
yet, and the proofs of ticks that no commit carries are gone. It is shared by the terminals and linked worktrees of one
clone on one machine.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mdtodo.errors import MdtodoError
from mdtodo.storage.journal import Journal
from mdtodo.storage.leases import Leases
from mdtodo.storage.live.runners import IN_HAND, RUNNERS, Runners
from mdtodo.storage.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.git.repository import Repository
    from mdtodo.storage.database import Database

#: Each version needs an upgrade from the one before: what has not landed yet is in no other place.
_VERSION = 7
#: Receipts that have landed, in the order in which they did. Apart from their results, which many plans read whole.
_RECEIPTS = """CREATE TABLE receipts (
  number INTEGER PRIMARY KEY, result INTEGER NOT NULL UNIQUE, receipt TEXT NOT NULL, commit_id TEXT, base_id TEXT
)"""
#: Places that running tasks take in lanes with a cap, by the tokens of their leases.
_LANE_SLOTS = "CREATE TABLE lane_slots (token INTEGER PRIMARY KEY, lane TEXT NOT NULL)"
#: The tokens of claims of tasks whose lines named the worker before.
_RESERVATIONS = "CREATE TABLE reservations (token INTEGER PRIMARY KEY)"
_UPGRADES = {
    1: "ALTER TABLE results ADD COLUMN inputs TEXT",
    2: _RECEIPTS,
    3: _LANE_SLOTS,
    4: _RESERVATIONS,
    5: RUNNERS,
    6: IN_HAND,
}
#: The first token is a number of seconds, and no 1: those of a state that was deleted must not be given out again.
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
""" + ";\n".join((_RECEIPTS, _LANE_SLOTS, _RESERVATIONS, RUNNERS, IN_HAND))


def folder(repo: Repository) -> str:
    """Where state and logs are: `mdtodo` in the git common directory."""
    return os.path.join(repo.common_dir, "mdtodo")


class StateStore(Leases, Journal, Runs, Runners):
    """An open state: leases, journal, runs and runners of one database. Also a context manager.

    One for each process: never carry it across a fork. Raises MdtodoError, with a sentence, where the disk or SQLite
    refuses.
    """

    @classmethod
    def open(cls, repo: Repository, *, create: bool = True) -> StateStore:
        """The state of this clone. Without `create` nothing is made or changed: one that is missing or
        damaged reads as empty.
        """
        from mdtodo.storage.database import Database

        path = os.path.join(folder(repo), "state.db")
        if not create:
            return cls(Database.open_to_read(path, _SCHEMA, _VERSION, _UPGRADES))
        database = Database.open(path, _SCHEMA, _VERSION, _UPGRADES)
        if database.is_new:
            from mdtodo.storage.backfill import backfill

            backfill(database, repo)
        return cls(database)

    @classmethod
    def open_file(cls, path: str) -> StateStore:
        """The state in that file, brought to this version. Raises MdtodoError where it is none."""
        from mdtodo.storage.database import Database, problem_of

        if (problem := problem_of(path, _SCHEMA, _VERSION, _UPGRADES)) is not None:
            raise MdtodoError(problem, file=path)
        return cls(Database.open(path, _SCHEMA, _VERSION, _UPGRADES))

    @property
    def database(self) -> Database:
        """Its rows, for what looks after them as a whole."""
        return self._db

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for a person: that a damaged state was set aside."""
        return self._db.warnings

    @contextmanager
    def at_once(self, what: str) -> Iterator[None]:
        """What is written in this context is there as a whole, or, after an exception or a kill, not at all. `what`: as
        for `Database.writing`."""
        with self._db.writing(what):
            yield

    def close(self) -> None:
        """Close it; what was recorded stays."""
        self._db.close()

    def __enter__(self) -> StateStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
