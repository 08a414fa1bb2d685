"""`mdtodo install`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.cli.session import Session
    from mdtodo.repo.hookfiles import Change


@click.command(
    "install",
    epilog="\b\nExamples:\n  mdtodo install\n  mdtodo install --verify      and verify what is done before a push\n"
    "  mdtodo uninstall\n\nThose who use pre-commit or prek need none of this: see docs/hooks.md.",
)
@click.option("--verify", is_flag=True, help="Also run `mdtodo verify` before a push.")
@click.pass_obj
def command(session: Session, verify: bool) -> None:
    """Set up git hooks that check what is staged before each commit and merge.

    A hook that is there already runs first, as before, and its exit code counts. May be repeated.
    """
    from mdtodo.running.hooking import set_up

    tell_changes(set_up(session.repo, verify=verify))


def tell_changes(changes: Iterable[Change]) -> None:
    """A line for each hook, as it is done."""
    import os

    from mdtodo.reporting.text import one_line

    for change in changes:
        click.echo(f"{change.outcome:<7}  {one_line(os.path.relpath(change.path))}")
        for note in change.notes:
            click.echo(f"         {one_line(note)}")
