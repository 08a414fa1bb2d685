"""What goes between the runner and a station: chunks of attempts one way, and what becomes of them the other way."""

from __future__ import annotations

import json
import os
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core import codec
from mdtodo.core.results import Failure, Result
from mdtodo.execution.executor import AttemptEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.core.task import Json

#: Bytes of output, and of content, that come with the event that ends an attempt; what is longer is asked for.
INLINE = 64 * 1024
#: Bytes in one answer to that.
PIECE = 4 * 1024 * 1024


class Chunk(NamedTuple):
    """Attempts that go to one station together: `key` is what Dask calls them, `topic` where their events go,
    `cache` the name of the repository's cache there, `text` the specs as JSON."""

    key: str
    topic: str
    cache: str
    attempts: tuple[str, ...]
    text: str

    @property
    def specs(self) -> list[dict[str, Any]]:
        """Their specs."""
        found: list[dict[str, Any]] = json.loads(self.text)
        return found


def message_of(event: AttemptEvent) -> dict[str, Any]:
    """An event as what Dask carries."""
    result = None if event.result is None else codec.dumps(event.result)
    return {**event._asdict(), "result": result}


def event_of(message: Json) -> AttemptEvent:
    """Its other way. ValueError for anything else."""
    fields: dict[str, Any] = {name: message.get(name) for name in AttemptEvent._fields}
    text = fields["result"]
    return AttemptEvent(**{**fields, "result": None if text is None else codec.loads(Result, text)})


def lost(attempt: str, reason: str) -> AttemptEvent:
    """The end of an attempt that nobody knows more of."""
    # nobody is to blame
    return AttemptEvent("lost", attempt, Result(None, error=reason, failed_by=Failure.CONFLICT), reason)


class Outbox:
    """Messages on their way to the runner through `send`, gathered for so many `seconds`: one that goes alone costs
    three processes a millisecond or two. For one thread."""

    def __init__(self, send: Callable[[dict[str, Any]], object], seconds: float) -> None:
        self._send, self._seconds = send, seconds
        self._messages: list[dict[str, Any]] = []
        self._bytes, self._deadline = 0, 0.0

    @property
    def patience(self) -> float | None:
        """Seconds after which to call `flush`; None where nothing waits."""
        return max(0.0, self._deadline - monotonic()) if self._messages else None

    def put(self, message: dict[str, Any], size: int) -> None:
        """Send a message, now or later; it carries so many bytes."""
        if not self._messages:
            self._deadline = monotonic() + self._seconds
        self._messages.append(message)
        self._bytes += size
        if self._bytes > INLINE or monotonic() >= self._deadline:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        if self._messages:
            told, self._messages, self._bytes = self._messages, [], 0
            self._send({"told": told})


def size_of(path: str) -> int:
    """Bytes of a file, 0 where there is none."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def piece_of(path: str, offset: int, size: int) -> bytes:
    """So many bytes of a file from there on; nothing where there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            return file.read(size)
    except OSError:
        return b""
