"""The loop of a worker, one of several that share the tasks of a clone: it lands as it goes, plans again when others
have come to an end, and waits while they may leave something to it."""

from __future__ import annotations

import time
from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core.titles import few, title_and_id
from mdtodo.errors import GitError
from mdtodo.run.joint.landing_turn import landing_turn
from mdtodo.run.loop import TICK, RunLoop
from mdtodo.run.start.leases import TAKEN
from mdtodo.run.start.preflight import Preflight

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass

    from mdtodo.core.task import Task
    from mdtodo.project.project import Project
    from mdtodo.run.joint.peers import Peers
else:
    from mdtodo.core.light.dataclasses import dataclass

#: Seconds for which results wait to land with others, at least; and between two attempts, where git is in the way.
_TOGETHER, _IN_THE_WAY = 1.0, 3.0
#: A landing, or a reading, waits for so many times as long as the last one took; a landing of who is idle for once.
_REST, _REST_OF_IDLE = 20, 1
#: What takes no longer than so many seconds needs no rest.
_QUICK = 0.01
#: Seconds for which another worker of this work tree may keep the turn.
_LONGEST_TURN = 60.0


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class WorkerLoop(RunLoop):
    """`reread` gives the tasks as they stand in the files now."""

    peers: Peers
    reread: Callable[[], Project]
    _changed: bool = False
    _look_not_before: float = 0.0
    _land_not_before: float = field(default_factory=lambda: time.monotonic() + _TOGETHER)
    _turn_by: float = 0.0
    _reread_not_before: float = 0.0
    _told: set[str] = field(default_factory=set)
    _seen: tuple[frozenset[str], int] | None = None
    _awaited: bool = False
    _is_in_the_way: bool = False

    def _is_over(self) -> bool:
        """Not before that is over which others have in hand, and that is this worker's or frees what is."""
        if self.queue.stopped:
            return self.queue.idle
        looked = self._look(soon=self.queue.idle)
        self._land()
        if len(self.queue.running) < self.queue.jobs and self._follow():
            return False
        if not (looked and self.queue.idle):
            return False
        if not self._awaits():
            return self._is_in_the_way if self.journal.owes else not self._changed
        self._tell_once(f"waiting for what other workers have in hand: {self._in_hand()}")
        return False

    def _write(self) -> None:
        self.journal.write_down()

    def _startable(self) -> list[Task]:
        if not self.queue.stopped and (moved := self.journal.checkout_changed()) is not None:
            self._tell_once(f"nothing more is started: {moved}")
            self.queue.stop()
        # right before, so that few are asked for in vain: all workers take what comes first in the same order
        self.queue.elsewhere |= self.peers.taken(self.journal.local.leases)
        return RunLoop._startable(self)

    def _not_leased(self, task: Task, reason: str) -> None:
        """It is another's, or was; the next look shows whether it is to be had again."""
        if reason != TAKEN:  # another clone has it, or has closed it: nothing here says when that is over
            self._pass_over(task, reason)
            return
        self._put_aside(task)
        self.peers.refused(task.id)

    def _pass_over(self, task: Task, reason: str) -> None:
        """Its file has changed, as it does when others tick: read again, it may be there."""
        self._put_aside(task)
        self.outcomes.not_started[task.id] = reason

    def _put_aside(self, task: Task) -> None:
        self.queue.withdraw(task)
        self.queue.elsewhere.add(task.id)

    # What the others do

    def _look(self, *, soon: bool) -> bool:
        """Often enough for a person who looks on, or as soon as that is worth it, where something depends on it;
        whether it was done now."""
        began = time.monotonic()
        if began < self._look_not_before + (0.0 if soon else TICK):
            return False
        self.journal.see_landed()
        if self.peers.look(self.journal.local.leases) or self._preflight.is_stale():
            self._changed = True
        self.queue.elsewhere |= self.peers.in_hand.keys() | self.peers.over
        tasks = self.queue.plan.tasks
        self.observer.others(
            [(one.worker, tasks[name]) for name, one in self.peers.in_hand.items() if name in tasks]
        )
        self._look_not_before = _rested(began)
        return True

    def _awaits(self) -> bool:
        """See `ReadyQueue.awaits`: as it was, where the others have nothing else in hand, and have done no more."""
        seen = frozenset(self.peers.in_hand), len(self.queue.elsewhere)
        if seen != self._seen:
            self._awaited, self._seen = self.queue.awaits(self.peers.in_hand), seen
        return self._awaited

    def _follow(self) -> bool:
        """Go on with what the files say now, if that may be more than what was planned; whether it did."""
        now = time.monotonic()
        if not self._changed or now < self._reread_not_before or self.journal.owes:
            return False
        project = self.reread()
        self._reread_not_before = time.monotonic() + _REST * (time.monotonic() - now)
        if any(name not in project.tasks for name in self.queue.running):
            return False  # an equal task has come, and it has another id until it is over
        self._changed, self._seen = False, None
        self.peers.look(self.journal.local.leases)
        self.queue.elsewhere = {*self.peers.in_hand, *self.peers.over}
        self._preflight = Preflight(project)
        self.outcomes.not_started.clear()
        self.outcomes.follow(project)
        return True

    def _land(self) -> None:
        """What waits to land, together with what comes shortly after, and what other workers of this work tree have."""
        now = time.monotonic()
        if not self.journal.owes or (self.queue.running and now < self._land_not_before):
            return
        with landing_turn(self.journal.repo) as turn:
            # somebody may keep the turn for ever, as a process that was stopped does
            self._turn_by = self._turn_by or now + _LONGEST_TURN
            if turn is None and now <= self._turn_by:
                return
            self._turn_by = 0.0
            self.journal.see_landed()
            if self.journal.owes and (turn is None or turn.is_due(self._rest())):
                self._land_now()
                if turn is not None:
                    turn.over(time.monotonic() - now)

    def _rest(self) -> int:
        if self.journal.commit == "task":
            return 0
        return _REST if self.queue.running else _REST_OF_IDLE

    def _land_now(self) -> None:
        try:
            self.journal.land()
            self._is_in_the_way = False
            self._land_not_before = time.monotonic() + (_TOGETHER if self.journal.commit != "task" else 0.0)
        except GitError as error:
            self._is_in_the_way = True
            self._land_not_before = time.monotonic() + _IN_THE_WAY
            self._tell_once(f"{error}; what is done is kept, and committed as soon as that is possible")

    def _tell_once(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self.observer.say(sentence)

    def _in_hand(self) -> str:
        tasks = self.queue.plan.tasks
        found = [
            f"{title_and_id(tasks[name])} ({one.worker})"
            for name, one in self.peers.in_hand.items()
            if name in tasks
        ]
        return few(found)


def _rested(began: float) -> float:
    """When what began then and is over now may be done once more, so that it takes a small share of the time."""
    now = time.monotonic()
    return now + (_REST * (now - began) if now - began > _QUICK else 0.0)
