"""The ready queue of one run: what may start now, what waits, and what became of each task. No I/O, no clock."""

from __future__ import annotations

from dataclasses import field, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Protocol

from mdtodo.core.results import Outcome
from mdtodo.core.task import State, Status
from mdtodo.execution.attempts import Attempts
from mdtodo.execution.executor import PREFETCH, ahead
from mdtodo.outputs.declared import output_conflicts
from mdtodo.planning.graph import Tracker
from mdtodo.planning.rollup import closes
from mdtodo.planning.schedule import Lanes
from mdtodo.run.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
    from dataclasses import dataclass

    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan
else:
    from mdtodo.core.light.dataclasses import dataclass


class Turns(Protocol):
    """The turns of runs of one work tree at outputs, see `output_turns`."""

    def take(self, processor: str) -> bool:
        """Whether an attempt of this processor may begin now."""

    def keep(self, processors: Collection[str]) -> None:
        """Attempts of these alone run still."""


@dataclass(slots=True, eq=False, repr=False)
class ReadyQueue(Scope):
    """Which tasks this run takes, and in what order they become free.

    `running` are those that were handed to the pool, which runs `jobs` of them at once, and of these `landing` those
    whose attempt is over and that take no place any more. `startable` gives a task
    for each of its attempts, and it ends in `finish`; between two attempts it is `retry`ed. A lane that is full
    never holds up another one. `elsewhere` are tasks that other workers have, or have had: they are not started here.

    A task whose processor has added subtasks ends as `blocked`, and is `startable` once more when they are done; if it
    ends so again, it is left to the next run. `nesting` says how deep a task stands in subtasks that were added in this
    run. `turns` are those of other runs too, where somebody keeps them.
    """

    jobs: int
    attempts: dict[str, Attempts] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    landing: set[str] = field(default_factory=set)
    stopped: bool = False
    nesting: dict[str, int] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    _full_lanes: set[str] = field(default_factory=set)
    _awaited: set[str] = field(default_factory=set)
    _queues: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    _over_limit: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    _later: list[tuple[float, str]] = field(default_factory=list)
    _ranks: Mapping[str, int] = field(default_factory=dict)
    _lanes: Lanes = field(init=False)
    _tracker: Tracker = field(init=False)
    _free: set[str] = field(default_factory=set)
    _closed: dict[str, Status] = field(default_factory=dict)
    _deferred: list[str] = field(default_factory=list)
    output_conflicts: Mapping[str, frozenset[str]] = field(init=False)
    turns: Turns | None = None
    _finished: int = 0
    _seconds: float = 0.0

    def __post_init__(self) -> None:
        self._lanes = Lanes.ahead(self.config.lanes, self.jobs, PREFETCH)
        self.output_conflicts = output_conflicts(self.config.processors)
        self._start_over()

    @property
    def idle(self) -> bool:
        """Nothing runs, and nothing will."""
        waiting = self._later or self._deferred or any(self._queues.values())
        return not self.running and (self.stopped or not waiting)

    @property
    def may_begin(self) -> int:
        """How many tasks may run at once now, as far as lanes, jobs and the limit go."""
        waiting = sum(min(len(queue), self._lanes.capacity(lane)) for lane, queue in self._queues.items())
        return min(waiting, self.jobs, waiting if self.options.limit is None else self.options.limit)

    @property
    def at_work(self) -> int:
        """How many tasks take a place."""
        return len(self.running) - len(self.landing)

    def leave_place(self, task: Task) -> None:
        """Its attempt is over, but not the task, which is to land: another one may start in its place."""
        self._free_slot(task)
        self.running.add(task.id)
        self.landing.add(task.id)

    def state(self, task: Task) -> State:
        """The state of the task as this run has left it, in the words of the plan."""
        state = self.plan.states[task.id]
        if task.id in self._closed:
            return State.DONE
        if state is State.BLOCKED and not self.blocked(task):
            return State.READY if self.processor(task) is not None else State.MANUAL
        return state

    def startable(self, now: float) -> Task | None:
        """The next task in plan order whose lane has room, or None; it is counted as running from now on."""
        if self.stopped or self._limit_reached():
            self._drop_new()
        if self.at_work >= self.jobs and not self._may_prefetch():
            return None
        while self._later and self._later[0][0] <= now:
            self._enqueue(heappop(self._later)[1])
        if (found := self._next()) is None:
            return None
        name, lane = found
        self._lanes.start(lane)
        self.running.add(name)
        if self.plan.graph.is_awaited(name):
            self._awaited.add(name)
        attempts = self.attempts.setdefault(name, Attempts())
        if self.outcomes.pop(name, None) is Outcome.BLOCKED:
            attempts.begin_again()
        attempts.count += 1
        return self.plan.tasks[name]

    def holds_startable(self, now: float) -> bool:
        """Whether a task would start, were it asked for: there is one, and a job and its lane are free."""
        if self.stopped or len(self.running) >= self.jobs:
            return False
        new, again = not self._limit_reached(), bool(self._later) and self._later[0][0] <= now
        return again or any(new or name in self.attempts for (_, name), _ in self._heads())

    def upcoming(self, count: int) -> list[Task]:
        """Up to so many tasks that were not started and that nothing but a lane or the jobs keep, in plan order."""
        queued = sorted(entry for queue in self._queues.values() for entry in queue)
        fresh = [self.plan.tasks[name] for _, name in queued if name not in self.attempts]
        left = count if self.options.limit is None else self.options.limit - len(self.attempts)
        return fresh[: max(0, min(count, left))]

    def _next(self) -> tuple[str, str] | None:
        """The first task whose lane has room, and that lane; but none that shares an output with a running one."""
        while True:
            if not (heads := self._heads()):
                return None
            (_, name), lane = min(heads)
            heappop(self._queues[lane])
            if name in self.elsewhere:
                continue
            if not self._conflicts(name):
                return name, lane
            # Until any task ends (`_free_slot`), not at the end of its queue: it would lose its turn to all behind it.
            self._deferred.append(name)

    def _heads(self) -> list[tuple[tuple[int, str], str]]:
        """The first of each queue whose lane has room, and that lane."""
        free = (lane for lane in self._queues if lane not in self._full_lanes and self._lanes.may_start(lane))
        return [(self._queues[lane][0], lane) for lane in free if self._queues[lane]]

    def _conflicts(self, name: str) -> bool:
        if not self.output_conflicts:
            return False
        found = self.processor(self.plan.tasks[name])
        shared = self.output_conflicts.get(found.name, ()) if found is not None else ()
        if found is None or not shared:
            return False
        return any(one in shared for one in self._processors_at_work()) or not (
            self.turns is None or self.turns.take(found.name)
        )

    def _processors_at_work(self) -> set[str]:
        """The processors of what runs."""
        found = (self.processor(self.plan.tasks[name]) for name in self.running)
        return {one.name for one in found if one is not None}

    def _may_prefetch(self) -> bool:
        """Whether a task may be handed over before a process is free for it, so that none has to wait for us.

        Only where tasks are so short that it matters, and where no running task can free one that would have to go
        first, or, with `fail_fast`, stop it.
        """
        if self.options.fail_fast or not self._finished or self._awaited:
            return False
        return self.at_work < self.jobs * ahead(self._seconds / self._finished)

    def seconds_until_retry(self, now: float) -> float | None:
        """Seconds until a retry is due, None if none is waited for."""
        return max(0.0, self._later[0][0] - now) if self._later and not self.stopped else None

    def retry(self, task: Task, at: float) -> None:
        """The attempt is over, the next one may start at `at`."""
        self._free_slot(task)
        heappush(self._later, (at, task.id))

    def withdraw(self, task: Task) -> None:
        """It is not ours after all: another worker has it, or the box is closed already."""
        self._free_slot(task)
        attempts = self.attempts[task.id]
        if attempts.earlier:  # what its processor came to before the new subtasks stays
            attempts.count -= 1
            self.outcomes[task.id] = Outcome.BLOCKED
            return
        del self.attempts[task.id]
        self._restore_over_limit()

    def put_back(self, task: Task) -> None:
        """The tasks of other workers fill its lane: it stays ready, and nothing of that lane is tried before
        `try_lanes_again`, or the end of a task in it."""
        if self.attempts[task.id].now > 1:
            self._free_slot(task)
            self.attempts[task.id].count -= 1
        else:
            self.withdraw(task)
        self._full_lanes.add(task.lane)
        self._enqueue(task.id)

    def try_lanes_again(self) -> None:
        """Other workers may have left the lanes that were full, and be done with outputs."""
        self._full_lanes.clear()
        self._enqueue_deferred()

    def finish(self, task: Task, outcome: Outcome) -> list[Task]:
        """The task is over; gives the parents that are done with it, innermost first."""
        self._free_slot(task)
        self._finished += 1
        self._seconds += self.attempts[task.id].seconds
        self.outcomes[task.id] = outcome
        if outcome is Outcome.FAILED and self.options.fail_fast:
            self.stopped = True
        if outcome is not Outcome.DONE and not self.options.verify:
            return []
        return self._close([task.id])

    def finish_cached(self, task: Task, outcome: Outcome) -> list[Task]:
        """As `finish`, of a task that was not started after all, since an earlier result with this outcome stands."""
        parents = self.finish(task, outcome)
        del self.attempts[task.id]
        self._finished -= 1
        self._restore_over_limit()
        return parents

    def close_finished_parents(self) -> list[Task]:
        """The parents whose subtasks were all done before this run began, innermost first."""
        ready = [name for name in self._tracker.ready() if self.is_selected(self.plan.tasks[name])]
        return self._close([name for name in ready if self._is_done_by_subtasks(name)])

    def stop(self) -> None:
        """Start nothing more."""
        self.stopped = True

    def replan(self, plan: Plan) -> None:
        """Go on with a new plan, in which what is finished so far is closed already. What is new in it below tasks of
        this run is meant where those are."""
        chosen, meant = self.options.chosen or frozenset(), set[str]()
        for name, task in plan.tasks.items():  # parents come before their subtasks
            if name not in self.plan.tasks and task.parent is not None:
                self.nesting[name] = self.nesting.get(task.parent, 0) + 1
                meant |= {name} if task.parent in meant or task.parent in chosen else set()
        if meant:
            self.options = replace(self.options, chosen=frozenset(chosen | meant))
        self.plan = plan
        self._queues.clear()
        self._deferred.clear()
        self._over_limit.clear()
        self._start_over()

    def abandoned(self) -> list[Task]:
        """The tasks that were tried, and would have been tried again, when the run was stopped."""
        tried = (name for name in self.attempts if name not in self.outcomes and name not in self.running)
        return [self.plan.tasks[name] for name in tried]

    def left_over(self) -> list[Task]:
        """The tasks that this run would take and that never became free, in plan order."""
        tasks = (self.plan.tasks[name] for name in self.plan.order)
        return [task for task in tasks if task.id not in self.outcomes and self.accepts(task)]

    def reachable(self) -> list[Task]:
        """Those of them that become free if all goes well: what they wait for is closed, or is among them."""
        accepted = {name for name, task in self.plan.tasks.items() if self.accepts(task)}
        found = (name for name in self._freed(accepted.__contains__) if name in accepted)
        return [self.plan.tasks[name] for name in found if not self._is_over(name)]

    def awaits(self, in_hand: Container[str]) -> bool:
        """Whether a task that this run would take is in the hands of another worker, or becomes free if all goes well
        with what is in their hands."""
        if self.stopped or self._limit_reached():
            return False
        return any(
            name in in_hand or name not in self.elsewhere
            for name in self._freed(in_hand.__contains__)
            if self.accepts(self.plan.tasks[name]) and not self._is_over(name)
        )

    def _freed(self, ends: Callable[[str], bool]) -> Iterator[str]:
        """The tasks that become free, in plan order, if all of them go well of which `ends` says so."""
        closed = dict(self._closed)
        for name in self.plan.order:
            waits = self.plan.blocked_by[name]
            if name in closed or (waits and any(other not in closed for other in waits)):
                continue
            yield name
            if ends(name) or (self.config.rollup and closes(self.plan, name, closed)):
                closed[name] = Status.DONE

    def blocked(self, task: Task) -> bool:
        """Whether the task still waits for something."""
        return task.id not in self._free

    def closed(self, name: str) -> bool:
        """Whether this run has closed the task."""
        return name in self._closed

    def _is_over(self, name: str) -> bool:
        """Whether the task has ended in this run, and is not to run once more when its new subtasks are done."""
        runs_again = self.outcomes.get(name) is Outcome.BLOCKED and not self.attempts[name].earlier
        return name in self.outcomes and not runs_again

    def _start_over(self) -> None:
        self._ranks = self.plan.ranks
        self._awaited = {name for name in self.running if self.plan.graph.is_awaited(name)}
        self._tracker = Tracker(self.plan.graph)
        self._free = set(self._tracker.ready())
        self._enqueue_free(self._free)

    def _enqueue_free(self, names: Iterable[str]) -> None:
        later = {name for _, name in self._later}
        for name in names:
            known = name in self.running or self._is_over(name) or name in later
            if not known and self.accepts(self.plan.tasks[name]):
                self._enqueue(name)

    def _enqueue(self, name: str) -> None:
        heappush(self._queues.setdefault(self.plan.tasks[name].lane, []), (self._ranks.get(name, 0), name))

    def _free_slot(self, task: Task) -> None:
        self.running.discard(task.id)
        self._awaited.discard(task.id)
        if task.id in self.landing:
            self.landing.discard(task.id)
            return
        self._lanes.finish(task.lane)
        self._full_lanes.discard(task.lane)
        if self.turns is not None:
            self.turns.keep(self._processors_at_work())
        self._enqueue_deferred()

    def _enqueue_deferred(self) -> None:
        deferred, self._deferred = self._deferred, []
        for name in deferred:
            self._enqueue(name)

    def _close(self, names: list[str]) -> list[Task]:
        """Close these, and then every parent that is done with them; frees what waited."""
        parents: list[Task] = []
        todo = list(names)
        while todo:
            name = todo.pop()
            task = self.plan.tasks[name]
            if name not in self.outcomes:
                self.outcomes[name] = Outcome.DONE
                parents.append(task)
            self._closed[name] = Status.DONE
            freed = self._tracker.close(name, Status.DONE)
            self._free.update(freed)
            self._enqueue_free(freed)
            todo += [other for other in freed if self._is_done_by_subtasks(other)]
        return parents

    def _is_done_by_subtasks(self, name: str) -> bool:
        return self.config.rollup and closes(self.plan, name, self._closed)

    def _restore_over_limit(self) -> None:
        """What the limit kept from being started may start after all: one that had started counts no more."""
        for lane, entries in self._over_limit.items():
            self._queues[lane] = sorted([*self._queues.get(lane, ()), *entries])
        self._over_limit.clear()

    def _limit_reached(self) -> bool:
        # it counts tasks: a retry of one is no other
        return self.options.limit is not None and len(self.attempts) >= self.options.limit

    def _drop_new(self) -> None:
        """Of what is queued, only what was begun already may go on; after a stop, not that either."""
        for lane, queue in self._queues.items():
            begun = [] if self.stopped else [entry for entry in queue if entry[1] in self.attempts]
            if len(begun) < len(queue):
                new = [entry for entry in queue if entry[1] not in self.attempts]
                self._over_limit[lane] = [*self._over_limit.get(lane, ()), *new]
            self._queues[lane] = sorted(begun)
        if self.stopped:
            self._later.clear()
