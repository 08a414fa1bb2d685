"""`mdtodo completion SHELL`."""

from __future__ import annotations

import click


@click.command(
    "completion",
    epilog='\b\nExamples:\n  eval "$(mdtodo completion bash)"        in ~/.bashrc\n'
    '  eval "$(mdtodo completion zsh)"         in ~/.zshrc\n'
    "  mdtodo completion fish > ~/.config/fish/completions/mdtodo.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for a shell: commands, options, and the ids of tasks."""
    from click.shell_completion import get_completion_class

    from mdtodo.cli import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(kind(cli, {}, "mdtodo", "_MDTODO_COMPLETE").source())
