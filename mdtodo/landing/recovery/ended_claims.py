"""Claims that have run out: their boxes are opened by the next run, so that the tasks are in the queue again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.receipt import Receipt
from mdtodo.core.task import Status
from mdtodo.core.titles import title_and_id
from mdtodo.landing.policy import land_as_configured, sentences_of
from mdtodo.landing.recovery.follow_claims import follow_claims
from mdtodo.landing.result_edits import unclaiming_edits
from mdtodo.system import audit

if TYPE_CHECKING:
    from mdtodo.project.project import Project
    from mdtodo.storage.state import StateStore


def open_ended_claims(
    project: Project, state: StateStore, run_id: str, *, commit: bool
) -> tuple[list[str], tuple[str, ...]]:
    """Open the boxes that ended claims still hold; sentences that say whose they were, and commits. The project is to
    be read again where there are any.

    A claim that has run out is never renewed, so that nobody comes back to a box that is being opened.
    """
    sentences: list[str] = []
    receipts: list[Receipt] = []
    commits: tuple[str, ...] = ()
    waiting: frozenset[str] = frozenset()
    follow_claims(project, state)
    ended = state.ended_claims()
    for lease in ended:
        task = project.tasks.get(lease.task_id)
        # what stands there now with other words, or in other hands, is no business of this claim
        if task is None or task.status is not Status.DOING or task.worker != lease.worker:
            continue
        audit.record("claim_ended", run=run_id, task=task.id, worker=lease.worker, token=lease.token)
        edits = unclaiming_edits(task, lease)
        receipts.append(Receipt(task.id, task.title, Status.TODO.value, "person", 0, 0.0, 0, edits))
        sentences.append(f"{title_and_id(task)} is open again: the claim of {lease.worker} has ended")
    if receipts:
        landing = land_as_configured(
            project.repo,
            receipts,
            run_id=run_id,
            commit=commit,
            config=project.config,
        )
        commits, waiting = landing.commits, landing.waiting
        sentences += sentences_of(landing)
    # last: after a kill in between, the next run does it once more, as where somebody else is writing the file
    if over := [lease.token for lease in ended if lease.task_id not in waiting]:
        state.release(*over)
    return sentences, commits
