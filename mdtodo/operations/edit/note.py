"""A note that a person, or another program, leaves at a task; and how far a claimed task is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.edits import AddNote
from mdtodo.core.results import NOTED
from mdtodo.core.titles import title_and_id
from mdtodo.operations.edit.change import Change, RefusedChangeError, edited, index_of, task_at
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.project.project import Project


def note(project: Project, task: Task, text: str) -> Change:
    """The text as a nested bullet below the task, which may be closed; nothing where it has that note already.

    Raises RefusedChangeError where nothing of the text is left, or no bullet can be put there.
    """
    edit = AddNote(task.anchor, text, closed=True)
    contents = edited(project, task, [edit])
    after = project.with_contents({file: new for file, (_, new) in contents.items()})
    changed = task_at(after, task.file, index_of(project, task))
    return Change(project, after, task, changed, contents, NOTED, (edit,))


def note_progress(project: Project, task: Task, percent: float) -> None:
    """Let `status` say how far the task is. RefusedChangeError where nobody has claimed it: a run knows by itself."""
    with StateStore.open(project.repo) as state:
        held = (one for one in state.live_leases() if one.task_id == task.id and one.claimed)
        claim = next(held, None)
        if claim is None:
            raise RefusedChangeError(
                f"{title_and_id(task)} is claimed by nobody, so it has no progress",
                hint=f"`mdtodo claim {task.id} --name NAME` first; a processor writes it to $MDTODO_OUTPUT",
            )
        state.note_progress(task.id, claim.token, percent)
