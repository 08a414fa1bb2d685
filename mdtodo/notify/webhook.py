"""One attempt to post a message, as the specification Standard Webhooks has it, by the standard library."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from http.client import HTTPException, InvalidURL
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from mdtodo import __version__
from mdtodo.errors import MdtodoError
from mdtodo.notify.message import TYPES, headline

if TYPE_CHECKING:
    from http.client import HTTPMessage

    from mdtodo.notify.outbox import Waiting

#: Seconds for which a server may say nothing, and bytes of a body: a receiver may refuse long ones.
SILENCE, SIZE = 10.0, 64_000
#: The longest pause in seconds that a server may ask for.
_LONGEST = 3600.0
#: What follows a redirect with the same method and body.
_SAME_METHOD = (307, 308)


class Answer(NamedTuple):
    """What came of an attempt: `problem` in words, None where the message has arrived; `pause` in seconds that the
    server asked for; `gone`: it wants no more messages."""

    problem: str | None = None
    pause: float = 0.0
    gone: bool = False


def secret_of(given: str) -> bytes:
    """The key that messages are signed with: base64, with `whsec_` before it or not. MdtodoError where it is none."""
    try:
        key = base64.b64decode(given.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise MdtodoError("MDTODO_WEBHOOK_SECRET is no secret of a webhook: base64, after whsec_")
    return key


def body_of(one: Waiting) -> bytes:
    """The message as JSON; one that would be too long tells of fewer tasks."""
    data: dict[str, Any] = dict(one.data)
    while True:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.created))
        said = headline(one.event, data)
        document = {"type": TYPES[one.event][0], "timestamp": moment, "text": said, "data": data}
        body = json.dumps(document, separators=(",", ":")).encode()
        tasks = data.get("tasks", [])
        if len(body) <= SIZE or len(tasks) <= 1:
            return body
        kept = tasks[: len(tasks) // 2]
        data = {**data, "tasks": kept, "more": data["more"] + len(tasks) - len(kept)}


def headers_of(name: str, body: bytes, key: bytes | None, now: float) -> dict[str, str]:
    """Those of Standard Webhooks; signed where there is a key."""
    moment = str(int(now))
    found = {
        "content-type": "application/json",
        "user-agent": f"mdtodo/{__version__}",
        "webhook-id": name,
        "webhook-timestamp": moment,
    }
    if key is not None:
        digest = hmac.new(key, f"{name}.{moment}.".encode() + body, hashlib.sha256).digest()
        found["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return found


def post(url: str, one: Waiting, key: bytes | None) -> Answer:
    """Post it once. What the server sends back is not read beyond its headers."""
    body = body_of(one)
    headers = headers_of(one.id, body, key, time.time())
    try:
        url, login = _without_login(url)
        request = Request(url, body, headers | login, method="POST")  # noqa: S310
        with build_opener(_SameHost).open(request, timeout=SILENCE) as response:
            return Answer() if 200 <= response.status < 300 else Answer(f"HTTP {response.status}")
    except HTTPError as error:
        with error:
            return _refused(error)
    except URLError as error:
        return Answer(_words(error.reason))
    except (OSError, HTTPException, ValueError) as error:
        return Answer(_words(error))


def _without_login(url: str) -> tuple[str, dict[str, str]]:
    """The URL without the user and the password in it, which urllib takes for a part of the host; and their header."""
    parts = urlsplit(url)
    login, found, host = parts.netloc.rpartition("@")
    if not found:
        return url, {}
    word = base64.b64encode(unquote_to_bytes(login)).decode()
    return parts._replace(netloc=host).geturl(), {"authorization": f"Basic {word}"}


def _refused(error: HTTPError) -> Answer:
    if error.code == 410:
        return Answer("it wants no more messages (HTTP 410)", gone=True)
    asked = str(error.headers.get("retry-after") or "")
    pause = min(_LONGEST, float(asked)) if re.fullmatch(r"[0-9]{1,9}", asked, re.ASCII) else 0.0
    return Answer(error.msg if error.msg.startswith("it redirects") else f"HTTP {error.code}", pause)


def _words(error: object) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer in {SILENCE:.0f} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # what else is said may have the URL in it, and with it a secret
    said = str(error) if isinstance(error, HTTPException) and not isinstance(error, InvalidURL) else ""
    return " ".join(said.split())[:200] or type(error).__name__


class _SameHost(HTTPRedirectHandler):
    """Follows what leads to the same host with the same method: another one must not get the message, nor learn its
    signature."""

    max_redirections = 3

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request:
        """The next request. Raises HTTPError where there is to be none."""
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if not _same_host(old, new):
            raise HTTPError(req.full_url, code, f"it redirects to {new.hostname}", headers, fp)
        if code not in _SAME_METHOD:
            raise HTTPError(req.full_url, code, f"it redirects (HTTP {code})", headers, fp)
        return Request(newurl, req.data, dict(req.headers), method="POST")  # noqa: S310  # of the same host


def _same_host(old: SplitResult, new: SplitResult) -> bool:
    """The same server, or the same host by TLS now."""
    if (old.scheme, old.netloc) == (new.scheme, new.netloc):
        return True
    ports = {"http": 80, "https": 443}
    upgrade = (old.scheme, new.scheme) == ("http", "https")
    standard = (old.port or 80) == 80 and (new.port or ports.get(new.scheme)) == 443
    return upgrade and standard and old.hostname == new.hostname
