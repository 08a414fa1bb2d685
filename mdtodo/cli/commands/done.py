"""`mdtodo done TASK...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli._set_status import set_status_and_report
from mdtodo.cli.options import tasks_argument, token_option
from mdtodo.core.task import Status

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "done",
    epilog="\b\nExamples:\n  mdtodo done 3f2a9c1\n  mdtodo done 'release notes'\n  mdtodo done 3f2a build --commit",
)
@tasks_argument(required=True)
@click.option("--commit", is_flag=True, help="Commit only this change.")
@click.option("--force", is_flag=True, help="Also what is refused without.")
@token_option
@click.pass_obj
def command(session: Session, /, names: tuple[str, ...], commit: bool, force: bool, token: int | None) -> int:
    """Mark tasks as done by hand, without a processor.

    TASK is an id, a unique prefix of one (at least four characters), or words from the title of an open task. If one
    of the tasks waits for a task that is not named too, or has open subtasks, nothing is ticked, and the exit code
    is 1. With `proof = "strict"` that also holds for a task that has a processor, and without its --token for one that
    somebody has claimed. A task that is ticked already, and that nothing proves, gets your word as its proof.
    """
    return set_status_and_report(session, names, Status.DONE, commit=commit, force=force, token=token)
