"""What a task waits for, in words: by title, since an id says nothing to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.planning.plan import Plan

#: Characters of a title in a sentence, and how many tasks one names.
_TITLE, _NAMED = 40, 4


def waits_in_words(plan: Plan, name: str, waits: Sequence[str]) -> str:
    """The end of a sentence that begins with the task: `waits for guide (Write it)`, `has open subtasks: …`."""
    subtasks = [one for one in waits if one in plan.tasks[name].children]
    others = [one for one in waits if one not in subtasks]
    parts = [f"waits for {_listed(plan, others)}"] if others else []
    if subtasks:
        many = "an open subtask" if len(subtasks) == 1 else "open subtasks"
        parts.append(f"has {many}: {_listed(plan, subtasks)}")
    return " and ".join(parts)


def waits_by_title(plan: Plan, name: str, *, width: int = 30) -> str:
    """`Write the guide, 2 subtasks`: the same in few words, for a table; empty where it waits for nothing."""
    waits = plan.blocked_by[name]
    inside = sum(one in plan.tasks[name].children for one in waits) if plan.tasks[name].children else 0
    outside = [one for one in waits if not inside or one not in plan.tasks[name].children]
    shown = [
        shortened(plan.tasks[one].title or one, width) if one in plan.tasks else f"{one} (unknown id)"
        for one in outside[:2]
    ]
    if len(outside) > len(shown):
        shown.append(f"{len(outside) - len(shown)} more")
    if inside:
        shown.append("a subtask" if inside == 1 else f"{inside} subtasks")
    return ", ".join(shown)


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


def _listed(plan: Plan, names: Sequence[str]) -> str:
    shown = [f"{name} ({shortened(_title(plan, name), _TITLE)})" for name in names[:_NAMED]]
    return ", ".join(shown) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _title(plan: Plan, name: str) -> str:
    return (plan.tasks[name].title or "no title") if name in plan.tasks else "no task has this id"
