"""`mdtodo stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "stats",
    epilog="\b\nExamples:\n  mdtodo stats                     all processors that have run\n"
    "  mdtodo stats --since 7d          the last seven days\n"
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
@json_option
@click.pass_obj
def command(session: Session, processors: tuple[str, ...], since: str | None, as_json: bool) -> None:
    """Show how often each processor succeeds and how long it takes, which tasks are flaky, and estimated and
    actual durations.

    Everything is measured, from this clone's journal and the receipts on this branch. Durations are those of
    processors, not of people.
    """
    from mdtodo.planning.analysis.statistics import statistics
    from mdtodo.storage.run_history import past_runs

    begin = None if since is None else _moment(since)
    runs = past_runs(session.repo)
    found = statistics(runs, session.readable_tasks(), processors=processors, since=begin)
    if as_json:
        from mdtodo.reporting.stats import print_stats_json

        print_stats_json(found, begin)
    elif found.runs:
        from mdtodo.reporting.stats import print_stats

        print_stats(found, colored=session.colored())
    elif runs:
        session.say("no run matches; `mdtodo stats` without options shows all")
    else:
        session.say("no processor has run yet; `mdtodo run` runs the tasks that are ready")


def _moment(text: str) -> float:
    """Unix time of a date, a date with time, or a duration before now."""
    import time
    from datetime import datetime

    from mdtodo.config.value_types import parse_duration
    from mdtodo.errors import UsageError

    try:
        return time.time() - parse_duration(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"--since {text!r} must be a date such as 2026-11-01, or a duration such as 7d"
        ) from error
