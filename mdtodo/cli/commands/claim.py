"""`mdtodo claim ID`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import complete_id, json_option, token_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "claim",
    epilog="\b\nExamples:\n  mdtodo claim 3f2a --name alice            until it is released\n"
    "  mdtodo claim 3f2a --name alice --for 2h\n"
    "  mdtodo claim 3f2a --name bot --json       for a program: as long as a lease\n"
    "  mdtodo claim 3f2a --token 1790000001      renew it",
)
@click.argument("name_of_task", metavar="ID", shell_complete=complete_id)
@click.option("--name", metavar="NAME", help="Who takes it; written to the task's line as `worker:NAME`.")
@click.option("--for", "duration", metavar="TIME", help="How long it holds, such as 30m or 2h.")
@token_option
@click.option("--steal", is_flag=True, help="Take it from who has it, and say from whom.")
@click.option("--no-commit", is_flag=True, help="Change only the work tree; commit nothing.")
@json_option
@click.pass_obj
def command(
    session: Session,
    /,
    name_of_task: str,
    name: str | None,
    duration: str | None,
    token: int | None,
    steal: bool,
    no_commit: bool,
    as_json: bool,
) -> int:
    """Take a task for a person or another program, so that no `run` starts it.

    Its box becomes `[/]` and its line gets `worker:NAME`, in a commit of its own. The token that is printed renews,
    releases or finishes it: `run`, `prove` and `done` take it as --token. The claim holds until it is released; with
    --json, which programs use, for the time of a lease (`lease` in the configuration); with --for, for so long. When
    it has ended, the next `run` opens the box.

    Exits 1 if the task is done, blocked, reserved for another worker, or in hand.
    """
    from mdtodo.cli._claim import claim_and_report, renew_and_report

    if token is not None:
        return renew_and_report(session, name_of_task, token, duration, as_json=as_json)
    return claim_and_report(
        session, name_of_task, name, duration, commit=not no_commit, steal=steal, as_json=as_json
    )
