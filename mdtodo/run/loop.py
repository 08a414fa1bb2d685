"""The loop of a run: starting what may start, taking what comes back, until nothing is left to do."""

from __future__ import annotations

import time
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING, cast

from mdtodo.core.results import Outcome, Result
from mdtodo.core.task import Status, Task
from mdtodo.execution.executor import result_of
from mdtodo.execution.processors.result_shape import empty_result
from mdtodo.execution.processors.spec import spec
from mdtodo.outputs.attempt import said
from mdtodo.planning.task_json import task_record
from mdtodo.run.outcomes import Outcomes, failure
from mdtodo.run.preflight import Freshness
from mdtodo.run.throttle import LoadGate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.config.settings import Processor
    from mdtodo.core.task import Json
    from mdtodo.execution.executor import Event, Executor
    from mdtodo.project.project import Board
    from mdtodo.run.journal import Ledger
    from mdtodo.run.observer import Watcher
    from mdtodo.run.ready_queue import Course
    from mdtodo.run.result_cache import Last, Standing
    from mdtodo.run.signals import Interrupt

#: Seconds after which the loop looks up even if nothing comes back: signals, leases, the load of the machine.
TICK = 0.5


@dataclass(slots=True, eq=False, repr=False)
class Shift:
    """The loop of a run. Only this process writes: the pool gets plain jobs and gives plain results."""

    board: InitVar[Board]
    course: Course
    pool: Executor
    ledger: Ledger
    watcher: Watcher
    interrupt: Interrupt
    standing: Standing | None = None
    outcomes: Outcomes = field(init=False)
    _attempts: dict[str, Task] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)
    _held: frozenset[str] = frozenset()
    _more: int = 0
    _plan_next: float = 0.0
    _ended: bool = False
    _said_unknown: bool = False
    _gate: LoadGate = field(init=False)
    _fresh: Freshness = field(init=False)

    def __post_init__(self, board: Board) -> None:
        config = board.config
        self.outcomes = Outcomes(board, self.course, self.ledger, self.watcher, self.standing)
        self._gate = LoadGate(config.max_cpu, config.max_memory)
        self._fresh = Freshness(board, Status.DONE if self.course.options.verify else Status.TODO)

    def work(self) -> None:
        """Until nothing runs and nothing may start. What came back is in the journal before anything more starts."""
        limit = self.course.options.limit
        self._more = 0 if limit is None else len(self.course.within_reach()) - limit
        for parent in self.course.rolled_up():
            self.outcomes.roll_up(parent)
        self.ledger.write()
        while True:
            self._heed_interrupt()
            self._plan_again_if_outgrown()
            self._start_what_may()
            if self.course.idle:
                break
            self.watcher.flush()
            self._take_all(self.pool.events(self._patience()))
            self.ledger.write()
            self._keep_leases()

    # Starting

    def _start_what_may(self) -> None:
        while tasks := self._startable():
            moved = self.ledger.why_not_here()
            fresh = dict.fromkeys((task.id for task in tasks), moved) if moved else self._fresh.look(tasks)
            may = [task for task in tasks if fresh[task.id] is None]
            self.ledger.lease(may)
            if self.standing is not None:
                self.standing.look(may)
            for task in tasks:
                self._start(task, fresh[task.id])

    def _startable(self) -> list[Task]:
        found: list[Task] = []
        # With nothing of ours at work, waiting helps nobody: where others keep the machine busy, no run would begin.
        while not self.course.running or self._gate.open(time.monotonic()):
            task = self.course.startable(time.monotonic())
            if task is None:
                break
            found.append(task)
        if self._gate.unknown and not self._said_unknown:
            self._said_unknown = True
            self.watcher.say(
                "the load of this machine cannot be measured here: max_cpu and max_memory have no effect"
            )
        return found

    def _start(self, task: Task, reason: str | None) -> None:
        if reason is None and not self.ledger.leased(task):
            reason = "another worker has it, or has just finished it"
        if reason is None:
            last = self.standing.last(task) if self.standing is not None else None
            if last is not None:
                self._let_stand(task, last)
            else:
                self._submit(task)
        else:
            self.outcomes.leave(task, reason)

    def _let_stand(self, task: Task, last: Last) -> None:
        if self._more > 0:  # it counts in no limit, so another task may start in its place
            self._more -= 1
            self.watcher.expect(1)
        self.outcomes.stand(task, last)

    def _submit(self, task: Task) -> None:
        processor = self.course.processor(task)
        number = self.course.attempts[task.id].count
        assert processor is not None, "only routed tasks are taken"
        attempt = spec(
            {**task_record(self.outcomes.board.plan, task.id), "body": task.body},
            processor,
            run_id=self.ledger.run_id,
            attempt=number,
            root=self.outcomes.board.repo.root,
            log=self.ledger.log_path(task, number),
            unread=None if self.course.options.verify else self.ledger.unread,
            outputs=said(processor.outputs, self.outcomes.board.documents, ticks=self.outcomes.commits),
        )
        self._attempts[str(attempt["attempt"])] = task
        self.pool.submit(attempt)

    def _patience(self) -> float:
        wake = self.course.wake(time.monotonic())
        return TICK if wake is None else min(TICK, wake)

    # Taking what comes back

    def _take_all(self, events: Sequence[Event]) -> None:
        """What came back together; whose leases still hold is looked up once for all of it."""
        ended = [task for event in events if event.ends and (task := self._attempts.get(event.attempt))]
        self._held = self.ledger.held(ended) if ended else frozenset()
        if self.standing is not None:
            self.standing.forget()
        for event in events:
            self._take(event)

    def _take(self, event: Event) -> None:
        task = self._attempts.get(event.attempt)
        if task is None:
            return
        if event.kind == "started":
            self._begun.add(event.attempt)
            self.watcher.started(task, self.course.attempts[task.id].count)
            if self.course.options.verbose:
                self._tell_command(task)
        elif event.kind == "progress":
            self.watcher.progressed(task, event.progress or 0.0)
        else:
            del self._attempts[event.attempt]
            # Of what was handed ahead to a process, much was never begun when Ctrl-C came: it was not tried at all.
            if self._ended and event.attempt not in self._begun and self.course.attempts[task.id].count == 1:
                self.course.leave(task)
                self.ledger.give_up(task)
            else:
                self._take_result(task, event)

    def _tell_command(self, task: Task) -> None:
        """What the attempt that has begun runs, and where its output goes."""
        processor, number = self.course.processor(task), self.course.attempts[task.id].count
        if processor is not None:
            log = self.ledger.shown_log_path(task, number)
            command = f"{processor.name}: {' '.join(processor.command_line.split())}"
            self.watcher.say(f"{task.id} {task.title}: attempt {number}, {command}; output in {log}")

    def _take_result(self, task: Task, event: Event) -> None:
        given = event.result or empty_result(event.message)
        result = result_of(given)
        attempts = self.course.attempts[task.id]
        attempts.seconds += result.duration
        written = cast("Json", given.get("outputs") or {})
        for sentence in cast("Sequence[str]", written.get("said") or ()):
            self.watcher.say(f"{task.id} {task.title}: {sentence}")
        if task.id not in self._held:
            self.outcomes.drop(task, result)
        elif refused := written.get("refused"):
            self.outcomes.refuse(task, cast("Mapping[str, str]", refused))
        # What fails while it is ended may fail of that: counted, it would come nearer to `max_failures`.
        elif given.get("interrupted") or (self._ended and result.outcome is Outcome.FAILED):
            self.outcomes.interrupt(task, result)
        elif result.outcome is Outcome.FAILED and self._try_again(task, result):
            pass
        else:
            self.outcomes.settle(task, result, str(given.get("tail") or ""), written)

    def _try_again(self, task: Task, result: Result) -> bool:
        processor = self.course.processor(task)
        count = self.course.attempts[task.id].count
        if processor is None or count > processor.retries or self.course.stopped:
            return False
        delay = _pause(processor, count)
        self.watcher.retrying(task, count, delay, failure(result, processor.timeout))
        self.course.retry(task, time.monotonic() + delay)
        return True

    def _plan_again_if_outgrown(self) -> None:
        """With new subtasks the plan is made again from the new bytes; not more often than that is worth."""
        now = time.monotonic()
        if not self.outcomes.outgrown or (self.course.running and now < self._plan_next):
            return
        self.outcomes.replan()
        # Planning a long list takes its time: with pauses of twenty times that, a twentieth of the run at most.
        self._plan_next = now + 20 * (time.monotonic() - now)

    # Ending

    def _heed_interrupt(self) -> None:
        if self.interrupt.asked and not self._ended:
            self._ended = True
            self.course.stop()
            self.watcher.say(
                "interrupted: stopping running tasks and keeping finished ones (Ctrl-C again stops at once)"
            )
            for attempt in self._attempts:
                self.pool.cancel(attempt)

    def _keep_leases(self) -> None:
        for task_id in self.ledger.renew():
            for attempt, task in self._attempts.items():
                if task.id == task_id:
                    self.pool.cancel(attempt)


def _pause(processor: Processor, count: int) -> float:
    """Seconds between this attempt and the next one; a year where they are beyond all reckoning."""
    try:
        return min(processor.retry_delay * processor.backoff ** (count - 1), _LONGEST)
    except OverflowError:
        return _LONGEST if processor.retry_delay else 0.0


_LONGEST = 366 * 86400.0
