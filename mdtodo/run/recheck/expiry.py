"""When the proofs of ticks are too old for `every:`. Only reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import Status
from mdtodo.core.titles import title_and_id
from mdtodo.git.files.tree_files import from_work_tree
from mdtodo.markdown.keys.estimates_and_dates import parse_span
from mdtodo.planning.rollup import is_ticked_with_subtasks

if TYPE_CHECKING:
    from collections.abc import Container

    from mdtodo.core.task import Task
    from mdtodo.project.project import Project


class Expiry(NamedTuple):
    """A ticked task with `every:`: when it was `proven` last, and when its box is to be opened, in Unix time."""

    task: Task
    proven: float
    at: float

    @property
    def sentence(self) -> str:
        """Why its box is opened."""
        return f"{title_and_id(self.task)} is open again: {self.why}"

    @property
    def why(self) -> str:
        """The same, as part of a sentence."""
        return f"its proof of {minute(self.proven)} is older than every:{self.task.every} allows"


def minute(moment: float) -> str:
    """A moment as people read it, where they are: `2026-11-21 10:15`."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def expiries(project: Project, chosen: Container[str] | None = None) -> tuple[Expiry, ...]:
    """Those of the tasks, or of the `chosen` ones, that something proves, the first to be opened first.

    A parent that is ticked with its subtasks is opened with them, and nothing is opened below what was cancelled.
    Raises GitError where git cannot read the history.
    """
    found = [task for task in project.tasks.values() if task.every and _may_expire(project, task)]
    places = {(task.file, task.line): task for task in found if chosen is None or task.id in chosen}
    if not places:
        return ()
    from mdtodo.proof.judge import proven_at

    proven = proven_at(project.repo, from_work_tree(project.repo, project.documents), places)
    dated = ((task, proven[place]) for place, task in places.items() if place in proven)
    rows = [Expiry(task, then, then + 60 * (parse_span(task.every or "") or 0)) for task, then in dated]
    return tuple(sorted(rows, key=lambda one: one.at))


def _may_expire(project: Project, task: Task) -> bool:
    if task.status is not Status.DONE:
        return False
    above, parent = [], task.parent
    while parent is not None:
        above.append(project.tasks[parent])
        parent = above[-1].parent
    cancelled = any(one.status is Status.CANCELLED for one in above)
    with_subtasks = project.config.rollup and is_ticked_with_subtasks(project.plan, task.id)
    return not (cancelled or with_subtasks)
