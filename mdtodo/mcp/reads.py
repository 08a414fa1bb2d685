"""Tools that change nothing: what there is, what is next, what is wrong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mdtodo.core.task import OLD_STATES, Priority, State, Status
from mdtodo.errors import UsageError
from mdtodo.mcp.checkout import task_of
from mdtodo.mcp.records import PAGE, brief, full, offset, page_after
from mdtodo.operations.check.check import check as find_mistakes
from mdtodo.planning.routing import processor_of
from mdtodo.planning.selection import Selection
from mdtodo.reporting.json_documents import findings_document, iso
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.core.task import Task
    from mdtodo.mcp.arguments import Arguments
    from mdtodo.mcp.checkout import Checkout
    from mdtodo.project.project import Project


def list_tasks(checkout: Checkout, given: Arguments) -> dict[str, Any]:
    """A page of the tasks that match; closed ones only where `state` asks for them."""
    project = checkout.project()
    states = tuple(OLD_STATES.get(one, one) for one in given.texts("state"))
    _refuse_unknown("state", states, [*State, Status.TODO])
    _refuse_unknown("priority", given.texts("priority"), Priority)
    text, file = given.text("text"), given.text("file")
    chosen = Selection(
        states=states,
        priorities=given.texts("priority"),
        categories=given.texts("category"),
        tags=given.texts("tag"),
        files=(file,) if file else (),
        texts=(text,) if text else (),
    )
    tasks = chosen.tasks(project.plan)
    return page_after(
        project.plan,
        tasks if states else [task for task in tasks if not task.status.closed],
        given.text("cursor"),
    )


def next_task(checkout: Checkout, given: Arguments) -> dict[str, Any]:
    """What somebody left, then what comes next, in plan order; where there is nothing, how many there are of each
    state."""
    number = given.number("n")
    if number is not None and not 1 <= number <= PAGE:
        raise UsageError(f"n is 1 to {PAGE}")
    project = checkout.project(past=True)
    plan, ended = project.plan, _left_by_claimants(project)
    free = [name for name in plan.order if plan.states[name] in (State.READY, State.MANUAL)]
    if not (free or ended):
        return {"tasks": [], "states": dict(Counter(state.value for state in plan.states.values()))}
    named = [*ended, *(name for name in free if name not in ended)][: number or 1]
    marks = {name: {"claim": "ended"} for name in ended}
    return {"tasks": [brief(plan, plan.tasks[name]) | marks.get(name, {}) for name in named]}


def _left_by_claimants(project: Project) -> list[str]:
    """The tasks that somebody had claimed and has not come back to: `claim_task` gives them to the next one."""
    with StateStore.open(project.repo, create=False) as state:
        ended = {one.task_id: one.worker for one in state.ended_claims()}
    tasks = project.tasks.values() if ended else ()
    return [one.id for one in tasks if one.status is Status.DOING and ended.get(one.id, "") == one.worker]


def show_task(checkout: Checkout, given: Arguments) -> dict[str, Any]:
    """One task, the command that proves it, and who has claimed it."""
    project = checkout.project()
    return described(project, task_of(project, given.text("id")), offset(given.text("cursor")))


def described(project: Project, task: Task, start: int = 0) -> dict[str, Any]:
    """The same of a task that was found."""
    plan = project.plan
    record = full(plan, task, start)
    if processor := processor_of(task, plan.routes[task.id].processor, project.config):
        record["command"] = processor.command_line
    with StateStore.open(project.repo, create=False) as state:
        lease = next((one for one in state.live_leases() if one.task_id == task.id), None)
    if lease is not None:
        record["claim" if lease.claimed else "running"] = {
            "by": lease.worker,
            "expires": iso(lease.expires),
        }
    return record


def check(checkout: Checkout, given: Arguments) -> dict[str, Any]:
    """A page of what is wrong, errors first."""
    from mdtodo.git.files.worktree_files import find

    repo, config = checkout.repo, checkout.config
    paths, start = given.texts("paths"), offset(given.text("cursor"))
    checked = find_mistakes(
        repo, config, find(repo, config.task_files, paths, cwd=repo.root) if paths else ()
    )
    found = sorted(checked.findings, key=lambda one: one.severity.value)  # stable; "error" comes first
    rows = findings_document(found[start : start + PAGE])["findings"]
    more = {"next_cursor": str(start + PAGE)} if start + PAGE < len(found) else {}
    unreadable = {"unreadable": [str(one) for one in checked.unreadable]} if checked.unreadable else {}
    errors = len(checked.errors())
    return {"findings": rows, "errors": errors, "warnings": len(found) - errors, **unreadable, **more}


def _refuse_unknown(name: str, given: Iterable[str], known: Iterable[str]) -> None:
    names = [str(one) for one in known]
    for one in given:
        if one not in names:
            raise UsageError(f"{name} {one[:40]!r} is none: {', '.join(names)}")
