"""`mdtodo serve`, and `mdtodo serve token`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mdtodo.cli._projects import repo_options
from mdtodo.cli.options import json_option

if TYPE_CHECKING:
    from mdtodo.cli.context import Session


_tokens_option = click.option(
    "--tokens",
    metavar="FILE",
    help="The file of tokens.  [default: mdtodo/tokens.toml in the user's folder of configurations]",
)


@click.group(
    "serve",
    invoke_without_command=True,
    epilog="\b\nExamples:\n  mdtodo serve                    the page and the API, for this machine\n"
    "  mdtodo serve --repo a --repo b  several repositories\n"
    "  mdtodo serve token add ann@example.org --may read,word --expires 90d\n"
    "  mdtodo serve --host 0.0.0.0 --certfile cert.pem --keyfile key.pem\n\n"
    "Needs `pip install 'git-mdtodo[serve]'`. docs/serve.md says more.",
)
@repo_options
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any that is free."
)
@click.option("--certfile", metavar="FILE", help="The certificate for https.")
@click.option("--keyfile", metavar="FILE", help="Its key, where it is in another file.")
@_tokens_option
@click.option("--allowed-host", "hosts", multiple=True, metavar="NAME", help="A name that this server has.")
@click.option("--allow-runs", is_flag=True, help="Let tokens that may `run` start runs.")
@click.pass_context
def command(
    context: click.Context,
    /,
    host: str,
    port: int,
    certfile: str | None,
    keyfile: str | None,
    tokens: str | None,
    hosts: tuple[str, ...],
    allow_runs: bool,
    **which: Any,
) -> int:
    """Serve a page and an API over HTTP: what there is, what goes on, and a person's word.

    On this machine alone, unless --host says otherwise. Whoever changes something needs a token, on another address
    than 127.0.0.1 whoever asks for anything. Ctrl-C ends.
    """
    if context.invoked_subcommand is not None:
        return 0
    session: Session = context.obj
    from mdtodo.cli._serve import start

    return start(session, which, (host, port, certfile, keyfile), tokens, hosts, allow_runs=allow_runs)


@command.group("token")
def token() -> None:
    """Add, list and revoke the tokens of people who ask a server; it learns of a change at once.

    The file keeps digests alone, so a token is shown once: when it is added. It is for its owner alone (mode 0600),
    and outside of every repository.
    """


@token.command(
    "add",
    epilog="\b\nExamples:\n  mdtodo serve token add ann@example.org\n"
    "  mdtodo serve token add bot@example.org --may read,word,run --expires 90d --name ci",
)
@click.argument("email")
@click.option(
    "--may", default="read,word", show_default=True, metavar="A,B", help="Any of read, word and run."
)
@click.option(
    "--expires", metavar="WHEN", help="A date (2026-12-31), or a time from now (90d); default: never."
)
@click.option("--name", metavar="NAME", help="What it is called in lists; default: from the address.")
@_tokens_option
@click.pass_obj
def add(
    session: Session, email: str, may: str, expires: str | None, name: str | None, tokens: str | None
) -> None:
    """Make a token that speaks for a person, and print it.

    EMAIL stands in the receipts of what is done with it. `read` looks, `word` ticks, adds, notes and claims, `run`
    starts runs where the server has --allow-runs.
    """
    from mdtodo.cli._serve import add_and_report

    add_and_report(session, tokens, email, may, expires, name)


@token.command("list")
@_tokens_option
@json_option
@click.pass_obj
def list_tokens(session: Session, tokens: str | None, as_json: bool) -> None:
    """List the tokens: for whom each speaks, what it may, until when."""
    from mdtodo.cli._serve import list_and_report

    list_and_report(session, tokens, as_json=as_json)


@token.command("revoke")
@click.argument("name")
@_tokens_option
@click.pass_obj
def revoke(session: Session, name: str, tokens: str | None) -> None:
    """Take a token away; servers refuse it from then on."""
    from mdtodo.cli._serve import revoke_and_report

    revoke_and_report(session, tokens, name)
