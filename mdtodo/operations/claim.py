"""A task taken by hand, or for another program: `[/]` and `worker:NAME` in its file, and a lease in this clone.

A claim holds for its time and no longer. What a run opens again when one has ended is in `run.ended_claims`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import Edit, SetKey, SetStatus
from mdtodo.core.receipt import Receipt
from mdtodo.core.task import State, Status
from mdtodo.core.titles import quoted, title_and_id
from mdtodo.errors import MdtodoError
from mdtodo.git.session import GitSession
from mdtodo.landing.policy import refuse_half_done_operation, sentences_of
from mdtodo.landing.recovery.follow_claims import follow_claims
from mdtodo.landing.recovery.land_recorded import land_recorded, record, take_back
from mdtodo.landing.result_edits import unclaiming_edits
from mdtodo.planning.analysis.waits import waits_in_words
from mdtodo.storage.state import StateStore
from mdtodo.system import audit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.core.task import Task
    from mdtodo.landing.land import Landing
    from mdtodo.landing.recovery.land_recorded import RecordedCommand
    from mdtodo.project.project import Project
    from mdtodo.storage.leases import Lease


def _keep_none(*_: object) -> bool:
    """That a task was given back is no result: the journal has no use for it once it has landed."""
    return False


class RefusedClaimError(MdtodoError):
    """The task cannot be claimed, or not with that token; the sentence says why."""

    exit_code = 1


class Claim(NamedTuple):
    """What a claim, a renewal or a release came to: the `lease` as it is now, or was; from whom it was taken; commits,
    and sentences on the landing."""

    task: Task
    lease: Lease
    taken_from: str | None = None
    commits: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()


def claim(
    project: Project,
    task: Task,
    name: str,
    ttl: float,
    *,
    commit: bool,
    steal: bool = False,
    by: str | None = None,
) -> Claim:
    """Take the task for the worker of that name, for `ttl` seconds (infinite: until it is released); in place of who
    has it with `steal`.

    Raises RefusedClaimError where it is closed, blocked, reserved for another worker, or in hand; and GitError during a
    merge, rebase, cherry-pick or bisect, where a commit is asked for.
    """
    _refuse(project, task, name, steal=steal)
    if commit:
        refuse_half_done_operation(project.repo, instead="use --no-commit")
    with StateStore.open(project.repo) as state, GitSession(project.repo) as git:
        follow_claims(project, state)
        before = next((one for one in state.live_leases() if one.task_id == task.id), None)
        former = state.former(task.id)
        receipts = _receipts(
            task, Status.DOING, _claiming_edits(task, name), name, by or git.committer_email()
        )
        with state.at_once("command"):
            lease = _take(state, task, name, ttl, before, steal=steal)
            command = record(project.repo, state, "claim", receipts, commit=commit)
        try:
            landing = _land_claim(project, state, command, git)
        except BaseException:
            if not state.unlanded(command.run_id):  # else HEAD has it, and the next call finishes it
                state.put_back(lease.token, former)
            raise
    taken_from = before.worker if before and steal else None
    _log("claimed", lease, taken_from=taken_from, commit=next(iter(landing.commits), None))
    return Claim(task, lease, taken_from, landing.commits, tuple(sentences_of(landing)))


def refuse_other_token(project: Project, task_ids: Iterable[str], token: int) -> None:
    """Raises RefusedClaimError where one of these tasks is not claimed with that token."""
    follow_claims(project)
    with StateStore.open(project.repo, create=False) as state:
        for task_id in task_ids:
            if state.claim(task_id, token) is None:
                raise RefusedClaimError(_not_held(state, task_id, task_id, token))


def renew(project: Project, task: Task, token: int, ttl: float | None) -> Claim:
    """Let the claim with that token hold for `ttl` seconds from now; None: for the time of a lease, but one that holds
    until it is released goes on doing so. Raises RefusedClaimError where it has ended, and the task was taken over or
    opened."""
    with StateStore.open(project.repo) as state:
        follow_claims(project, state)
        if ttl is None:
            held = state.claim(task.id, token)
            ttl = math.inf if held is not None and math.isinf(held.expires) else project.config.lease
        lease = state.extend(task.id, token, ttl)
        if lease is None:
            raise RefusedClaimError(_not_held(state, task.id, title_and_id(task), token))
    _log("claim_renewed", lease)
    return Claim(task, lease)


def release(project: Project, task: Task, token: int, *, commit: bool, by: str | None = None) -> Claim:
    """Give the task back: its box is opened, and `worker:` taken off. Raises RefusedClaimError where the token does not
    hold it."""
    if commit:
        refuse_half_done_operation(project.repo, instead="use --no-commit")
    with StateStore.open(project.repo) as state, GitSession(project.repo) as git:
        by = by or git.committer_email()
        follow_claims(project, state)
        with state.at_once("command"):
            lease = state.claim(task.id, token)
            if lease is None:
                raise RefusedClaimError(_not_held(state, task.id, title_and_id(task), token))
            receipts = _receipts(task, Status.TODO, unclaiming_edits(task, lease), lease.worker, by)
            claims = {task.id: lease}
            command = record(project.repo, state, "release", receipts, commit=commit, claims=claims)
        landing = land_recorded(project.repo, state, command, project.config, git=git, keep=_keep_none)
        state.release(token)  # also where its line is not there any more
    _log("claim_released", lease)
    return Claim(task, lease, None, landing.commits, tuple(sentences_of(landing)))


def _log(event: str, lease: Lease, **said: object) -> None:
    audit.record(event, task=lease.task_id, worker=lease.worker, token=lease.token, **said)


def _is_written_by_claim(state: StateStore, task: Task, before: Lease | None) -> bool:
    """Whether the worker that the line names stands there by a claim that goes on, or has ended and is not opened."""
    claims = (*state.ended_claims(), *([before] if before is not None and before.claimed else []))
    return any(one.task_id == task.id and one.worker == task.worker and not one.reserved for one in claims)


def _refuse(project: Project, task: Task, name: str, *, steal: bool) -> None:
    state, it = project.plan.states[task.id], title_and_id(task)
    if task.status.closed:
        was = "done" if task.status is Status.DONE else "cancelled"
        raise RefusedClaimError(f"{it} is {was}", hint=f"`mdtodo reopen {task.id}` opens it again")
    if state is State.BLOCKED:
        why = waits_in_words(project.plan, task.id, project.plan.blocked_by[task.id])
        raise RefusedClaimError(f"{it} {why}")
    if steal or state is State.RUNNING:  # of what is in hand the lease says by whom
        return
    if task.worker not in (None, name):
        raise RefusedClaimError(f"{it} is reserved for the worker {task.worker}", hint=_STEAL)


_STEAL = "--steal takes it from there"


def _in_hand(task: Task, lease: Lease | None) -> str:
    who = lease.worker if lease is not None else "another worker"
    return f"{title_and_id(task)} is in hand: {who} has it"


def _not_held(state: StateStore, task_id: str, it: str, token: int) -> str:
    lease = next((one for one in state.live_leases() if one.task_id == task_id), None)
    now = f"{lease.worker} has it" if lease is not None else "nobody has it"
    return f"{it} is not claimed with the token {token}: {now} now"


def _why_not(landing: Landing) -> str:
    reasons = [*landing.unclear.values(), *(reason for _, _, reason in landing.missed)]
    return reasons[0] if reasons else "its line could not be changed"


def _take(
    state: StateStore, task: Task, name: str, ttl: float, before: Lease | None, *, steal: bool
) -> Lease:
    """The lease of the claim, in place of the one `before` with `steal`."""
    named = task.worker == name and not _is_written_by_claim(state, task, before)
    if before is not None and steal:
        lease = state.steal(task.id, before.token, name, ttl)
    else:
        lease = state.lease(task.id, name, ttl, mine=False)
    if lease is None:
        raise RefusedClaimError(_in_hand(task, before), hint=_STEAL)
    return state.reserve(lease) if named else lease


def _claiming_edits(task: Task, name: str) -> tuple[Edit, ...]:
    """What says on the task's line who has it, as far as it does not yet: a landing leaves out what is there, and does
    not find it then."""
    begun: tuple[Edit, ...] = () if task.status is Status.DOING else (SetStatus(task.anchor, Status.DOING),)
    named: tuple[Edit, ...] = () if task.worker == name else (SetKey(task.anchor, "worker", name),)
    return (*begun, *named)


def _receipts(
    task: Task, status: Status, edits: tuple[Edit, ...], worker: str, by: str | None
) -> list[Receipt]:
    if not edits:
        return []
    told = task.id, task.title, status.value, "person", 0, 0.0, 0, edits
    return [Receipt(*told, by=by, worker=worker)]


def _land_claim(project: Project, state: StateStore, command: RecordedCommand, git: GitSession) -> Landing:
    # the journal keeps it, so that the claim is known again where the task is reworded
    landing = land_recorded(project.repo, state, command, project.config, git=git)
    for _, one in command.entries:
        if one.task_id not in landing.ticked | landing.committed:
            take_back(state, command)
            raise RefusedClaimError(f"{quoted(one.title, one.task_id)} was not claimed: {_why_not(landing)}")
    return landing
