"""`mdtodo list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import filters, json_option, selection

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command(
    "list",
    epilog="\b\nExamples:\n  mdtodo list --state ready --priority high\n"
    "  mdtodo list --tag backend --json | jq '.tasks[].id'",
)
@filters
@json_option
@click.pass_obj
def command(session: Session, /, as_json: bool, **given: tuple[str, ...]) -> None:
    """List tasks, in the order of files and lines; the filters must all hold."""
    board = session.settled_board()
    tasks = selection(given).tasks(board.plan)
    if as_json:
        from mdtodo.reporting.documents import print_tasks_json

        print_tasks_json(board.plan, tasks)
        return
    from mdtodo.reporting.table import print_tasks

    print_tasks(board.plan, tasks, colored=session.colored())
    if not tasks:
        hint = "no task fits" if board.tasks else 'no tasks yet: `mdtodo add "Tests pass"` makes the first'
        click.echo(f"mdtodo: {hint}", err=True)
