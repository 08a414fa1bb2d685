"""Proofs, as the server has them: a process for each, its progress told to the client, ended where nobody waits for it
any more."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

import mdtodo
from mdtodo.errors import MdtodoError
from mdtodo.system.process import available_cpus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import Process

    Progress = Callable[[float, float | None, str | None], Awaitable[None]]

#: Seconds between two signs that a proof goes on, and the least between two that its processor asks for.
SIGN_EVERY, LEAST = 5.0, 0.25
#: Seconds in which a proof that nobody waits for ends in good order: a command is given one to end, then killed.
PATIENCE = 15.0
_LONGEST_LINE = 1 << 20


class Proofs:
    """Runs the checks of tasks, not more at once than there are cores: others wait for their turn."""

    def __init__(self) -> None:
        self._places = anyio.CapacityLimiter(available_cpus())

    async def prove(self, root: str, task_id: str, token: int | None, progress: Progress) -> dict[str, Any]:
        """What a proof came to, as `proof_process` tells it. Raises MdtodoError where it could not be begun. Where it
        is cancelled, the run is ended in good order first."""
        async with self._places:
            process, over = await _start(root, task_id, token), False
            try:
                result = await _follow(process, progress)
                over = True
                return result
            finally:
                with anyio.CancelScope(shield=True):
                    await _end(process, over=over)


async def _start(root: str, task_id: str, token: int | None) -> Process:
    home = os.path.dirname(os.path.abspath(mdtodo.__path__[0]))
    command = [sys.executable, "-P", "-c", _PROGRAM, home, root, task_id, "" if token is None else str(token)]
    try:
        # of its own session, as clients kill the server's whole group: what is at work ends in its own order
        return await anyio.open_process(command, stderr=None, start_new_session=True)
    except OSError as error:
        raise MdtodoError(f"the proof could not be started: {error.strerror}") from error


#: `home` behind all other folders and `-P`, so that no module of the checkout is taken for one of Python's.
_PROGRAM = (
    "import sys; home, *told = sys.argv[1:]; sys.path.append(home); "
    "from mdtodo.mcp.proof_process import main; main(*told)"
)


async def _follow(process: Process, progress: Progress) -> dict[str, Any]:
    assert process.stdout is not None, "it has a pipe"
    lines, teller = BufferedByteReceiveStream(process.stdout), _Teller(progress)
    while True:
        line: dict[str, Any] = {}
        with anyio.move_on_after(SIGN_EVERY):
            try:
                line = json.loads(await lines.receive_until(b"\n", _LONGEST_LINE))
            except (anyio.IncompleteRead, anyio.EndOfStream):
                raise MdtodoError("the process that proves the task was lost") from None
        if "result" in line:
            result: dict[str, Any] = line["result"]
            return result
        if "error" in line:
            raise MdtodoError(line["error"], hint=line["hint"])
        await teller.tell(line)


class _Teller:
    """Progress in seconds, as it has to grow with each sign; where the processor says how far it is, with the seconds
    that it takes altogether at that pace."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._began = time.monotonic()
        self._last = 0.0
        self._percent: float | None = None
        self._message: str | None = None

    async def tell(self, line: dict[str, Any]) -> None:
        self._percent = line.get("percent", self._percent)
        self._message = line.get("message", self._message)
        seconds = time.monotonic() - self._began
        if "percent" in line and seconds < self._last + LEAST:
            return
        self._last = seconds
        total = seconds * 100 / self._percent if self._percent else None
        await self._progress(seconds, total, self._message)


async def _end(process: Process, *, over: bool) -> None:
    """Wait for it; where it is not `over`, it ends in good order when its standard input does."""
    assert process.stdin is not None, "it has a pipe"
    if not over:  # one that has told its result ends by itself
        await process.stdin.aclose()
    with anyio.move_on_after(PATIENCE):
        await process.wait()
    if process.returncode is None:
        process.kill()
    await process.aclose()
