"""What was broken down, and the patterns that do it, for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mdtodo.planning.record import task_record
from mdtodo.reporting.documents import print_json
from mdtodo.reporting.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.model import Task
    from mdtodo.planning.catalogue import Pattern
    from mdtodo.planning.plan import Plan

    #: A task, what broke it down, and its new subtasks of all levels.
    Row = tuple[Task, str, Sequence[Task]]

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def print_diff(diff: bytes, *, color: bool) -> None:
    """A patch: to a terminal so that it cannot steer it, otherwise byte by byte."""
    if not sys.stdout.isatty() and not color:
        sys.stdout.buffer.write(diff)
        sys.stdout.flush()
        return
    for line in printable(diff.decode(errors="replace")).split("\n")[:-1]:
        click.echo(click.style(line, _STYLES.get(line[:1])) if color else line, color=color)


def print_expansion(rows: Iterable[Row], *, color: bool) -> None:
    """Each task with its new subtasks, by id and title."""
    for task, author, subtasks in rows:
        click.echo(f"{task.id}  by {one_line(author)}  {one_line(task.title)}", color=color)
        for one in subtasks:
            click.echo(f"{'  ' * (one.depth - task.depth)}{one.id}  {one_line(one.title)}", color=color)


def print_expansion_json(
    plan: Plan,
    rows: Sequence[Row],
    already: Iterable[Task],
    *,
    commits: Iterable[str] = (),
    diff: bytes | None = None,
) -> None:
    """`expanded` says which task was broken down by what into which `subtasks` (ids), `tasks` are these, each a TASK.

    `plan` is the one with them. `already` are the ids of those that had subtasks; `diff` is that of a dry run, else
    null.
    """
    expanded = [
        {
            "id": task.id,
            "file": task.file,
            "line": task.line,
            "title": task.title,
            "pattern": author,
            "subtasks": [one.id for one in subtasks],
        }
        for task, author, subtasks in rows
    ]
    new = [one.id for _, _, subtasks in rows for one in subtasks]
    print_json(
        {
            "version": 1,
            "expanded": expanded,
            "tasks": [task_record(plan, name) for name in new],
            "already": [task.id for task in already],
            "commits": list(commits),
            "diff": None if diff is None else diff.decode(errors="replace"),
        }
    )


def print_patterns(patterns: Iterable[Pattern], *, color: bool) -> None:
    """Each with its words, where it is from, and its steps with their shares."""
    for pattern in patterns:
        words = one_line(", ".join(pattern.words)) or "only by name"
        source = f"  ({one_line(pattern.source)})"
        name = click.style(one_line(pattern.name), "cyan") if color else one_line(pattern.name)
        click.echo(f"{name}{source}  {words}", color=color)
        total = sum(step.weight for step in pattern.steps)
        for step in pattern.steps:
            click.echo(f"  {100 * step.weight / total:3.0f} %  {one_line(step.text)}")


def print_patterns_json(patterns: Iterable[Pattern]) -> None:
    """`{"version": 1, "patterns": [{"name", "source", "words", "category", "steps": [{"text", "weight"}, ...]}]}`."""
    rows = [
        {
            "name": pattern.name,
            "source": pattern.source,
            "words": list(pattern.words),
            "category": pattern.category,
            "steps": [{"text": step.text, "weight": step.weight} for step in pattern.steps],
        }
        for pattern in patterns
    ]
    print_json({"version": 1, "patterns": rows})
