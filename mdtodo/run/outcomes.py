"""What became of the tasks of a run: each with its edits, its receipt in the journal, and its line in the report."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mdtodo.core.edits import SetStatus
from mdtodo.core.receipt import DIRTY
from mdtodo.core.results import Failure, Outcome, Result, RunReport
from mdtodo.core.task import Status, Task
from mdtodo.core.titles import title_and_id
from mdtodo.landing.new_subtasks import come_first
from mdtodo.landing.result_edits import (
    proving_edits,
    receipt_of,
    reopening_edits,
    result_edits,
    review_edits,
    stamp_edits,
)
from mdtodo.landing.uncommitted import not_committed
from mdtodo.planning.rollup import parents_to_reopen
from mdtodo.planning.task_json import task_record
from mdtodo.run.new_subtasks import NewSubtasks
from mdtodo.run.report.expected import to_come
from mdtodo.run.report.task_run import failure, task_run
from mdtodo.run.report.unstarted import Unstarted, cut_short, unstarted, waits_for
from mdtodo.run.subtask_results import SubtaskResults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from dataclasses import dataclass

    from mdtodo.core.edits import Edit
    from mdtodo.core.receipt import Output, Receipt, Restore
    from mdtodo.core.results import PastRun, TaskRun
    from mdtodo.project.project import Project
    from mdtodo.run.cache.result_cache import ResultCache
    from mdtodo.run.journal import RunJournal
    from mdtodo.run.observer import Observer
    from mdtodo.run.ready_queue import ReadyQueue
else:
    from mdtodo.core.light.dataclasses import dataclass


@dataclass(slots=True, eq=False, repr=False)
class Outcomes:
    """The tasks that are over in this run. Nothing is started here, and nothing landed: that is the journal's part.

    `project` is that of the newest plan, and `edits` what was made of it since; `plan_is_stale`: there are new
    subtasks, so a new plan is due. `not_started`: why tasks that were about to start did not, by id.
    """

    project: Project
    queue: ReadyQueue
    journal: RunJournal
    observer: Observer
    cache: ResultCache | None = None
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    done: dict[str, TaskRun] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    plan_is_stale: bool = False
    not_started: dict[str, str] = field(default_factory=dict)
    subtasks: NewSubtasks = field(init=False)
    _subtask_results: SubtaskResults = field(init=False)
    _reopened: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.subtasks = NewSubtasks(self.queue, self.observer)
        self._subtask_results = SubtaskResults(self.queue, self.journal.state, self.subtasks, self.done)

    def task_json(self, task: Task) -> dict[str, object]:
        """What a processor is told of its task."""
        below = [one._asdict() for one in self._subtask_results.of(self.project, task)]
        return {**task_record(self.project.plan, task.id), "body": task.body, "subtasks": below}

    @property
    def commits(self) -> bool:
        """Whether what is done is ticked and committed, and its outputs with it."""
        return self.queue.options.gives_receipts and self.journal.commit != "none"

    def complete(self, task: Task, result: Result) -> None:
        """The task is over, or waits for the subtasks that its processor has added: its result is taken down, and what
        it frees may start."""
        if first := self.subtasks.come_first(self.project, task, result):
            self._block(task, result, first)
            return
        held: tuple[Output, ...] | None = None
        # nobody is to blame where it could not even begin, as without room for a clone
        counts = not result.never_began
        if result.outcome is Outcome.DONE and self.commits:
            written = result.outputs or {}
            held, reason = self.journal.hold_outputs(written)
            if reason is not None:  # only what the processor is to blame for counts as a failed run
                counts = bool(written.get("unnamed"))
                blame = Failure.OUTPUT if counts else Failure.CONFLICT
                result = result._replace(error=reason, failed_by=blame)
        outcome, tree = result.outcome, self._tree(task)
        edits = self._edits(task, result, outcome, tree) if counts else []
        parents = self.queue.finish(task, outcome)
        inputs = self.cache.digest(task, result) if self.cache is not None else None
        timeout = processor.timeout if (processor := self.queue.processor(task)) else None
        reason = failure(result, timeout) if outcome is Outcome.FAILED else ""
        self._record(task, outcome, result, edits, inputs=inputs, held=held, tree=tree, error=reason or None)
        self._report(task, outcome, result, reason=reason)
        self.roll_up(parents)
        if self.queue.options.verify and outcome is Outcome.FAILED:
            self._open(task, edits)

    def land_alone(
        self, task: Task, result: Result, restores: tuple[Restore, ...], proven: str, tree: str
    ) -> None:
        """What was proven in a clone lands at once, in a commit of its own; then the task is over.

        Raises GitError where it cannot; the task is not over then.
        """
        edits = self._edits(task, result, Outcome.DONE, tree)
        receipt = self._receipt(task, Outcome.DONE, result, edits, tree=tree)
        self.journal.land_alone(task, receipt._replace(restores=restores, proven=proven))
        self._note(edits)
        parents = self.queue.finish(task, Outcome.DONE)
        self._report(task, Outcome.DONE, result)
        self.roll_up(parents)

    def ask_for_review(self, task: Task, result: Result, branch: str, proven: str, tree: str) -> None:
        """Its work is on a branch for a person to read: the box says that it is begun, and a note where it is."""
        edits = review_edits(task, result, branch)
        receipt = self._receipt(task, Outcome.BLOCKED, result, edits, tree=tree)
        self.journal.land_alone(task, receipt._replace(proven=proven))
        self._note(edits)
        self.queue.finish(task, Outcome.BLOCKED)
        reason = f"the branch {branch} is to be read; once it is merged, the next run ticks the box"
        self._report(task, Outcome.BLOCKED, result, reason=reason)

    def keep_waiting(self, task: Task, result: Result, reason: str) -> None:
        """It was proven, and could not land: that is no failed run."""
        self.queue.finish(task, Outcome.FAILED)
        self.journal.release(task.id)
        self._report(task, Outcome.FAILED, result._replace(failed_by=Failure.CONFLICT), reason=reason)

    def _block(self, task: Task, result: Result, lines: tuple[str, ...]) -> None:
        """These new subtasks come first. The result is none to be kept for these inputs: another one follows it."""
        tree = self._tree(task)
        edits = self._edits(task, result, Outcome.BLOCKED, tree)
        self.queue.finish(task, Outcome.BLOCKED)
        self._record(task, Outcome.BLOCKED, result, edits, tree=tree)
        reason = come_first(lines, self.project.config.status)
        self._report(task, Outcome.BLOCKED, result, reason=reason)
        self.plan_is_stale = True

    def refuse(self, task: Task, reasons: Mapping[str, str]) -> None:
        """It was not started: what it would write is a person's. That is no failed run."""
        self.queue.finish(task, Outcome.FAILED)
        self._stays_closed(task.id)
        self.journal.release(task.id)
        why = "; ".join(f"{path} is one of its outputs, and {reason}" for path, reason in reasons.items())
        self._report(
            task,
            Outcome.FAILED,
            Result(exit_code=None, failed_by=Failure.CONFLICT),
            reason=f"not started: {why}; commit or discard it first",
        )

    def interrupt(self, task: Task, result: Result) -> None:
        """It was ended before its own end: no failure, and free for the next run."""
        self.queue.finish(task, Outcome.INTERRUPTED)
        self.journal.release(task.id)
        self._report(task, Outcome.INTERRUPTED, result._replace(failed_by=None))

    def drop(self, task: Task, result: Result) -> None:
        """Its lease was lost, so what came of it here counts for nothing."""
        self.queue.finish(task, Outcome.INTERRUPTED)
        reason = "another worker may have it by now, so the result was dropped"
        self._report(task, Outcome.INTERRUPTED, result._replace(failed_by=Failure.LOST), reason=reason)

    def finish_cached(self, task: Task, cached: PastRun) -> None:
        """Its inputs are what they were at its last result: that is its result now."""
        parents = self.queue.finish_cached(task, Outcome.DONE if cached.done else Outcome.FAILED)
        result, tree = Result(exit_code=cached.exit_code, metrics=cached.metrics), self._tree(task)
        if cached.done and (edits := self._edits(task, result, result.outcome, tree)):
            self._record(task, Outcome.CACHED, result, edits, inputs=cached.inputs, tree=tree)
        else:
            self.journal.release(task.id)
        what = "" if cached.done else f"it failed, {failure(result)}, and "
        reason = f"{what}its inputs are unchanged since run {cached.run}"
        self._report(task, Outcome.CACHED, result, reason=reason)
        self.roll_up(parents)

    def pass_over(self, task: Task, reason: str) -> None:
        """It is not this run's after all, which a person is told."""
        self.queue.withdraw(task)
        self.not_started[task.id] = reason
        self.observer.say(f"{title_and_id(task)} was not started: {reason}")

    def roll_up(self, parents: Iterable[Task]) -> None:
        """Their subtasks are all done, and so are they."""
        for parent in parents:
            edits = [SetStatus(parent.anchor, Status.DONE), *stamp_edits(self.project, parent, Status.DONE)]
            self._record(parent, Outcome.DONE, Result(), edits, processor="rollup")
            self._report(parent, Outcome.DONE, Result(), reason="all its subtasks are done")

    def replan(self) -> None:
        """Plan again from the new bytes, with what is finished carried over.

        Not as long as something runs whose id changes, since an equal task has come: it would be started once more.
        """
        project = self.subtasks.taken_up(self.project.with_edits(self.edits))
        if any(name not in project.tasks for name in self.queue.running):
            return
        before = to_come(self.queue)
        self.project = project
        self.edits, self.plan_is_stale = [], False
        self.subtasks.grown.clear()
        self.queue.replan(self.project.plan)
        # fewer where new subtasks are a person's: what waits for them is not reached in this run
        self.observer.expect(to_come(self.queue) - before)

    def follow(self, project: Project) -> None:
        """Go on with the tasks as they stand in the files now, where all that was finished so far has landed."""
        before = to_come(self.queue)
        if (selection := self.queue.options.selection) is not None:
            meant = frozenset(task.id for task in selection.tasks(project.plan))
            chosen = meant.union(self.queue.options.chosen or ())
            self.queue.options = replace(self.queue.options, chosen=chosen)
        self.project, self.edits, self.plan_is_stale = project, [], False
        self.subtasks.follow()
        self.journal.follow(project)
        self.queue.replan(project.plan)
        self.observer.expect(to_come(self.queue) - before)
        self.roll_up(self.queue.close_finished_parents())

    def report(self, *, broken: bool, interrupted: bool) -> RunReport:
        """What became of every task that this run took, or would have taken."""
        for task in self.queue.abandoned():
            self.journal.release(task.id)
            self._report(task, Outcome.INTERRUPTED, Result(exit_code=None))
        self._report_kept_open()
        for task in self.queue.left_over():
            if task.id not in self.done and self.queue.blocked(task):
                reason = waits_for(self.queue, task)
                asked = task.id in self.queue.options.asked  # then a sentence of its own says it
                self._report(task, Outcome.BLOCKED, Result(exit_code=None), reason=reason, shown=not asked)
        for name, earlier in self.done.items():
            if earlier.outcome is not Outcome.BLOCKED or not earlier.attempts:
                continue
            # by now the new subtasks have their ids; what a person is to read waits for no task
            if self.queue.blocked(task := self.queue.plan.tasks[name]):
                self.done[name] = earlier._replace(reason=waits_for(self.queue, task))
        left = self._unstarted()
        return RunReport(
            run=self.journal.run_id,
            started=self.began.isoformat(timespec="milliseconds"),
            finished=datetime.now(UTC).isoformat(timespec="milliseconds"),
            tasks=tuple(self.done.values()),
            commits=tuple(self.journal.commits),
            messages=(
                *self.journal.messages,
                *not_committed(self.journal.uncommitted),
                *cut_short(self.queue, self.done, interrupted=interrupted),
                *left.messages,
            ),
            interrupted=interrupted,
            broken=broken,
            refused=left.refused,
            given_up=left.given_up,
            nothing=left.nothing,
            hints=left.hints,
            unopened=tuple(sorted(self.journal.unopened)),
        )

    def _unstarted(self) -> Unstarted:
        asked = self.queue.options.asked
        if self.queue.options.verify:
            return Unstarted(refused=not asked.isdisjoint(self.not_started))
        workers = {one.task_id: one.worker for one in self.journal.state.live_leases()} if asked else {}
        return unstarted(self.queue, workers, self.not_started)

    def _report_kept_open(self) -> None:
        """What was done, and could not land with its outputs, is not done after all."""
        for task_id, reason in self.journal.kept_open.items():
            if (earlier := self.done.get(task_id)) is not None:
                self._stays_closed(task_id)
                self.done[task_id] = earlier._replace(
                    outcome=Outcome.FAILED, reason=reason, failure=Failure.CONFLICT
                )
                self.observer.finished(self.done[task_id])

    def _open(self, task: Task, edits: list[Edit]) -> None:
        if edits:
            self._reopen_above(task)
        else:
            self._stays_closed(task.id)

    def _stays_closed(self, task_id: str) -> None:
        """A done task that failed is not opened."""
        if self.queue.options.verify:
            self.journal.unopened.add(task_id)

    def _reopen_above(self, task: Task) -> None:
        """The parents that were ticked with their subtasks are not done any more, now that one of those is not."""
        rolls_up = self.project.config.rollup
        for name in parents_to_reopen(self.project.plan, {task.id: Status.TODO}) if rolls_up else ():
            if name not in self._reopened:  # another subtask of it fails too, maybe: one receipt is enough
                self._reopened.add(name)
                parent = self.project.tasks[name]
                edits = reopening_edits(self.project, parent)
                self._record(parent, Status.TODO, Result(), edits, processor="rollup")
                self.observer.say(
                    f"{title_and_id(parent)} was reopened with its subtask {title_and_id(task)}"
                )

    def _tree(self, task: Task) -> str | None:
        """Of which content its result is, as far as that is known before the landing."""
        return self.journal.end_task(task, () if self.cache is None else self.cache.untracked(task))

    def _edits(self, task: Task, result: Result, outcome: Outcome, tree: str | None) -> list[Edit]:
        """What the result changes on the task's line, and below it; of one that is verified, only the box, and that
        only for what HEAD has, unless it was asked for; of a proof, what HEAD lacks of the tick."""
        options = self.queue.options
        if not options.verify:
            return result_edits(self.project, task, result, outcome)
        if options.prove and result.outcome is Outcome.DONE:
            ticked = self.project.tasks[task.id]  # the plan has it as an open one
            return proving_edits(self.project, ticked, new=task.id in options.new_ticks)
        stays = result.outcome is not Outcome.FAILED or (tree == DIRTY and not options.dirty)
        return [] if stays else reopening_edits(self.project, task)

    def _record(
        self, task: Task, outcome: Outcome | Status, result: Result, edits: list[Edit], **words: Any
    ) -> None:
        """`words`: what `_receipt` is told besides."""
        self._note(edits)
        self.journal.record(task, self._receipt(task, outcome, result, edits, **words))

    def _note(self, edits: list[Edit]) -> None:
        """These edits are made of the newest plan."""
        self.edits += edits
        self.plan_is_stale |= self.subtasks.note(self.project, edits)

    def _receipt(
        self,
        task: Task,
        outcome: Outcome | Status,
        result: Result,
        edits: list[Edit],
        processor: str | None = None,
        inputs: str | None = None,
        held: tuple[Output, ...] | None = None,
        tree: str | None = None,
        error: str | None = None,
    ) -> Receipt:
        attempts = self.queue.attempts.get(task.id)
        route = self.project.plan.routes[task.id]
        own = self.queue.processor(task)
        return receipt_of(
            *(task, outcome, result, edits),
            processor=processor or route.processor or "-",
            seconds=attempts.seconds if attempts else 0.0,
            attempt=attempts.count if attempts else 0,
            outputs=own.outputs if own and edits and outcome is Outcome.DONE else (),
            held=held,
            inputs=inputs,
            tree=tree,
            proves=self.queue.options.prove and outcome in (Outcome.DONE, Outcome.CACHED),
            worker=self.queue.options.worker,
            error=error,
        )

    def _report(
        self, task: Task, outcome: Outcome, result: Result, *, reason: str = "", shown: bool = True
    ) -> None:
        attempts = self.queue.attempts.get(task.id)
        self.done[task.id] = task_run(
            *(task, outcome, result, attempts),
            processor=self.project.plan.routes[task.id].processor,
            log=self.journal.logs.shown(task, attempts.count) if attempts else None,
            reason=reason,
        )
        if shown:
            self.observer.finished(self.done[task.id])
