"""The repositories that are served: each read once, as long as nothing changes; one request at a time changes it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from mdtodo.errors import MdtodoError
from mdtodo.serve.http.problems import Problem
from mdtodo.serve.repositories.checkout import Checkout, Snapshot
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

T = TypeVar("T")

#: Seconds after which what was read is read again though nothing was told to have changed: while a worker has a task,
#: since its death changes no file; and else, since days pass, and processors come and go.
_AGE_OF_LIVE, _AGE = 1.0, 30.0
#: So often in a row it is read again because it has changed while it was read.
_AGAIN = 2


class ServedProject:
    """One of them. `watched` is called with each new snapshot."""

    def __init__(self, name: str, root: str) -> None:
        self.name = name
        self.checkout = Checkout(name, root)
        self.generation = 0
        self.watched: list[Callable[[Snapshot], None]] = []
        self._turn = asyncio.Lock()
        self._snapshot: Snapshot | None = None
        self._generation_read = -1
        self._failed = False
        self._reading: asyncio.Task[Snapshot] | None = None

    @property
    def root(self) -> str:
        """The folder that it was named by."""
        return self.checkout.root

    @property
    def is_readable(self) -> bool:
        """Whether it could be read when that was tried last."""
        return self._snapshot is not None and not self._failed

    @property
    def known(self) -> Snapshot | None:
        """What was read last, whatever has become of it since."""
        return self._snapshot

    async def snapshot(self) -> Snapshot:
        """It as it is now. Raises MdtodoError where it cannot be read."""
        found = self._snapshot
        for _ in range(_AGAIN):
            if found is not None and self._is_current(found):
                if time.monotonic() - found.began > (_AGE_OF_LIVE if found.is_live else _AGE):
                    self._begin_reading()  # the next request has it
                return found
            found = await asyncio.shield(self._begin_reading())
        assert found is not None, "it was read"
        return found

    async def change(self, made: Callable[[Snapshot], T], *, follow: bool = False) -> T:
        """What `made` gives for the repository as it is now, while no other request reads or changes it."""

        def work() -> T:
            return files.persist(lambda: made(self.checkout.recovered(follow=follow)))

        async def in_turn() -> T:
            async with self._turn:
                try:
                    return await asyncio.to_thread(work)
                finally:
                    self.generation += 1

        return await asyncio.shield(asyncio.ensure_future(in_turn()))

    async def look(self, made: Callable[[], T]) -> T:
        """What `made` gives, in the turn of this repository."""

        async def in_turn() -> T:
            async with self._turn:
                return await asyncio.to_thread(made)

        return await asyncio.shield(asyncio.ensure_future(in_turn()))

    def is_old(self, stamp: object) -> bool:
        """Whether what was read last is not what is there now, with that stamp, or may not be."""
        found = self._snapshot
        if found is None or stamp is None or found.stamp != stamp or self._generation_read != self.generation:
            return True
        return found.is_live and time.monotonic() - found.began > _AGE_OF_LIVE

    def _is_current(self, found: Snapshot) -> bool:
        return self._generation_read == self.generation and self.checkout.stamp() == found.stamp

    def _begin_reading(self) -> asyncio.Task[Snapshot]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read())
            self._reading.add_done_callback(_retrieved)
        return self._reading

    async def _read(self) -> Snapshot:
        async with self._turn:
            generation = self.generation
            self._failed = True  # until it has been read
            found = await asyncio.to_thread(self.checkout.read)
            self._failed = False
            self._snapshot, self._generation_read = found, generation
        for told in self.watched:
            told(found)
        return found


def _retrieved(task: asyncio.Task[Snapshot]) -> None:
    """Whoever waits is told what went wrong; of what nobody waits for, the next one who asks."""
    if not task.cancelled():
        task.exception()


class Projects:
    """All of them, by name."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._all = {name: ServedProject(name, root) for name, root in named.items()}

    def __iter__(self) -> Iterator[ServedProject]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def named(self, name: str) -> ServedProject:
        """The one of that name, which there has to be."""
        return self._all[name]

    def chosen(self, name: str | None) -> list[ServedProject]:
        """The one of that name, or all. Raises Problem where none is called so."""
        if name is None:
            return list(self)
        if name not in self._all:
            raise Problem(404, f"no project is called {name[:80]!r}", more={"projects": list(self._all)})
        return [self._all[name]]

    async def snapshots(self, name: str | None) -> tuple[list[Snapshot], dict[str, str]]:
        """Those of the chosen ones that can be read, and by name why others cannot be. Raises Problem where none
        can."""
        found: list[Snapshot] = []
        unavailable: dict[str, str] = {}
        error: MdtodoError | None = None
        for project in self.chosen(name):
            try:
                found.append(await project.snapshot())
            except MdtodoError as refused:
                error = refused
                unavailable[project.name] = str(refused)
        if not found and error is not None:
            raise Problem.of(error)
        return found, unavailable

    async def holding(self, name: str | None, task_id: str) -> tuple[ServedProject, Snapshot]:
        """The one that has the task with this id. Raises Problem where none has, or where several have and none was
        named."""
        found, unavailable = await self.snapshots(name)
        having = [one for one in found if task_id in one.records]
        if len(having) > 1:
            names = [one.name for one in having]
            raise Problem(
                422,
                f"{', '.join(names)} have a task {task_id!r}: say which by ?project=",
                more={"projects": names},
            )
        if not having:
            raise Problem(
                404, _unknown(task_id, found), more={"unavailable": unavailable} if unavailable else None
            )
        return self._all[having[0].name], having[0]

    def one(self, name: str | None) -> ServedProject:
        """The one of that name, or the only one. Raises Problem where there are several and none was named."""
        chosen = self.chosen(name)
        if len(chosen) > 1:
            names = [one.name for one in chosen]
            raise Problem(422, "there are several projects: say which by ?project=", more={"projects": names})
        return chosen[0]


def _unknown(task_id: str, snapshots: Iterable[Snapshot]) -> str:
    from mdtodo.core.names import nearest

    near = nearest(task_id[:80], [name for one in snapshots for name in one.records], 0.6)
    return f"no task has the id {task_id[:80]!r}" + (f"; did you mean {near!r}?" if near else "")
