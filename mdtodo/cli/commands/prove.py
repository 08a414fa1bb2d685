"""`mdtodo prove`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli._accept import accept_and_report
from mdtodo.cli._run import report_dry_run, run_and_report, say
from mdtodo.cli.options import (
    claimed_with,
    dry_run_option,
    fresh_option,
    ids_argument,
    jobs_option,
    json_option,
    token_option,
)

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.run.recheck.prove import ToProve
    from mdtodo.run.run_options import Options


@click.command(
    "prove",
    epilog="\b\nExamples:\n  mdtodo prove                   all ticks that `mdtodo check` calls unproven\n"
    "  mdtodo prove --dry-run         which those are; nothing is started\n"
    "  mdtodo prove 3f2a --no-commit\n"
    "  mdtodo prove --accept          take all that is ticked as it stands",
)
@ids_argument(required=False)
@jobs_option
@dry_run_option
@click.option("--accept", is_flag=True, help="Run nothing: take unproven ticks as they stand, in a commit.")
@click.option("--no-commit", is_flag=True, help="Keep the receipts in this clone's journal; commit nothing.")
@click.option("--dirty", is_flag=True, help="Open boxes even if tracked files differ from HEAD.")
@fresh_option
@token_option
@json_option
@click.pass_obj
def command(
    session: Session,
    /,
    ids: tuple[str, ...],
    jobs: int | None,
    dry_run: bool,
    accept: bool,
    no_commit: bool,
    dirty: bool,
    fresh: bool,
    token: int | None,
    as_json: bool,
) -> int:
    """Run the processors of ticked tasks that nothing proves; what passes gets a receipt, and what fails is opened.

    Both go into one commit, which changes no file where nothing is opened. Ticks that a processor defers or skips (exit
    75, 77) stay as they are, and so do those whose processor has `repeatable = false`, or is not configured. If tracked
    files differ from HEAD, TODO files aside, nothing is opened without --dirty. An open task named by ID is run.
    Exits 1 if a task fails, or if one named by ID cannot be proven.

    With --accept nothing is run: your word stands for all ticks that HEAD has, or for those of the tasks named by ID.
    """
    from mdtodo.errors import UsageError
    from mdtodo.landing.recovery.follow_claims import follow_claims
    from mdtodo.project.archives import with_unproven_in_archives
    from mdtodo.run.recheck.prove import to_prove, unproven_ticks
    from mdtodo.run.run_options import Options

    if accept:
        if jobs is not None or no_commit or dirty or fresh or as_json:
            raise UsageError("--accept runs nothing: it takes ids and --dry-run alone")
        return accept_and_report(session, ids, dry_run=dry_run)
    lists = session.project()
    follow_claims(lists)
    project, archives = with_unproven_in_archives(lists, ids, lambda every: unproven_ticks(every).unproven)
    ticks = unproven_ticks(project)
    found = to_prove(project, ticks, ids)
    if as_json and found.todo and found.ticks:
        raise UsageError("--json prints one run: name open tasks alone, or ticked ones alone")
    _report_others(found, unjudged=0 if ids else ticks.unjudged)
    options = Options(
        chosen=found.ticks,
        asked=found.ticks if ids else frozenset(),
        jobs=jobs or 0,
        commit="none" if no_commit else session.config.commit,
        fresh=fresh,
        token=claimed_with(token, ids),
        verify=True,
        prove=True,
        dirty=dirty,
        new_ticks=ticks.new,
        archives=archives,
    )
    code = _run(session, options, found, dry_run=dry_run, as_json=as_json)
    return code or (1 if found.refused else 0)


def _run(session: Session, options: Options, found: ToProve, *, dry_run: bool, as_json: bool) -> int:
    """Run what is open, then what is ticked; the exit code."""
    from dataclasses import replace

    tell = report_dry_run if dry_run else run_and_report
    codes = []
    if found.todo:
        run = replace(options, chosen=found.todo, asked=found.todo, verify=False, prove=False)
        codes.append(tell(session, run, as_json=as_json))
    if found.ticks or not found.todo:  # also without any: what a killed run has proven lands then
        codes.append(tell(session, options, as_json=as_json))
        codes.append(0 if dry_run else _report_not_counted(session, options.archives))
    return max(codes, default=0)


def _report_others(found: ToProve, *, unjudged: int) -> None:
    """Say of which ticks nothing is run, and why."""
    from mdtodo.reporting.findings import tell_unjudged

    if unjudged:
        tell_unjudged(unjudged)
    say((*found.left, *found.proven, *found.refused))


def _report_not_counted(session: Session, archives: tuple[str, ...]) -> int:
    """Say of what passed, and is still unproven, why that is so; 1 where there is such a tick."""
    from mdtodo.core.results import Outcome
    from mdtodo.run.recheck.prove import not_counted

    passed = {one.id for report in session.reports for one in report.tasks if one.outcome is Outcome.DONE}
    sentences = not_counted(session.project(archives), frozenset(passed))
    say(sentences)
    return 1 if sentences else 0
