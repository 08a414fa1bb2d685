"""Runners: the processes that run tasks, the signs of life that they give, and what each has in hand."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from mdtodo.core.activity import InHand, Machine, Phase, Runner, RunnerState
from mdtodo.storage.runs import active_runs
from mdtodo.system import process_identity
from mdtodo.system.clock import boot_clock as _clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import NamedTuple

    from mdtodo.storage.database import Database
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Seconds between two signs of a runner, and without one after which it is silent, where its leases are not shorter.
SIGN, SILENCE = 5.0, 15.0
#: Seconds for which a runner is remembered that gives no sign.
REMEMBERED = 7 * 86400.0

#: `ttl`: seconds without a sign after which others may have its tasks. `stays`: it goes on between two runs. `clock`
#: and `begun` are of the clock that nobody sets.
RUNNERS = """CREATE TABLE runners (
  owner TEXT NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, can TEXT, ttl REAL NOT NULL,
  since REAL NOT NULL, last_sign REAL NOT NULL, clock REAL NOT NULL, stays INTEGER NOT NULL, ended INTEGER NOT NULL,
  cpu REAL, memory REAL, held_back INTEGER, PRIMARY KEY (owner, name)
) WITHOUT ROWID"""
IN_HAND = """CREATE TABLE in_hand (
  run_id TEXT NOT NULL, task_id TEXT NOT NULL, processor TEXT, attempt INTEGER NOT NULL, begun REAL NOT NULL,
  progress REAL, phase TEXT NOT NULL, PRIMARY KEY (run_id, task_id)
) WITHOUT ROWID"""


#: Before the token of a claim, in the place of a run.
CLAIM = "claim "
_UNMEASURED = Machine()


class Unlanded(NamedTuple):
    """A result that waits to land, and when it was recorded, in Unix time."""

    processor: str
    attempt: int
    finished: float


class Runners:
    """The runners in a database. Every method raises MdtodoError, with a sentence, where the disk or SQLite refuses."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def sign_on(
        self, name: str, ttl: float, *, can: Iterable[str] | None = None, stays: bool = False
    ) -> None:
        """This process runs tasks from now on, under that name. `stays`: not only as long as one run goes on."""
        now, shown = time.time(), None if can is None else json.dumps(sorted(can))
        row = (process_identity.current(), name, os.uname().nodename, os.getpid(), shown, ttl)
        with self._db.writing("runner") as db:
            if db.execute("SELECT 1 FROM in_hand").fetchone():  # as of a run that was killed
                going_on = json.dumps([run for run, _, _ in active_runs(self._db)])
                db.execute(_NOT_OF, (going_on,))
            db.execute("DELETE FROM runners WHERE last_sign < ?", (now - REMEMBERED,))
            db.execute(_SIGN_ON, (*row, now, now, _clock(), stays))

    def sign(
        self,
        name: str,
        run_id: str = "",
        *,
        begun: Sequence[InHand] = (),
        over: Iterable[str] = (),
        machine: Machine = _UNMEASURED,
    ) -> None:
        """It is alive. Of its run, these tasks have `begun` a phase, or have got on in it, and those are `over`."""
        now, clock = time.time(), _clock()
        with self._db.writing("sign") as db:
            db.executemany(_OVER, [(run_id, task_id) for task_id in over])
            for one in begun:
                since = clock - (now - (one.since or now))
                row = (run_id, one.task_id, one.processor, one.attempt or 0, since, one.progress, one.phase)
                db.execute("INSERT OR REPLACE INTO in_hand VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            db.execute(_SIGNED, (now, clock, *machine, process_identity.current(), name))

    def note_progress(self, task_id: str, token: int, percent: float) -> None:
        """How far the task is that is claimed with that token."""
        with self._db.writing("progress") as db:
            row = (f"{CLAIM}{token}", task_id, None, 0, _clock(), percent, Phase.RUNNING)
            db.execute("INSERT OR REPLACE INTO in_hand VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def sign_off(self, name: str, run_id: str | None = None) -> None:
        """It has ended; with `run_id` that run has, and a runner that stays goes on."""
        values = (time.time(), _clock(), run_id is None, process_identity.current(), name)
        with self._db.writing("signed off") as db:
            db.execute("DELETE FROM in_hand WHERE run_id = ?", (run_id,))
            db.execute(_SIGNED_OFF, values)

    def runners(self, since: float) -> tuple[Runner, ...]:
        """Those that gave a sign after that moment, in Unix time, the newest sign first."""
        runs: dict[tuple[str, str], set[str]] = {}
        for run, owner, worker in self._db.read("SELECT run_id, owner, worker FROM runs"):
            runs.setdefault((owner, worker), set()).add(run)
        rows = self._db.read(f"{_RUNNERS} WHERE last_sign > ? ORDER BY last_sign DESC, name", (since,))
        return tuple(_runner_of(row, frozenset(runs.get((row[0], row[1]), ()))) for row in rows)

    def machine(self) -> Machine:
        """As the live runner has measured it that gave a sign last; held back where any of them is."""
        rows = self._db.read(f"{_RUNNERS} WHERE held_back IS NOT NULL ORDER BY last_sign DESC")
        found = [Machine._make(row[11:]) for row in rows if _state(row) is RunnerState.LIVE]
        if not found:
            return Machine()
        return found[0]._replace(held_back=any(one.held_back for one in found))

    def in_hand(self) -> dict[tuple[str, str], InHand]:
        """What runs have said that they have in hand, by run and task; nobody has taken back what a killed one said."""
        shift = time.time() - _clock()
        return {
            (run, task): InHand(task, "", run, processor, attempt, shift + since, progress, Phase(phase))
            for run, task, processor, attempt, since, progress, phase in self._db.read(_ALL_IN_HAND)
        }

    def waiting(self) -> dict[tuple[str, str], Unlanded]:
        """The newest results that wait to land, by run and task."""
        return {(run, task): Unlanded(*row) for run, task, *row in self._db.read(_WAITING)}


_ALL_IN_HAND = "SELECT run_id, task_id, processor, attempt, begun, progress, phase FROM in_hand"
_NOT_OF = (
    "DELETE FROM in_hand WHERE run_id NOT IN (SELECT value FROM json_each(?))"
    " AND run_id NOT IN (SELECT 'claim ' || token FROM leases)"
)
_OVER = "DELETE FROM in_hand WHERE run_id = ? AND task_id = ?"
_SIGN_ON = (
    "INSERT INTO runners (owner, name, host, pid, can, ttl, since, last_sign, clock, stays, ended)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (owner, name) DO UPDATE SET"
    " can = excluded.can, ttl = excluded.ttl, since = iif(ended, excluded.since, since),"
    " last_sign = excluded.last_sign, clock = excluded.clock, stays = max(stays, excluded.stays), ended = 0"
)
_SIGNED = "UPDATE runners SET last_sign = ?, clock = ?, cpu = ?, memory = ?, held_back = ? WHERE owner = ? AND name = ?"
_SIGNED_OFF = (
    "UPDATE runners SET last_sign = ?, clock = ?, ended = max(?, NOT stays), cpu = NULL, memory = NULL,"
    " held_back = NULL WHERE owner = ? AND name = ?"
)
_RUNNERS = (
    "SELECT owner, name, host, pid, can, since, last_sign, clock, ttl, ended, stays, cpu, memory, held_back"
    " FROM runners"
)
_WAITING = (
    "SELECT run_id, task_id, processor, attempt, finished FROM results"
    " WHERE receipt IS NOT NULL AND landed IS NULL ORDER BY id"
)


def _runner_of(row: Sequence[Any], runs: frozenset[str]) -> Runner:
    _, name, host, pid, can, since, last_sign, *_ = row
    return Runner(
        *(name, host, pid, None if can is None else tuple(json.loads(can)), since, last_sign),
        state=_state(row),
        runs=runs,
    )


def _state(row: Sequence[Any]) -> RunnerState:
    """A process that is seen to live is not gone, however long it was silent: it may have been stopped."""
    owner, (clock, ttl, ended) = row[0], row[7:10]
    silent, has_ended = _clock() - clock, process_identity.has_ended(owner)
    if ended or silent < 0:  # of a time before the machine's start
        return RunnerState.GONE
    if silent >= ttl and (has_ended or not process_identity.can_be_checked(owner)):
        return RunnerState.GONE
    return RunnerState.SILENT if has_ended or silent >= min(SILENCE, ttl / 2) else RunnerState.LIVE
