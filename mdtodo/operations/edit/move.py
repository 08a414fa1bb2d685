"""A task moved to another place, with all that is below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import MoveTask, PutSubtree, RemoveSubtree
from mdtodo.core.results import MOVED
from mdtodo.errors import EditError
from mdtodo.markdown.edits.move_across import put_task, remove_task, text_to_put
from mdtodo.markdown.edits.move_task import Target, move_task
from mdtodo.operations.edit.change import Change, RefusedChangeError, index_of, refuse_consequences, task_at

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.project.project import Project


class Destination(NamedTuple):
    """Where a task goes: to the end of what is under a task, or of a section, or of the file where there is neither; to
    the front of that with `top`; or right before a task. With `top` alone to the front of where it is. `file`: that of
    the section, or to whose end it goes; else its own."""

    under: Task | None = None
    before: Task | None = None
    section: str | None = None
    file: str | None = None
    top: bool = False


def move(project: Project, task: Task, to: Destination) -> Change:
    """The task at its new place; of ordered lists that count up the numbers follow.

    Raises RefusedChangeError where it would be below itself, where there is no such place, where anything else would
    change, and where tasks would wait for each other.
    """
    named = next((one.file for one in (to.under, to.before) if one is not None), to.file or task.file)
    if named != task.file:
        return _move_across(project, task, to, named)
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


def _move_across(project: Project, task: Task, to: Destination, file: str) -> Change:
    """The same to another file."""
    source, target, statuses = project.documents[task.file], project.documents[file], project.config.status
    if to.file is not None and to.file != file:
        raise RefusedChangeError(f"that task is in {file}, and not in {to.file}")
    index = index_of(project, task)
    under, before = (None if one is None else index_of(project, one) for one in (to.under, to.before))
    try:
        text = text_to_put(source, index, statuses)
        put = put_task(target, text, Target(under, before, to.section, to.top), statuses)
        left = remove_task(source, index, statuses)
    except EditError as error:
        raise RefusedChangeError(error.sentence, file=task.file, line=task.line, hint=error.hint) from error
    contents = {file: (target.data, put.data), task.file: (source.data, left)}
    after = project.with_contents({name: new for name, (_, new) in contents.items()})
    changed = task_at(after, file, put.number)
    refuse_consequences(project, after, task)
    anchors = to.under and to.under.anchor, to.before and to.before.anchor
    edits = (
        PutSubtree(changed.anchor, text, *anchors, to.section, to.top),
        RemoveSubtree(task.anchor, text),
    )
    return Change(project, after, task, changed, contents, MOVED, edits)
