"""How far tasks are, by what they have in common. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import Priority
from mdtodo.planning.schedule import work_minutes
from mdtodo.planning.selection import assignees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan

#: What tasks can be grouped by.
GROUPS = ("file", "section", "tag", "category", "priority", "assignee")


class TaskGroup(NamedTuple):
    """Tasks of one group: `open` and `closed` ones, the `hours` that the open ones are estimated at, None where none of
    them is, and how many of these have `no_estimate`, nor one of a parent to share in."""

    open: int
    closed: int
    hours: float | None
    no_estimate: int

    @property
    def percent(self) -> float:
        """Of the tasks, how many are closed."""
        return 100 * self.closed / (self.open + self.closed)


def task_groups(plan: Plan, by: str) -> dict[str | None, TaskGroup]:
    """One for each file, section and so on that any task is of; a task is in the groups of all its tags and assignees.
    None is for those that have none, and comes last; files and sections are in their order, others by name."""
    found: dict[str | None, list[Task]] = {}
    spelled: dict[str, str] = {}
    for task in plan.tasks.values():
        for name in _names(plan, task, by) or (None,):
            same = (
                name
                if name is None
                else spelled.setdefault(name.casefold() if by in _ANY_CASE else name, name)
            )
            members = found.setdefault(same, [])
            if not members or members[-1] is not task:
                members.append(task)
    minutes, covered = work_minutes(plan.graph, {}), _covered(plan)
    return {name: _group(found[name], minutes, covered) for name in _sorted(found, by)}


_ANY_CASE = frozenset({"tag", "assignee"})
_IN_FILE_ORDER = frozenset({"file", "section"})


def _names(plan: Plan, task: Task, by: str) -> Sequence[str]:
    match by:
        case "file":
            return (task.file,)
        case "section":
            return (" > ".join(task.section),) if task.section else ()
        case "tag":
            return task.tags
        case "priority":
            return (task.priority.value,)
        case "assignee":
            return assignees(task)
    category = plan.routes[task.id].category
    return () if category is None else (category,)


def _sorted(found: dict[str | None, list[Task]], by: str) -> list[str | None]:
    if by == "priority":
        return [one.value for one in Priority if one.value in found]
    named = [name for name in found if name is not None]
    if by not in _IN_FILE_ORDER:
        named.sort(key=str.casefold)
    return [*named, *([None] if None in found else [])]


def _covered(plan: Plan) -> frozenset[str]:
    """The tasks that have an estimate, or share in that of a parent."""
    found: set[str] = set()
    for task in plan.tasks.values():  # parents stand before their subtasks
        if task.estimate is not None or task.parent in found:
            found.add(task.id)
    return frozenset(found)


def _group(tasks: Sequence[Task], minutes: dict[str, float], covered: frozenset[str]) -> TaskGroup:
    left = [task for task in tasks if not task.status.closed]
    estimated = [minutes[task.id] for task in left if task.estimate is not None]
    hours = sum(estimated) / 60 if estimated or not left else None
    bare = sum(task.id not in covered and not task.children for task in left)
    return TaskGroup(len(left), len(tasks) - len(left), hours, bare)
