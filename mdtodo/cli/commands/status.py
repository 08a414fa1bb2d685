"""`mdtodo status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mdtodo.cli._projects import repo_options
from mdtodo.cli.options import json_option
from mdtodo.planning.analysis.task_groups import GROUPS

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
    "  mdtodo status --by section           how far each section is\n"
    "  mdtodo status --repo a --repo b      several repositories\n"
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
@repo_options
@click.pass_obj
def command(
    session: Session, /, watch: bool, interval: float, by: str | None, as_json: bool, **which: Any
) -> None:
    """Show tasks by state, what is in hand, the runners, and results by lane; with --by how far each group of tasks is.

    A task in hand is running, waits for its retry, or is over and waits for the commit (landing); only the first takes
    a slot. A runner is live, silent (killed, or without a sign for 15 seconds) or gone (it has ended, or was silent for
    longer than `lease`).

    Read-only. Every figure is measured; in JSON, a figure that cannot be measured is null. With --watch, a terminal
    is updated in place; elsewhere the status is printed again each time.
    """
    import sys

    from mdtodo.reporting.text import redraws

    if which["repos"] or which["everything"]:
        _show_several(session, by, watch=watch, as_json=as_json, **which)
        return
    if not watch:
        _show(session, by, as_json=as_json)
    elif as_json or not redraws(sys.stdout):
        _print_again(lambda: _show(session, by, as_json=as_json), interval, between="" if as_json else "\n")
    else:
        _redraw(session, interval, by)


def _show_several(
    session: Session, by: str | None, *, watch: bool, as_json: bool, repos: tuple[str, ...], everything: bool
) -> None:
    """Those of several repositories, one below the other; in JSON a document for each."""
    from mdtodo.cli._projects import repositories
    from mdtodo.cli.context import Session
    from mdtodo.errors import UsageError

    if watch:
        raise UsageError("--watch shows one repository; `mdtodo serve` shows several, and keeps up")
    found = repositories(session, repos, everything=everything)
    sessions = {
        name: Session(root, session.color, verbosity=session.verbosity) for name, root in found.items()
    }
    if as_json:
        from mdtodo.reporting.json_documents import print_json

        documents = [{"project": name, **_document(one, by)} for name, one in sessions.items()]
        print_json({"version": 1, "projects": documents})
        return
    for number, (name, one) in enumerate(sessions.items()):
        heading = f"{name}  {found[name]}"
        click.echo(("\n" if number else "") + click.style(heading, bold=True), color=session.colored())
        _show(one, by, as_json=False)


def _document(session: Session, by: str | None) -> dict[str, object]:
    import time

    if by is not None:
        from mdtodo.planning.analysis.task_groups import task_groups
        from mdtodo.reporting.task_groups import task_groups_document

        plan = session.project().plan
        return task_groups_document(task_groups(plan, by), by, len(plan.tasks), time.time())
    from mdtodo.reporting.status_json import status_document

    return status_document(*_read_status(session), time.time())


def _show(session: Session, by: str | None, *, as_json: bool) -> None:
    import time

    if by is not None:
        _show_groups(session, by, as_json=as_json)
        return
    found, plan = _read_status(session)
    if as_json:
        from mdtodo.reporting.status_json import print_status_json

        print_status_json(found, plan, time.time())
        return
    from mdtodo.reporting.status import print_status

    print_status(found, plan, time.time(), colored=session.colored())
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


def _rows(session: Session, by: str | None) -> Callable[[int], list[Text]]:
    """What goes on, or how far the groups are, as rows of a terminal of any width."""
    import time

    colored = session.colored()
    if by is None:
        from mdtodo.reporting.status import status_rows

        (found, plan), now = _read_status(session), time.time()
        return lambda width: status_rows(found, plan, now, colored=colored, width=width)
    from mdtodo.planning.analysis.task_groups import task_groups
    from mdtodo.reporting.task_groups import group_rows

    groups = task_groups(session.project().plan, by)
    return lambda width: group_rows(groups, by, colored=colored, width=width)


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


def _redraw(session: Session, interval: float, by: str | None) -> None:
    """Show it in place until Ctrl-C; what it was then stays. A file that cannot be read meanwhile does not end it."""
    import time

    from mdtodo.errors import MdtodoError
    from mdtodo.reporting.live import LiveLines, live_console
    from mdtodo.reporting.status import watch_heading

    now, when = _rows(session, by), time.time()
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
                    now, when, problem = _rows(session, by), time.time(), None
                except MdtodoError as error:
                    # shown, and looked at again: a file that is being saved is whole the next time
                    problem = error
    except KeyboardInterrupt:
        return
