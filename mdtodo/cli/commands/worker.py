"""`mdtodo worker`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mdtodo.cli._run import run_again_and_again, run_and_report
from mdtodo.cli.options import duration_option
from mdtodo.cli.shared_options import run_options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdtodo.cli.context import Session
    from mdtodo.cli.shared_options import Given
    from mdtodo.planning.selection import Selection
    from mdtodo.project.project import Project
    from mdtodo.run.run_options import Options


@click.command(
    "worker",
    epilog="\b\nExamples:\n  mdtodo worker                   as USER@HOST, until nothing is left\n"
    "  mdtodo worker --name g1 --can gpu  also takes needs:gpu and worker:g1\n"
    "  mdtodo worker --forever --push  waits for more, and pushes what it did\n"
    "  mdtodo worker --idle 10m        ends after ten minutes without work",
)
@click.option(
    "--name", metavar="NAME", help="What it is called: takes `worker:NAME` tasks.  [default: USER@HOST]"
)
@click.option("--forever", is_flag=True, help="When nothing is left, wait for more; Ctrl-C ends it.")
@duration_option("--idle", "Wait for more, and end after so long without work.")
@click.pass_obj
@run_options
def command(session: Session, given: Given, /, *, name: str | None, forever: bool, idle: float | None) -> int:
    """Take tasks, run them, tick and commit, as one of several workers, until nothing is left that it could do.

    Each task is run by one worker. When a worker is done, others plan again with what that has freed; one that dies
    leaves its tasks to them. At the end it says what is left, and for whom. Capabilities that are not named here are
    none: a task with `needs:gpu` is left to a worker that has `--can gpu`.

    Exits 1 as `run` does.
    """
    from mdtodo.errors import UsageError
    from mdtodo.project.capabilities import capabilities
    from mdtodo.workers.name import worker_name

    if forever and idle is not None:
        raise UsageError("--forever and --idle exclude each other: one never ends, the other after so long")
    chosen = given.selection(session)
    wanted = given.wanted(session)
    options = given.options(
        session,
        wanted,
        can=capabilities(session.repo, given.can),
        worker=worker_name(name),
        joint=True,
        selection=None if given.ids or wanted.chosen is None else chosen,
    )
    as_json, push, remote = given.as_json, given.push, given.remote
    if not forever and idle is None:
        return run_and_report(session, options, as_json=as_json, push=push, remote=remote)
    from mdtodo.workers.watch import Rhythm

    rhythm = Rhythm(most=given.limit, idle=None if forever else idle)
    return run_again_and_again(
        session,
        _of_now(options, given.ids, chosen),
        rhythm,
        as_json=as_json,
        push=push,
        remote=remote,
        worker=options.worker,
    )


def _of_now(options: Options, ids: Sequence[str], chosen: Selection) -> Callable[[Project], Options]:
    """The options for the tasks as they are, whenever that is asked."""
    from mdtodo.run.run import select_of

    return lambda project: replace(options, chosen=select_of(project, ids, chosen).chosen, asked=frozenset())
