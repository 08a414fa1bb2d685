"""`mdtodo log [ID]`."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import complete_id, json_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.cli.context import Session
    from mdtodo.core.task import Task
    from mdtodo.receipts.trailers import Trailer


@click.command(
    "log",
    epilog="\b\nExamples:\n  mdtodo log -n 20         the newest receipts\n"
    "  mdtodo log 3f2a          the history of one task, and what proved it\n"
    "  mdtodo log --runs        the runs: when, how much, how well\n"
    "  mdtodo log --json | jq -r '.receipts[] | select(.outcome==\"failed\").task'",
)
@click.argument("task_id", metavar="[ID]", required=False, shell_complete=complete_id)
@click.option("-n", "--number", type=click.IntRange(min=0), metavar="N", help="Show at most N.")
@click.option("--runs", "by_run", is_flag=True, help="Show runs, with their counts and rates.")
@json_option
@click.pass_obj
def command(
    session: Session, /, task_id: str | None, number: int | None, by_run: bool, as_json: bool
) -> None:
    """Show the receipts on this branch, newest first: of one task, or of all.

    They are read from commit messages, so moved and deleted TODO files make no difference. Of runs, this clone's
    journal knows more: when they ended, and how well their jobs were used.
    """
    if by_run:
        _show_runs(session, task_id, number, as_json=as_json)
        return
    from mdtodo.operations.log import receipts_of
    from mdtodo.receipts.log import logged_receipts

    @cache
    def tasks() -> Mapping[str, Task]:
        # the files are read only where a message does not hold the whole title
        return session.readable_tasks()

    def title_of(receipt: Trailer) -> str | None:
        return receipt.title or (tasks()[receipt.task_id].title if receipt.task_id in tasks() else None)

    if task_id is None:
        found = logged_receipts(session.repo)
    else:
        known = {name: task.title for name, task in tasks().items()}
        anchor = tasks()[task_id].anchor if task_id in known else None
        found = receipts_of(session.repo, task_id, known, anchor)
    wanted = islice(found, number)
    if as_json:
        from mdtodo.operations.log import journal_entries
        from mdtodo.reporting.log import print_receipts_json

        with journal_entries(session.repo) as entry_of:
            print_receipts_json(wanted, title_of, entry_of)
        return
    from mdtodo.reporting.log import print_receipts

    if not print_receipts(wanted, title_of, color=session.color) and number != 0:
        what = "no receipts on this branch yet: `mdtodo run` writes them"
        if task_id is not None:
            what = f"no receipt of {task_id} on this branch: no run and no `--commit` has ticked it"
        session.say(what)


def _show_runs(session: Session, task_id: str | None, number: int | None, *, as_json: bool) -> None:
    from mdtodo.errors import UsageError
    from mdtodo.reporting.runs import print_runs, print_runs_json
    from mdtodo.storage.run_history import known_runs

    if task_id is not None:
        raise UsageError("--runs shows runs, and no task: leave the ID out, or --runs")
    runs = known_runs(session.repo)[:number]
    if as_json:
        print_runs_json(runs)
        return
    print_runs(runs, colored=session.colored())
    if not runs and number != 0:
        session.say("no runs yet: `mdtodo run` is one")
