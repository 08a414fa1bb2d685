"""Server-sent events: what changes, told to every client that listens, and never more of it kept than is bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from mdtodo.serve.http.json_text import json_bytes
from mdtodo.serve.http.problems import Problem
from mdtodo.serve.live.streams import stream_until_gone

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

#: Events that wait for a slow client, before it is told to read all anew instead; and those that are kept for clients
#: that come back.
WAITING, KEPT = 200, 200
#: Clients at once.
MOST_CLIENTS = 1000
#: Seconds between two signs of life.
_SIGN = 15.0
#: Milliseconds until a client that was cut off comes back.
_RETRY = 1000


class Client:
    """One that listens."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._something = asyncio.Event()
        self.closed = False

    def put(self, event: bytes) -> None:
        """Let it have this event; where it has not read so many, one that says to read all anew in their place."""
        if len(self._waiting) >= WAITING:
            self._waiting.clear()
            self._waiting.append(encoded("reload", {}))
        self._waiting.append(event)
        self._something.set()

    def close(self) -> None:
        """Let its stream end."""
        self.closed = True
        self._something.set()

    async def next(self, seconds: float) -> bytes:
        """What waits for it, as soon as there is anything; b"" where there was nothing for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._something.wait()
        except TimeoutError:
            return b""
        self._something.clear()
        found = b"".join(self._waiting)
        self._waiting.clear()
        return found


class Hub:
    """Who listens, and what was told of late. `start` tells this server from the one before it."""

    def __init__(self, start: str) -> None:
        self._start = start
        self._clients: set[Client] = set()
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT)
        self._number = 0

    def __len__(self) -> int:
        return len(self._clients)

    def publish(self, event: str, data: dict[str, Any]) -> None:
        """Tell everybody."""
        self._number += 1
        told = encoded(event, data, f"{self._start}.{self._number}")
        self._kept.append((self._number, told))
        for client in self._clients:
            client.put(told)

    def join(self, last: str | None) -> Client:
        """A new client; one that comes back is told what it has missed, or to read all anew. Raises Problem where there
        are too many."""
        if len(self._clients) >= MOST_CLIENTS:
            raise Problem(503, "too many event streams", headers={"Retry-After": "10"})
        client = Client()
        if last:
            for told in self._missed(last):
                client.put(told)
        self._clients.add(client)
        return client

    def leave(self, client: Client) -> None:
        """It listens no more."""
        self._clients.discard(client)

    def close(self) -> None:
        """Let all streams end."""
        for client in self._clients:
            client.close()

    def _missed(self, last: str) -> list[bytes]:
        start, _, number = last.rpartition(".")
        known = number.isascii() and number.isdigit() and len(number) < 16 and start == self._start
        if known and int(number) == self._number:
            return []
        if known and self._kept and self._kept[0][0] <= int(number) + 1 <= self._number:
            return [told for one, told in self._kept if one > int(number)]
        return [encoded("reload", {})]


def encoded(event: str, data: dict[str, Any], name: str | None = None) -> bytes:
    """An event as it goes over the wire. Its data is JSON, which has no line break."""
    head = f"id: {name}\n" if name else ""
    return f"{head}event: {event}\n".encode() + b"data: " + json_bytes(data) + b"\n\n"


class EventStream(Response):
    """The answer to one client, which goes on until it leaves."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, client: Client, first: bytes) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._client = client
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it what happens."""
        if scope["method"] == "HEAD":
            self._client.close()
        await stream_until_gone(
            lambda: self._send_events(send), receive, lambda: self._hub.leave(self._client)
        )

    async def _send_events(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        told = b"retry: %d\n\n" % _RETRY + self._first
        while not self._client.closed:
            await send({"type": "http.response.body", "body": told, "more_body": True})
            told = await self._client.next(_SIGN) or b": still here\n\n"
        await send({"type": "http.response.body", "body": b"", "more_body": False})
