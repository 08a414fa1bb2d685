"""Tokens: whom each speaks for, what it may, and until when. A file keeps their digests, never the tokens."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import stat
import tempfile
import time
import tomllib
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core.names import is_name, suggestion
from mdtodo.errors import ConfigError, UsageError
from mdtodo.system.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: What a token may: look, give a person's word (and claim), start runs.
MAY = ("read", "word", "run")
#: How a token begins, so that it is known for one where somebody finds it.
PREFIX = "mdtodo_"
_BYTES = 32
_HEADER = "# Made by `mdtodo serve token`: only digests of the tokens are kept.\n"


class Token(NamedTuple):
    """One of them, by its `digest`. `email` is None for the server's own, which speaks for git's `user.email`;
    `expires` in Unix time, None for never."""

    name: str
    digest: str
    email: str | None
    may: frozenset[str]
    expires: float | None = None

    def has_ended(self, now: float) -> bool:
        """Whether it is past its time."""
        return self.expires is not None and now >= self.expires


def new_token() -> str:
    """A token that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def digest_of(token: str) -> str:
    """What is kept of it. Such a token cannot be guessed, so no slow digest is needed."""
    return "sha256:" + sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def own_token(token: str, name: str) -> Token:
    """One that is not in a file: it may everything, and does not end."""
    return Token(name, digest_of(token), None, frozenset(MAY))


def token_among(known: Iterable[Token], presented: str) -> Token | None:
    """The one that was presented. All are compared, each in the same time."""
    digest, found = digest_of(presented), None
    for one in known:
        if hmac.compare_digest(one.digest, digest):
            found = one
    return found


class TokenFile:
    """A file of tokens, read again when it has changed: so a token that is revoked is refused from then on."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._stamp: tuple[int, ...] | None = None
        self._tokens: tuple[Token, ...] = ()

    def tokens(self) -> tuple[Token, ...]:
        """Those that it has now. Raises ConfigError where it cannot be trusted, or read."""
        stamp = _checked(self.path)
        if stamp != self._stamp:
            self._tokens = read_tokens(self.path)
            self._stamp = stamp
        return self._tokens


def _checked(path: str) -> tuple[int, ...]:
    """When it was changed last. Raises ConfigError where others can read it, or write it."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise ConfigError(f"the tokens cannot be read: {error.strerror}", file=path) from error
    if not stat.S_ISREG(found.st_mode):
        raise ConfigError("this is no file of tokens", file=path)
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise ConfigError(
            f"others can read the tokens: the file's mode is {mode:04o}", file=path, hint=f"chmod 600 {path}"
        )
    if found.st_uid not in (os.geteuid(), 0):
        raise ConfigError("the tokens belong to another user", file=path)
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def read_tokens(path: str) -> tuple[Token, ...]:
    """What the file has. Raises ConfigError with its sentence where it is no such file."""
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"the tokens cannot be read: {error}", file=path) from error
    tables = document
    for key in ("tool", "mdtodo", "serve", "tokens"):
        tables = tables.get(key, {})
        if not isinstance(tables, dict):
            raise ConfigError("[tool.mdtodo.serve.tokens] must be a table for each token", file=path)
    return tuple(_token(path, name, table) for name, table in tables.items())


def _token(path: str, name: str, table: Any) -> Token:
    where = f"tool.mdtodo.serve.tokens.{name}"
    if not isinstance(table, dict):
        raise ConfigError(f"{where} must be a table", file=path)
    for key in table:
        if key not in _KEYS:
            raise ConfigError(f"{where}: unknown key {key!r}{suggestion(key, _KEYS)}", file=path)
    digest, email, may, expires = (table.get(key) for key in _KEYS)
    if not (isinstance(digest, str) and digest.startswith("sha256:") and len(digest) == _DIGEST):
        raise ConfigError(f"{where}: hash must be as `mdtodo serve token add` writes it", file=path)
    if not (isinstance(email, str) and _is_email(email)):
        raise ConfigError(f"{where}: email must be the e-mail address of whom it speaks for", file=path)
    if not (isinstance(may, list) and all(one in MAY for one in may)):
        raise ConfigError(f"{where}: may must be a list of {', '.join(MAY)}", file=path)
    if not isinstance(expires, datetime | None):
        raise ConfigError(f"{where}: expires must be a date with a time", file=path)
    end = None if expires is None else (expires if expires.tzinfo else expires.astimezone()).timestamp()
    return Token(name, digest, email, frozenset(may), end)


