"""`mdtodo undo [RUN]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "undo",
    epilog="\b\nExamples:\n  mdtodo undo --dry-run                   show what it would undo\n"
    "  mdtodo undo 20261122T101500-3f2a91      that run; a unique prefix is enough\n"
    "  mdtodo log -n 20                        the names of runs",
)
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--dry-run", is_flag=True, help="Print the diff; change nothing.")
@json_option
@click.pass_obj
def command(session: Session, /, run: str | None, dry_run: bool, as_json: bool) -> None:
    """Undo what a run committed, with a new commit: boxes, keys, notes, subtasks, outputs.

    Without RUN, the newest run on this branch that is not undone yet. Either everything is undone or nothing: if
    something was changed since, the message says what.
    """
    from mdtodo.landing.recovery.recover import finish_earlier_if_any
    from mdtodo.landing.undo.undo import undo
    from mdtodo.reporting.text import one_line, tell_each
    from mdtodo.reporting.undo import print_undone, print_undone_json

    tell_each(() if dry_run else finish_earlier_if_any(session.repo, session.config))
    undone = undo(session.project(), run, dry_run=dry_run)
    tell_each(undone.messages)
    if as_json:
        print_undone_json(undone)
    else:
        print_undone(undone, color=session.colored())
        if undone.diff is not None:
            session.say(f"{one_line(undone.undone)} would be undone; nothing was changed")
