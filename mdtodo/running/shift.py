"""One shift of work: starting what may start, taking what comes back, until nothing is left to do."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from mdtodo.config.values import format_duration
from mdtodo.model import Status, Task
from mdtodo.planning.record import task_record
from mdtodo.planning.rollup import opening_parents
from mdtodo.results import (
    AddSubtasks,
    Edit,
    Outcome,
    Receipt,
    Result,
    RunReport,
    SetStatus,
    TaskRun,
    signal_name,
)
from mdtodo.running.executor import empty_result, result_of
from mdtodo.running.freshness import Freshness
from mdtodo.running.load import LoadGate
from mdtodo.running.result_edits import reopening_edits, result_edits, stamp_edits
from mdtodo.running.spec import spec
from mdtodo.running.titles import named
from mdtodo.running.uncommitted import not_committed
from mdtodo.running.unstarted import Unstarted, unstarted, waits_for
from mdtodo.running.written import said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.config import Processor
    from mdtodo.model import Json
    from mdtodo.results import Output
    from mdtodo.running.board import Board
    from mdtodo.running.course import Course
    from mdtodo.running.executor import Event, Executor
    from mdtodo.running.interrupt import Interrupt
    from mdtodo.running.ledger import Ledger
    from mdtodo.running.standing import Last, Standing
    from mdtodo.running.watcher import Watcher

#: Seconds after which the loop looks up even if nothing comes back: signals, leases, the load of the machine.
TICK = 0.5


@dataclass(slots=True, eq=False, repr=False)
class Shift:
    """The loop of a run. Only this process writes: the pool gets plain jobs and gives plain results."""

    board: Board
    course: Course
    pool: Executor
    ledger: Ledger
    watcher: Watcher
    interrupt: Interrupt
    standing: Standing | None = None
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    done: dict[str, TaskRun] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    _attempts: dict[str, Task] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)
    _held: frozenset[str] = frozenset()
    _passed: dict[str, str] = field(default_factory=dict)
    _reopened: set[str] = field(default_factory=set)
    _more: int = 0
    _outgrown: bool = False
    _plan_next: float = 0.0
    _ended: bool = False
    _said_unknown: bool = False
    _gate: LoadGate = field(init=False)
    _fresh: Freshness = field(init=False)

    def __post_init__(self) -> None:
        config = self.board.config
        self._gate = LoadGate(config.max_cpu, config.max_memory)
        self._fresh = Freshness(self.board, Status.DONE if self.course.options.verify else Status.TODO)

    def work(self) -> None:
        """Until nothing runs and nothing may start. What came back is in the journal before anything more starts."""
        limit = self.course.options.limit
        self._more = 0 if limit is None else len(self.course.within_reach()) - limit
        for parent in self.course.rolled_up():
            self._roll_up(parent)
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

    def report(self, *, broken: bool) -> RunReport:
        """What became of every task that this run took, or would have taken."""
        for task in self.course.abandoned():
            self.ledger.give_up(task)
            self._tell(task, Outcome.INTERRUPTED, Result(exit_code=None))
        self._open_again()
        for task in self.course.left_over():
            if task.id not in self.done and self.course.blocked(task):
                reason = waits_for(self.course, task)
                asked = task.id in self.course.options.asked  # then a sentence of its own says it
                self._tell(task, Outcome.BLOCKED, Result(exit_code=None), reason=reason, shown=not asked)
        left = self._unstarted()
        return RunReport(
            run=self.ledger.run_id,
            started=self.began.isoformat(timespec="milliseconds"),
            finished=datetime.now(UTC).isoformat(timespec="milliseconds"),
            tasks=tuple(self.done.values()),
            commits=tuple(self.ledger.commits),
            messages=(
                *self.ledger.messages,
                *not_committed(self.ledger.uncommitted),
                *self._cut_short(),
                *left.messages,
            ),
            interrupted=self.interrupt.asked,
            broken=broken,
            refused=left.refused,
            given_up=left.given_up,
            nothing=left.nothing,
            hints=left.hints,
        )

    def _cut_short(self) -> tuple[str, ...]:
        """How many tasks were ready when an interrupt or a failure ended the run."""
        left = [task for task in self.course.left_over() if task.id not in self.done]
        if not self.course.stopped:
            return ()
        why = "" if self.interrupt.asked else ", because of --fail-fast"
        were = "task that was ready was" if len(left) == 1 else "tasks that were ready were"
        return (f"{len(left)} {were} not started{why}",) if left else ()

    def _unstarted(self) -> Unstarted:
        asked = self.course.options.asked
        if self.course.options.verify:
            return Unstarted(refused=not asked.isdisjoint(self._passed))
        workers = {one.task_id: one.worker for one in self.ledger.state.live_leases()} if asked else {}
        return unstarted(self.course, workers, self._passed)

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
            self.course.leave(task)
            self._passed[task.id] = reason
            self.watcher.say(f"{named(task)} was not started: {reason}")

    def _let_stand(self, task: Task, last: Last) -> None:
        """Its inputs are what they were at its last result: that is its result now."""
        parents = self.course.stand(task, Outcome.DONE if last.done else Outcome.FAILED)
        if self._more > 0:  # it counts in no limit, so another task may start in its place
            self._more -= 1
            self.watcher.expect(1)
        result = Result(exit_code=last.exit_code)
        if last.done and (edits := self._edits(task, result)):
            self._record(task, Outcome.CACHED, result, edits, inputs=last.inputs)
        else:
            self.ledger.give_up(task)
        what = "" if last.done else f"it failed, {failure(result)}, and "
        reason = f"{what}its inputs are unchanged since run {last.run}"
        self._tell(task, Outcome.CACHED, result, reason=reason)
        for parent in parents:
            self._roll_up(parent)

    def _submit(self, task: Task) -> None:
        processor = self.course.processor(task)
        number = self.course.attempts[task.id].count
        assert processor is not None, "only routed tasks are taken"
        attempt = spec(
            {**task_record(self.board.plan, task.id), "body": task.body},
            processor,
            run_id=self.ledger.run_id,
            attempt=number,
            root=self.board.repo.root,
            log=self.ledger.log_path(task, number),
            unread=None if self.course.options.verify else self.ledger.unread,
            outputs=said(processor.outputs, self.board.documents, ticks=self._commits),
        )
        self._attempts[str(attempt["attempt"])] = task
        self.pool.submit(attempt)

    @property
    def _commits(self) -> bool:
        """Whether what is done is ticked and committed, and its outputs with it."""
        return not self.course.options.verify and self.ledger.commit != "none"

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
            self.course.finish(task, Outcome.INTERRUPTED)
            self._tell(
                task,
                Outcome.INTERRUPTED,
                result,
                reason="another worker may have it by now, so the result was dropped",
            )
        elif refused := written.get("refused"):
            self._refuse(task, cast("Mapping[str, str]", refused))
        elif given.get("interrupted") or (self._ended and result.outcome is Outcome.FAILED):
            self.course.finish(task, Outcome.INTERRUPTED)
            self.ledger.give_up(task)
            self._tell(task, Outcome.INTERRUPTED, result)
        elif result.outcome is Outcome.FAILED and self._try_again(task, result):
            pass
        else:
            self._settle(task, result, str(given.get("tail") or ""), written)

    def _try_again(self, task: Task, result: Result) -> bool:
        processor = self.course.processor(task)
        count = self.course.attempts[task.id].count
        if processor is None or count > processor.retries or self.course.stopped:
            return False
        delay = _pause(processor, count)
        self.watcher.retrying(task, count, delay, failure(result, processor.timeout))
        self.course.retry(task, time.monotonic() + delay)
        return True

    def _settle(self, task: Task, result: Result, tail: str, written: Json) -> None:
        """The task is over: its result is taken down, and what it frees may start."""
        held: tuple[Output, ...] | None = None
        counts = True
        if result.outcome is Outcome.DONE and self._commits:
            held, reason = self.ledger.hold(written)
            if reason is not None:  # only what the processor is to blame for counts as a failed run
                result, counts = result._replace(error=reason), bool(written.get("unnamed"))
        outcome = result.outcome
        edits = self._edits(task, result) if counts else []
        parents = self.course.finish(task, outcome)
        inputs = self.standing.digest(task, result) if self.standing is not None else None
        self._record(task, outcome, result, edits, inputs=inputs, held=held)
        processor = self.course.processor(task)
        timeout = processor.timeout if processor else None
        reason = failure(result, timeout) if outcome is Outcome.FAILED else ""
        self._tell(task, outcome, result, reason=reason, tail=tail)
        for parent in parents:
            self._roll_up(parent)
        if self.course.options.verify and outcome is Outcome.FAILED:
            self._reopen_above(task)
        self._outgrown = self._outgrown or any(isinstance(edit, AddSubtasks) for edit in edits)

    def _refuse(self, task: Task, reasons: Mapping[str, str]) -> None:
        """It was not started: what it would write is a person's. That is no failed run."""
        self.course.finish(task, Outcome.FAILED)
        self.ledger.give_up(task)
        why = "; ".join(f"{path} is one of its outputs, and {reason}" for path, reason in reasons.items())
        self._tell(
            task,
            Outcome.FAILED,
            Result(exit_code=None),
            reason=f"not started: {why}; commit or discard it first",
        )

    def _open_again(self) -> None:
        """What was done, and could not land with its outputs, is not done after all."""
        for task_id, reason in self.ledger.kept_open.items():
            if (told := self.done.get(task_id)) is not None:
                self.done[task_id] = told._replace(outcome=Outcome.FAILED, reason=reason)
                self.watcher.finished(self.done[task_id])

    def _roll_up(self, parent: Task) -> None:
        edits = [SetStatus(parent.anchor, Status.DONE), *stamp_edits(self.board, parent, Status.DONE)]
        self._record(parent, Outcome.DONE, Result(), edits, processor="rollup")
        self._tell(parent, Outcome.DONE, Result(), reason="all its subtasks are done")

    def _reopen_above(self, task: Task) -> None:
        """The parents that were ticked with their subtasks are not done any more, now that one of those is not."""
        for name in (
            opening_parents(self.board.plan, {task.id: Status.TODO}) if self.board.config.rollup else ()
        ):
            if name not in self._reopened:
                self._reopened.add(name)
                parent = self.board.tasks[name]
                edits = reopening_edits(self.board, parent)
                self._record(parent, Status.TODO, Result(), edits, processor="rollup")
                self.watcher.say(f"{named(parent)} was reopened with its subtask {named(task)}")

    def _record(
        self,
        task: Task,
        outcome: Outcome | Status,
        result: Result,
        edits: list[Edit],
        processor: str | None = None,
        inputs: str | None = None,
        held: tuple[Output, ...] | None = None,
    ) -> None:
        attempts = self.course.attempts.get(task.id)
        route = self.board.plan.routes[task.id]
        named = self.course.processor(task)
        self.edits += edits
        receipt = Receipt(
            task_id=task.id,
            title=task.title,
            outcome=outcome,
            processor=processor or route.processor or "-",
            exit_code=result.exit_code,
            seconds=attempts.seconds if attempts else 0.0,
            attempt=attempts.count if attempts else 0,
            edits=tuple(edits),
            outputs=named.outputs if named and edits and outcome is Outcome.DONE else (),
            held=held,
            inputs=inputs,
        )
        self.ledger.record(task, receipt, result)

    def _edits(self, task: Task, result: Result) -> list[Edit]:
        """What the result changes on the task's line, and below it; of one that is verified, only the box."""
        if self.course.options.verify:
            return reopening_edits(self.board, task) if result.outcome is Outcome.FAILED else []
        return result_edits(self.board, task, result)

    def _plan_again_if_outgrown(self) -> None:
        """With new subtasks the plan is made again from the new bytes; not more often than that is worth."""
        now = time.monotonic()
        if not self._outgrown or (self.course.running and now < self._plan_next):
            return
        before = len(self.course.within_reach())
        self.board = self.board.with_edits(self.edits)
        self.edits, self._outgrown = [], False
        self.course.replan(self.board.plan)
        self.watcher.expect(max(0, len(self.course.within_reach()) - before))
        self._plan_next = now + 20 * (time.monotonic() - now)

    def _tell(
        self,
        task: Task,
        outcome: Outcome,
        result: Result,
        *,
        reason: str = "",
        tail: str = "",
        shown: bool = True,
    ) -> None:
        attempts = self.course.attempts.get(task.id)
        self.done[task.id] = TaskRun(
            id=task.id,
            title=task.title,
            file=task.file,
            line=task.line,
            outcome=outcome,
            processor=self.board.plan.routes[task.id].processor,
            attempts=attempts.count if attempts else 0,
            duration=round(attempts.seconds, 3) if attempts else None,
            exit_code=result.exit_code if attempts or outcome is Outcome.CACHED else None,
            log=self.ledger.shown_log(task, attempts.count) if attempts else None,
            tail=tail,
            reason=reason,
        )
        if shown:
            self.watcher.finished(self.done[task.id])

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


def failure(result: Result, timeout: float | None = None) -> str:
    """Why an attempt failed, in a few words; `timeout` in seconds, if it had one."""
    if result.timed_out:
        return "timed out" + (f" after {format_duration(timeout)}" if timeout else "")
    if result.error:
        return result.error
    code = result.exit_code
    if code is not None and code < 0:
        return f"killed by {signal_name(-code)}"
    return f"exit {code}"
