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
from time import monotonic
from typing import TYPE_CHECKING, NoReturn, cast

from mdtodo.core import codec
from mdtodo.core.results import Result
from mdtodo.execution.local.channel import Channel
from mdtodo.execution.local.running import Running
from mdtodo.execution.local.spool import Spool
from mdtodo.execution.processors import process_tree
from mdtodo.execution.processors.attempt import perform
from mdtodo.execution.processors.children import Children
from mdtodo.execution.processors.output_file import OutputFiles
from mdtodo.execution.processors.spec import SpecError, stands_alone
from mdtodo.execution.processors.supervise import Stop, Watch

if TYPE_CHECKING:
    from mdtodo.core.task import Json
    from mdtodo.execution.processors.supervise import ProcessExit, Supervision


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

    It carries out as many attempts at once as it is told to, one unless it is, in the order in which they came, and
    may be given more, so that a short one does not have to wait for the runner. Until one is begun it can be
    cancelled, or asked back for a process that is free. An attempt that stands alone begins when nothing else runs,
    and nothing begins beside it.
    """

    __slots__ = (
        "_channel",
        "_children",
        "_output_files",
        "_places",
        "_queue",
        "_running",
        "_spool",
        "_watch",
    )

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._places = 1
        self._output_files = OutputFiles()
        self._children = Children()
        self._watch = Watch(channel.fileno())
        self._spool = Spool()
        self._queue: deque[Json] = deque()
        self._running: dict[str, Running] = {}

    def work(self) -> None:
        """Carry out what comes, until the runner is gone and nothing runs any more."""
        self.send({"ready": os.getpid()})
        while self._running or not self._channel.ended:
            while self._may_begin():
                self._begin(self._queue.popleft())
            self._look()
        self._output_files.end()

    def _may_begin(self) -> bool:
        if not self._queue or len(self._running) >= self._places:
            return False
        return not self._running or not any(map(stands_alone, (self._queue[0], *self._specs())))

    def _specs(self) -> list[Json]:
        return [one.spec for one in self._running.values()]

    def _look(self) -> None:
        """Wait until something is to be done, and do it."""
        watched = {one: one.supervision for one in self._running.values() if one.supervision is not None}
        if not watched and (self._queue or self._channel.ended):
            return
        if self._watch.wait(watched.values()):
            self._hear()
        now = monotonic()
        for one, supervision in watched.items():
            self._decide(one, supervision, now)

    def _decide(self, one: Running, supervision: Supervision, now: float) -> None:
        try:
            supervision.decide(now)
            if not supervision.over:
                return
            ended = self._watch.remove(supervision)
        except Exception as error:  # as in `_step`
            self._watch.drop(*supervision.descriptors)
            supervision.close()
            self._step(one, error)
        else:
            self._step(one, ended)

    def _begin(self, spec: Json) -> None:
        one = Running(spec, self.send, self._channel.has_room, self._spool)
        self._running[one.attempt] = one
        one.steps = perform(spec, one, self._output_files, self._children)
        self._step(one, None)

    def _step(self, one: Running, came: ProcessExit | Exception | None) -> None:
        """Go on with an attempt, until the next process that is to be watched over, or to its end."""
        one.supervision = None
        failed = {"failed": one.attempt, "traceback": ""}
        try:
            one.supervision = one.go_on(came)
            self._watch.add(one.supervision)
            if self._channel.ended:
                one.supervision.stop(Stop.ABANDONED)
            return
        except StopIteration as end:
            self._end(one, end.value)
            return
        except SpecError as error:
            failed["message"] = str(error)
        except MemoryError:
            failed["message"] = "there is not enough memory to run it"
        except Exception as error:  # a bug of ours must not take the pool process away
            import traceback

            frames = "".join(traceback.format_exception(error))
            failed |= {"message": f"a bug in mdtodo: {error!r}", "traceback": frames}
        one.give_up()
        del self._running[one.attempt]
        self.send(failed)

    def _end(self, one: Running, result: Result) -> None:
        del self._running[one.attempt]
        if not self._queue and not self._running:
            os.chdir("/")  # in idleness it keeps no folder from being unmounted
        one.end(result)

    # What the runner says

    def _hear(self) -> None:
        for message in self._channel.receive():
            self._obey(message)
        if self._channel.ended:
            # a socket at its end stays readable: every poll would return at once
            self._watch.drop(self._channel.fileno())
            self._queue.clear()
            for one in self._running.values():
                one.stop(Stop.ABANDONED)

    def _obey(self, message: Json) -> None:
        """Queue a new spec, or do what is said of others."""
        if "attempt" in message:
            self._queue.append(message)
        elif "sign" in message:
            self.send({"sign": os.getpid()})
        elif "back" in message:
            self.send({"back": [spec["attempt"] for spec in self._queue]})
            self._queue.clear()
        elif "places" in message:
            self._places = cast("int", message["places"])
        elif (one := self._running.get(cast("str", message.get("cancel")))) is not None:
            one.stop(Stop.CANCELLED)
        else:
            self._cancel_queued(message.get("cancel"))

    def _cancel_queued(self, attempt: object) -> None:
        """Cancel a queued attempt; a cancellation that came too late is none."""
        for spec in self._queue:
            if spec["attempt"] == attempt:
                self._queue.remove(spec)
                self.send({"finished": attempt, "result": codec.named(Result(None, interrupted=True))})
                return

    def send(self, *messages: Json) -> None:
        """Tell the runner; where it is gone nobody would know of what is begun now."""
        try:
            self._channel.send(*messages)
        except OSError:
            self._channel.ended = True
            self._queue.clear()
