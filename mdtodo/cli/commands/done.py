"""`mdtodo done TASK...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import tasks_argument
from mdtodo.cli.speaking import speak_and_tell
from mdtodo.model import Status

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command(
    "done",
    epilog="\b\nExamples:\n  mdtodo done 3f2a9c1\n  mdtodo done 'release notes'\n  mdtodo done 3f2a build --commit",
)
@tasks_argument(required=True)
@click.option("--commit", is_flag=True, help="Commit just this change.")
@click.option("--force", is_flag=True, help="Also what waits for something, or has open subtasks.")
@click.pass_obj
def command(session: Session, names: tuple[str, ...], commit: bool, force: bool) -> int:
    """Mark tasks as done by hand, where no processor proves it.

    TASK is an id, at least four characters that only one id begins with, or words of an open task's title. Where one
    of the tasks waits for a task that is not given too, or has open subtasks, nothing is ticked, and the exit code
    is 1.
    """
    return speak_and_tell(session, names, Status.DONE, commit=commit, force=force)
