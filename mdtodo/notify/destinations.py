"""Where messages go: the webhook and the URLs of the configuration, each with a name that gives no secret away."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mdtodo.config.settings import Notify


class Destination(NamedTuple):
    """A `url`, of a webhook or of a service; `key` is what the outbox calls it, `name` what people do: neither has what
    may be secret in a URL."""

    url: str
    webhook: bool
    key: str
    name: str


def destinations(notify: Notify, environment: Mapping[str, str]) -> tuple[list[Destination], list[str]]:
    """All that are configured, and sentences on those that cannot be: a variable that is not set, or is no URL."""
    found: list[Destination] = []
    wrong: list[str] = []
    for given, webhook in _given(notify):
        url = environment.get(given[1:], "").strip() if given.startswith("$") else given
        if not url:
            wrong.append(f"no message is sent to {given}: that variable is not set")
        elif webhook and not re.match(r"https?://[^\s/]", url):
            wrong.append(f"no message is sent to {given}: it is no URL of http:// or https://")
        else:
            key = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:16]
            found.append(Destination(url, webhook, key, _name(url)))
    return found, wrong


def _given(notify: Notify) -> Iterator[tuple[str, bool]]:
    if notify.webhook:
        yield notify.webhook, True
    for url in notify.urls:
        yield url, False


def _name(url: str) -> str:
    """The scheme and, of the web, the host: what follows may be a token, and before an `@` stands a password."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme in ("http", "https") else None
        return f"{parts.scheme}://{host}" if host else parts.scheme
    except ValueError:
        return url.partition(":")[0]
