"""`mdtodo run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli._run import refuse_useless_push, report_dry_run, report_left_out, run_and_report
from mdtodo.cli.options import (
    can_option,
    claimed_with,
    dry_run_option,
    filters,
    fresh_option,
    ids_argument,
    jobs_option,
    json_option,
    limit_option,
    no_commit_option,
    push_option,
    remote_option,
    selection,
    token_option,
)

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "run",
    epilog="\b\nExamples:\n  mdtodo run                    all tasks that are ready or become ready\n"
    "  mdtodo run 3f2a --no-commit   one task, ticked but not committed\n"
    "  mdtodo run --priority critical --dry-run\n"
    "  mdtodo run --push             also push, including what a failed push left\n"
    "  mdtodo run --remote origin --push   one of several clones at work",
)
@ids_argument(required=False)
@jobs_option
@dry_run_option
@no_commit_option
@push_option
@remote_option
@click.option(
    "--fail-fast", is_flag=True, help="After a failure, start no more tasks; running ones may finish."
)
@limit_option
@fresh_option
@can_option
@token_option
@filters
@json_option
@click.pass_obj
def command(
    session: Session,
    /,
    ids: tuple[str, ...],
    jobs: int | None,
    dry_run: bool,
    no_commit: bool,
    push: bool,
    remote: str | None,
    fail_fast: bool,
    limit: int | None,
    can: str | None,
    token: int | None,
    fresh: bool,
    as_json: bool,
    **given: tuple[str, ...],
) -> int:
    """Run the tasks that are ready or become ready, tick those that pass, and commit the ticks with their receipts.

    A task is ready when everything it waits for is done. Its processor is the one that its line, its section or the
    configuration names. Ctrl-C stops cleanly and keeps what is done.

    Exits 1 if a task fails, if a task that should run has been given up, or if a task named by ID cannot start.
    """
    from mdtodo.project.capabilities import told
    from mdtodo.run.run import select_tasks
    from mdtodo.run.run_options import Options

    wanted = select_tasks(session.repo, session.config, ids, selection(session, given))
    report_left_out(wanted.left_out)
    if (token := claimed_with(token, wanted.asked)) is not None:
        from mdtodo.operations.claim import refuse_other_token

        refuse_other_token(session.repo, wanted.asked, token)
    options = Options(
        chosen=wanted.chosen,
        asked=wanted.asked,
        jobs=jobs or 0,
        commit="none" if no_commit else session.config.commit,
        fail_fast=fail_fast,
        limit=limit,
        fresh=fresh,
        token=token,
        can=told(can),
    )
    refuse_useless_push(options, push=push, no_commit=no_commit)
    if dry_run:
        return report_dry_run(session, options, as_json=as_json)
    return run_and_report(session, options, as_json=as_json, push=push, remote=remote)
