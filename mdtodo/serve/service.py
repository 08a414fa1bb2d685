"""What the routes of one server share: its repositories, who may ask, who listens, and answers that still hold."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from mdtodo.errors import MdtodoError
from mdtodo.serve.http.json_text import json_bytes
from mdtodo.serve.live.events import Hub
from mdtodo.serve.live.feed import Feed
from mdtodo.serve.live.runs import StartedRuns
from mdtodo.system import audit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import HTTPConnection

    from mdtodo.serve.access.rules import Access
    from mdtodo.serve.live.runs import StartedRun
    from mdtodo.serve.repositories.checkout import Snapshot
    from mdtodo.serve.repositories.projects import Projects

    T = TypeVar("T")

#: Lines of the server's own log, and bytes of answers that are kept.
LINES, BYTES = 1000, 16 << 20


class Answers:
    """Answers that hold as long as the snapshots that they were made of."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, tuple[tuple[Snapshot, ...], bytes]] = OrderedDict()
        self._making: dict[object, asyncio.Future[bytes]] = {}

    def get(self, key: object, snapshots: Sequence[Snapshot]) -> bytes | None:
        """The answer for this key, if it was made of the same."""
        found = self._kept.get(key)
        if found is None or len(found[0]) != len(snapshots):
            return None
        if not all(one is other for one, other in zip(found[0], snapshots, strict=True)):
            return None
        self._kept.move_to_end(key)
        return found[1]

    async def made(
        self, key: object, snapshots: Sequence[Snapshot], make: Callable[[], Awaitable[dict[str, Any]]]
    ) -> bytes:
        """The answer for this key, made now where it is not kept: once, however many wait for it."""
        found = self.get(key, snapshots)
        if found is not None:
            return found
        of = (key, *map(id, snapshots))
        if of not in self._making:
            making = self._making[of] = asyncio.ensure_future(self._make(key, snapshots, make))
            making.add_done_callback(lambda _: self._making.pop(of, None))
        return await asyncio.shield(self._making[of])

    async def _make(
        self, key: object, snapshots: Sequence[Snapshot], make: Callable[[], Awaitable[dict[str, Any]]]
    ) -> bytes:
        body = await asyncio.to_thread(json_bytes, await make())
        self.put(key, snapshots, body)
        return body

    def put(self, key: object, snapshots: Sequence[Snapshot], body: bytes) -> None:
        """Keep it, and let go what was made of other snapshots of the same repositories, which would be kept with it;
        and what was asked for longest ago, where there is too much."""
        now = {one.name: one for one in snapshots}
        for other, (made_of, _) in list(self._kept.items()):
            if any(now.get(one.name, one) is not one for one in made_of):
                del self._kept[other]
        self._kept[key] = tuple(snapshots), body
        while len(self._kept) > 1 and sum(len(one) for _, one in self._kept.values()) > BYTES:
            self._kept.popitem(last=False)


class ServerLog:
    """The newest lines of the server's own log, in memory, and each where `--log-file` says."""

    def __init__(self) -> None:
        self._lines: deque[dict[str, Any]] = deque(maxlen=LINES)
        self._number = 0

    def write(self, event: str, /, **said: object) -> None:
        """One more line."""
        self._number += 1
        told = {name: value for name, value in said.items() if value is not None}
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._lines.append({"number": self._number, "time": now, "event": event, **told})
        audit.record(event, **told)

    def lines(self, after: int = 0) -> list[dict[str, Any]]:
        """The lines that came after the one with this number, oldest first."""
        return [one for one in self._lines if one["number"] > after]


@dataclass(slots=True)
class Service:
    """One server."""

    projects: Projects
    access: Access
    allow_runs: bool
    log: ServerLog = field(default_factory=ServerLog)
    hub: Hub = field(default_factory=lambda: Hub(os.urandom(4).hex()))
    kept: Answers = field(default_factory=Answers)
    feeds: list[Feed] = field(default_factory=list)
    followers: set[object] = field(default_factory=set)
    runs: StartedRuns = field(init=False)

    def __post_init__(self) -> None:
        self.runs = StartedRuns(self._tell_run)

    def _tell_run(self, run: StartedRun) -> None:
        told = {"project": run.project, "run": run.run, "state": run.state, "exit_code": run.exit_code}
        self.hub.publish("run", told)
        if run.exit_code is not None:
            self.log.write("run_over", **told)

    def start(self) -> None:
        """Look at the repositories from now on."""
        self.feeds = [Feed(project, self.hub) for project in self.projects]
        for one in self.feeds:
            one.start()

    async def stop(self) -> None:
        """Interrupt the runs that it has started, let the streams end, and look no more."""
        await self.runs.end()
        self.hub.close()
        for one in self.feeds:
            one.stop()

    def look(self) -> None:
        """Have what clients listen to read now."""
        for one in self.feeds:
            one.look()

    async def read_all(self) -> None:
        """Have read what can be read."""
        for one in self.projects:
            with suppress(MdtodoError):
                await one.snapshot()

    def is_ready(self) -> bool:
        """Whether any repository could be read when it was read last."""
        return any(one.is_readable for one in self.projects)

    async def looked(self, snapshot: Snapshot, made: Callable[[], T]) -> T:
        """What `made` gives of it, in a thread, in the turn of its repository."""
        return await self.projects.named(snapshot.name).look(made)


def service_of(request: HTTPConnection) -> Service:
    """That of the server that was asked."""
    found: Service = request.app.state.service
    return found
