"""`mdtodo close-from RANGE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.closing import close_and_tell
from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command(
    "close-from",
    epilog="\b\nExamples:\n  mdtodo close-from origin/main..HEAD   by the commits that are not pushed yet\n"
    "  mdtodo close-from HEAD                one commit\n"
    "  mdtodo close-from v1.0..v1.1 --dry-run\n\n"
    "A commit closes a task with a trailer `Todo: ID`, or where its message says `closes todo:ID`.",
)
@click.argument("revisions", metavar="RANGE")
@click.option("--dry-run", is_flag=True, help="Say what would be closed; change nothing.")
@json_option
@click.pass_obj
def command(session: Session, revisions: str, dry_run: bool, as_json: bool) -> int:
    """Mark tasks as done that the messages of these commits close, each with its commit as receipt.

    Only with `close_from_commits = true` in the configuration. Messages that revert or quote close nothing.
    """
    if not session.config.close_from_commits:
        click.echo(
            "mdtodo: nothing is closed: `close_from_commits = true` in the configuration would allow it",
            err=True,
        )
        revisions = ""
    from mdtodo.repo.messages import messages

    found = messages(session.repo, revisions) if revisions else []
    return close_and_tell(session, found, dry_run=dry_run, as_json=as_json)
