"""`mdtodo cancel ID...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli._set_status import set_status_and_report
from mdtodo.cli.options import ids_argument
from mdtodo.core.task import Status

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command("cancel", epilog="\b\nExamples:\n  mdtodo cancel 3f2a9c1\n  mdtodo cancel 3f2a --commit")
@ids_argument(required=True)
@click.option("--commit", is_flag=True, help="Commit only this change.")
@click.pass_obj
def command(session: Session, ids: tuple[str, ...], commit: bool) -> int:
    """Cancel tasks: they will not be done, and nothing waits for them any more."""
    return set_status_and_report(session, ids, Status.CANCELLED, commit=commit)
