"""Who asks, and whether they may: tokens, the Host and Origin that a request names, and how often a token was wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from mdtodo.errors import MdtodoError
from mdtodo.serve.access.tokens import Token, TokenFile, token_among
from mdtodo.serve.http.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import HTTPConnection

#: Wrong tokens from one address that are answered, and seconds in which one of them is forgotten.
FAILURES, FORGOTTEN = 10, 6.0
#: Addresses that are remembered for it.
_REMEMBERED = 10_000
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Person(NamedTuple):
    """Who asks. `email` is None where git's `user.email` is meant; `token` None where none was needed, nor given."""

    token: str | None
    email: str | None
    may: frozenset[str]


ANYBODY = Person(None, None, frozenset({"read"}))


@dataclass(slots=True)
class Failures:
    """How often tokens from an address were wrong: `FAILURES` at once, then one in `FORGOTTEN` seconds."""

    _until: dict[str, float] = field(default_factory=dict)

    def refuse_too_many(self, address: str) -> None:
        """Raises Problem where there were too many of late."""
        wait = self._until.get(address, 0.0) - time.monotonic() - (FAILURES - 1) * FORGOTTEN
        if wait > 0:
            raise Problem(429, "too many wrong tokens", headers={"Retry-After": str(int(wait) + 1)})

    def count(self, address: str) -> None:
        """One more."""
        now = time.monotonic()
        if len(self._until) >= _REMEMBERED:
            self._until = {one: until for one, until in self._until.items() if until > now}
            if len(self._until) >= _REMEMBERED:
                self._until.clear()
        self._until[address] = max(self._until.get(address, 0.0), now) + FORGOTTEN


@dataclass(slots=True)
class Access:
    """The rules of one server. `own` are its tokens that are in no file; `cookie` is the name of the page's;
    `everywhere`: a token is needed for everything, as others reach this address; `hosts`: names that it has, besides
    addresses and `localhost`. `tell` is told what it must know that runs it."""

    own: tuple[Token, ...]
    file: TokenFile | None
    cookie: str
    everywhere: bool
    hosts: frozenset[str]
    tell: Callable[[str], None]
    failures: Failures = field(default_factory=Failures)
    _said: str = ""

    def refuse_foreign(self, request: HTTPConnection) -> None:
        """Raises Problem where the request names a host that this one is not called, or comes from another page: a
        name that leads here for a moment, or somebody else's page, must not speak for whoever looks at it."""
        host = request.headers.get("host", "")
        if not self._is_own(host):
            raise Problem(
                421, f"this server is not called {host[:80]!r}", hint="--allowed-host NAME lets it be"
            )
        origin = request.headers.get("origin")
        if origin is not None and not self._is_same(origin, host):
            raise Problem(403, f"a page of {origin[:80]} may not ask this server")

    def _is_own(self, host: str) -> bool:
        name = _host_name(host)
        if name is None:
            return False
        if name in self.hosts:
            return True
        try:
            ip_address(name)
        except ValueError:
            return name == "localhost" or name.endswith(".localhost")
        return True  # no name, so none that leads elsewhere a moment later

    def _is_same(self, origin: str, host: str) -> bool:
        scheme, _, authority = origin.partition("://")
        return scheme in ("http", "https") and authority.casefold() == host.casefold()

    def person(self, request: HTTPConnection) -> Person:
        """Who asks. Raises Problem (401, 429) where a token is needed and there is none, or a wrong one."""
        unsafe = request.scope["method"] not in _SAFE
        needed = unsafe or self.everywhere
        presented, by_cookie = self._presented(request)
        if presented is None:
            if needed:
                raise self._unauthorized("this needs a token")
            return ANYBODY
        if by_cookie and not needed:
            found = self._found(presented)
            return ANYBODY if found is None else self._person(found)
        address = request.client.host if request.client else ""
        self.failures.refuse_too_many(address)
        found = self._found(presented)
        if found is None:
            self.failures.count(address)
            raise self._unauthorized("this token is not known, or has ended", wrong=True)
        if by_cookie and unsafe and request.headers.get("origin") is None:
            self._refuse_other_site(request)
        return self._person(found)

    def _person(self, token: Token) -> Person:
        """Where anybody may look, so may whoever has a token."""
        return Person(token.name, token.email, token.may if self.everywhere else token.may | {"read"})

    def _presented(self, request: HTTPConnection) -> tuple[str | None, bool]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "bearer" and token.strip():
            return token.strip(), False
        return request.cookies.get(self.cookie) or None, True

    def _refuse_other_site(self, request: HTTPConnection) -> None:
        """A browser says where a request that changes something comes from, in one of two ways."""
        if request.headers.get("sec-fetch-site") != "same-origin":
            raise Problem(403, "with a cookie, a change needs the header Origin of this server's own page")

    def no_cookie(self) -> str:
        """What takes the page's cookie away."""
        return f"{self.cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"

    def token(self, presented: str, address: str) -> Token | None:
        """The token that somebody signs in with, None where it is wrong. Raises Problem after too many of those."""
        self.failures.refuse_too_many(address)
        found = self._found(presented)
        if found is None:
            self.failures.count(address)
        return found

    def _found(self, presented: str) -> Token | None:
        in_file: tuple[Token, ...] = ()
        if self.file is not None:
            try:
                in_file = self.file.tokens()
            except MdtodoError as error:
                if self._said != (said := f"{error}; so none of its tokens counts"):
                    self.tell(said)
                self._said = said
            else:
                self._said = ""
        found = token_among((*self.own, *in_file), presented)
        return None if found is None or found.has_ended(time.time()) else found

    def _unauthorized(self, sentence: str, *, wrong: bool = False) -> Problem:
        headers = {"WWW-Authenticate": 'Bearer realm="mdtodo"' + (', error="invalid_token"' if wrong else "")}
        if wrong:  # so that a page stops presenting what has ended
            headers["Set-Cookie"] = self.no_cookie()
        return Problem(401, sentence, headers=headers)


def refuse_without(person: Person, need: str) -> None:
    """Raises Problem (403) where the person's token may not do that; it says what is missing."""
    if need not in person.may:
        has = ", ".join(sorted(person.may)) or "nothing"
        raise Problem(403, f"this token may not {need!r}, only: {has}", more={"missing": need})


def _host_name(host: str) -> str | None:
    """The name or address in a Host header, None where it is none."""
    try:
        split = urlsplit(f"//{host}")
        name = split.hostname
        _ = split.port
    except ValueError:
        return None
    if name is None or split.username is not None or split.path or split.query or split.fragment:
        return None
    return name.rstrip(".")
