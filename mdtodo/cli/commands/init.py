"""`mdtodo init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command("init", epilog="\b\nExamples:\n  mdtodo init\n  mdtodo run")
@click.pass_obj
def command(session: Session) -> None:
    """Set up a starter TODO.md and a configuration in the repository's root; never overwrites."""
    from mdtodo.running.starting import starter

    repo = session.repo
    for path, made in starter(repo):
        click.echo(f"{'made' if made else 'kept'}  {path}")
    click.echo("mdtodo: `mdtodo list` shows the tasks, `mdtodo run` does what can be proven", err=True)
