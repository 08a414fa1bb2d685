"""The pool's own processes: the fork server, which forks pool processes, and a pool process, which carries out
attempts.

The fork server is a Python of its own, started afresh (never a fork of the runner, which may have threads),
without threads, in a session of its own (so a Ctrl-C in the terminal reaches only the runner). A pool
process is a fork of it: two milliseconds instead of the fifty of an interpreter. Each has one socket to the
runner; when that ends, the runner is gone or has no more work, and so the process ends what it watches
over, and itself.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn, cast

from mdtodo.core import codec
from mdtodo.core.results import Result
from mdtodo.execution.local.channel import Channel, encoded
from mdtodo.execution.processors import process_tree
from mdtodo.execution.processors.attempt import perform
from mdtodo.execution.processors.output_file import OutputFiles
from mdtodo.execution.processors.spec import SpecError
from mdtodo.execution.processors.supervise import Stop
from mdtodo.system import process_identity

if TYPE_CHECKING:
    from mdtodo.core.task import Json


def fork_server(descriptor: int) -> NoReturn:
    """Fork a pool process for each socket that comes in over `descriptor`, until that ends."""
    # a mask outlives fork and exec: signals that the runner blocks would be blocked in every command
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGCHLD, lambda *_: _collect(os.WNOHANG))
    for number in process_tree.REQUESTS_TO_END:  # not SIG_IGN, which commands would inherit
        signal.signal(number, lambda *_: None)
    _preload()
    # a process that waits here keeps no folder from being unmounted
    os.chdir("/")
    # a collection writes to every object, and so ends the sharing of pages with the forks
    gc.freeze()
    os.set_inheritable(descriptor, False)
    requests = socket.socket(fileno=descriptor)
    while True:
        data, descriptors, _, _ = socket.recv_fds(requests, 1, 1)
        if not data:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _collect(0)
            os._exit(0)
        for connection in descriptors:
            if os.fork() == 0:
                requests.close()
                _pool_process(connection)
            os.close(connection)


def _collect(options: int) -> None:
    """Wait for pool processes that ended; without WNOHANG, for all."""
    try:
        while os.waitpid(-1, options)[0]:
            pass
    except ChildProcessError:
        return


def _preload() -> None:
    """Import once, before the forks, what every pool process needs."""
    import ctypes  # noqa: F401
    import json  # noqa: F401
    import subprocess  # noqa: F401


def _pool_process(descriptor: int) -> NoReturn:
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # what comes over a socket is inheritable (recvmsg(2), MSG_CMSG_CLOEXEC): a command that outlives this process
        # would hold the socket open, and so hide the end from the runner
        os.set_inheritable(descriptor, False)
        process_tree.become_subreaper()
        Worker(Channel(socket.socket(fileno=descriptor))).work()
    finally:
        # never back into the loop of the process that it was forked from
        os._exit(0)


class Worker:
    """A pool process, with its channel to the runner.

    It may be given several specs at once, which it carries out in order, so that a short one does not have to
    wait for the runner. Until one is begun it can be cancelled, or asked back for a process that is free.
    """

    __slots__ = (
        "_attempt",
        "_channel",
        "_late_start",
        "_output_files",
        "_queue",
        "_spec",
        "_spool_descriptor",
        "_spool_files",
    )

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._output_files = OutputFiles()
        self._spool_files: dict[str, int] = {}
        self._spec: Json = {}
        self._spool_descriptor = -1
        self._late_start: dict[str, object] = {}
        self._queue: deque[Json] = deque()
        self._attempt: str | None = None

    def work(self) -> None:
        """Carry out what comes, one attempt after the other, until the runner is gone."""
        self._send({"ready": os.getpid()})
        while not self._channel.ended:
            if self._queue:
                self._run(self._queue.popleft())
            else:
                self._receive(self._channel.receive())
        self._output_files.end()

    def fileno(self) -> int:
        """Readable when the runner has something to say, or is gone."""
        return self._channel.fileno()

    def pending_stops(self) -> list[Stop]:
        """Each time that it wants the current attempt to stop, or that it is gone."""
        stops = self._receive(self._channel.receive())
        return [*stops, Stop.ABANDONED] if self._channel.ended else stops

    def started(self, pid: int, *, over: bool) -> None:
        """Tell it that the process group `pid` runs; if that is over already, together with its end."""
        if over:
            self._late_start = {"pid": pid}
        else:
            self._send({"started": self._attempt, "pid": pid})

    def progress(self, percent: float) -> None:
        """Tell it how far the processor says it is, unless it has not read for long."""
        import select

        # waiting for room in the socket would hold up timeouts and cancellations
        poll = select.poll()
        poll.register(self.fileno(), select.POLLOUT)
        if poll.poll(0):
            self._send({"progress": self._attempt, "percent": percent})

    def spool(self, event: str, details: Json) -> None:
        """See `Control.spool`."""
        about = {event: self._attempt, "owner": process_identity.current(), **details}
        self._spool_descriptor = self._write_spool(about)

    def touch_spool(self) -> None:
        """See `Control.touch_spool`."""
        if self._spool_descriptor >= 0:
            with suppress(OSError):
                os.utime(self._spool_descriptor)

    def _receive(self, messages: list[dict[str, object]]) -> list[Stop]:
        """Queue new specs, and do what is said of queued ones; the requests to stop the current attempt."""
        stops: list[Stop] = []
        for message in messages:
            if "attempt" in message:
                self._queue.append(message)
            elif "sign" in message:
                self._send({"sign": os.getpid()})
            elif "back" in message:
                self._send({"back": [spec["attempt"] for spec in self._queue]})
                self._queue.clear()
            elif message.get("cancel") == self._attempt:
                stops.append(Stop.CANCELLED)
            else:
                self._cancel_queued(message.get("cancel"))
        return stops

    def _cancel_queued(self, attempt: object) -> None:
        """Cancel a queued attempt; a cancellation that came too late is none."""
        for spec in self._queue:
            if spec["attempt"] == attempt:
                self._queue.remove(spec)
                self._send({"finished": attempt, "result": codec.named(Result(None, interrupted=True))})
                return

    def _run(self, spec: Json) -> None:
        self._attempt, self._late_start = cast("str", spec["attempt"]), {}
        self._spec, self._spool_descriptor = spec, -1
        try:
            result = perform(spec, self, self._output_files)
            if not self._queue:
                os.chdir("/")  # in idleness it keeps no folder from being unmounted
            finished = {"finished": self._attempt, "result": codec.named(result), **self._late_start}
            if result.exit_code == 0 and not result.interrupted:
                self._write_spool(finished)
            elif self._spool_descriptor >= 0:
                self.spool("ended", {})
            self._send(finished)
        except SpecError as error:
            self._send({"failed": self._attempt, "message": str(error), "traceback": ""})
        except MemoryError:
            message = "there is not enough memory to run it"
            self._send({"failed": self._attempt, "message": message, "traceback": ""})
        except Exception as error:  # a bug of ours must not take the pool process away
            import traceback

            frames = "".join(traceback.format_exception(error))
            self._send(
                {"failed": self._attempt, "message": f"a bug in mdtodo: {error!r}", "traceback": frames}
            )
        self._attempt = None

    def _write_spool(self, entry: Json) -> int:
        """Write down what succeeded before the runner is told, which may be dead before it has read it; the descriptor,
        -1 where that cannot be done."""
        place, task = self._spec.get("spool"), cast("Json", self._spec["task"])
        if not isinstance(place, str):
            return -1
        try:
            if place not in self._spool_files:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                # a file of its own for each process, so that no lines are mixed
                self._spool_files[place] = os.open(f"{place}.{os.getpid()}", flags, 0o600)
            known = {"processor": task.get("processor"), "root": self._spec["cwd"]}
            known |= {name: self._spec.get(name) for name in ("anchor", "tree")}
            # not synced: a kill takes nothing of what was written, and a power cut only costs time
            os.write(self._spool_files[place], encoded({**entry, **known}))
        except OSError:  # a full disk: then it may run again after a kill
            return -1
        return self._spool_files[place]

    def _send(self, *messages: Json) -> None:
        try:
            self._channel.send(*messages)
        except OSError:  # the runner is gone: nobody would know of what is begun now
            self._channel.ended = True
            self._queue.clear()
