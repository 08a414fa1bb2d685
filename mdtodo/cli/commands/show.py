"""`mdtodo show ID`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import complete_id, json_option

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command("show", epilog="\b\nExamples:\n  mdtodo show 3f2a9c1\n  mdtodo show build --json")
@click.argument("task_id", metavar="ID", shell_complete=complete_id)
@json_option
@click.pass_obj
def command(session: Session, task_id: str, as_json: bool) -> None:
    """Show one task: its keys, what it waits for, how it would be done, and its text."""
    board = session.settled_board()
    task = board.find(task_id)
    if as_json:
        from mdtodo.reporting.documents import print_tasks_json

        print_tasks_json(board.plan, [task])
        return
    from mdtodo.reporting.details import print_details

    print_details(board.plan, task, colored=session.colored())
