"""What changes a task over HTTP, in a thread: judged as its command is, and committed as the configuration has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdtodo.core.task import Status
from mdtodo.core.titles import title_and_id
from mdtodo.errors import MdtodoError
from mdtodo.landing.policy import sentences_of
from mdtodo.landing.recovery.follow_claims import follow_claims
from mdtodo.operations import claim as claims
from mdtodo.operations import set_status
from mdtodo.planning.analysis.waits import waits_in_words

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.landing.land import Landing
    from mdtodo.serve.repositories.checkout import Snapshot

    Told = dict[str, Any]


class RefusedError(MdtodoError):
    """The task is not one that this can be done to; the sentence says why."""

    exit_code = 1


def commits(snapshot: Snapshot) -> bool:
    """Whether a person's word is committed at once."""
    return snapshot.config.commit != "none"


def give_status(snapshot: Snapshot, task_id: str, status: Status, by: str | None, token: int | None) -> Told:
    """`done`, `reopen` or `cancel`. Raises RefusedError where the command would."""
    project = snapshot.project
    task = project.tasks[task_id]
    follow_claims(project)
    _refuse_claimed(snapshot, task, token)
    if status is Status.DONE:
        _refuse_undone(snapshot, task)
    change = set_status.set_status(project, [task], status, commit=commits(snapshot), by=by)
    return _landed(change.landing)


def _refuse_undone(snapshot: Snapshot, task: Task) -> None:
    project = snapshot.project
    if waits := set_status.waits_of(project, [task]).get(task.id):
        raise RefusedError(f"{title_and_id(task)} {waits_in_words(project.plan, task.id, waits)}")
    if strict := set_status.strictly_proven(project, [task]):
        raise RefusedError(f"{title_and_id(task)} {set_status.in_words(strict[task.id])}")


def _refuse_claimed(snapshot: Snapshot, task: Task, token: int | None) -> None:
    if token is not None:
        claims.refuse_other_token(snapshot.project, [task.id], token)
        return
    held = snapshot.leases.get(task.id)
    if held is not None and held.claimed:
        raise RefusedError(
            f"{title_and_id(task)} is claimed by {held.worker}: the token of the claim finishes it"
        )


def _landed(landing: Landing | None) -> Told:
    if landing is None:
        return {"commits": [], "messages": []}
    if landing.missed or landing.unclear:
        raise RefusedError("; ".join(sentences_of(landing)))
    return {"commits": list(landing.commits), "messages": sentences_of(landing)}
