"""A task, or a list of things, in a sentence for a person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.task import Task


#: Characters of a title in a sentence.
_TITLE = 60


def title_and_id(task: Task) -> str:
    """A task in a sentence: its title and its id."""
    return quoted(task.title, task.id)


def quoted(title: str, task_id: str | None = None) -> str:
    """`"Title" (id)`, the title in one line and cut where it is long; without an id the title alone."""
    line = " ".join(title.split())
    shown = f'"{line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"}"'
    return shown if task_id is None else f"{shown} ({task_id})"


def few(names: Sequence[str], most: int = 3, *, apart: bool = False) -> str:
    """`a, b, c and 2 more`; `apart`, where they may hold commas: `a; b; c; and 2 more`."""
    more = f"{';' * apart} and {len(names) - most} more" if len(names) > most else ""
    return ("; " if apart else ", ").join(names[:most]) + more
