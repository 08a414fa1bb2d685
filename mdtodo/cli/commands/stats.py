"""`mdtodo stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.core.results import PastRun
    from mdtodo.planning.analysis.statistics import Statistics

GROUPS = ["processor", "lane", "category", "worker"]
#: What a row of `--trend` can stand for; as `planning.analysis.trend` has them, which takes long to import.
PERIODS = ["day", "week", "month"]


@click.command(
    "stats",
    epilog="\b\nExamples:\n  mdtodo stats                     all processors that have run\n"
    "  mdtodo stats --since 7d          the last seven days\n"
    "  mdtodo stats --by lane           lanes in place of processors\n"
    "  mdtodo stats --trend             what was opened and closed, week by week\n"
    "  mdtodo stats --json | jq -r '.flaky[].task'",
)
@click.option(
    "--processor",
    "processors",
    multiple=True,
    metavar="NAME",
    help="Only this processor; can be repeated.",
)
@click.option(
    "--since",
    metavar="WHEN",
    help="Only runs that finished since a date (2026-11-01), or in the last 7d or 12h.",
)
@click.option(
    "--by",
    type=click.Choice([*GROUPS, *PERIODS]),
    metavar="WHAT",
    help="What the table has a row for: processor (the default), lane, category or worker, of which lane and category"
    " are those that a task has now; with --trend: day, week (the default) or month.",
)
@click.option(
    "--trend",
    "as_trend",
    is_flag=True,
    help="How the lists grew and shrank in the history of the branch: tasks opened, closed and still open.",
)
@json_option
@click.pass_obj
def command(
    session: Session,
    processors: tuple[str, ...],
    since: str | None,
    by: str | None,
    as_trend: bool,
    as_json: bool,
) -> None:
    """Show how often each processor succeeds and how long it takes, what it has measured, which tasks are flaky, and
    estimated and actual durations.

    Everything is measured, from this clone's journal and the receipts on this branch. Durations are those of
    processors, not of people.
    """
    from mdtodo.storage.run_history import past_runs

    begin = None if since is None else _moment(since)
    by = _row(by, PERIODS if as_trend else GROUPS, "week" if as_trend else "processor")
    if as_trend:
        _print_trend(session, by, begin, processors, as_json=as_json)
        return
    runs = past_runs(session.repo)
    found = _statistics(session, runs, processors, begin, by)
    if as_json:
        from mdtodo.reporting.stats import print_stats_json

        print_stats_json(found, begin, by=by)
    elif found.runs:
        from mdtodo.reporting.stats import print_stats

        print_stats(found, by=by, colored=session.colored())
    elif runs:
        session.say("no run matches; `mdtodo stats` without options shows all")
    else:
        session.say("no processor has run yet; `mdtodo run` runs the tasks that are ready")


def _row(by: str | None, known: list[str], default: str) -> str:
    if by is not None and by not in known:
        from mdtodo.errors import UsageError

        raise UsageError(f"--by {by} is not for this: {', '.join(known)}; `--trend` has rows by time")
    return by or default


def _print_trend(
    session: Session, by: str, since: float | None, processors: tuple[str, ...], *, as_json: bool
) -> None:
    import time

    from mdtodo.planning.analysis.trend import trend
    from mdtodo.project.list_history import is_cut_off, versions
    from mdtodo.reporting.trend import print_trend, print_trend_json

    if processors:
        from mdtodo.errors import UsageError

        raise UsageError("--processor chooses runs, and --trend counts tasks: leave one of them out")
    cut_off = is_cut_off(session.repo)
    found = trend(versions(session.repo, session.config), by, time.time())
    if as_json:
        print_trend_json(found, by, since, cut_off=cut_off)
        return
    if cut_off:
        session.say("this clone is shallow: what is older than its first commit counts as opened there")
    if found:
        print_trend(found, by, since, colored=session.colored())
    else:
        session.say("no commit has a TODO file yet")


def _statistics(
    session: Session, runs: tuple[PastRun, ...], processors: tuple[str, ...], since: float | None, by: str
) -> Statistics:
    from mdtodo.planning.analysis.statistics import category_of, lane_of, statistics

    plan = session.readable_plan()
    groups = {"lane": lane_of(plan), "category": category_of(plan), "worker": lambda one: one.worker}
    tasks = {} if plan is None else plan.tasks
    return statistics(runs, tasks, processors=processors, since=since, group_of=groups.get(by))


def _moment(text: str) -> float:
    from mdtodo.config.value_types import parse_moment
    from mdtodo.errors import UsageError

    try:
        return parse_moment(text)
    except ValueError as error:
        raise UsageError(
            f"--since {text!r} must be a date such as 2026-11-01, or a duration such as 7d"
        ) from error
