"""`mdtodo watch`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mdtodo.cli._run import report_left_out, run_again_and_again
from mdtodo.cli.options import (
    can_option,
    duration_option,
    filters,
    ids_argument,
    jobs_option,
    no_commit_option,
    push_option,
    remote_option,
    selection,
)

if TYPE_CHECKING:
    from mdtodo.cli.context import Session
    from mdtodo.project.project import Project


@click.command(
    "watch",
    epilog="\b\nExamples:\n  mdtodo watch                  whatever becomes ready, until Ctrl-C\n"
    "  mdtodo watch --pull --push    what others push as well, and push back\n"
    "  mdtodo watch --tag docs --interval 5m",
)
@ids_argument(required=False)
@duration_option("--interval", "Look for work after so long, if no file changes before.", "15s")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    metavar="N",
    default=10,
    show_default=True,
    help="Start at most N tasks before the commit, and the next look.",
)
@jobs_option
@can_option
@click.option("--pull", is_flag=True, help="Run git pull between batches, as git is configured.")
@push_option
@remote_option
@no_commit_option
@filters
@click.pass_obj
def command(
    session: Session,
    /,
    ids: tuple[str, ...],
    interval: float,
    batch: int,
    jobs: int | None,
    can: str | None,
    pull: bool,
    push: bool,
    remote: str | None,
    no_commit: bool,
    **given: tuple[str, ...],
) -> int:
    """Do as `run` again and again: at once when a TODO file, the configuration or HEAD changes, and after --interval.

    A batch that was full is followed by the next one at once; a task that fails is tried again after --interval, or
    when files change, until it is given up. A file or a configuration that is broken is told once, and looked at again.
    Ctrl-C keeps what is done, and ends.
    """
    from mdtodo.project.capabilities import told
    from mdtodo.run.run import select_of, select_tasks
    from mdtodo.run.run_options import Options
    from mdtodo.workers.watch import Rhythm

    chosen = selection(session, given)
    report_left_out(select_tasks(session.repo, session.config, ids, chosen).left_out)
    options = Options(jobs=jobs or 0, can=told(can))

    def now(project: Project) -> Options:
        # nothing is `asked`: a task that has given up is tried once more for whoever asks, not for ever
        commit = "none" if no_commit else project.config.commit
        return replace(options, chosen=select_of(project, ids, chosen).chosen, commit=commit)

    if push:
        from mdtodo.landing.push.after_run import refuse_push_without_commit

        refuse_push_without_commit("none" if no_commit else session.config.commit, asked=no_commit)
    rhythm = Rhythm(interval, batch, pulls=pull)
    return run_again_and_again(session, now, rhythm, as_json=False, push=push, remote=remote)
