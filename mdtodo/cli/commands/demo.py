"""`mdtodo demo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command(
    "demo", epilog="\b\nExamples:\n  mdtodo demo\n  mdtodo demo /tmp/shop && mdtodo -C /tmp/shop list"
)
@click.argument("folder", required=False, type=click.Path(), metavar="[DIR]")
@click.pass_obj
def command(session: Session, folder: str | None) -> None:
    """Make a small repository, run the main job on it, show the boxes and the commits.

    It is made in DIR, which must not be there yet, or in a temporary folder. One of its
    tasks fails on purpose, and two wait for a person.
    """
    from mdtodo.reporting.progress import watcher_for
    from mdtodo.reporting.summary import print_summary
    from mdtodo.running.board import read_config
    from mdtodo.running.course import Options
    from mdtodo.running.demonstration import boxes, commits, make
    from mdtodo.running.runner import run

    repo = make(folder)
    click.echo(f"$ cd {repo.root}\n$ mdtodo run")
    with watcher_for(color=session.color, quiet=False) as watcher:
        report = run(repo, read_config(repo), Options(), watcher)
    print_summary(report, color=session.color)
    click.echo(f"\n$ cat TODO.md docs/TODO.md todo/release.md\n{boxes(repo)}")
    click.echo(f"$ git log --stat\n{commits(repo)}")
    click.echo(f"The repository is in {repo.root}: try `mdtodo -C {repo.root} list`.")
