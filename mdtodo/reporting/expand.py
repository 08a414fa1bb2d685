"""What was broken down, and the patterns that do it, for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mdtodo.markdown.keys.estimates_and_dates import format_estimate
from mdtodo.planning.expand.patterns import BUILT_IN
from mdtodo.planning.task_json import task_record
from mdtodo.reporting.json_documents import print_json
from mdtodo.reporting.text import columns, one_line, paragraph, print_patch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.core.task import Task
    from mdtodo.planning.expand.patterns import Pattern
    from mdtodo.planning.plan import Plan

    #: A task, what broke it down, and its new subtasks of all levels.
    Row = tuple[Task, str, Sequence[Task]]


def print_diff(diff: bytes, *, color: bool) -> None:
    """A patch: to a terminal so that it cannot steer it, otherwise byte by byte."""
    # byte by byte, so that `git apply` takes it
    if not sys.stdout.isatty() and not color:
        sys.stdout.buffer.write(diff)
        sys.stdout.flush()
        return
    print_patch(diff.decode(errors="replace"), color=color)


def print_expansion(rows: Iterable[Row], *, color: bool) -> None:
    """Each task with its new subtasks, by id, title and estimate."""
    for task, author, subtasks in rows:
        click.echo(f"{task.id}  by {one_line(author)}  {one_line(task.title)}{_estimate(task)}", color=color)
        for one in subtasks:
            indent = "  " * (one.depth - task.depth)
            click.echo(f"{indent}{one.id}  {one_line(one.title)}{_estimate(one)}", color=color)


def _estimate(task: Task) -> str:
    return "" if task.estimate is None else f"  ({format_estimate(task.estimate)})"


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
    """Each with the words of a title that call for it, and where it is from if it is not built in."""
    known = list(patterns)
    width = max(len(one_line(pattern.name)) for pattern in known)
    for pattern in known:
        texts = [one_line(", ".join(pattern.words)) or "(by name only)"]
        if pattern.source != BUILT_IN:
            what = f"template {pattern.template}" if pattern.template else f"{len(pattern.steps)} steps"
            texts.append(one_line(f"({what}, from {pattern.source})"))
        for line in columns([(one_line(pattern.name), "cyan")], texts, width, colored=color):
            click.echo(line, color=color)


def print_pattern(pattern: Pattern, *, color: bool) -> None:
    """One of them: its words, where it is from, and its steps with their shares of the estimate."""
    name = one_line(pattern.name)
    click.echo(f"{click.style(name, 'cyan') if color else name}  ({one_line(pattern.source)})", color=color)
    words = one_line(", ".join(pattern.words))
    click.echo(paragraph(f"for titles with: {words}" if words else "by name only", first="  ", rest="    "))
    if pattern.template:
        click.echo(paragraph(one_line(f"the list in {pattern.template}"), first="  ", rest="    "))
    total = sum(step.weight for step in pattern.steps)
    for number, step in enumerate(pattern.steps, 1):
        share = f"{number:>3}. {100 * step.weight / total:3.0f} %  "
        click.echo(paragraph(one_line(step.text), first=share, rest=" " * len(share)))


def print_patterns_json(patterns: Iterable[Pattern]) -> None:
    """`{"version": 1, "patterns": [...]}`, of each `name`, `source`, `words`, `category`, `steps`, each with `text` and
    `weight`, and `template` (a path, "" for none)."""
    rows = [one._asdict() | {"steps": [step._asdict() for step in one.steps]} for one in patterns]
    print_json({"version": 1, "patterns": rows})
