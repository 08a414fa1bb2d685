"""`mdtodo status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option
from mdtodo.planning.analysis.task_groups import GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.text import Text

    from mdtodo.cli.context import Session
    from mdtodo.planning.analysis.overview import Load, Overview
    from mdtodo.planning.plan import Plan
    from mdtodo.reporting.status import RunningTask
    from mdtodo.storage.activity import Activity


@click.command(
    "status",
    epilog="\b\nExamples:\n  mdtodo status                        the current state\n"
    "  mdtodo status --watch                the same, kept up to date until Ctrl-C\n"
    "  mdtodo status --by section           how far each section is\n"
    "  mdtodo status --json | jq .queues    how many tasks each lane could start",
)
@click.option("-w", "--watch", is_flag=True, help="Keep updating it until Ctrl-C.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How often --watch updates.",
)
@click.option(
    "--by",
    type=click.Choice(GROUPS),
    help="How far each file, section and so on is: open, closed, hours left.",
)
@json_option
@click.pass_obj
def command(session: Session, watch: bool, interval: float, by: str | None, as_json: bool) -> None:
    """Show tasks by state, what is running, and results by lane; with --by instead how far each group of tasks is.

    Read-only. Every figure is measured; in JSON, a figure that cannot be measured is null. With --watch, a terminal
    is updated in place; elsewhere the status is printed again each time.
    """
    import sys

    from mdtodo.reporting.text import redraws

    def show() -> None:
        if by is None:
            _show(session, as_json=as_json)
        else:
            _show_groups(session, by, as_json=as_json)

    if not watch:
        show()
    elif as_json or not redraws(sys.stdout):
        _print_again(show, interval, between="" if as_json else "\n")
    elif by is None:
        _redraw(session, interval, lambda: _status_rows(session))
    else:
        _redraw(session, interval, lambda: _group_rows(session, by))


def _show(session: Session, *, as_json: bool) -> None:
    import time

    found, busy, doing, plan = _read_status(session)
    if as_json:
        from mdtodo.reporting.status import print_status_json

        print_status_json(found, busy, doing, time.time())
        return
    from mdtodo.reporting.status import print_status

    print_status(found, busy, _running_tasks(plan, doing), colored=session.colored())
    if not found.total:
        session.say('no tasks yet: `mdtodo add "Tests pass"` creates the first')


def _show_groups(session: Session, by: str, *, as_json: bool) -> None:
    import time

    from mdtodo.planning.analysis.task_groups import task_groups
    from mdtodo.reporting.task_groups import print_task_groups, print_task_groups_json

    plan = session.project().plan
    found = task_groups(plan, by)
    if as_json:
        print_task_groups_json(found, by, len(plan.tasks), time.time())
    else:
        print_task_groups(found, by, colored=session.colored())
    if not found and not as_json:
        session.say('no tasks yet: `mdtodo add "Tests pass"` creates the first')


def _status_rows(session: Session) -> Callable[[int], list[Text]]:
    """What goes on, as rows of a terminal of any width."""
    from mdtodo.reporting.status import status_rows

    found, busy, doing, plan = _read_status(session)
    running = _running_tasks(plan, doing)
    return lambda width: status_rows(found, busy, running, colored=session.colored(), width=width)


def _group_rows(session: Session, by: str) -> Callable[[int], list[Text]]:
    """The same of the groups."""
    from mdtodo.planning.analysis.task_groups import task_groups
    from mdtodo.reporting.task_groups import group_rows

    found = task_groups(session.project().plan, by)
    return lambda width: group_rows(found, by, colored=session.colored(), width=width)


def _read_status(session: Session) -> tuple[Overview, Load, Activity, Plan]:
    """What goes on at this moment."""
    from mdtodo.planning.analysis.overview import load, overview
    from mdtodo.storage.activity import activity
    from mdtodo.storage.run_history import past_runs

    doing = activity(session.repo)
    plan = session.project().plan
    found = overview(plan, session.config, past_runs(session.repo), doing.active)
    return found, load([(len(run.tasks), run.slots) for run in doing.runs]), doing, plan


def _running_tasks(plan: Plan, doing: Activity) -> list[RunningTask]:
    """The tasks that a worker has now, in plan order."""
    from mdtodo.reporting.status import RunningTask

    by_runs = frozenset().union(*(run.tasks for run in doing.runs))
    names = sorted(doing.active.keys() & plan.tasks.keys(), key=list(plan.tasks).index)
    processors = {name: plan.routes[name].processor for name in names if name in by_runs}
    return [
        RunningTask(name, plan.tasks[name].title, processors.get(name) or doing.active[name])
        for name in names
    ]


def _print_again(show: Callable[[], None], interval: float, *, between: str) -> None:
    """Print it each time, for whoever reads on; Ctrl-C is how one leaves."""
    import sys
    import time

    try:
        while True:
            show()
            click.echo(between, nl=False)
            sys.stdout.flush()
            time.sleep(interval)
    except KeyboardInterrupt:
        return


def _redraw(session: Session, interval: float, look: Callable[[], Callable[[int], list[Text]]]) -> None:
    """Show what `look` gives in place until Ctrl-C; what it was then stays. A file that cannot be read meanwhile does
    not end it."""
    import time

    from mdtodo.errors import MdtodoError
    from mdtodo.reporting.live import LiveLines, live_console
    from mdtodo.reporting.status import watch_heading

    now, when = look(), time.time()
    problem: MdtodoError | None = None

    def rows(width: int, _: int) -> list[Text]:
        return [*watch_heading(when, interval, problem), *now(width)]

    try:
        with LiveLines(live_console(colored=session.colored()), rows, interval=0.5, keep=True) as live:
            while True:
                live.draw()
                time.sleep(interval)
                try:
                    session.reread()
                    now, when, problem = look(), time.time(), None
                except MdtodoError as error:
                    # shown, and looked at again: a file that is being saved is whole the next time
                    problem = error
    except KeyboardInterrupt:
        return
