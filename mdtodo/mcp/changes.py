"""Tools that change tasks: each is judged as its command is, and a refusal is raised as its sentence."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mdtodo.core.task import Status
from mdtodo.core.titles import title_and_id
from mdtodo.errors import MdtodoError, UsageError
from mdtodo.landing.policy import new_run_id, sentences_of
from mdtodo.landing.recovery.ended_claims import open_ended_claims
from mdtodo.landing.recovery.follow_claims import follow_claims
from mdtodo.mcp.checkout import task_of
from mdtodo.mcp.records import brief
from mdtodo.operations import add, claim, expand, set_status
from mdtodo.operations.edit import note as notes
from mdtodo.operations.edit.change import land
from mdtodo.project.expansion import meant, prepare
from mdtodo.reporting.json_documents import iso
from mdtodo.storage.state import StateStore
from mdtodo.system import files
from mdtodo.workers.name import worker_name

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.mcp.arguments import Arguments
    from mdtodo.mcp.checkout import Checkout
    from mdtodo.operations.claim import Claim
    from mdtodo.project.project import Project


class RefusedError(MdtodoError):
    """The task is not one that this can be done to; the sentence says why."""

    exit_code = 1


def claim_task(checkout: Checkout, given: Arguments) -> dict[str, Any]:
    """Take a task for the time of a lease, or renew the claim with that token."""
    project, name, token = checkout.project(), given.text("name"), given.number("token")
    task = task_of(project, given.text("id"))
    if token is not None:
        return _held(claim.renew(project, task, token, None))
    if name is None:
        raise UsageError(
            "claim_task needs the argument 'name', or the 'token' of a claim that is to be renewed"
        )
    worker_name(name)
    if _open_ended_claims(checkout, project):
        project = checkout.project()
        task = task_of(project, task.id)
    return _held(claim.claim(project, task, name, checkout.config.lease, commit=True))


def _open_ended_claims(checkout: Checkout, project: Project) -> bool:
    """Let tasks whose claims have ended be free, as the next run does: where agents work alone there may be none."""
    with StateStore.open(checkout.repo, create=False) as state:
        if not state.ended_claims():
            return False
    with StateStore.open(checkout.repo) as state:
        commit = checkout.config.commit != "none"
        return bool(open_ended_claims(project, state, new_run_id(), commit=commit)[0])


def _held(made: Claim) -> dict[str, Any]:
    expires = iso(made.lease.expires)
    told = {"id": made.task.id, "token": made.lease.token, "expires": expires, "commits": list(made.commits)}
    return told | ({"messages": list(made.messages)} if made.messages else {})


def release_task(checkout: Checkout, given: Arguments) -> dict[str, Any]:
    """Give a claimed task back."""
    project = checkout.project()
    token = given.number("token")
    assert token is not None, "it is required"
    made = claim.release(project, task_of(project, given.text("id")), token, commit=True)
    return {
        "id": made.task.id,
        "released": True,
        "commits": list(made.commits),
        "messages": list(made.messages),
    }


def add_task(checkout: Checkout, given: Arguments) -> dict[str, Any]:
    """Write a task; the warnings that `add` gives."""
    path, repo, under = given.text("file"), checkout.repo, given.text("under")

    def attempt() -> tuple[Project, Task]:
        from mdtodo.git.files.worktree_files import find

        there = path is not None and os.path.lexists(os.path.join(repo.root, path))
        named = (
            find(repo, checkout.config.task_files, [path], cwd=repo.root)
            if path is not None and there
            else ()
        )
        project = checkout.project(named)
        parent = task_of(project, under) if under else None
        file = None
        if path is not None:
            file = named[0] if named else add.new_file(repo.root, path, repo.root)
        return add.add(
            project, given.text("text") or "", parent=parent, section=given.text("section"), file=file
        )

    after, task = files.persist(attempt)
    warnings = add.warnings(after, task, named=given.text("file") is not None)
    return brief(after.plan, task) | ({"warnings": warnings} if warnings else {})


def expand_task(checkout: Checkout, given: Arguments) -> dict[str, Any]:
    """Break a task down, and give its new subtasks."""

    def attempt() -> dict[str, Any]:
        project = checkout.project()
        task = task_of(project, given.text("id"))
        meant(project, [task.id], everything=False)  # for what it refuses
        if task.children:
            raise RefusedError(f"{title_and_id(task)} has subtasks already")
        expansion = prepare(project, [task], pattern=given.text("pattern"))
        if expansion.problems:
            raise RefusedError("; ".join(expansion.problems))
        expand.write(expansion)
        after = expansion.after
        children = [child for _, _, new in expansion.rows() for child in new]
        return {"id": task.id, "subtasks": [brief(after.plan, child) for child in children]}

    return files.persist(attempt)


def note(checkout: Checkout, given: Arguments) -> dict[str, Any]:
    """Write a note below a task."""
    project = checkout.project()
    made = notes.note(project, task_of(project, given.text("id")), given.text("text") or "")
    if made.contents:  # else it has that note already
        landing = land(made, "note", commit=False)
        if landing.missed or landing.unclear:
            raise RefusedError("; ".join(sentences_of(landing)))
    return {"id": made.task.id, "noted": True}


def done(checkout: Checkout, given: Arguments) -> dict[str, Any]:
    """Tick a task that has no processor, on a person's word, and commit that as the configuration has it."""
    project, token, reason = checkout.project(), given.number("token"), given.text("reason")
    task = task_of(project, given.text("id"))
    follow_claims(project)
    _refuse_proven_otherwise(project, task)
    _refuse_claimed(project, task, token)
    commit = checkout.config.commit != "none"
    change = set_status.set_status(project, [task], Status.DONE, commit=commit, note=reason)
    landing = change.landing
    if landing is not None and (landing.missed or landing.unclear):
        raise RefusedError("; ".join(sentences_of(landing)))
    told = {"messages": sentences_of(landing)} if landing is not None and sentences_of(landing) else {}
    return {"id": task.id, "done": True, "commits": list(landing.commits) if landing else [], **told}


def _refuse_proven_otherwise(project: Project, task: Task) -> None:
    it = title_and_id(task)
    if task.own_run or project.plan.routes[task.id].processor:
        raise RefusedError(f"{it} has a check: nobody's word stands for it", hint="prove_task runs it")
    if strict := set_status.strictly_proven(project, [task]):
        raise RefusedError(f"{it} {set_status.in_words(strict[task.id])}", hint="prove_task runs it")
    if waits := set_status.waits_of(project, [task]).get(task.id):
        from mdtodo.planning.analysis.waits import waits_in_words

        raise RefusedError(f"{it} {waits_in_words(project.plan, task.id, waits)}")


def _refuse_claimed(project: Project, task: Task, token: int | None) -> None:
    if token is not None:
        claim.refuse_other_token(project, [task.id], token)
        return
    with StateStore.open(project.repo, create=False) as state:
        held = next((one for one in state.live_leases() if one.task_id == task.id), None)
    if held is not None:
        raise RefusedError(
            f"{title_and_id(task)} is in hand: {held.worker} has it", hint="give the token of your claim"
        )
