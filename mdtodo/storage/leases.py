"""Leases: which worker has which task, for how long, and how others see that it is free again.

Times are of a clock that all processes of the machine share and that nobody sets (`_clock`), so that a change of the
date neither frees nor holds one; a restart of the machine frees them all.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mdtodo.core.results import EXPANDED, Outcome
from mdtodo.system import process_identity
from mdtodo.system.clock import boot_clock as _clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.storage.database import Database
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class Lease(NamedTuple):
    """A task that a worker has. `token` is greater than that of any lease before; `expires` is in Unix
    time, as far as today's date is right, infinite where it holds until it is released; `owner` is its process, "" for
    a claim of a person or another program, which only time ends. `reserved`: the line of the claimed task named the
    worker before.
    """

    task_id: str
    token: int
    worker: str
    expires: float
    owner: str = ""
    reserved: bool = False

    @property
    def claimed(self) -> bool:
        """Whether it was taken for a person or another program, and is tied to no process."""
        return not self.owner


class Former(NamedTuple):
    """A lease as the disk has it: its row, and whether the line of the task had named the worker before."""

    row: tuple[object, ...]
    reserved: bool


class Moment(NamedTuple):
    """A point in the life of a state: the newest entry of its journal, and those that had not landed. No time, since
    the date may be set back.
    """

    entry: int
    waiting: tuple[int, ...] = ()


class Taken(NamedTuple):
    """The leases of the tasks that could be taken, by task, and the tasks that nobody has, but whose lane is full."""

    leases: Mapping[str, Lease]
    full: frozenset[str] = frozenset()


class Lane(NamedTuple):
    """A lane, and how many tasks of it all workers together may run at once."""

    name: str
    cap: int


class Leases:
    """The leases in a database. Every method raises MdtodoError, with a sentence, where the disk or SQLite refuses."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def lease(
        self, task_id: str, worker: str, ttl: float, *, mine: bool = True, since: Moment | None = None
    ) -> Lease | None:
        """Take the task for `ttl` seconds, or None while a live worker has it, and where somebody
        came to a result for it, or landed one, after the moment `since`.

        `mine` ties the lease to this process: it is free at once when the process has ended. Otherwise (a
        claim by hand) only time frees it.
        """
        return self.take([task_id], worker, ttl, mine=mine, since=since).leases.get(task_id)

    def steal(self, task_id: str, token: int, worker: str, ttl: float) -> Lease | None:
        """Claim the task in place of who has it with that token; None where that one has it no longer."""
        with self._db.writing("lease") as db:
            if token not in self.held([token]):
                return None
            _count_takeovers(self._db, [task_id])
            (grown,) = db.execute(_GROWN, (1,)).fetchone()
            expires = _clock() + ttl
            db.execute(_PUT, (task_id, grown, worker, "", ttl, expires))
        return Lease(task_id, grown, worker, _unix_time(expires))

    def former(self, task_id: str) -> Former | None:
        """Who has the task, or had it until an end that nobody has seen to, for `put_back`."""
        rows = self._db.read(f"{_ROWS} WHERE task_id = ?", (task_id,))
        return Former(rows[0][:-1], bool(rows[0][-1])) if rows else None

    def put_back(self, token: int, former: Former | None) -> None:
        """Let all be as before the lease with that token; nothing is changed where it holds the task no longer."""
        with self._db.writing("lease") as db:
            if db.execute(f"{_RELEASED} = ?", (token,)).rowcount and former is not None:
                db.execute(_PUT, former.row)
                if former.reserved:
                    db.execute(_RESERVE, (former.row[1],))

    def tie(self, tokens: Sequence[int], *, mine: bool) -> None:
        """Let these claims end with this process, or no longer do so."""
        owner = process_identity.current() if mine else ""
        with self._db.writing("tie") as db:
            db.executemany("UPDATE leases SET owner = ? WHERE token = ?", [(owner, one) for one in tokens])

    def take(
        self,
        task_ids: Iterable[str],
        worker: str,
        ttl: float,
        *,
        mine: bool = True,
        since: Moment | None = None,
        run: str = "",
        lanes: Mapping[str, Lane] = MappingProxyType({}),
    ) -> Taken:
        """As `lease`, for several tasks at once. That `run` has broken a task down, or has added subtasks to it, keeps
        it from none. A task with a lane gets a place in it with its lease, and neither of them where it is full.

        The place is the task's until `leave_lanes`, and no longer than its lease.
        """
        # each task once, or the second time would give it another token, and its first one would hold nothing
        who, names = process_identity.current() if mine else "", tuple(dict.fromkeys(task_ids))
        with self._db.writing("lease") as db:
            now = _clock()
            # both look through the connection of this transaction, so nobody can come in between
            refused = self._taken(names, now) | self._ended(names, since, run)
            free, full = self._with_room([name for name in names if name not in refused], lanes, now)
            (last,) = db.execute(_GROWN, (len(free),)).fetchone()
            tokens = dict(zip(free, range(last - len(free) + 1, last + 1), strict=True))
            new = [(name, token, worker, who, ttl, now + ttl) for name, token in tokens.items()]
            _count_takeovers(self._db, free)
            db.executemany(_PUT, new)
            if placed := [(token, lanes[name].name) for name, token in tokens.items() if name in lanes]:
                db.execute(_STALE_SLOTS)
                db.executemany(_ENTER, placed)
        until = _unix_time(now + ttl)
        leases = {name: Lease(name, token, worker, until, who) for name, token in tokens.items()}
        return Taken(leases, frozenset(full))

    def enter_lane(self, token: int, lane: Lane) -> bool:
        """Give the task with this lease a place in the lane; False where it is full."""
        with self._db.writing("lane") as db:
            free, _ = self._with_room([""], {"": lane}, _clock())
            if free:
                db.execute(_ENTER, (token, lane.name))
        return bool(free)

    def leave_lanes(self, tokens: Sequence[int], heirs: Sequence[tuple[int, str]] = ()) -> None:
        """The tasks with these leases run no more; their leases stay. `heirs` get places in their stead: leases, each
        with its lane, no more in a lane than are left there."""
        with self._db.writing("lane") as db:
            db.executemany("DELETE FROM lane_slots WHERE token = ?", [(token,) for token in tokens])
            db.executemany(_ENTER, heirs)

    def _with_room(
        self, names: Sequence[str], lanes: Mapping[str, Lane], now: float
    ) -> tuple[list[str], list[str]]:
        """Those of the tasks that their lanes have room for, in their order, and the others."""
        if lanes.keys().isdisjoint(names):
            return list(names), []
        holders, rows = _Holders(now), self._db.read(_SLOTS)
        used = Counter(lane for lane, *lease in rows if holders.hold(*lease))
        free: list[str] = []
        full: list[str] = []
        for name in names:
            lane = lanes.get(name)
            (free if lane is None or used[lane.name] < lane.cap else full).append(name)
            if lane is not None:
                used[lane.name] += 1
        return free, full

    def _taken(self, names: Sequence[str], now: float) -> set[str]:
        """Those of the tasks that a live worker has."""
        rows = self._db.read(f"{_HELD} {_among(names)}", names)
        holders = _Holders(now)
        return {task for task, *lease in rows if holders.hold(*lease)}

    def _ended(self, names: Sequence[str], since: Moment | None, run: str) -> set[str]:
        """Those that somebody came to a result for, or landed one, after the moment."""
        if since is None:
            return set()
        values = (since.entry, json.dumps(since.waiting), EXPANDED, Outcome.BLOCKED, run, *names)
        return {task for (task,) in self._db.read(f"{_NEWER} {_among(names)}", values)}

    def moment(self) -> Moment:
        """Now, for `lease`."""
        ((last, waiting),) = self._db.read(_MOMENT)
        return Moment(last, tuple(json.loads(waiting)))

    def renew(self, tokens: Iterable[int], ttl: float) -> frozenset[int]:
        """Give the leases with these tokens `ttl` seconds from now; returns those that are still held.

        One that ran out but that nobody has taken over is held again; one that holds for longer is left so.
        """
        # by token: where the lease ran out, the task may be somebody else's by now
        query = "UPDATE leases SET ttl = max(ttl, ?), expires = max(expires, ?) WHERE token = ?"
        with self._db.writing("renewal") as db:
            expires = _clock() + ttl
            return frozenset(token for token in tokens if db.execute(query, (ttl, expires, token)).rowcount)

    def reserve(self, claim: Lease) -> Lease:
        """Note that the line of the claimed task named its worker before."""
        with self._db.writing("reservation") as db:
            db.execute("DELETE FROM reservations WHERE token NOT IN (SELECT token FROM leases)")
            db.execute(_RESERVE, (claim.token,))
        return claim._replace(reserved=True)

    def extend(self, task_id: str, token: int, ttl: float) -> Lease | None:
        """Let a claim hold for `ttl` seconds from now; None where that token holds it no more. One that has run out
        stays so: its box may be opened at any moment."""
        query = "UPDATE leases SET ttl = ?, expires = ? WHERE task_id = ? AND token = ? AND owner = '' AND expires > ?"
        with self._db.writing("renewal") as db:
            now = _clock()
            held = db.execute(query, (ttl, now + ttl, task_id, token, now)).rowcount
        return self.claim(task_id, token) if held else None

    def claim(self, task_id: str, token: int) -> Lease | None:
        """The claim with that token; None where it has run out, or was taken over or given back."""
        holders = _Holders(_clock())
        rows = self._db.read(f"{_CLAIM} AND task_id = ? AND token = ?", (task_id, token))
        return next((_lease_of(*row) for row in rows if holders.hold(*row[3:6])), None)

    def claims(self) -> tuple[Lease, ...]:
        """All claims: those that hold, and those that have run out, and whose box nobody has opened since."""
        return tuple(_lease_of(*row) for row in self._db.read(f"{_CLAIM} ORDER BY task_id"))

    def move_claim(self, claim: Lease, task_id: str) -> None:
        """The claimed task has this id now, also in the journal; nothing is changed where somebody has that one."""
        with self._db.writing("moved claim") as db:
            query = "UPDATE OR IGNORE leases SET task_id = ? WHERE token = ?"
            if db.execute(query, (task_id, claim.token)).rowcount:
                query = "UPDATE results SET task_id = ? WHERE task_id = ? AND outcome = 'doing'"
                db.execute(query, (task_id, claim.task_id))

    def ended_claims(self) -> tuple[Lease, ...]:
        """The claims that have run out, and whose box nobody has opened since."""
        holders = _Holders(_clock())
        rows = self._db.read(f"{_CLAIM} ORDER BY task_id")
        return tuple(_lease_of(*row) for row in rows if not holders.hold(*row[3:6]))

    def held(self, tokens: Sequence[int]) -> frozenset[int]:
        """Those of these tokens whose lease was neither taken over nor released."""
        return frozenset(token for (token,) in self._db.read(f"{_TOKENS} {_among(tokens)}", tokens))

    def release(self, *tokens: int) -> tuple[str, ...]:
        """Give tasks back; the ids of those whose token held a lease still."""
        released: list[str] = []
        with self._db.writing("release") as db:
            for some in _chunks(tokens):
                query = f"{_RELEASED} {_among(some)} RETURNING task_id"
                released += (task for (task,) in db.execute(query, some).fetchall())
        return tuple(released)

    def taken_after(self, token: int) -> tuple[tuple[int, str], ...]:
        """Token and task of the leases of processes with greater tokens, in their order, whether they still hold."""
        query = "SELECT token, task_id FROM leases WHERE token > ? AND owner <> '' ORDER BY token"
        return tuple(self._db.read(query, (token,)))

    def live_leases(self) -> tuple[Lease, ...]:
        """The leases that hold now, by task."""
        holders = _Holders(_clock())
        rows = self._db.read(f"{_ALL} ORDER BY task_id")
        return tuple(_lease_of(*row) for row in rows if holders.hold(*row[3:6]))


