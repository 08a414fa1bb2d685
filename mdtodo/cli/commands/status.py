"""`mdtodo status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command(
    "status",
    epilog="\b\nExamples:\n  mdtodo status                        what is going on\n"
    "  mdtodo status --json | jq .queues    how many tasks each lane could start",
)
@json_option
@click.pass_obj
def command(session: Session, as_json: bool) -> None:
    """Show what is going on: how many tasks are in which state, what runs now, and what each lane came to.

    Reads only. Every figure is measured; in JSON one that cannot be is null.
    """
    import time

    from mdtodo.planning.situation import load, situation
    from mdtodo.repo.activity import activity
    from mdtodo.repo.past import past_runs

    now = time.time()
    doing = activity(session.repo)
    board = session.board()
    found = situation(board.plan, session.config, past_runs(session.repo), doing.active)
    busy = load([(len(run.tasks), run.slots) for run in doing.runs])
    if as_json:
        from mdtodo.reporting.status import print_status_json

        print_status_json(found, busy, doing, now)
        return
    from mdtodo.reporting.status import print_status

    print_status(found, busy, colored=session.colored())
    if not found.total:
        click.echo("mdtodo: no tasks yet: `mdtodo add TEXT` writes the first", err=True)
