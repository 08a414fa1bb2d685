"""`mdtodo run`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from mdtodo.cli._run import pool_ahead, refuse_list, report_dry_run, run_and_report
from mdtodo.cli.options import claimed_with, dry_run_option, duration_option, token_option
from mdtodo.cli.shared_options import run_options
from mdtodo.errors import UsageError

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.cli.shared_options import Given


def _run_id(_ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    import re

    if value is not None and not re.fullmatch(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{6}", value, re.ASCII):
        raise click.BadParameter("a run is called as 20261121T101500-3f2a91")
    return value


@click.command(
    "run",
    epilog="\b\nExamples:\n  mdtodo run                    all tasks that are ready or become ready\n"
    "  mdtodo run 3f2a --no-commit   one task, ticked but not committed\n"
    "  mdtodo run --priority critical --dry-run\n"
    "  mdtodo run --report junit.xml  for GitLab, Jenkins and others\n"
    "  mdtodo run --push             also push, including what a failed push left\n"
    "  mdtodo run --remote origin --push   one of several clones at work",
)
@dry_run_option
@click.option(
    "--fail-fast", is_flag=True, help="After a failure, start no more tasks; running ones may finish."
)
@token_option
@click.option(
    "--report",
    metavar="FILE",
    help="Also write what became of the tasks to FILE: .md for markdown, .xml for JUnit.",
)
@click.option("--run-id", hidden=True, callback=_run_id, help="What the run is called, for who starts it.")
@click.option(
    "--metrics-file",
    metavar="FILE",
    help="Write metrics there, for node_exporter's textfile collector, whatever the run comes to.",
)
@click.option(
    "--executor",
    metavar="URL",
    help="Run on a Dask cluster: dask://HOST:PORT, tls://HOST:PORT, or local-cluster:N to try it; local: here.",
)
@click.option(
    "--insecure",
    is_flag=True,
    help="Use a scheduler without TLS on another host: whoever reaches it runs anything.",
)
@duration_option("--reconnect", "For how long a scheduler that was lost is waited for; default: 60s.")
@click.pass_obj
@run_options
def command(
    session: Session,
    given: Given,
    /,
    *,
    dry_run: bool,
    fail_fast: bool,
    token: int | None,
    report: str | None,
    run_id: str | None,
    metrics_file: str | None,
    executor: str | None,
    insecure: bool,
    reconnect: float | None,
) -> int:
    """Run the tasks that are ready or become ready, tick those that pass, and commit the ticks with their receipts.

    A task is ready when everything it waits for is done. Its processor is the one that its line, its section or the
    configuration names. Ctrl-C stops cleanly and keeps what is done.

    Exits 1 if a task fails, if a task that should run has been given up, or if a task named by ID cannot start.
    """

    def run() -> int:
        where = {"executor": executor, "insecure": insecure, "reconnect": reconnect}
        more = {"fail_fast": fail_fast, "run_id": run_id, **where}
        with pool_ahead(dry_run=dry_run, executor=executor):
            return _run(session, given, dry_run=dry_run, report=report, token=token, **more)

    if metrics_file is None or dry_run:
        return run()
    from mdtodo.cli._metrics_file import with_metrics_file

    refuse_list(session, os.path.join(session.directory, metrics_file))
    return with_metrics_file(session, metrics_file, run)


def _run(
    session: Session, given: Given, *, dry_run: bool, report: str | None, token: int | None, **more: Any
) -> int:
    from mdtodo.project.capabilities import told

    wanted = given.wanted(session)
    if (token := claimed_with(token, wanted.asked)) is not None:
        from mdtodo.operations.claim import refuse_other_token

        refuse_other_token(session.project(), wanted.asked, token)
    if dry_run and report is not None:
        raise UsageError("--report tells of a run, and --dry-run is none: leave one of them out")
    options = given.options(session, wanted, can=told(given.can), token=token, **more)
    if dry_run:
        return report_dry_run(session, options, as_json=given.as_json)
    return run_and_report(
        session, options, as_json=given.as_json, push=given.push, remote=given.remote, file=report
    )
