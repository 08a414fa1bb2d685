"""`mdtodo demo`."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.context import Session

#: Processes of its run, so that tasks run side by side on any machine.
_JOBS = 4


@click.command(
    "demo", epilog="\b\nExamples:\n  mdtodo demo\n  mdtodo demo /tmp/shop && mdtodo -C /tmp/shop list"
)
@click.argument("folder", required=False, type=click.Path(), metavar="[DIR]")
@click.pass_obj
def command(session: Session, folder: str | None) -> None:
    """Create a small repository, run its tasks, and show TODO.md before and after, and the commit.

    It is created in DIR, which must not exist yet, or in a temporary folder. One of its
    tasks fails on purpose, and one is manual.
    """
    from mdtodo.operations.demo import LOG_FORMAT, create, last_commit, tasks
    from mdtodo.project.project import read_config
    from mdtodo.reporting.progress import observer_for
    from mdtodo.reporting.summary import print_summary
    from mdtodo.run.run import run
    from mdtodo.run.run_options import Options

    repo = create(folder)
    click.echo(f"$ cd {shlex.quote(repo.root)}\n$ cat TODO.md\n{tasks(repo)}\n$ mdtodo run -j {_JOBS}")
    with observer_for(color=session.color, quiet=False) as observer:
        report = run(repo, read_config(repo), Options(jobs=_JOBS), observer)
    print_summary(report, color=session.color)
    click.echo(f"\n$ cat TODO.md\n{tasks(repo)}")
    click.echo(f"$ git log -1 --stat --format='{LOG_FORMAT}'\n{last_commit(repo)}")
    click.echo(
        f"The repository is kept; try other commands in it, such as:\n{as_called()} -C {shlex.quote(repo.root)} list"
    )


def as_called() -> str:
    """This program, as it can be typed again where it was typed: its name where that is enough to find it."""
    from shutil import which

    path = sys.argv[0]
    name = os.path.basename(path)
    if name == "__main__.py":
        # the interpreter as it was typed; sys.executable is a path that nobody would type
        return shlex.join([sys.orig_argv[0], "-m", "mdtodo"])
    found = which(name)
    return name if found and os.path.realpath(found) == os.path.realpath(path) else shlex.quote(path)
