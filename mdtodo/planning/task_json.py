"""A task as other programs see it: the object of `list --json`, also a processor's standard input."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdtodo.planning.plan import Plan


def task_record(plan: Plan, task_id: str) -> dict[str, object]:
    """The TASK object: absent values are None, lists are never None, paths relative to the repository's
    root."""
    task = plan.tasks[task_id]
    route = plan.routes[task_id]
    complexity = task.complexity
    return {
        "id": task.id,
        "explicit_id": task.explicit_id,
        "file": task.file,
        "line": task.line,
        "title": task.title,
        "status": task.status.value,
        "state": plan.states[task_id].value,
        "priority": task.priority.value,
        "lane": task.lane,
        "category": route.category,
        "kind": route.kind,
        "tags": list(task.tags),
        "needs": list(task.needs),
        "worker": task.worker,
        "after": list(task.after),
        "blocked_by": list(plan.blocked_by[task_id]),
        "blocks": list(plan.blocks.get(task_id, ())),
        "estimate_hours": None if task.estimate is None else task.estimate / 60,
        "complexity": None if complexity is None else complexity.value,
        "due": task.due,
        "from": task.not_before,
        "every": task.every,
        "processor": route.processor,
        "failures": task.failures,
        "parent": task.parent,
        "children": list(task.children),
        "section": list(task.section),
        "depth": task.depth,
    }
