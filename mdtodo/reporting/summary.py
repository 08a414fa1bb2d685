"""The end of a run: counts, commits, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.reporting.text import one_line
from mdtodo.results import Outcome, RunReport

if TYPE_CHECKING:
    from collections.abc import Iterator

_STYLES = {
    Outcome.DONE: "green",
    Outcome.CACHED: "green",
    Outcome.FAILED: "red",
    Outcome.INTERRUPTED: "yellow",
}
#: What a processor does without saying so in the report: its output has the reason.
_PUT_OFF = (Outcome.SKIPPED, Outcome.DEFERRED)


def print_summary(report: RunReport, *, color: bool | None, verified: bool = False) -> None:
    """`5 done, 1 failed, 2 blocked`, the commits, and the next step; `verified`: of tasks that were done."""
    print_messages(report)
    counts = [
        click.style(f"{count} {outcome}", _STYLES.get(Outcome(outcome)))
        for outcome, count in report.summary.items()
        if count
    ]
    nothing = "no done task has a processor: nothing to verify" if verified else report.nothing
    click.echo(nothing if report.idle else ", ".join(counts), color=color)
    for commit in report.commits:
        click.echo(f"committed {commit[:10]}", color=color)
    for hint in _hints(report) if report.tasks or not verified else ():
        click.echo(f"  {hint}", err=True)


def print_messages(report: RunReport) -> None:
    """What a person should know, whoever reads the rest."""
    for message in report.messages:
        click.echo(f"mdtodo: {one_line(message)}", err=True)


def _hints(report: RunReport) -> Iterator[str]:
    """What a person would want to know next."""
    if not report.tasks:
        yield "`mdtodo list` says what each task waits for; `run:NAME` on its line gives it a processor"
    failed = [task for task in report.tasks if task.outcome is Outcome.FAILED]
    if failed:
        first = failed[0].id
        yield f"`mdtodo run {first}` tries it again"
    passed_over = [task for task in report.tasks if task.outcome in _PUT_OFF and task.tail.strip()]
    if passed_over:
        yield f"`mdtodo logs {passed_over[0].id}` says why it was {passed_over[0].outcome}"
    stands = [task for task in report.tasks if task.failed and task.outcome is Outcome.CACHED]
    if stands:
        yield f"`mdtodo run --fresh {stands[0].id}` runs it although its inputs are unchanged"
