"""What a person changes about a task other than its status: prepared in mind, shown as a diff, or landed."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.receipt import Receipt
from mdtodo.core.task import State
from mdtodo.core.titles import title_and_id
from mdtodo.errors import EditError, MdtodoError
from mdtodo.git.session import GitSession
from mdtodo.landing.policy import refuse_half_done_operation
from mdtodo.landing.recovery.land_recorded import land_recorded, record
from mdtodo.markdown.edits.apply import apply
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.edits import Edit
    from mdtodo.core.task import Task
    from mdtodo.landing.land import Landing
    from mdtodo.project.project import Project


class RefusedChangeError(MdtodoError):
    """The task cannot be changed so; the sentence says why. Nothing was changed."""

    exit_code = 1


class Change(NamedTuple):
    """A change of one task that is not written yet. `project` is as it is now, `after` as it will be, `task` in the
    former and `changed` in the latter; `contents`: of each file that changes, the bytes now and then. `outcome` is that
    of the receipt. Without `contents` the work tree has it already."""

    project: Project
    after: Project
    task: Task
    changed: Task
    contents: Mapping[str, tuple[bytes, bytes]]
    outcome: str
    edits: tuple[Edit, ...]


def edited(project: Project, task: Task, edits: Sequence[Edit]) -> dict[str, tuple[bytes, bytes]]:
    """Of each file that these edits change, the bytes now and then.

    Raises RefusedChangeError where one cannot be made, or would change more than its task.
    """
    found: dict[str, tuple[bytes, bytes]] = {}
    for file in dict.fromkeys(edit.anchor.file for edit in edits):
        document = project.documents[file]
        before = document.data
        here = [edit for edit in edits if edit.anchor.file == file]
        try:
            applied = apply(before, here, project.config.status, file=file, document=document)
        except EditError as error:
            raise RefusedChangeError(error.sentence, file=task.file, line=task.line) from error
        for _, reason in applied.missing:
            raise RefusedChangeError(reason, file=task.file, line=task.line)
        if applied.data != before:
            found[file] = before, applied.data
    return found


def index_of(project: Project, task: Task) -> int:
    """Which of the tasks of its file it is, from 0."""
    items = project.documents[task.file].items
    return next(item.index for item in items if item.line == task.line)


def task_at(project: Project, file: str, index: int) -> Task:
    """The task with that index in the file."""
    return next(islice((one for one in project.tasks.values() if one.file == file), index, None))


def refuse_consequences(before: Project, after: Project, task: Task) -> None:
    """Raises RefusedChangeError where tasks would wait for each other that do not now, and where one that a live worker
    has would have another id, so that its result could not be told from that of another task."""
    known = {frozenset(path) for path in before.plan.cycles}
    for path in after.plan.cycles:
        if frozenset(path) not in known:
            raise RefusedChangeError(
                f"these tasks would wait for each other: {' -> '.join(path)}", file=task.file, line=task.line
            )
    for one in before.tasks.values():
        if before.plan.states[one.id] is State.RUNNING and one.id not in after.tasks:
            raise RefusedChangeError(
                f"{title_and_id(one)} is running now, and would have another id",
                hint="give it one of its own with `id:`, or wait until it has ended",
            )


def land(change: Change, command: str, *, commit: bool, by: str | None = None) -> Landing:
    """Write it, through the journal, and commit just that if asked, where HEAD has the task. `by`: the e-mail address
    of who says so, None for the committer's.

    Raises GitError where a commit is asked for during a merge, rebase, cherry-pick or bisect.
    """
    repo, task = change.project.repo, change.task
    if commit:
        refuse_half_done_operation(repo, instead="leave --commit out")
    with StateStore.open(repo) as state, GitSession(repo) as git:
        by = by or git.committer_email()
        receipt = Receipt(task.id, task.title, change.outcome, "person", 0, 0.0, 0, change.edits, by=by)
        recorded = record(repo, state, command, [receipt], commit=commit)
        return land_recorded(repo, state, recorded, change.project.config, git=git, keep=_proves_nothing)


def _proves_nothing(*_: object) -> bool:
    """So the journal has no use for it once it has landed."""
    return False
