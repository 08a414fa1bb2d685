"""Tasks in another order than that of files and lines."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from mdtodo.core.task import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan

    Key = Callable[[Plan, Task], object]

_STATES = [
    State.RUNNING,
    State.DOING,
    State.READY,
    State.MANUAL,
    State.FAILED,
    State.BLOCKED,
    State.DONE,
    State.CANCELLED,
]

#: What `list --sort` takes.
KEYS = ("file", "plan", "priority", "due", "estimate", "state", "title")


def sorted_tasks(plan: Plan, tasks: Iterable[Task], key: str) -> list[Task]:
    """The tasks by one of `KEYS`, those without such a value last; equal ones stay in the order in which they come.

    By estimate the shortest stands first, by state what goes on, then what could start, closed tasks last.
    """
    places = {name: place for place, name in enumerate(plan.order)} if key == "plan" else {}
    keys: dict[str, Callable[[Task], tuple[object, ...]]] = {
        "file": attrgetter("file", "line"),
        "plan": lambda task: (places.get(task.id, len(places)),),
        "priority": lambda task: (task.priority.rank,),
        # None is compared with None alone: the first part of the key tells it apart from a value.
        "due": lambda task: (task.due is None, task.due),
        "estimate": lambda task: (task.estimate is None, task.estimate),
        "state": lambda task: (_STATES.index(plan.states[task.id]),),
        "title": lambda task: (task.title.casefold(),),
    }
    return sorted(tasks, key=keys[key])
