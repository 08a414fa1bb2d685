"""Tasks as a table for other programs: markdown for a page or a comment, CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING

import click

from mdtodo.markdown.keys.estimates_and_dates import format_estimate
from mdtodo.planning.task_json import task_record
from mdtodo.reporting.markdown import escaped, table
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def print_markdown(plan: Plan, tasks: Sequence[Task]) -> None:
    """A table of GFM: state, priority, task, due date, estimate, id and place. Titles are shown as they are, whatever
    stands in them."""
    rows = [
        (
            plan.states[task.id].value,
            task.priority.value,
            escaped(task.title),
            task.due or "",
            "" if task.estimate is None else format_estimate(task.estimate),
            escaped(task.id),
            escaped(f"{task.file}:{task.line}"),
        )
        for task in tasks
    ]
    if rows:
        click.echo(table(("state", "priority", "task", "due", "estimate", "id", "place"), rows))


def print_csv(plan: Plan, tasks: Sequence[Task]) -> None:
    """CSV as in RFC 4180, with a line of names: the fields of `list --json`, lists with blanks between their parts, the
    section with ` > `. What a spreadsheet would take for a formula has an apostrophe before it."""
    out = io.StringIO()
    records = [task_record(plan, task.id) for task in tasks]
    if records:
        writer = csv.writer(out)
        writer.writerow(records[0])
        # a terminal obeys what a spreadsheet shows
        shown = one_line if sys.stdout.isatty() else str
        writer.writerows([shown(_cell(name, value)) for name, value in record.items()] for record in records)
    # as bytes, so that nothing makes more of the line ends
    click.echo(out.getvalue().encode("utf-8", "replace"), nl=False)


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return _cell(name, (" > " if name == "section" else " ").join(map(str, value)))
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
