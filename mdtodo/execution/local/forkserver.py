"""The runner's hold on the process that forks the pool's processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import mdtodo
from mdtodo.errors import MdtodoError

if TYPE_CHECKING:
    from collections.abc import Iterator

_STOP_PATIENCE = 2.0
#: How often a process that dies before it is up is started again.
MAX_STARTS = 3


class ForkServer:
    """The runner's hold on the process that forks pool processes (see `worker.fork_server`)."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None

    def start(self) -> None:
        """Start it; it needs some 50 ms to be up, and takes requests before."""
        ours, theirs = socket.socketpair()
        home = os.path.dirname(os.path.abspath(mdtodo.__path__[0]))
        command = [sys.executable, "-P", "-c", _FORK_SERVER, home, str(theirs.fileno())]
        null = subprocess.DEVNULL
        with theirs:
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=null,
                    stdout=null,
                    stderr=null,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C in a terminal is for the runner, who ends attempts in its order
                )
            except OSError as error:
                ours.close()
                raise MdtodoError(f"the pool of processes could not be started: {error.strerror}") from error
        self._requests = ours

    def fork(self, connection: socket.socket) -> None:
        """Let it fork a pool process with this socket; if it died, a new one takes its place."""
        for _ in range(MAX_STARTS):
            if self._requests is not None:
                try:
                    socket.send_fds(self._requests, [b"+"], [connection.fileno()])
                except OSError:
                    self.stop()
                else:
                    return
            self.start()
        raise MdtodoError("the pool of processes could not be started")

    def kill(self) -> None:
        """End it at once, where it has forked nothing."""
        if self._process is not None:
            self._process.kill()
        self.stop()

    def stop(self) -> None:
        """Let it end, and wait for it."""
        if self._requests is not None:
            self._requests.close()
            self._requests = None
        if self._process is not None:
            try:
                self._process.wait(_STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


_ahead: list[ForkServer] = []


@contextmanager
def started_ahead() -> Iterator[None]:
    """Start one now for the pool that opens next: it gets up while this process imports and reads what it needs. One
    that no pool has taken is ended on the way out."""
    server = ForkServer()
    try:
        server.start()
    except MdtodoError:  # the pool tries again, and says so
        yield
        return
    _ahead.append(server)
    try:
        yield
    finally:
        if server in _ahead:
            _ahead.remove(server)
            server.kill()


def started() -> ForkServer:
    """The one that was started ahead, else one that is started now."""
    if _ahead:
        return _ahead.pop()
    server = ForkServer()
    server.start()
    return server


#: A program of its own and no fork of the runner, which has threads, open files and git's processes. `-P` above, and
#: `home` behind all other folders, so that no module of the repository that is worked in is taken for one of Python's.
_FORK_SERVER = (
    "import sys; home, descriptor = sys.argv[1:]; sys.path.append(home); "
    "from mdtodo.execution.local.worker import fork_server; fork_server(int(descriptor))"
)
