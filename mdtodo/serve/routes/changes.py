"""What changes a task over HTTP, in a thread: judged as its command is, and committed as the configuration has it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mdtodo.core.task import State, Status
from mdtodo.core.titles import title_and_id
from mdtodo.errors import MdtodoError, UsageError
from mdtodo.git.files.worktree_files import find
from mdtodo.landing.policy import new_run_id, sentences_of
from mdtodo.landing.recovery.ended_claims import open_ended_claims
from mdtodo.landing.recovery.follow_claims import follow_claims
from mdtodo.operations import add as additions
from mdtodo.operations import claim as claims
from mdtodo.operations import expand as expansions
from mdtodo.operations import set_status
from mdtodo.operations.edit import note as notes
from mdtodo.operations.edit.add import added
from mdtodo.operations.edit.change import land
from mdtodo.planning.analysis.waits import waits_in_words
from mdtodo.project.expansion import prepare
from mdtodo.project.project import read_project
from mdtodo.reporting.json_documents import iso
from mdtodo.storage.state import StateStore
from mdtodo.workers.name import worker_name

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.landing.land import Landing
    from mdtodo.operations.claim import Claim
    from mdtodo.project.project import Project
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


def claim(snapshot: Snapshot, task_id: str, name: str | None, token: int | None, by: str | None) -> Told:
    """`claim --json`: take the task for the time of a lease, or renew the claim with that token."""
    project = snapshot.project
    if token is not None:
        return _held(claims.renew(project, project.tasks[task_id], token, None))
    if name is None:
        raise UsageError("the field 'name' is needed, or the 'token' of a claim that is to be renewed")
    worker_name(name)
    if _open_ended_claims(snapshot):
        project = read_project(snapshot.repo, snapshot.config)
        if task_id not in project.tasks:
            raise RefusedError(f"no task has the id {task_id!r} any more")
    lease, commit = snapshot.config.lease, commits(snapshot)
    return _held(claims.claim(project, project.tasks[task_id], name, lease, commit=commit, by=by))


def _open_ended_claims(snapshot: Snapshot) -> bool:
    """Let tasks whose claims have ended be free, as the next run does."""
    with StateStore.open(snapshot.repo, create=False) as state:
        if not state.ended_claims():
            return False
    with StateStore.open(snapshot.repo) as state:
        return bool(open_ended_claims(snapshot.project, state, new_run_id(), commit=commits(snapshot))[0])


def _held(made: Claim) -> Told:
    told = {"version": 1, "id": made.task.id, "token": made.lease.token, "expires": iso(made.lease.expires)}
    return {**told, "commits": list(made.commits), "messages": list(made.messages)}


def release(snapshot: Snapshot, task_id: str, token: int, by: str | None) -> Told:
    """`release --json`: give a claimed task back."""
    project = snapshot.project
    made = claims.release(project, project.tasks[task_id], token, commit=commits(snapshot), by=by)
    told = {"version": 1, "id": task_id, "released": True}
    return {**told, "commits": list(made.commits), "messages": list(made.messages)}


def add(
    snapshot: Snapshot, text: str, under: str | None, section: str | None, path: str | None, by: str | None
) -> Told:
    """`add`: a new task, committed where HEAD has its file; `id` is its own."""
    if "\n" in text or "\r" in text:
        raise UsageError("a task is one line")
    project, file = snapshot.project, None
    if path is not None:
        there = os.path.lexists(os.path.join(snapshot.repo.root, path))
        named = find(snapshot.repo, snapshot.config.files, [path], cwd=snapshot.repo.root) if there else ()
        project = read_project(snapshot.repo, snapshot.config, paths=named) if named else project
        file = named[0] if named else additions.new_file(snapshot.repo.root, path, snapshot.repo.root)
    if under is not None and under not in project.tasks:
        raise UsageError(f"under: no task has the id {under[:80]!r}")
    parent = None if under is None else project.tasks[under]
    said: list[str] = []
    if commits(snapshot) and (change := added(project, text, parent=parent, section=section, file=file)):
        landing = land(change, "add", commit=True, by=by)
        if not (landing.missed or landing.unclear):
            return _added(landing.commits, [], change.after, change.changed)
        said = [f"it is not committed: {one}" for one in sentences_of(landing)]
    after, task = additions.add(project, text, parent=parent, section=section, file=file)
    return _added((), said, after, task)


def _added(commits: tuple[str, ...], said: list[str], after: Project, task: Task) -> Told:
    warnings = additions.warnings(after, task)
    return {"id": task.id, "commits": list(commits), "messages": [*said, *warnings]}


def note(snapshot: Snapshot, task_id: str, text: str, by: str | None) -> Told:
    """`note`: a nested bullet below the task."""
    made = notes.note(snapshot.project, snapshot.project.tasks[task_id], text)
    return _landed(land(made, "note", commit=commits(snapshot), by=by) if made.contents else None)


def expand(snapshot: Snapshot, task_id: str, pattern: str | None, by: str | None) -> Told:
    """`expand`: subtasks in place."""
    project = snapshot.project
    task = project.tasks[task_id]
    if task.status.closed or task.children or project.plan.states[task_id] is State.RUNNING:
        why = "has subtasks already" if task.children else f"is {project.plan.states[task_id].value}"
        raise RefusedError(f"{title_and_id(task)} {why}")
    expansion = prepare(project, [task], pattern=pattern)
    if expansion.problems:
        raise RefusedError("; ".join(expansion.problems))
    if commits(snapshot):
        return _landed(expansions.commit(expansion, by))
    expansions.write(expansion)
    return _landed(None)
