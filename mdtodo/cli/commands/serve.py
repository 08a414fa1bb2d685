"""`mdtodo serve`, and `mdtodo serve token`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


@click.group(
    "serve",
    invoke_without_command=True,
    epilog="\b\nExamples:\n  mdtodo serve                             the page and the API, for this machine\n"
    "  mdtodo serve --repo a --repo b           several repositories\n"
    "  mdtodo serve --host 0.0.0.0 --tokens ~/tokens.toml --certfile c.pem --keyfile k.pem\n\n"
    "Needs `pip install 'git-mdtodo[serve]'`. docs/serve.md says more.",
)
@click.option("--repo", "repos", multiple=True, metavar="DIR", help="A repository to serve; can be repeated.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any that is free."
)
@click.option("--certfile", metavar="FILE", help="The certificate for https.")
@click.option("--keyfile", metavar="FILE", help="Its key, where it is in another file.")
@click.option("--tokens", metavar="FILE", help="The file of tokens, see `mdtodo serve token`.")
@click.option("--allowed-host", "hosts", multiple=True, metavar="NAME", help="A name that this server has.")
@click.option("--allow-runs", is_flag=True, help="Let tokens that may `run` start runs.")
@click.pass_context
def command(
    context: click.Context,
    repos: tuple[str, ...],
    host: str,
    port: int,
    certfile: str | None,
    keyfile: str | None,
    tokens: str | None,
    hosts: tuple[str, ...],
    allow_runs: bool,
) -> int:
    """Serve a page and an API over HTTP: what there is, what goes on, and a person's word.

    On this machine alone, unless --host says otherwise. Whoever changes something needs a token, on another address
    than 127.0.0.1 whoever asks for anything. Ctrl-C ends.
    """
    if context.invoked_subcommand is not None:
        return 0
    session: Session = context.obj
    from mdtodo.cli._serve import start

    return start(session, repos, (host, port, certfile, keyfile), tokens, hosts, allow_runs=allow_runs)
