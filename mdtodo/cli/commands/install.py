"""`mdtodo install`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.cli.context import Session
    from mdtodo.integrations.git_hooks.scripts import HookChange


@click.command(
    "install",
    epilog="\b\nExamples:\n  mdtodo install\n  mdtodo install --verify      also verify done tasks before a push\n"
    "  mdtodo uninstall\n\nWith pre-commit or prek this is not needed: see docs/hooks.md.",
)
@click.option("--verify", is_flag=True, help="Also run `mdtodo verify` before a push.")
@click.pass_obj
def command(session: Session, verify: bool) -> None:
    """Install git hooks that check what is staged before each commit and merge, and add receipts to its message.

    An existing hook still runs first, and its exit code counts. Safe to repeat.
    """
    from mdtodo.integrations.git_hooks.install import install_hooks

    if report_changes(install_hooks(session.repo, verify=verify)):
        session.say("`mdtodo uninstall` removes it")


def report_changes(changes: Iterable[HookChange]) -> int:
    """A line for each hook, as it is done; how many were changed. Of one that has nothing of ours, only its notes."""
    import os

    from mdtodo.reporting.text import one_line

    changed = 0
    for change in changes:
        changed += change.outcome not in ("kept", "absent")
        parts = [_DID[change.outcome, change.whole]] if change.outcome != "absent" else []
        if told := "; ".join([*parts, *change.notes]):
            click.echo(one_line(f"{os.path.relpath(change.path)}: {told}"))
    return changed


_DID = {
    ("added", True): "created",
    ("kept", False): "already installed",
    ("updated", False): "updated the call to mdtodo",
    ("updated", True): "created anew",
    ("removed", True): "removed",
    ("removed", False): "removed the call to mdtodo, and left the rest as it is",
}
