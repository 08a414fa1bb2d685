"""Runs that were started over HTTP: each a process of its own, as `mdtodo run` is, so that TERM ends it in good order
and its end is not the server's."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import mdtodo
from mdtodo.landing.policy import new_run_id
from mdtodo.serve.http.problems import Problem

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Sequence

#: Runs of one repository at once, runs that are remembered, lines and bytes of what one says that are kept.
AT_ONCE, REMEMBERED, SAID, LONGEST = 4, 50, 100, 4 << 20
#: Seconds in which a run that is asked to end has ended its processors and landed what was done, when the server ends.
PATIENCE = 20.0

#: `home` behind all other folders and `-P`, so that no module of the checkout is taken for one of Python's.
_PROGRAM = "import sys; sys.path.append(sys.argv.pop(1)); from mdtodo.cli import main; main()"


@dataclass(slots=True)
class StartedRun:
    """One of them. `report` is what it printed in the end, as `run --json` does; `said` are the newest sentences."""

    run: str
    project: str
    ids: tuple[str, ...]
    process: Process
    interrupted: bool = False
    report: dict[str, Any] | None = None
    said: deque[str] = field(default_factory=lambda: deque(maxlen=SAID))

    @property
    def exit_code(self) -> int | None:
        """That of its process; None while it goes on."""
        return self.process.returncode

    @property
    def state(self) -> str:
        """`running`, `interrupting`, `interrupted` or `finished`."""
        if self.exit_code is None:
            return "interrupting" if self.interrupted else "running"
        return "interrupted" if self.exit_code in (130, -signal.SIGTERM, -signal.SIGKILL) else "finished"

    def interrupt(self) -> None:
        """Ask it to end: what is done is kept, a second time it ends at once."""
        self.interrupted = True
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)


class StartedRuns:
    """All of one server, the newest remembered. `tell` is told when one begins and ends."""

    def __init__(self, tell: Callable[[StartedRun], None]) -> None:
        self._tell = tell
        self._all: OrderedDict[str, StartedRun] = OrderedDict()
        self._following: set[asyncio.Task[None]] = set()

    def get(self, run: str) -> StartedRun | None:
        """The one of that name, if it was started here and is remembered."""
        return self._all.get(run)

    async def start(self, project: str, root: str, ids: Sequence[str]) -> StartedRun:
        """Start one of these tasks, of all that are ready without ids; it has its name at once. Raises Problem where
        too many go on."""
        going = [one for one in self._all.values() if one.project == project and one.exit_code is None]
        if len(going) >= AT_ONCE:
            raise Problem(429, f"{len(going)} runs go on in {project}", headers={"Retry-After": "10"})
        run, home = new_run_id(), os.path.dirname(os.path.abspath(mdtodo.__path__[0]))
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-c", _PROGRAM, home, "-C", root, "run", "--json", "--run-id", run),
                *("--", *ids),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C of a terminal is the server's, which ends it in good order
            )
        except OSError as error:
            raise Problem(503, f"the run could not be started: {error.strerror}") from error
        started = StartedRun(run, project, tuple(ids), process)
        self._all[run] = started
        self._forget()
        following = asyncio.ensure_future(self._follow(started))
        self._following.add(following)
        following.add_done_callback(self._following.discard)
        self._tell(started)
        return started

    def _forget(self) -> None:
        """The oldest that are over."""
        over = [name for name, one in self._all.items() if one.exit_code is not None]
        for name in over[: max(0, len(self._all) - REMEMBERED)]:
            del self._all[name]

    async def _follow(self, started: StartedRun) -> None:
        out, err = started.process.stdout, started.process.stderr
        assert out is not None, "it has pipes"
        assert err is not None, "it has pipes"
        printed, _ = await asyncio.gather(_bounded(out), _sentences(err, started.said))
        await started.process.wait()
        with suppress(ValueError):
            started.report = json.loads(printed)
        self._tell(started)

    async def end(self) -> None:
        """Interrupt those that go on, and wait for them for a while."""
        going = [one for one in self._all.values() if one.exit_code is None]
        for one in going:
            one.interrupt()
        if self._following:
            await asyncio.wait(self._following, timeout=PATIENCE)
        for one in going:
            if one.exit_code is None:
                one.interrupt()


async def _bounded(stream: asyncio.StreamReader) -> bytes:
    """All that comes, or nothing of it where that is too much."""
    found = bytearray()
    while part := await stream.read(1 << 16):
        if len(found) <= LONGEST:
            found += part
    return bytes(found) if len(found) <= LONGEST else b""


async def _sentences(stream: asyncio.StreamReader, said: deque[str]) -> None:
    rest = b""
    while part := await stream.read(1 << 16):
        *lines, rest = (rest + part).split(b"\n")
        said.extend(line.decode("utf-8", "replace").removeprefix("mdtodo: ")[:1000] for line in lines if line)
        rest = rest[:1000]
    if rest:
        said.append(rest.decode("utf-8", "replace"))