def takeovers(database: Database) -> int:
    """How many leases were taken over that nobody had given back, since this state began."""
    rows = database.read("SELECT value FROM counters WHERE name = 'takeovers'")
    return int(rows[0][0]) if rows else 0


def _count_takeovers(database: Database, names: Sequence[str]) -> None:
    """These tasks get new leases now: who has given a task back has left no row."""
    ((number,),) = database.read(f"{_ROWS_OF} {_among(names)}", names)
    if number:
        with database.writing("takeover") as db:
            db.execute(_COUNT_TAKEOVERS, (number,))


def owners(database: Database) -> set[str]:
    """The processes (see `owner`) with leases that hold now."""
    holders, rows = _Holders(_clock()), database.read("SELECT ttl, expires, owner FROM leases")
    return {lease[2] for lease in rows if holders.hold(*lease)}


_PUT = "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)"
_RESERVE = "INSERT OR IGNORE INTO reservations VALUES (?)"
_ROWS = "SELECT *, token IN (SELECT token FROM reservations) FROM leases"
_ALL = "SELECT task_id, token, worker, ttl, expires, owner, token IN (SELECT token FROM reservations) FROM leases"
_CLAIM = f"{_ALL} WHERE owner = ''"
#: CROSS keeps the order: there are few places, and as many leases as tasks that have not landed.
_SLOTS = "SELECT lane, ttl, expires, owner FROM lane_slots CROSS JOIN leases USING (token)"
_STALE_SLOTS = (
    "DELETE FROM lane_slots WHERE NOT EXISTS (SELECT 1 FROM leases WHERE leases.token = lane_slots.token)"
)
_ENTER = "INSERT OR REPLACE INTO lane_slots VALUES (?, ?)"
_ROWS_OF = "SELECT count(*) FROM leases WHERE task_id"
_COUNT_TAKEOVERS = (
    "INSERT INTO counters VALUES ('takeovers', ?)"
    " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
)
_HELD = "SELECT task_id, ttl, expires, owner FROM leases WHERE task_id"
_RELEASED = "DELETE FROM leases WHERE token"
_TOKENS = "SELECT token FROM leases WHERE token"
_GROWN = "UPDATE counters SET value = value + ? WHERE name = 'token' RETURNING value"
_MOMENT = (
    "SELECT coalesce(max(id), 0), (SELECT json_group_array(id) FROM results WHERE receipt IS NOT NULL)"
    " FROM results"
)
#: Tasks with a result that is newer than a moment, that waits to land, or that has landed since it waited at that
#: moment: a plan of then knows nothing of it. Not by time, since the date may be set back.
_NEWER = (
    "SELECT task_id FROM results"
    " WHERE (id > ? OR (receipt IS NOT NULL AND landed IS NULL)"
    " OR (receipt IS NULL AND id IN (SELECT value FROM json_each(?))))"
    " AND NOT (outcome IN (?, ?) AND run_id = ?) AND task_id"
)


def _chunks(values: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many as a statement of any SQLite takes."""
    return (values[start : start + 500] for start in range(0, len(values), 500))


def _among(values: Sequence[object]) -> str:
    return f"IN ({', '.join('?' * len(values))})"


def _lease_of(task: str, token: int, worker: str, _: Any, expires: float, who: str, reserved: int) -> Lease:
    return Lease(task, token, worker, _unix_time(expires), who, bool(reserved))


def _unix_time(clock: float) -> float:
    return time.time() + clock - _clock()


class _Holders:
    """Who holds leases at this moment; each process is looked for once."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._ended: dict[str, bool] = {}

    def hold(self, ttl: float, expires: float, who: str) -> bool:
        """Whether a lease holds: not run out, its process not gone; one that ends later than it can, as of a time
        before the machine's start, only if its process is seen to live."""
        if self._now >= expires or (who and self._has_ended(who)):
            return False
        return expires <= self._now + ttl or process_identity.can_be_checked(who)

    def _has_ended(self, who: str) -> bool:
        if who not in self._ended:
            self._ended[who] = process_identity.has_ended(who)
        return self._ended[who]
