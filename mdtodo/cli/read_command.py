"""Commands that show the tasks, and write nothing themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.cli.context import Session


class ReadCommand(click.Command):
    """A command that wants the results of killed runs to have landed when it begins.

    It only says so: the group gives it `before`, which is called once the command line has turned out to be valid. So
    neither the command nor what it imports can reach what writes the repository.
    """

    before: Callable[[Session], None] | None = None

    def invoke(self, ctx: click.Context) -> Any:
        """The command itself, after what has to come before it."""
        if self.before is not None:
            self.before(ctx.obj)
        return super().invoke(ctx)
