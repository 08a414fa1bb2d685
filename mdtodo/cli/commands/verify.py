"""`mdtodo verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.cli._run import report_dry_run, run_and_report, say
from mdtodo.cli.options import (
    dry_run_option,
    filters,
    fresh_option,
    ids_argument,
    jobs_option,
    json_option,
    selection,
)

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "verify",
    epilog="\b\nExamples:\n  mdtodo verify                   all done tasks that have a processor\n"
    "  mdtodo verify --tag release --no-commit\n"
    "  mdtodo verify 3f2a --fresh      even if its inputs are unchanged\n"
    "  mdtodo verify --dirty           with changes that are not committed",
)
@ids_argument(required=False)
@jobs_option
@dry_run_option
@click.option("--no-commit", is_flag=True, help="Reopen only in the work tree; commit nothing.")
@click.option("--dirty", is_flag=True, help="Reopen tasks even if tracked files differ from HEAD.")
@fresh_option
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
    dirty: bool,
    fresh: bool,
    as_json: bool,
    **given: tuple[str, ...],
) -> int:
    """Run the processors of done tasks again, and reopen the tasks that no longer pass, with a receipt.

    Tasks that still pass are left as they are, without a commit; so are those deferred or skipped (exit 75, 77).
    If tracked files differ from HEAD, TODO files aside, what fails is told, but not reopened without --dirty.
    Processors with `repeatable = false` are not run again.
    Exits 1 if a task no longer passes, or if a task named by ID has nothing to verify.
    """
    from mdtodo.project.archives import with_archives
    from mdtodo.run.recheck.verify import done_tasks
    from mdtodo.run.run_options import Options

    project, archives = with_archives(session.project(), ids)
    found = done_tasks(project, ids, selection(session, given))
    say((*found.refusals, *found.left))
    if found.refusals and not found.ids and not as_json:
        return 1
    options = Options(
        chosen=found.ids,
        asked=found.ids if ids else frozenset(),
        jobs=jobs or 0,
        commit="none" if no_commit else session.config.commit,
        fresh=fresh,
        verify=True,
        dirty=dirty,
        archives=archives,
    )
    tell = report_dry_run if dry_run else run_and_report
    return tell(session, options, as_json=as_json) or (1 if found.refusals else 0)