_KEYS = ("hash", "email", "may", "expires")
_DIGEST = len("sha256:") + 64


def _is_email(text: str) -> bool:
    """Whether it can stand in a trailer: one word with an @."""
    name, at, host = text.partition("@")
    return bool(name and at and host) and text.isprintable() and not any(sign in text for sign in " <>\"'")


def add_token(
    path: str, email: str, may: Sequence[str], expires: float | None, name: str | None = None
) -> str:
    """Make a token for this person, write what is kept of it to the file, and give it: it is shown this once.

    Raises UsageError where the name is taken or is none, ConfigError where the file cannot be trusted.
    """
    if not _is_email(email):
        raise UsageError(f"{email!r} is no e-mail address")
    with _alone(path):
        return _add(path, email, may, expires, name)


def _add(path: str, email: str, may: Sequence[str], expires: float | None, name: str | None) -> str:
    known = _known(path)
    name = name or _free_name(email, known)
    if not is_name(name):
        raise UsageError(f"{name!r} is no name: letters, digits, `.`, `_` and `-`")
    if name in known:
        raise UsageError(f"there is a token {name!r} already", hint="--name gives it another name")
    token = new_token()
    _write(path, {**known, name: Token(name, digest_of(token), email, frozenset(may), expires)})
    return token


def _free_name(email: str, known: Mapping[str, Token]) -> str:
    base = name = "".join(
        sign if sign.isascii() and sign.isalnum() else "-" for sign in email.partition("@")[0]
    )
    number = 2
    while name in known:
        name, number = f"{base}-{number}", number + 1
    return name


def revoke_token(path: str, name: str) -> None:
    """Take it away; a server that goes on refuses it from then on. Raises UsageError where there is none."""
    with _alone(path):
        known = _known(path, must_be=True)
        if name not in known:
            raise UsageError(f"there is no token {name!r}{suggestion(name, known)}")
        _write(path, {one: token for one, token in known.items() if one != name})


def known_tokens(path: str) -> tuple[Token, ...]:
    """Those of the file, none where it is not there. Raises ConfigError where it cannot be trusted."""
    return tuple(_known(path).values())


def _known(path: str, *, must_be: bool = False) -> dict[str, Token]:
    if not must_be and not os.path.lexists(path):
        return {}
    _checked(path)
    return {one.name: one for one in read_tokens(path)}


def _write(path: str, tokens: Mapping[str, Token]) -> None:
    text = _HEADER + "".join(map(_table, tokens.values()))
    descriptor, temporary = tempfile.mkstemp(prefix=".tokens-", dir=os.path.dirname(os.path.abspath(path)))
    try:
        with open(descriptor, "wb") as file:  # which nobody else can read, as mkstemp makes it
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """While no other command changes the file."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
    turn, until = Turn(f"{path}.lock"), time.monotonic() + _PATIENCE
    while not turn.take():
        if time.monotonic() > until:
            raise ConfigError("another command is changing the tokens", file=path)
        time.sleep(0.02)
    try:
        yield
    finally:
        turn.give_back()


#: Seconds in which another command has changed the file.
_PATIENCE = 5.0


def _table(token: Token) -> str:
    may = ", ".join(json.dumps(one) for one in MAY if one in token.may)
    lines = [
        f"\n[tool.mdtodo.serve.tokens.{json.dumps(token.name)}]",
        f"hash = {json.dumps(token.digest)}",
        f"email = {json.dumps(token.email)}",
        f"may = [{may}]",
    ]
    if token.expires is not None:
        lines.append(f"expires = {datetime.fromtimestamp(token.expires, UTC):%Y-%m-%dT%H:%M:%SZ}")
    return "\n".join(lines) + "\n"
