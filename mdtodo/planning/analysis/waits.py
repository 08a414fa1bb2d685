"""What a task waits for, in words: by title, since an id says nothing to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.task import State
from mdtodo.core.titles import few, title_and_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan

#: How many tasks a sentence names.
_NAMED = 4


def transitive_waits(plan: Plan, names: Iterable[str]) -> dict[str, None]:
    """These tasks, and every task that one of them waits for, itself or by what it waits for."""
    found = dict.fromkeys(names)
    left = list(found)
    while left:
        for name in plan.blocked_by[left.pop()]:
            if name in plan.tasks and name not in found:
                found[name] = None
                left.append(name)
    return found


def waits_in_words(
    plan: Plan, name: str, waits: Sequence[str], state: Callable[[Task], State] | None = None
) -> str:
    """The end of a sentence that begins with the task: `waits for "Write it" (guide)`, `has open subtasks: …`. `state`:
    of tasks as they are now, where that is not what the plan says."""
    others, subtasks = split_waits(plan, name, waits)
    parts = [f"waits for {listed(plan, others, state)}"] if others else []
    if subtasks:
        many = "an open subtask" if len(subtasks) == 1 else "open subtasks"
        parts.append(f"has {many}: {listed(plan, subtasks, state)}")
    return " and ".join(parts)


def split_waits(plan: Plan, name: str, waits: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a task waits for: other tasks, unknown names and boxes, and its own subtasks."""
    children = frozenset(plan.tasks[name].children)
    return [one for one in waits if one not in children], [one for one in waits if one in children]


def waits_by_title(plan: Plan, name: str, *, width: int = 30) -> str:
    """`Write the guide, 2 subtasks`: the same in few words, for a table; empty where it waits for nothing."""
    outside, subtasks = split_waits(plan, name, plan.blocked_by[name])
    shown = [_in_few_words(plan, one, width) for one in outside[:2]]
    if len(outside) > len(shown):
        shown.append(f"{len(outside) - len(shown)} more")
    if subtasks:
        shown.append("a subtask" if len(subtasks) == 1 else f"{len(subtasks)} subtasks")
    return ", ".join(shown)


def _in_few_words(plan: Plan, name: str, width: int) -> str:
    if name in plan.tasks:
        return shortened(plan.tasks[name].title or name, width)
    if (day := plan.graph.day(name)) is not None:
        return day
    return f"{name} (unknown {'box' if plan.graph.is_box(name) else 'id'})"


def shortened(text: str, width: int) -> str:
    """At most so many characters, whole words where that leaves half of it, with `…` where something was cut.

    >>> shortened("Write the release notes", 16), shortened("Antidisestablishmentarianism", 8)
    ('Write the…', 'Antidis…')
    """
    text = " ".join(text.split())
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    words = cut if text[width - 1] == " " else cut.rpartition(" ")[0]
    return (words if len(words) >= width // 2 else cut).rstrip(" ,;:.") + "…"


def listed(plan: Plan, names: Sequence[str], state: Callable[[Task], State] | None = None) -> str:
    """`"Write the guide" (guide), "Sign off" (sign), which is manual and 3 more`."""
    return few([_awaited(plan, name, state) for name in names], _NAMED)


def no_task(plan: Plan, name: str) -> str:
    """What this is, of what blocks a task and is no task itself."""
    if plan.graph.day(name):
        return "a day to come"
    return "its box is unknown, see `mdtodo check`" if plan.graph.is_box(name) else "no task has this id"


def _awaited(plan: Plan, name: str, state: Callable[[Task], State] | None) -> str:
    task = plan.tasks.get(name)
    if task is None:
        return plan.graph.day(name) or f"{name} ({no_task(plan, name)})"
    now = state(task) if state is not None else plan.states[name]
    return f"{title_and_id(task)}{', which is manual' if now is State.MANUAL else ''}"
