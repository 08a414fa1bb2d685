"""`mdtodo status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.text import Text

    from mdtodo.cli.context import Session
    from mdtodo.planning.analysis.overview import Overview
    from mdtodo.planning.plan import Plan


@click.command(
    "status",
    epilog="\b\nExamples:\n  mdtodo status                        the current state\n"
    "  mdtodo status --watch                the same, kept up to date until Ctrl-C\n"
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
@json_option
@click.pass_obj
def command(session: Session, watch: bool, interval: float, as_json: bool) -> None:
    """Show tasks by state, what is in hand, the runners, and results by lane.

    A task in hand is running, waits for its retry, or is over and waits for the commit (landing); only the first takes
    a slot. A runner is live, silent (killed, or without a sign for 15 seconds) or gone (it has ended, or was silent for
    longer than `lease`).

    Read-only. Every figure is measured; in JSON, a figure that cannot be measured is null. With --watch, a terminal
    is updated in place; elsewhere the status is printed again each time.
    """
    import sys

    from mdtodo.reporting.text import redraws

    def show() -> None:
        _show(session, as_json=as_json)

    if not watch:
        show()
    elif as_json or not redraws(sys.stdout):
        _print_again(show, interval, between="" if as_json else "\n")
    else:
        _redraw(session, interval)


def _show(session: Session, *, as_json: bool) -> None:
    import time

    found, plan = _read_status(session)
    if as_json:
        from mdtodo.reporting.status_json import print_status_json

        print_status_json(found, plan, time.time())
        return
    from mdtodo.reporting.status import print_status

    print_status(found, plan, time.time(), colored=session.colored())
    if not found.total:
        session.say('no tasks yet: `mdtodo add "Tests pass"` creates the first')


def _read_status(session: Session) -> tuple[Overview, Plan]:
    """What goes on at this moment."""
    from mdtodo.planning.analysis.overview import overview
    from mdtodo.storage.activity import activity
    from mdtodo.storage.run_history import past_runs

    doing = activity(session.repo)
    plan = session.project().plan
    return overview(plan, session.config, past_runs(session.repo), doing), plan


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


def _redraw(session: Session, interval: float) -> None:
    """Show it in place until Ctrl-C; what it was then stays. A file that cannot be read meanwhile does not end it."""
    import time

    from mdtodo.errors import MdtodoError
    from mdtodo.reporting.live import LiveLines, live_console
    from mdtodo.reporting.status import status_rows, watch_heading

    colored = session.colored()
    now, when = _read_status(session), time.time()
    problem: MdtodoError | None = None

    def rows(width: int, _: int) -> list[Text]:
        shown = status_rows(*now, when, colored=colored, width=width)
        return [*watch_heading(when, interval, problem), *shown]

    try:
        with LiveLines(live_console(colored=colored), rows, interval=0.5, keep=True) as live:
            while True:
                live.draw()
                time.sleep(interval)
                try:
                    session.reread()
                    now, when, problem = _read_status(session), time.time(), None
                except MdtodoError as error:
                    # shown, and looked at again: a file that is being saved is whole the next time
                    problem = error
    except KeyboardInterrupt:
        return
