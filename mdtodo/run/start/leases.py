"""Who may run a task: what a run asks before it starts one, while it runs, and when its result comes."""

from __future__ import annotations

import time
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from dataclasses import dataclass

    from mdtodo.core.task import Task
    from mdtodo.run.start.lane_places import LanePlaces
    from mdtodo.storage.leases import Lane, Lease, Moment
    from mdtodo.storage.state import StateStore
else:
    from mdtodo.core.light.dataclasses import dataclass

#: A lease is renewed after this share of its time.
RENEWAL = 1 / 3
#: Why a task is passed over of which no more is known.
TAKEN = "another worker has it, or has just finished it"


class Leases(Protocol):
    """The tasks that this run has taken, so that no other one runs them. Called from the thread of the run."""

    def lease(self, tasks: Sequence[Task], upcoming: Callable[[int], Sequence[Task]]) -> None:
        """Take these tasks, which start now, where nobody else has them; `refusal` says which are ours.

        `upcoming`: up to so many that will start next as things stand, for whom it is dear to ask often.
        """

    def refusal(self, task: Task) -> str | None:
        """Why the task was not taken, as part of a sentence; None where it is ours, as far as this process knows."""

    def is_full(self, task: Task) -> bool:
        """Whether it would be ours, but for its lane, which as many other workers use as may."""

    def leave_lanes(self, running: Container[str]) -> None:
        """Of the tasks in lanes with a cap, only these run still."""

    def held(self, tasks: Sequence[Task]) -> frozenset[str]:
        """The ids of those of these tasks that are still ours."""

    def renew(self) -> frozenset[str]:
        """Give others a sign of life if it is time to; the ids of tasks that are not ours any more."""

    def release(self, task_ids: Iterable[str]) -> None:
        """Nothing came of these here: free them."""

    def landed(self, task_ids: Iterable[str]) -> None:
        """Their results are in HEAD and the work tree of this clone, as far as they can be."""

    def release_all(self) -> None:
        """The run is over: free what it has still."""


@dataclass(slots=True, eq=False, repr=False)
class LocalLeases:
    """Those of this clone, in its state: terminals and linked worktrees see them. `since`: what others came to after
    that moment is theirs. `places` are those that it has in lanes. `token`: that of claims which the run may
    use; they stay their owner's until the task is done."""

    state: StateStore
    worker: str
    ttl: float
    run_id: str
    places: LanePlaces
    log: Callable[..., None]
    since: Moment | None = None
    token: int | None = None
    _leases: dict[str, Lease] = field(default_factory=dict)
    _full: set[str] = field(default_factory=set)
    _renewed: float = field(default_factory=time.monotonic)

    def lease(self, tasks: Sequence[Task], upcoming: Callable[[int], Sequence[Task]]) -> None:
        """See `Leases`."""
        if self.token is not None:
            claims = (self.state.claim(task.id, self.token) for task in tasks)
            self._leases |= {claim.task_id: claim for claim in claims if claim is not None}
        needed, ahead = self.places.needed(tasks)
        self._full = set()
        later = {task.id for task in ahead}
        self._take([task for task in tasks if task.id not in later], needed)
        covered = self.places.go_without(ahead)
        self._take(covered, {})
        self._full |= later - {task.id for task in covered}

    def _take(self, tasks: Sequence[Task], places: Mapping[str, Lane]) -> None:
        again = [task.id for task in tasks if task.id in self._leases and task.id in places]
        if wanted := [task.id for task in tasks if task.id not in self._leases]:
            taken = self.state.take(
                wanted, self.worker, self.ttl, since=self.since, run=self.run_id, lanes=places
            )
            self._leases |= taken.leases
            self._full |= taken.full
            for name in wanted:
                lease = taken.leases.get(name)
                self.log("leased" if lease else "not_leased", task=name, token=lease.token if lease else None)
        for name in again:
            if not self.state.enter_lane(self._leases[name].token, places[name]):
                self._full.add(name)
        got = {name: lane for name, lane in places.items() if name in self._leases}
        self.places.hold({name: lane for name, lane in got.items() if name not in self._full}, self._leases)

    def lease_briefly(self, tasks: Sequence[Task]) -> frozenset[str]:
        """Take these for a change of their boxes alone, whose landing gives them back: no place in a lane, no claim on
        a remote. Gives the ids of those that are ours."""
        self._take(tasks, {})
        return frozenset(task.id for task in tasks if task.id in self._leases)

    @property
    def leases(self) -> Mapping[str, Lease]:
        """The leases of this run, by task."""
        return self._leases

    def is_full(self, task: Task) -> bool:
        """See `Leases`."""
        return task.id in self._full

    def leave_lanes(self, running: Container[str]) -> None:
        """See `Leases`."""
        self.places.leave(running, self._leases)

    def refusal(self, task: Task) -> str | None:
        """See `Leases`."""
        return None if task.id in self._leases else TAKEN

    def held(self, tasks: Sequence[Task]) -> frozenset[str]:
        """See `Leases`."""
        tokens = {task.id: self._leases[task.id].token for task in tasks if task.id in self._leases}
        held = self.state.held(tuple(tokens.values())) if tokens else frozenset()
        return frozenset(task_id for task_id, token in tokens.items() if token in held)

    def renew(self) -> frozenset[str]:
        """See `Leases`."""
        now = time.monotonic()
        if now - self._renewed < self.ttl * RENEWAL:
            return frozenset()
        self._renewed = now
        kept = self.state.renew([lease.token for lease in self._leases.values()], self.ttl)
        gone = frozenset(task_id for task_id, lease in self._leases.items() if lease.token not in kept)
        for task_id in gone:
            self.log("lease_lost", task=task_id, token=self._leases.pop(task_id).token)
        return gone

    def end_claim(self, task: Task) -> Lease | None:
        """The task is done: the claim on it that this run has used, released like a lease now; None for none."""
        claim = self._leases.get(task.id)
        if claim is None or not claim.claimed:
            return None
        self._leases[task.id] = claim._replace(owner=self.worker)  # no claim any more
        return claim

    def release(self, task_ids: Iterable[str]) -> None:
        """See `Leases`."""
        leases = [self._leases.pop(task_id, None) for task_id in task_ids]
        # what was claimed stays so until it is done: its token is not ours to give back
        given_back = [lease for lease in leases if lease is not None and not lease.claimed]
        if given_back:
            self.state.release(*(lease.token for lease in given_back))
        for lease in given_back:
            self.log("released", task=lease.task_id, token=lease.token)

    landed = release

    def release_all(self) -> None:
        """See `Leases`."""
        self.release([*self._leases])
