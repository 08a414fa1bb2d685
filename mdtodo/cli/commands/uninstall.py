"""`mdtodo uninstall`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.session import Session


@click.command("uninstall", epilog="\b\nExamples:\n  mdtodo uninstall")
@click.pass_obj
def command(session: Session) -> None:
    """Take the lines of `mdtodo install` out of the git hooks again, and nothing else.

    What was there before is as it was, with what you changed since.
    """
    from mdtodo.cli.commands.install import tell_changes
    from mdtodo.running.hooking import take_away

    if not tell_changes(take_away(session.repo)):
        click.echo("nothing to uninstall: no hook calls mdtodo")
