"""The end of a run: counts, commits, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.core.results import Outcome, RunReport
from mdtodo.reporting.text import paragraph, tell, tell_each

if TYPE_CHECKING:
    from collections.abc import Iterator

_STYLES = {
    Outcome.DONE: "green",
    Outcome.CACHED: "green",
    Outcome.FAILED: "red",
    Outcome.INTERRUPTED: "yellow",
}
_PUT_OFF = (Outcome.SKIPPED, Outcome.DEFERRED)
#: How many tasks a command names at most.
_NAMED = 48
#: Columns that a command takes at most before it is folded.
_WIDTH = 66


def print_summary(
    report: RunReport, *, color: bool | None, verified: bool = False, proven: bool = False
) -> None:
    """`5 done, 1 failed, 2 blocked`, the commits, and the next step; `verified`: of tasks that were done; `proven`: of
    those of them that nothing had proven."""
    print_messages(report)
    tell_each(report.left)
    counts = [
        click.style(f"{count} {word}", _STYLES.get(outcome))
        for outcome, word, count in _counts(report, verified=verified, proven=proven)
        if count
    ]
    nothing = "no done task has a processor: nothing to verify" if verified else report.nothing
    nothing = "nothing to prove" if proven else nothing
    click.echo(paragraph(nothing, rest="  ") if report.idle else ", ".join(counts), color=color)
    for commit in report.commits:
        click.echo(f"committed {commit[:10]}", color=color)
    for hint in _hints(report) if report.tasks or not verified else ():
        tell(hint, first="  ", rest="    ")


def _counts(report: RunReport, *, verified: bool, proven: bool) -> Iterator[tuple[Outcome, str, int]]:
    """Each outcome, in words, with its count: of what was done and failed now, whether its box is open again; of what
    had no proof, whether it has one now."""
    for outcome, count in report.summary.items():
        if verified and outcome == Outcome.FAILED:
            closed = sum(task.id in report.unopened for task in report.tasks)
            yield Outcome.FAILED, "reopened", count - closed
            yield Outcome.FAILED, "failed and not reopened", closed
        elif proven and outcome in (Outcome.DONE, *_PUT_OFF):
            word = "proven" if outcome == Outcome.DONE else f"{outcome} and left without proof"
            yield Outcome(outcome), word, count
        else:
            yield Outcome(outcome), outcome, count


def print_messages(report: RunReport) -> None:
    """What a person should know, whoever reads the rest."""
    tell_each(report.messages)


def _hints(report: RunReport) -> Iterator[str]:
    """What a person would want to know next."""
    if report.idle:
        yield from report.hints
    failed = [
        task.id for task in report.tasks if task.outcome is Outcome.FAILED and task.id not in report.unopened
    ]
    if len(failed) > _NAMED:
        yield "`mdtodo run` tries again those that have not reached max_failures"
    elif failed:
        yield _call("mdtodo run", failed, "tries it again", "tries them again")
    talkative = [task for task in report.tasks if task.outcome in _PUT_OFF and "\n" in task.tail.strip()]
    if talkative:
        yield f"`mdtodo output {talkative[0].id}` shows its full output"
    cached_failures = [task.id for task in report.tasks if task.failed and task.outcome is Outcome.CACHED]
    if cached_failures:
        call = "mdtodo run --fresh"
        yield _call(
            *(call, cached_failures),
            *(
                "runs it even though its inputs are unchanged",
                "runs them even though their inputs are unchanged",
            ),
        )


def _call(command: str, ids: list[str], does: str, do: str) -> str:
    """`` `mdtodo run A B` does``: with every id, as `mdtodo run` alone leaves out what has failed too often. Many are
    folded, so that the lines can be copied as they stand."""
    import textwrap

    whole = f"{command} {' '.join(ids)}"
    if len(whole) <= _WIDTH:
        return f"`{whole}` {does if len(ids) == 1 else do}"
    # `-` and long ids stay whole: the lines are to be copied into a shell
    lines = textwrap.wrap(
        whole, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    return f"this {do}:\n    " + " \\\n    ".join(lines)
