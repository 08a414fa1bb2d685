"""What became of the tasks of a run: each with its edits, its receipt in the journal, and its line in the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mdtodo.config.value_types import format_duration
from mdtodo.core.edits import AddSubtasks, Edit, SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.results import Outcome, Result, RunReport, TaskRun, signal_name
from mdtodo.core.task import Status, Task
from mdtodo.core.titles import title_and_id
from mdtodo.landing.result_edits import reopening_edits, result_edits, stamp_edits
from mdtodo.landing.uncommitted import not_committed
from mdtodo.planning.rollup import parents_to_reopen
from mdtodo.run.unstarted import Unstarted, unstarted, waits_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.receipt import Output
    from mdtodo.core.task import Json
    from mdtodo.project.project import Board
    from mdtodo.run.journal import Ledger
    from mdtodo.run.observer import Watcher
    from mdtodo.run.ready_queue import Course
    from mdtodo.run.result_cache import Last, Standing


@dataclass(slots=True, eq=False, repr=False)
class Outcomes:
    """The tasks that are over in this run. Nothing is started here, and nothing landed: that is the journal's part.

    `board` is that of the newest plan, and `edits` what was made of it since; `outgrown`: there are new subtasks, so a
    new plan is due. `passed`: why tasks that were about to start did not, by id.
    """

    board: Board
    course: Course
    ledger: Ledger
    watcher: Watcher
    standing: Standing | None = None
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    done: dict[str, TaskRun] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    outgrown: bool = False
    passed: dict[str, str] = field(default_factory=dict)
    _reopened: set[str] = field(default_factory=set)

    @property
    def commits(self) -> bool:
        """Whether what is done is ticked and committed, and its outputs with it."""
        return not self.course.options.verify and self.ledger.commit != "none"

    def settle(self, task: Task, result: Result, tail: str, written: Json) -> None:
        """The task is over: its result is taken down, and what it frees may start."""
        held: tuple[Output, ...] | None = None
        counts = True
        if result.outcome is Outcome.DONE and self.commits:
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
            self.roll_up(parent)
        if self.course.options.verify and outcome is Outcome.FAILED:
            self._reopen_above(task)
        self.outgrown = self.outgrown or any(isinstance(edit, AddSubtasks) for edit in edits)

    def refuse(self, task: Task, reasons: Mapping[str, str]) -> None:
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

    def interrupt(self, task: Task, result: Result) -> None:
        """It was ended before its own end: no failure, and free for the next run."""
        self.course.finish(task, Outcome.INTERRUPTED)
        self.ledger.give_up(task)
        self._tell(task, Outcome.INTERRUPTED, result)

    def drop(self, task: Task, result: Result) -> None:
        """Its lease was lost, so what came of it here counts for nothing."""
        self.course.finish(task, Outcome.INTERRUPTED)
        reason = "another worker may have it by now, so the result was dropped"
        self._tell(task, Outcome.INTERRUPTED, result, reason=reason)

    def stand(self, task: Task, last: Last) -> None:
        """Its inputs are what they were at its last result: that is its result now."""
        parents = self.course.stand(task, Outcome.DONE if last.done else Outcome.FAILED)
        result = Result(exit_code=last.exit_code)
        if last.done and (edits := self._edits(task, result)):
            self._record(task, Outcome.CACHED, result, edits, inputs=last.inputs)
        else:
            self.ledger.give_up(task)
        what = "" if last.done else f"it failed, {failure(result)}, and "
        reason = f"{what}its inputs are unchanged since run {last.run}"
        self._tell(task, Outcome.CACHED, result, reason=reason)
        for parent in parents:
            self.roll_up(parent)

    def leave(self, task: Task, reason: str) -> None:
        """It is not this run's after all, which a person is told."""
        self.course.leave(task)
        self.passed[task.id] = reason
        self.watcher.say(f"{title_and_id(task)} was not started: {reason}")

    def roll_up(self, parent: Task) -> None:
        """Its subtasks are all done, and so it is."""
        edits = [SetStatus(parent.anchor, Status.DONE), *stamp_edits(self.board, parent, Status.DONE)]
        self._record(parent, Outcome.DONE, Result(), edits, processor="rollup")
        self._tell(parent, Outcome.DONE, Result(), reason="all its subtasks are done")

    def replan(self) -> None:
        """Plan again from the new bytes, with what is finished carried over."""
        before = len(self.course.within_reach())
        self.board = self.board.with_edits(self.edits)
        self.edits, self.outgrown = [], False
        self.course.replan(self.board.plan)
        self.watcher.expect(max(0, len(self.course.within_reach()) - before))

    def report(self, *, broken: bool, interrupted: bool) -> RunReport:
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
                *self._cut_short(interrupted=interrupted),
                *left.messages,
            ),
            interrupted=interrupted,
            broken=broken,
            refused=left.refused,
            given_up=left.given_up,
            nothing=left.nothing,
            hints=left.hints,
        )

    def _cut_short(self, *, interrupted: bool) -> tuple[str, ...]:
        """How many tasks were ready when an interrupt or a failure ended the run."""
        left = [task for task in self.course.left_over() if task.id not in self.done]
        if not self.course.stopped:
            return ()
        why = "" if interrupted else ", because of --fail-fast"
        were = "task that was ready was" if len(left) == 1 else "tasks that were ready were"
        return (f"{len(left)} {were} not started{why}",) if left else ()

    def _unstarted(self) -> Unstarted:
        asked = self.course.options.asked
        if self.course.options.verify:
            return Unstarted(refused=not asked.isdisjoint(self.passed))
        workers = {one.task_id: one.worker for one in self.ledger.state.live_leases()} if asked else {}
        return unstarted(self.course, workers, self.passed)

    def _open_again(self) -> None:
        """What was done, and could not land with its outputs, is not done after all."""
        for task_id, reason in self.ledger.kept_open.items():
            if (told := self.done.get(task_id)) is not None:
                self.done[task_id] = told._replace(outcome=Outcome.FAILED, reason=reason)
                self.watcher.finished(self.done[task_id])

    def _reopen_above(self, task: Task) -> None:
        """The parents that were ticked with their subtasks are not done any more, now that one of those is not."""
        for name in (
            parents_to_reopen(self.board.plan, {task.id: Status.TODO}) if self.board.config.rollup else ()
        ):
            if name not in self._reopened:  # another subtask of it fails too, maybe: one receipt is enough
                self._reopened.add(name)
                parent = self.board.tasks[name]
                edits = reopening_edits(self.board, parent)
                self._record(parent, Status.TODO, Result(), edits, processor="rollup")
                self.watcher.say(f"{title_and_id(parent)} was reopened with its subtask {title_and_id(task)}")

    def _edits(self, task: Task, result: Result) -> list[Edit]:
        """What the result changes on the task's line, and below it; of one that is verified, only the box."""
        if self.course.options.verify:
            return reopening_edits(self.board, task) if result.outcome is Outcome.FAILED else []
        return result_edits(self.board, task, result)

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
        own = self.course.processor(task)
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
            outputs=own.outputs if own and edits and outcome is Outcome.DONE else (),
            held=held,
            inputs=inputs,
        )
        self.ledger.record(task, receipt, result)

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
