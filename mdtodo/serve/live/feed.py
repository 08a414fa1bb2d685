"""What changes in a repository, by whoever it was, told as events: at once that something did, then what it came to."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from mdtodo.errors import MdtodoError
from mdtodo.git.files import worktree_files
from mdtodo.serve.live.watch import Watch
from mdtodo.serve.repositories.task_documents import brief

if TYPE_CHECKING:
    from mdtodo.serve.live.events import Hub
    from mdtodo.serve.repositories.checkout import Snapshot
    from mdtodo.serve.repositories.projects import ServedProject

#: Between two readings there is so many times what the first of them took, and no more seconds than these.
_PAUSE, _LONGEST_PAUSE = 2.0, 2.0
#: Tasks that one event tells of; of more it says to read all anew.
_TOLD = 100


class Feed:
    """Tells a hub of one repository."""

    def __init__(self, project: ServedProject, hub: Hub) -> None:
        self._project = project
        self._hub = hub
        self._stamp: object = None
        self._told: Snapshot | None = None
        self._error: str | None = None
        self._reading: asyncio.Task[None] | None = None
        self._listing: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._watch = Watch(
            lambda: project.known, lambda came: _soon(loop, lambda: self._list() if came else self.look())
        )

    def start(self) -> None:
        """Look at it from now on."""
        self._project.watched.append(self._tell_tasks)
        self._watch.start(self._project.name)
        self.read()

    def stop(self) -> None:
        """Look no more."""
        self._watch.stop()

    def look(self) -> None:
        """Tell whether it is another one than at the last look."""
        stamp, before = self._project.checkout.stamp(), self._stamp
        if stamp != before:
            self._stamp = stamp
            if before is not None and stamp is not None:
                self._tell_change(_what(before, stamp))
        if len(self._hub) and (self._error or self._project.is_old(stamp)):
            self.read()

    def read(self) -> None:
        """Read it, and tell what has changed; where that goes on, it sees to it."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read())

    def _tell_change(self, what: list[str]) -> None:
        self._hub.publish("change", {"project": self._project.name, "what": what})

    async def _read(self) -> None:
        """Again as long as it changes, with pauses, as a run changes the state again and again."""
        while True:
            began = time.monotonic()
            await self._read_once()
            await asyncio.sleep(min(_LONGEST_PAUSE, _PAUSE * (time.monotonic() - began)))
            if not (len(self._hub) and self._project.is_old(self._project.checkout.stamp())):
                return

    async def _read_once(self) -> None:
        error = None
        try:
            await self._project.snapshot()
        except (MdtodoError, OSError) as refused:
            error = str(refused)
        if error != self._error:
            self._error = error
            self._hub.publish("project", {"project": self._project.name, "error": error})

    def _list(self) -> None:
        """Look also whether files have come or gone."""
        self.look()
        if self._listing is None or self._listing.done():
            self._listing = asyncio.ensure_future(self._list_files())

    async def _list_files(self) -> None:
        known = self._project.known
        if known is None:
            return
        repo, files = known.repo, known.config.task_files
        try:
            now = await self._project.look(lambda: worktree_files.find(repo, files))
        except (MdtodoError, OSError):  # whoever reads it is told why
            return
        if set(now) != set(known.project.documents) and self._project.known is known:
            self._project.generation += 1
            self._tell_change(["files"])
            self.read()

    def _tell_tasks(self, now: Snapshot) -> None:
        before, self._told = self._told, now
        if before is None or before.records == now.records:
            return
        old = before.records
        changed = [one for name, one in now.records.items() if old.get(name, {}).get("etag") != one["etag"]]
        removed = [name for name in old if name not in now.records]
        more = len(changed) + len(removed) > _TOLD
        told: dict[str, Any] = {"changed": [] if more else list(map(brief, changed)), "reload": more}
        self._hub.publish(
            "tasks", {"project": self._project.name, **told, "removed": [] if more else removed}
        )


def _soon(loop: asyncio.AbstractEventLoop, call: Any) -> None:
    """From another thread; not where the loop has ended by now."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)


def _what(before: Any, now: Any) -> list[str]:
    """Which parts of two stamps differ: files, then HEAD, then the state."""
    parts = {"files": slice(0, -3), "head": slice(-3, -2), "state": slice(-2, None)}
    found = [name for name, part in parts.items() if before[part] != now[part]]
    return found or ["files"]
