"""Parents without a processor of their own are ticked with their last subtask, and opened with the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.task import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.planning.plan import Plan


def closes(plan: Plan, parent: str, changed: Mapping[str, Status]) -> bool:
    """Whether this open parent is done by its subtasks: all closed, at least one of them done, no unknown box among
    them, and no processor, not even one that is misspelt.

    `changed` holds the statuses that are newer than the plan's.
    """
    task = plan.tasks[parent]
    if changed.get(parent, task.status).closed or not task.children or _has_proof_of_its_own(plan, parent):
        return False
    if task.boxes_inside:
        return False
    below = [changed.get(child, plan.tasks[child].status) for child in task.children]
    return all(status.closed for status in below) and Status.DONE in below


def parents_to_close(plan: Plan, changed: Mapping[str, Status]) -> tuple[str, ...]:
    """The ancestors that these changes tick, innermost first."""
    statuses = dict(changed)
    ticked: list[str] = []
    for name in changed:
        parent = plan.tasks[name].parent
        while parent is not None and closes(plan, parent, statuses):
            statuses[parent] = Status.DONE
            ticked.append(parent)
            parent = plan.tasks[parent].parent
    return tuple(ticked)


def parents_to_reopen(plan: Plan, opened: Mapping[str, Status]) -> tuple[str, ...]:
    """The ticked ancestors whose only proof was that all their subtasks were done, innermost first.

    Above one that stays as it is, nothing changes either.
    """
    found: dict[str, None] = {}
    for name in opened:
        parent = plan.tasks[name].parent
        while parent is not None and parent not in opened:
            if plan.tasks[parent].status is not Status.DONE or _has_proof_of_its_own(plan, parent):
                break
            found[parent] = None
            parent = plan.tasks[parent].parent
    return tuple(found)


def is_ticked_with_subtasks(plan: Plan, name: str) -> bool:
    """Whether nothing proves the task but its subtasks."""
    return bool(plan.tasks[name].children) and not _has_proof_of_its_own(plan, name)


def _has_proof_of_its_own(plan: Plan, name: str) -> bool:
    # `run:tset` has no processor: without this the parent would be ticked with its last subtask, unproven.
    return plan.routes[name].processor is not None or plan.tasks[name].own_run is not None
