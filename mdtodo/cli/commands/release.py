"""`mdtodo release ID --token T`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import complete_id, json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command("release", epilog="\b\nExamples:\n  mdtodo release 3f2a --token 1790000001")
@click.argument("name_of_task", metavar="ID", shell_complete=complete_id)
@click.option("--token", type=int, metavar="T", required=True, help="The token that `claim` printed.")
@click.option("--no-commit", is_flag=True, help="Change only the work tree; commit nothing.")
@json_option
@click.pass_obj
def command(session: Session, /, name_of_task: str, token: int, no_commit: bool, as_json: bool) -> int:
    """Give a claimed task back: its box is opened, and `worker:` removed from its line.

    Without the token, `mdtodo claim ID --name NAME --steal` takes the task over, and prints a new one. Exits 1 if the
    claim with that token has ended.
    """
    from mdtodo.cli._claim import release_and_report

    return release_and_report(session, name_of_task, token, commit=not no_commit, as_json=as_json)
