"""What a result changes on a task's line, and below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdtodo.core.edits import AddNote, AddSubtasks, Edit, SetKey, SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.results import Outcome
from mdtodo.core.task import Status, Task
from mdtodo.landing.new_subtasks import not_there

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.core.results import Result
    from mdtodo.project.project import Project
    from mdtodo.storage.leases import Lease


def result_edits(project: Project, task: Task, result: Result, outcome: Outcome) -> list[Edit]:
    """What a processor's result changes on the task's line, and below it. `outcome` is that of the result, or that new
    subtasks come first, and then the box stays as it is."""
    edits: list[Edit] = []
    if outcome is Outcome.DONE:
        edits.append(SetStatus(task.anchor, Status.DONE))
        edits += [SetKey(task.anchor, "failed", None)] if task.failures else []
        edits += stamp_edits(project, task, Status.DONE)
    elif outcome is Outcome.FAILED:
        edits.append(SetKey(task.anchor, "failed", str(task.failures + 1)))
    edits += [AddNote(task.anchor, note) for note in result.notes]
    # Not what is there: HEAD may lack it, and would get it as an open subtask of a task that is done.
    edits += [AddSubtasks(task.anchor, (line,)) for line in not_there(project, task, result.subtasks)]
    return edits


def review_edits(task: Task, result: Result, branch: str) -> list[Edit]:
    """What says that the work of a task waits for a person on a branch: it is begun, and a note is below it."""
    note = f"to review: the branch {branch}"
    begun = SetStatus(task.anchor, Status.DOING)
    return [begun, *(AddNote(task.anchor, text) for text in (*result.notes, note))]


def stamp_edits(project: Project, task: Task, status: Status) -> list[Edit]:
    """With `stamp = true`: the date of today on what is done, none on what is open again."""
    if status is Status.DONE and project.config.stamp:
        from datetime import datetime

        if task.status is Status.DONE and task.done_on:
            # Ticked on some day and committed only now: HEAD gets that day, or it would differ from the work tree.
            return [SetKey(task.anchor, "done", task.done_on)]
        return [SetKey(task.anchor, "done", datetime.now().astimezone().date().isoformat())]
    if status is not Status.DONE and task.done_on:
        return [SetKey(task.anchor, "done", None)]
    return []


def proving_edits(project: Project, task: Task, *, new: bool) -> list[Edit]:
    """What makes a tick one that its processor has proven: nothing, where HEAD has it; what a person has ticked is
    committed with its proof where it is `new`, as one that `done --commit` ticks."""
    if not new:
        return [SetStatus(task.anchor, Status.DONE, expects=frozenset({Status.DONE}))]
    edits: list[Edit] = [SetStatus(task.anchor, Status.DONE)]
    edits += [SetKey(task.anchor, "failed", None)] if task.failures else []
    return [*edits, *stamp_edits(project, task, Status.DONE)]


def reopening_edits(project: Project, task: Task) -> list[Edit]:
    """What opens a task again that no longer holds. `failed:` counts the runs that tried to do it, so it stays."""
    opened = SetStatus(task.anchor, Status.TODO, expects=frozenset({Status.DONE}))
    return [opened, *stamp_edits(project, task, Status.TODO)]


def unclaiming_edits(task: Task, claim: Lease) -> tuple[Edit, ...]:
    """What gives a claimed task back, as far as its line still says that it is claimed."""
    opened = SetStatus(task.anchor, Status.TODO, expects=frozenset({Status.DOING}))
    return (*([opened] if task.status is Status.DOING else []), *done_by_claimant(task, claim))


def done_by_claimant(task: Task, claim: Lease) -> tuple[Edit, ...]:
    """What is taken off the line of a task that is done by who had claimed it: whose it was, unless the line said so
    before."""
    written = task.worker == claim.worker and not claim.reserved
    return (SetKey(task.anchor, "worker", None),) if written else ()


def ticks(receipt: Receipt) -> bool:
    """Whether it ticks the box."""
    return any(isinstance(edit, SetStatus) and edit.status is Status.DONE for edit in receipt.edits)


def receipt_of(task: Task, outcome: str, result: Result, edits: Iterable[Edit], **words: Any) -> Receipt:
    """That of a result; `words` are those fields that neither it nor the task says."""
    return Receipt(
        task_id=task.id,
        title=task.title,
        outcome=outcome,
        exit_code=result.exit_code,
        edits=tuple(edits),
        reason=result.failure if outcome == "failed" else None,
        metrics=tuple(result.metrics.items()),
        **words,
    )
