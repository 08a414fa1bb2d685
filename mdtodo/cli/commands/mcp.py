"""`mdtodo mcp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.command(
    "mcp",
    epilog="\b\nExamples:\n  mdtodo mcp                     what a client starts, in the checkout\n"
    "  mdtodo -C ~/project mcp        the same from anywhere\n"
    "  mdtodo mcp --allow-word        agents may tick what has no processor\n\n"
    "How clients are set up is in docs/agents.md. Needs `pip install 'git-mdtodo[mcp]'`.",
)
@click.option(
    "--allow-word", is_flag=True, help="Also offer the tool `done`, for tasks without a processor alone."
)
@click.pass_obj
def command(session: Session, allow_word: bool) -> None:
    """Serve coding agents over the Model Context Protocol, on standard input and output.

    An agent finds tasks, claims one, works, and asks for the proof: the task's processor runs, and the box is ticked
    if it passes. No tool ticks a box on an agent's word, unless --allow-word is given. Ends when the client closes
    standard input. Exits 3 outside a repository.
    """
    import signal

    home = session.repo.root
    try:
        from mdtodo.mcp.server import serve
    except ModuleNotFoundError as missing:
        from mdtodo.errors import MdtodoError

        if (missing.name or "").partition(".")[0] == "mdtodo":
            raise
        hint = "pip install 'git-mdtodo[mcp]'"
        raise MdtodoError(
            f"`mdtodo mcp` needs the package mcp, which is not installed ({missing})", hint=hint
        ) from missing
    # a thread waits for the client's next line, and would keep Python from ending; a proof ends with its input
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    serve(home, allow_word=allow_word)
