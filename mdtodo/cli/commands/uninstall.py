"""`mdtodo uninstall`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command("uninstall", epilog="\b\nExamples:\n  mdtodo uninstall")
@click.pass_obj
def command(session: Session) -> None:
    """Remove what `mdtodo install` added to the git hooks, and nothing else.

    Hooks that existed before are restored, with your changes since.
    """
    from mdtodo.cli.commands.install import report_changes
    from mdtodo.integrations.git_hooks.install import uninstall_hooks

    if not report_changes(uninstall_hooks(session.repo)):
        click.echo("nothing to uninstall: no hook calls mdtodo")
