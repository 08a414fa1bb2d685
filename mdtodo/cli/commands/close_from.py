"""`mdtodo close-from RANGE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli._close_from import close_and_report
from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "close-from",
    epilog="\b\nExamples:\n  mdtodo close-from origin/main..HEAD   the commits that are not pushed yet\n"
    "  mdtodo close-from HEAD                one commit\n"
    "  mdtodo close-from v1.0..v1.1 --dry-run\n\n"
    "A commit closes a task with a trailer `Todo: ID`, or if its message says `closes todo:ID`.",
)
@click.argument("revisions", metavar="RANGE")
@click.option("--dry-run", is_flag=True, help="Show what would be closed; change nothing.")
@json_option
@click.pass_obj
def command(session: Session, revisions: str, dry_run: bool, as_json: bool) -> int:
    """Mark as done the tasks that the messages of these commits close; each receipt names the commit.

    Needs `close_from_commits = true` in the configuration. Reverts and quoted text close nothing.
    """
    if not session.config.close_from_commits:
        from mdtodo.reporting.text import tell

        tell("nothing was closed: set `close_from_commits = true` in the configuration to allow it")
        revisions = ""
    from mdtodo.git.messages import messages

    found = messages(session.repo, revisions) if revisions else []
    return close_and_report(session, found, dry_run=dry_run, as_json=as_json)
