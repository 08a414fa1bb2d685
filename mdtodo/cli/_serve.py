"""What `mdtodo serve` sets up before it serves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from mdtodo.cli._projects import repositories, user_folder
from mdtodo.errors import MdtodoError, UsageError
from mdtodo.reporting.text import tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.cli.context import Session
    from mdtodo.serve.access.tokens import Token, TokenFile

_VARIABLE = "MDTODO_SERVE_TOKEN"


def start(
    session: Session,
    which: Mapping[str, Any],
    where: tuple[str, int, str | None, str | None],
    tokens: str | None,
    hosts: Iterable[str],
    *,
    allow_runs: bool,
) -> int:
    """Listen, say where, and serve until a signal comes."""
    try:
        from mdtodo.serve.access.rules import Access
        from mdtodo.serve.repositories.projects import Projects
        from mdtodo.serve.server import Address, listen, prepare, serve
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
    roots = repositories(session, which["repos"], everything=which["everything"])
    file, own = _tokens(session, tokens, roots.values())
    with listen(address) as listening:
        port = listening.getsockname()[1]
        names = frozenset(one.casefold() for one in hosts)
        access = Access(tuple(own.values()), file, f"mdtodo_{port}", not address.is_loopback, names, tell)
        ready = prepare(Service(Projects(roots), access, allow_runs), address)
        made = next((text for text, one in own.items() if one.name == LINK), "")
        click.echo(address.url(port) + (f"/?token={made}" if made else ""))
        if access.everywhere and not address.certfile:
            tell("others can read what goes over this address: use --certfile, or a proxy with https")
        return serve(ready, listening)


#: What the token is called that is made when a server begins.
LINK = "link"


def _tokens(
    session: Session, path: str | None, roots: Iterable[str]
) -> tuple[TokenFile | None, dict[str, Token]]:
    """The file of tokens, and those in no file, by what they are. Raises UsageError and ConfigError for what cannot be
    trusted."""
    from mdtodo.serve.access.tokens import TokenFile, new_token, own_token

    given = os.environ.pop(_VARIABLE, "")  # no processor is to find it
    if given and not (given.isascii() and given.isprintable() and not set(given) & set(' ";,\\')):
        raise UsageError(
            f"{_VARIABLE} must be printable ASCII, without blanks, quotes, commas and semicolons"
        )
    if given and len(given) < _LEAST:
        raise UsageError(f"{_VARIABLE} must have at least {_LEAST} characters, or others guess it")
    place = _token_file(session, path)
    file = TokenFile(place) if path is not None or os.path.lexists(place) else None
    if file is not None:
        _refuse_inside(place, roots)
        file.tokens()
    own = {given: own_token(given, _VARIABLE)} if given else {}
    if not given and path is None:
        made = new_token()
        own[made] = own_token(made, LINK)
    return file, own


#: Characters of a token of one's own.
_LEAST = 16


def _token_file(session: Session, path: str | None) -> str:
    return (
        os.path.join(user_folder(), "tokens.toml") if path is None else os.path.join(session.directory, path)
    )


def _refuse_inside(path: str, roots: Iterable[str]) -> None:
    real = os.path.realpath(path)
    for root in roots:
        if os.path.commonpath([real, os.path.realpath(root)]) == os.path.realpath(root):
            raise UsageError(f"{path} is inside of {root}: keep tokens outside of repositories")


def add_and_report(
    session: Session, path: str | None, email: str, may: str, expires: str | None, name: str | None
) -> None:
    """Make a token, and print it."""
    from mdtodo.serve.access.tokens import MAY, add_token

    words = [one.strip() for one in may.split(",") if one.strip()]
    for one in words:
        if one not in MAY:
            raise UsageError(f"--may {one!r} is none of {', '.join(MAY)}")
    place = _token_file(session, path)
    _refuse_in_repository(place)
    click.echo(add_token(place, email, words, None if expires is None else _moment(expires), name))
    session.hint(f"shown this once; its digest is in {place}")


def _refuse_in_repository(path: str) -> None:
    from mdtodo.git.repository import discover

    folder = os.path.dirname(os.path.realpath(path))
    try:
        root = discover(folder).root if os.path.isdir(folder) else ""
    except MdtodoError:
        return
    if root:
        _refuse_inside(path, [root])


def _moment(text: str) -> float:
    import time
    from datetime import datetime

    from mdtodo.config.value_types import parse_duration

    try:
        found = time.time() + parse_duration(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError) as error:
            raise UsageError(
                f"--expires {text!r} is no date such as 2026-12-31, and no time such as 90d"
            ) from error
    if not time.time() < found < _END:
        raise UsageError(f"--expires {text!r} is over already, or too far away")
    return found


#: The end of the year 9998.
_END = 253_370_764_800.0


def list_and_report(session: Session, path: str | None, *, as_json: bool) -> None:
    """Print what is known of each token."""
    import time

    from mdtodo.reporting.json_documents import iso, print_json
    from mdtodo.reporting.table import print_listing
    from mdtodo.serve.access.tokens import MAY, known_tokens

    found = known_tokens(_token_file(session, path))
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "email": one.email,
            "may": [word for word in MAY if word in one.may],
            "expires": iso(one.expires),
            "ended": one.has_ended(time.time()),
        }
        for one in found
    ]
    if as_json:
        print_json({"version": 1, "tokens": rows})
        return
    cells = (
        (
            one["name"],
            one["email"],
            ",".join(one["may"]),
            "ended" if one["ended"] else one["expires"] or "never",
        )
        for one in rows
    )
    print_listing(("name", "email", "may", "expires"), cells, colored=session.colored())
    if not rows:
        session.say("no tokens yet: `mdtodo serve token add EMAIL` makes one")


def revoke_and_report(session: Session, path: str | None, name: str) -> None:
    """Take it away."""
    from mdtodo.serve.access.tokens import revoke_token

    revoke_token(_token_file(session, path), name)
    click.echo(f"{name}  revoked")
