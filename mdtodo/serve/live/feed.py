"""What changes in a repository, by whoever it was, told as events: at once that something did, then what it came to."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any

from mdtodo.errors import MdtodoError
from mdtodo.serve.repositories.task_documents import brief
from mdtodo.storage.state import folder

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository
    from mdtodo.serve.live.events import Hub
    from mdtodo.serve.repositories.checkout import Snapshot
    from mdtodo.serve.repositories.projects import ServedProject
    from mdtodo.workers.changes import Notifier

#: Milliseconds in which changes are taken together, in which the last of them must lie, and after which the files are
#: looked at though nothing was told.
_TOGETHER, _STEP, _LOOK = 60, 15, 1000
#: Tasks that one event tells of; of more it says to read all anew.
_TOLD = 100


class Feed:
    """Tells a hub of one repository."""

    def __init__(self, project: ServedProject, hub: Hub) -> None:
        self._project = project
        self._hub = hub
        self._stamp: object = None
        self._told: Snapshot | None = None
        self._running: object = None
        self._error: str | None = None
        self._reading: asyncio.Task[None] | None = None
        self._stop = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Look at it from now on."""
        self._loop = asyncio.get_running_loop()
        self._project.watched.append(self._tell_tasks)
        threading.Thread(target=self._watch, daemon=True, name=f"watch {self._project.name}").start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def look(self) -> None:
        """Tell whether it is another one than at the last look."""
        stamp, before = self._project.checkout.stamp(), self._stamp
        if stamp != before:
            self._stamp = stamp
            if before is not None and stamp is not None:
                self._hub.publish("change", {"project": self._project.name, "what": _what(before, stamp)})
        known = self._project.known
        if len(self._hub) and (
            stamp is None or known is None or known.stamp != stamp or known.is_live or self._error
        ):
            self.read()

    def read(self) -> None:
        """Read it, and tell what has changed; where that goes on, it sees to it."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        error = None
        try:
            await self._project.snapshot()
        except MdtodoError as refused:
            error = str(refused)
        except OSError as refused:
            error = str(refused)
        if error != self._error:
            self._error = error
            self._hub.publish("project", {"project": self._project.name, "error": error})

    def _tell_tasks(self, now: Snapshot) -> None:
        before, self._told = self._told, now
        if before is None or before.records == now.records:
            return
        changed = [
            brief(one)
            for name, one in now.records.items()
            if before.records.get(name, {}).get("etag") != one["etag"]
        ]
        removed = [name for name in before.records if name not in now.records]
        more = len(changed) > _TOLD
        told: dict[str, Any] = {
            "changed": [] if more else changed,
            "removed": [] if more else removed,
            "reload": more,
        }
        self._hub.publish("tasks", {"project": self._project.name, **told})

    def _watch(self) -> None:
        """In a thread of its own: the system tells in which folders something happens."""
        from watchfiles._rust_notify import RustNotify

        notifier: Notifier | None = None
        folders: frozenset[str] = frozenset()
        while not self._stop.is_set():
            now = self._folders()
            if now != folders or notifier is None:
                folders = now
                try:
                    notifier = RustNotify(sorted(folders), False, False, 0, False, True)
                except Exception:  # what it raises where the system has no more to give is not written down
                    notifier = None
            if notifier is None or not folders:
                self._stop.wait(_LOOK / 1000)
            else:
                notifier.watch(_TOGETHER, _STEP, _LOOK, self._stop)
            if self._loop is not None and not self._stop.is_set():
                self._loop.call_soon_threadsafe(self.look)

    def _folders(self) -> frozenset[str]:
        known = self._project.known
        if known is None:
            return frozenset()
        repo, files = known.repo, known.project.documents
        paths = {repo.root, repo.git_dir, folder(repo), *_branch_folders(repo, known)}
        for file in files:
            path = os.path.dirname(os.path.realpath(os.path.join(repo.root, file)))
            paths.add(path)
        return frozenset(filter(os.path.isdir, paths))


def _branch_folders(repo: Repository, known: Snapshot) -> list[str]:
    ref = known.head.ref
    tables = os.path.join(repo.common_dir, "reftable")
    return [repo.common_dir, tables, *([os.path.dirname(os.path.join(repo.common_dir, ref))] if ref else [])]


def _what(before: Any, now: Any) -> list[str]:
    """Which parts of two stamps differ: files, then HEAD, then the state."""
    parts = {"files": slice(0, -3), "head": slice(-3, -2), "state": slice(-2, None)}
    found = [name for name, part in parts.items() if before[part] != now[part]]
    return found or ["files"]
