"""What `mdtodo serve` sets up before it serves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from mdtodo.errors import MdtodoError, UsageError
from mdtodo.reporting.text import tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.cli.context import Session

_VARIABLE = "MDTODO_SERVE_TOKEN"


def start(
    session: Session,
    repos: tuple[str, ...],
    where: tuple[str, int, str | None, str | None],
    tokens: str | None,
    hosts: Iterable[str],
    *,
    allow_runs: bool,
) -> int:
    """Listen, say where, and serve until a signal comes."""
    try:
        from mdtodo.serve.access.rules import Access
        from mdtodo.serve.access.tokens import TokenFile, new_token, own_token
        from mdtodo.serve.repositories.projects import Projects, named_roots
        from mdtodo.serve.server import Address, listen, serve
        from mdtodo.serve.service import Service
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "mdtodo":
            raise
        raise MdtodoError(
            f"`mdtodo serve` needs a package that is not installed ({missing})",
            hint="pip install 'git-mdtodo[serve]'",
        ) from missing

    address = Address(*where)
    if address.keyfile and not address.certfile:
        raise UsageError("--keyfile needs --certfile")
    roots = named_roots(os.path.join(session.directory, one) for one in repos or (".",))
    file = TokenFile(os.path.join(session.directory, tokens)) if tokens else None
    given, made = os.environ.pop(_VARIABLE, ""), ""
    if file is not None:
        file.tokens()
    elif not given:
        made = new_token()
    own = tuple(own_token(one, name) for one, name in ((given, _VARIABLE), (made, "link")) if one)
    listening = listen(address)
    port = listening.getsockname()[1]
    names = frozenset(one.casefold() for one in hosts)
    access = Access(own, file, f"mdtodo_{port}", not address.is_loopback, names, tell)
    url = address.url(port)
    click.echo(f"{url}/?token={made}" if made else url)
    return serve(Service(Projects(roots), access, allow_runs), address, listening)
