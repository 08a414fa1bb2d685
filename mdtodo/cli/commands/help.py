"""`mdtodo help [COMMAND]`."""

from __future__ import annotations

import click

from mdtodo.cli import LazyGroup, refuse_unknown


def _commands(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    group = ctx.find_root().command
    names = group.list_commands(ctx) if isinstance(group, click.Group) else []
    return [name for name in names if name.startswith(incomplete)]


@click.command("help", epilog="\b\nExamples:\n  mdtodo help\n  mdtodo help run\n  git mdtodo help run")
@click.argument("name", required=False, metavar="[COMMAND]", shell_complete=_commands)
@click.pass_context
def command(ctx: click.Context, name: str | None) -> None:
    """Show the help of a command; without one, the overview.

    The same as `mdtodo COMMAND --help`. (`git mdtodo --help` looks for a man page; `git mdtodo help` and
    `git mdtodo -h` do not.)
    """
    root = ctx.find_root()
    if name is None:
        click.echo(root.get_help())
        return
    refuse_unknown(ctx, name)
    assert isinstance(root.command, LazyGroup)
    called = root.command.get_command(root, name)
    assert called is not None
    click.echo(click.Context(called, parent=root, info_name=called.name).get_help())
