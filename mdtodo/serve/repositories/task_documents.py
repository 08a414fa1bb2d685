"""Tasks as they are told over HTTP: what `list --json` has of each, with its repository, its text, and a version that a
change can be made conditional on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdtodo.planning.analysis.waits import waits_in_words
from mdtodo.planning.routing import processor_of
from mdtodo.planning.task_json import task_record
from mdtodo.reporting.json_documents import iso
from mdtodo.serve.http.json_text import etag_of, json_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.task import Task
    from mdtodo.project.project import Project
    from mdtodo.storage.leases import Lease

#: What only the route of a single task tells, as it may be long.
DETAILS = ("body", "waits", "command")


def records_of(name: str, project: Project, leases: Mapping[str, Lease]) -> dict[str, dict[str, Any]]:
    """Every task of the repository of that name, by id."""
    found = {}
    for task in project.tasks.values():
        record = {"project": name, **task_record(project.plan, task.id)}
        record |= {"claim": _claim(leases.get(task.id)), **_details(project, task)}
        record["etag"] = etag_of(json_bytes(record))
        found[task.id] = record
    return found


def brief(record: dict[str, Any]) -> dict[str, Any]:
    """The same in a list."""
    return {key: value for key, value in record.items() if key not in DETAILS}


def _claim(lease: Lease | None) -> dict[str, Any] | None:
    """Who has claimed it; of a task that runs, `state` says so."""
    if lease is None or not lease.claimed:
        return None
    return {"worker": lease.worker, "expires": iso(lease.expires)}


def _details(project: Project, task: Task) -> dict[str, Any]:
    plan = project.plan
    blocked_by = plan.blocked_by[task.id]
    processor = processor_of(task, plan.routes[task.id].processor, project.config)
    return {
        "body": task.body,
        "waits": waits_in_words(plan, task.id, blocked_by) if blocked_by else None,
        "command": processor.command_line if processor else None,
    }
