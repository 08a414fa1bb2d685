"""`mdtodo done ID...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import ids_argument
from mdtodo.cli.speaking import speak_and_tell
from mdtodo.model import Status

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command("done", epilog="\b\nExamples:\n  mdtodo done 3f2a9c1\n  mdtodo done 3f2a build --commit")
@ids_argument(required=True)
@click.option("--commit", is_flag=True, help="Commit just this change.")
@click.pass_obj
def command(session: Session, ids: tuple[str, ...], commit: bool) -> int:
    """Tick tasks: a person's word, where no processor proves it."""
    return speak_and_tell(session, ids, Status.DONE, commit=commit)
