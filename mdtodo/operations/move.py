"""A task moved to another place, with all that is below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import MoveTask
from mdtodo.core.results import MOVED
from mdtodo.errors import EditError
from mdtodo.markdown.edits.move_task import Target, move_task
from mdtodo.operations.change import Change, RefusedChangeError, index_of, refuse_consequences, task_at

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.project.project import Project


class Destination(NamedTuple):
    """Where a task goes: to the end of what is under a task, or of a section, or of the file where there is neither; to
    the front of that with `top`; or right before a task. With `top` alone to the front of where it is."""

    under: Task | None = None
    before: Task | None = None
    section: str | None = None
    top: bool = False


def move(project: Project, task: Task, to: Destination) -> Change:
    """The task at its new place; of ordered lists that count up the numbers follow.

    Raises RefusedChangeError where it would be below itself, where there is no such place, where anything else would
    change, and where tasks would wait for each other.
    """
    document = project.documents[task.file]
    under, before = (None if one is None else index_of(project, one) for one in (to.under, to.before))
    target = Target(under, before, to.section, to.top)
    try:
        moved = move_task(document, index_of(project, task), target, project.config.status)
    except EditError as error:
        raise RefusedChangeError(error.sentence, file=task.file, line=task.line, hint=error.hint) from error
    contents = {task.file: (document.data, moved.data)} if moved.data != document.data else {}
    after = project.with_contents({task.file: moved.data})
    changed = task_at(after, task.file, moved.number)
    refuse_consequences(project, after, task)
    anchors = to.under and to.under.anchor, to.before and to.before.anchor
    edit = MoveTask(task.anchor, *anchors, to.section, to.top, changed.anchor)
    return Change(project, after, task, changed, contents, MOVED, (edit,))
