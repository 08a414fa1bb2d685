"""JSON objects over a socket pair, one a line: the words between the runner's process and the pool's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socket import socket

    from mdtodo.model import Json

_CHUNK = 1 << 16


class Channel:
    """One end of a stream socket. `ended` is true once the other end is gone."""

    __slots__ = ("_parts", "_socket", "ended")

    def __init__(self, sock: socket) -> None:
        self._socket = sock
        self._parts: list[bytes] = []
        self.ended = False

    def fileno(self) -> int:
        """The descriptor, for a selector; -1 once closed."""
        return self._socket.fileno()

    def send(self, *messages: Json) -> None:
        """Send objects at once, waiting for room; OSError when the other end is gone."""
        self.send_encoded(b"".join(map(encoded, messages)))

    def send_encoded(self, data: bytes) -> None:
        """The same with objects that are `encoded` already."""
        self._socket.sendall(data)

    def receive(self) -> list[dict[str, object]]:
        """Wait for one chunk; the objects that it completes."""
        try:
            chunk = self._socket.recv(_CHUNK)
        except ConnectionError:
            chunk = b""
        if not chunk:
            self.ended = True
            return []
        if b"\n" not in chunk:
            self._parts.append(chunk)
            return []
        lines = b"".join([*self._parts, chunk]).split(b"\n")
        self._parts = [lines.pop()]
        return [json.loads(line) for line in lines]

    def finish(self) -> None:
        """Send no more: the other end sees that this one is done, and may still answer."""
        from socket import SHUT_WR

        try:
            self._socket.shutdown(SHUT_WR)
        except OSError:
            self.ended = True

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)


def encoded(message: Json) -> bytes:
    """An object as a line; TypeError and ValueError where it is no JSON."""
    return _ENCODER.encode(message).encode() + b"\n"
