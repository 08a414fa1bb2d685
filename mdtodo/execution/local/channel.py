"""JSON objects over a socket pair, one a line: the messages between the runner's process and the pool's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mdtodo.core import codec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

    from mdtodo.core.task import Json

_CHUNK = 1 << 16


class Channel:
    """One end of a stream socket. `ended` is true once the other end is gone.

    With `patience`, in seconds, sending keeps what comes meanwhile as `early` messages, so that two ends that both have
    more to say than a socket holds do not wait for each other; TimeoutError if the other one does nothing for so long.
    """

    __slots__ = ("_chunks", "_patience", "_socket", "early", "ended")

    def __init__(self, sock: socket, patience: float | None = None) -> None:
        self._socket = sock
        self._patience = patience
        self._chunks: list[bytes] = []
        self.early: list[dict[str, object]] = []
        self.ended = False
        sock.setblocking(patience is None)

    def fileno(self) -> int:
        """The descriptor, for a selector; -1 once closed."""
        return self._socket.fileno()

    def send(self, *messages: Json) -> None:
        """Send objects at once, waiting for room; OSError when the other end is gone."""
        self.send_encoded(b"".join(map(encoded, messages)))

    def send_encoded(self, data: bytes) -> None:
        """The same with objects that are `encoded` already."""
        if self._patience is None:
            self._socket.sendall(data)
            return
        left = memoryview(data)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                self._make_room(self._patience)

    def has_room(self) -> bool:
        """Whether something can be sent without waiting."""
        from select import POLLOUT, poll

        wait = poll()
        wait.register(self._socket, POLLOUT)
        return bool(wait.poll(0))

    def receive(self) -> list[dict[str, object]]:
        """The early messages, else wait for one chunk; the objects that it completes."""
        if self.early:
            messages, self.early = self.early, []
            return messages
        return self._read()

    def rest(self, patience: float) -> Iterator[dict[str, object]]:
        """What is left to be read, until the end or until nothing comes for so many seconds."""
        from select import POLLIN, poll

        wait = poll()
        wait.register(self._socket, POLLIN)
        while self.early or (not self.ended and wait.poll(patience * 1000)):
            yield from self.receive()

    def _make_room(self, patience: float) -> None:
        """Wait until the other end takes more, and read what it says."""
        from select import POLLIN, POLLOUT, poll

        wait = poll()
        wait.register(self._socket, POLLIN | POLLOUT)
        ready = wait.poll(patience * 1000)
        if not ready:
            raise TimeoutError
        # POLLHUP and POLLERR too: the reading tells that it is gone
        if ready[0][1] & ~POLLOUT:
            self.early += self._read()
            if self.ended:
                raise BrokenPipeError

    def _read(self) -> list[dict[str, object]]:
        try:
            chunk = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return []
        except ConnectionError:
            # a process that is killed with unread messages resets the connection: no end of file comes
            chunk = b""
        if not chunk:
            self.ended = True
            return []
        if b"\n" not in chunk:
            # joined once for each line: to add chunk to chunk takes time by the square of a long one
            self._chunks.append(chunk)
            return []
        lines = b"".join([*self._chunks, chunk]).split(b"\n")
        self._chunks = [lines.pop()]
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


def encoded(message: Json) -> bytes:
    """An object as a line; TypeError and ValueError where it is no JSON."""
    return codec.dumps(message).encode() + b"\n"
