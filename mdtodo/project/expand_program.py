"""Asking a program how a task is to be broken down: its time, its output and its processes are bounded."""

from __future__ import annotations

import os
import selectors
import signal
import tempfile
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.config.value_types import format_duration
from mdtodo.errors import EditError

if TYPE_CHECKING:
    import subprocess

    from mdtodo.core.task import Json

#: Bytes of an answer.
LONGEST_ANSWER = 64 * 1024
#: Bytes of standard error that are kept, from its end.
_TAIL = 4096
#: Seconds that are given to what the program leaves running, and between TERM and KILL.
_DRAIN_SECONDS, _GRACE = 1.0, 2.0
_POLL_EVERY = 0.05
_CHUNK = 1 << 16


class Request(NamedTuple):
    """A shell command, the TASK that is asked about, the folder that the command runs in, and its seconds."""

    command: str
    task: Json
    root: str
    timeout: float


def ask_program(request: Request) -> bytes:
    """What the program prints, which is given the task as JSON and in its environment, as a processor is.

    It runs in a session of its own, and is ended with everything in it. Raises EditError where it takes too long,
    prints more than 64 KiB, or does not exit 0: a sentence with what it said on standard error.
    """
    import json
    import subprocess

    from mdtodo.execution.processors.spec import environment

    # a file, not a pipe: to fill a pipe is to wait for a program that may read nothing
    with tempfile.TemporaryFile() as stdin:
        stdin.write(json.dumps(request.task).encode() + b"\n")
        stdin.seek(0)
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", request.command],
                cwd=request.root,
                env=environment(request.task, 1, "", {}, os.environ),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise EditError(f"`expand.command` cannot be started: {error}") from None
    with process:
        try:
            return _Reader(process, request.timeout).read()
        finally:
            _end(process)


class _Reader:
    """Takes what a program says until it is over."""

    def __init__(self, process: subprocess.Popen[bytes], timeout: float) -> None:
        self._process = process
        self._timeout = timeout
        self._deadline = monotonic() + timeout
        self._exited_at: float | None = None
        self._out, self._err = bytearray(), bytearray()

    def read(self) -> bytes:
        """Its output; EditError as `ask_program`."""
        with selectors.DefaultSelector() as selector:
            for pipe, buffer in ((self._process.stdout, self._out), (self._process.stderr, self._err)):
                assert pipe is not None
                selector.register(pipe, selectors.EVENT_READ, buffer)
            while self._goes_on(selector):
                self._read_once(selector)
        code = self._process.wait()
        if code:
            how = f"was killed by signal {-code}" if code < 0 else f"exited {code}"
            raise EditError(f"`expand.command` {how}{self._last_stderr_line()}")
        return bytes(self._out)

    def _goes_on(self, selector: selectors.BaseSelector) -> bool:
        """Whether there is more to read. What the program leaves running may hold its pipes open, but not for ever."""
        now = monotonic()
        if self._process.poll() is None:
            if now < self._deadline:
                return True
            raise EditError(
                f"`expand.command` took longer than {format_duration(self._timeout)}{self._last_stderr_line()}"
            )
        self._exited_at = self._exited_at or now
        return bool(selector.get_map()) and now < self._exited_at + _DRAIN_SECONDS

    def _read_once(self, selector: selectors.BaseSelector) -> None:
        # bounded, as the end of a program is no event here
        for key, _ in selector.select(_POLL_EVERY):
            data = os.read(key.fd, _CHUNK)
            if not data:
                selector.unregister(key.fileobj)
            key.data.extend(data)
        del self._err[:-_TAIL]
        if len(self._out) > LONGEST_ANSWER:
            raise EditError(f"`expand.command` printed more than {LONGEST_ANSWER // 1024} KiB")

    def _last_stderr_line(self) -> str:
        lines = self._err.decode(errors="replace").strip().splitlines()
        return f": {lines[-1].strip()[:200]}" if lines else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of its group: TERM, and KILL after the grace."""
    import subprocess

    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE if number == signal.SIGTERM else None)
