"""`mdtodo next`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import filters, json_option, selection
from mdtodo.model import State

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command("next", epilog="\b\nExamples:\n  mdtodo next\n  mdtodo next -n 5 --category backend")
@click.option("-n", "count", type=click.IntRange(min=1), default=1, show_default=True, help="How many tasks.")
@filters
@json_option
@click.pass_obj
def command(session: Session, /, count: int, as_json: bool, **given: tuple[str, ...]) -> None:
    """Show what to do next, in plan order: what `mdtodo run` would start, and what waits for a person."""
    plan = session.settled_board().plan
    chosen = selection(given)
    free = (plan.tasks[name] for name in plan.order if plan.states[name] in (State.READY, State.MANUAL))
    tasks = [task for task in free if chosen.matches(plan, task)][:count]
    if as_json:
        from mdtodo.reporting.documents import print_tasks_json

        print_tasks_json(plan, tasks)
        return
    from mdtodo.reporting.table import print_tasks

    print_tasks(plan, tasks, colored=session.colored())
    if not tasks:
        click.echo("mdtodo: nothing is ready; `mdtodo list --state blocked` says what waits", err=True)
