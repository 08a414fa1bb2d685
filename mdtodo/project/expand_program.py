"""Asking a program how a task is to be broken down: its time, its output and its processes are bounded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.config.value_types import format_duration
from mdtodo.errors import EditError

if TYPE_CHECKING:
    from mdtodo.core.task import Json

#: Bytes of an answer.
LONGEST_ANSWER = 64 * 1024
#: Bytes of standard error that are kept, from its end.
_TAIL = 4096
#: Seconds that are given to what the program leaves running, and between TERM and KILL.
_LINGER, _GRACE = 1.0, 2.0


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

    from mdtodo.execution.processors.spec import environment
    from mdtodo.system.process import Process

    answer = _Answer()
    argv = ["/bin/sh", "-c", 'cd "$0" && exec /bin/sh -c "$1"', request.root, request.command]
    env = environment(request.task, 1, "", {}, os.environ)
    try:
        process = Process(argv, env, session=True, on_output=answer.take)
    except (OSError, ValueError) as error:
        raise EditError(f"`expand.command` cannot be started: {error}") from None
    try:
        code, *_ = process.finish(
            json.dumps(request.task).encode() + b"\n", timeout=request.timeout, linger=_LINGER
        )
    except TimeoutError:
        took = f"took longer than {format_duration(request.timeout)}"
        raise EditError(f"`expand.command` {took}{answer.last_error_line()}") from None
    finally:
        process.end_group(_GRACE)
    if code:
        how = f"was killed by signal {-code}" if code < 0 else f"exited {code}"
        raise EditError(f"`expand.command` {how}{answer.last_error_line()}")
    return bytes(answer.out)


class _Answer:
    """What the program says: all of its output, and the end of its standard error."""

    def __init__(self) -> None:
        self.out, self._err = bytearray(), bytearray()

    def take(self, number: int, data: bytes) -> None:
        """Keep it; EditError as `ask_program`."""
        (self.out if number == 1 else self._err).extend(data)
        del self._err[:-_TAIL]
        if len(self.out) > LONGEST_ANSWER:
            raise EditError(f"`expand.command` printed more than {LONGEST_ANSWER // 1024} KiB")

    def last_error_line(self) -> str:
        lines = self._err.decode(errors="replace").strip().splitlines()
        return f": {lines[-1].strip()[:200]}" if lines else ""
