"""A task added by a commit of its own: prepared as `add` does, put into HEAD, index and work tree as a task that moves
there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.edits import PutSubtree
from mdtodo.core.results import ADDED
from mdtodo.markdown.edits.move_across import plain_subtree
from mdtodo.operations.add import prepare
from mdtodo.operations.edit.change import Change, index_of

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.project.project import Project


def added(
    project: Project, text: str, *, parent: Task | None, section: str | None, file: str | None
) -> Change | None:
    """The new task, which is not written yet; None where its file is not there, so that no commit can have it alone.

    Raises what `operations.add.add` does.
    """
    new = prepare(project, text, parent=parent, section=section, file=file)
    if new.before is None:
        return None
    task = new.task
    lines = plain_subtree(new.after.documents[task.file], index_of(new.after, task))
    edit = PutSubtree(task.anchor, lines, parent and parent.anchor, None, section)
    contents = {task.file: (new.before, new.data)}
    return Change(new.after, new.after, task, task, contents, ADDED, (edit,))
