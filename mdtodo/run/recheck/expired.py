"""Proofs that are older than `every:` allows: their boxes are opened, so that the tasks are in the queue again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mdtodo.core.receipt import Receipt
from mdtodo.core.task import Status
from mdtodo.core.titles import title_and_id
from mdtodo.landing.result_edits import reopening_edits
from mdtodo.planning.rollup import parents_to_reopen
from mdtodo.run.recheck.expiry import expiries
from mdtodo.system import audit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.core.task import Task
    from mdtodo.project.project import Project
    from mdtodo.run.journal import RunJournal
    from mdtodo.run.recheck.expiry import Expiry
    from mdtodo.run.run_options import Options


def expired(project: Project, options: Options) -> tuple[Expiry, ...]:
    """Those whose boxes a run with these options opens now."""
    if options.prove:
        return ()
    return tuple(one for one in expiries(project, options.chosen) if one.at < time.time())


def open_expired(project: Project, options: Options, journal: RunJournal) -> list[str]:
    """Open them, each with a receipt, where nobody else has them, or has just proven them anew; sentences on those that
    were opened. The project is to be read again where there are any.

    A kill at any moment leaves boxes that are open, or that the next run opens.
    """
    wanted = expired(project, options)
    if not wanted:
        return []
    ours = journal.local.lease_briefly([one.task for one in wanted])
    opened = [one for one in wanted if one.task.id in ours]
    for task in _with_parents(project, [one.task for one in opened]):
        audit.record("expired", run=journal.run_id, task=task.id)
        edits = tuple(reopening_edits(project, task))
        journal.record(task, Receipt(task.id, task.title, Status.TODO.value, "every", 0, 0.0, 0, edits))
    journal.land()
    return [one.sentence for one in opened]


def as_opened(project: Project, options: Options) -> tuple[Project, list[str]]:
    """The project as such a run would have it, and what it would say; nothing is written."""
    wanted = expired(project, options)
    if not wanted:
        return project, []
    tasks = _with_parents(project, [one.task for one in wanted])
    edits = [edit for task in tasks for edit in reopening_edits(project, task)]
    said = [f"{title_and_id(one.task)} would be opened: {one.why}" for one in wanted]
    return project.with_edits(edits), said


def _with_parents(project: Project, tasks: Sequence[Task]) -> Iterable[Task]:
    opened = {task.id: Status.TODO for task in tasks}
    parents = parents_to_reopen(project.plan, opened) if project.config.rollup else ()
    return [*tasks, *(project.tasks[name] for name in parents)]
