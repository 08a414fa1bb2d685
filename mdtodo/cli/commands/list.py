"""`mdtodo list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mdtodo.cli.options import can_filter, filters, json_option, selection
from mdtodo.cli.read_command import ReadCommand
from mdtodo.planning.analysis.list_order import KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.project.project import Project


@click.command(
    "list",
    cls=ReadCommand,
    epilog="\b\nExamples:\n  mdtodo list --state ready --priority high\n"
    "  mdtodo list --section 'release 2' --assignee ann --sort due\n"
    "  mdtodo list --tag backend --json | jq '.tasks[].id'\n"
    "  mdtodo list --format markdown >> notes.md",
)
@click.option("--all", "closed_too", is_flag=True, help="Show done and cancelled tasks too.")
@click.option(
    "--sort", type=click.Choice(KEYS), default="file", metavar="KEY", help=f"Sort by {', '.join(KEYS)}."
)
@filters
@can_filter
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "csv"]),
    default="text",
    show_default=True,
    help="A table to look at, JSON, a table of markdown, or CSV.",
)
@json_option
@click.pass_obj
def command(session: Session, /, closed_too: bool, sort: str, form: str, as_json: bool, **given: Any) -> None:
    """List the open tasks that match every filter, in the order of files and lines.

    On a terminal, empty columns are left out, and on a narrow one others too, but never the title.
    JSON and CSV have every task that matches, including closed ones.
    """
    from mdtodo.planning.analysis.list_order import sorted_tasks

    project = session.project()
    session.tell_conflicts(project)
    matching = selection(session, given).tasks(project.plan)
    tasks = sorted_tasks(project.plan, matching, sort)
    form = "json" if as_json else form
    # who filters by state has said which; a program gets all and filters itself
    if not (form in ("json", "csv") or closed_too or given["states"] or given["statuses"]):
        tasks = [task for task in tasks if not task.status.closed]
    _print(session, project, tasks, form, grouped=sort == "file")
    if form != "json" and (sentence := _left_out(project, matching, tasks)):
        session.say(sentence)


def _print(session: Session, project: Project, tasks: Sequence[Task], form: str, *, grouped: bool) -> None:
    if form in ("markdown", "csv"):
        from mdtodo.reporting.list_table import print_csv, print_markdown

        (print_csv if form == "csv" else print_markdown)(project.plan, tasks)
        return
    session.print_tasks(project.plan, tasks, as_json=form == "json", grouped=grouped)


def _left_out(project: Project, matching: Sequence[Task], shown: Sequence[Task]) -> str:
    """What a person who sees these tasks may miss."""
    if not project.tasks:
        return 'no tasks yet: `mdtodo add "Tests pass"` creates the first'
    if not matching:
        return "no task matches"
    hidden = len(matching) - len(shown)
    if not hidden:
        return ""
    tasks = "1 closed task" if hidden == 1 else f"{hidden} closed tasks"
    left = f"{tasks} not shown; --all shows {'it' if hidden == 1 else 'them'}"
    return left if shown else f"no open task matches; {left}"
