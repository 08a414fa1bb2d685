"""What went to archives, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.reporting.json_documents import print_json
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.task import Task

    #: A task that has none above it, and the archive that it goes to.
    Row = tuple[Task, str]

#: So many are named.
_NAMED = 20


def print_archived(rows: Sequence[Row], number: int) -> None:
    """A line for each of these tasks, then how many went where, those below them included."""
    for task, _ in rows[:_NAMED]:
        click.echo(f"{task.id}  archived  {one_line(task.title)}")
    if (more := len(rows) - _NAMED) > 0:
        click.echo(f"and {more} more")
    if rows:
        where = ", ".join(dict.fromkeys(one_line(archive) for _, archive in rows))
        click.echo(f"{number} task{'s' if number > 1 else ''}, with what is below them, to {where}")


def print_archived_json(
    rows: Sequence[Row], number: int, left: Sequence[str], commits: Sequence[str], diff: bytes | None
) -> None:
    """`tasks` is the number of all, `left` are sentences on those that stay."""
    archived = [
        {"id": task.id, "title": task.title, "file": task.file, "archive": archive} for task, archive in rows
    ]
    text = None if diff is None else diff.decode(errors="replace")
    document = {
        "archived": archived,
        "tasks": number,
        "left": list(left),
        "commits": list(commits),
        "diff": text,
    }
    print_json({"version": 1, **document})
