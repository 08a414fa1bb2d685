"""The pool processes of a runner, and which of them takes what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.execution.processors.spec import stands_alone
from mdtodo.system.process import available_cpus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdtodo.core.task import Json
    from mdtodo.execution.local.worker_handle import WorkerHandle

#: How many attempts one process carries out at once, at most: as many are lost if it is killed. So many only where the
#: pool would have more than `_PROCESSES` processes for each core otherwise.
TOGETHER = 8
_PROCESSES = 2


class Workers:
    """The pool processes, by the descriptor of their channel, which together carry out `capacity` attempts at once.

    Of more than a few for each core, several share a process: a process that waits for others costs seven milliseconds
    to be forked, and three megabytes. What stands alone has one to itself.
    """

    __slots__ = ("_shared", "by_descriptor", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        together = min(TOGETHER, -(-capacity // (_PROCESSES * available_cpus())))
        #: The number of processes for attempts that share them.
        self._shared = -(-capacity // together)
        self.by_descriptor: dict[int, WorkerHandle] = {}

    def __iter__(self) -> Iterator[WorkerHandle]:
        """A copy, as they are taken out."""
        return iter(list(self.by_descriptor.values()))

    def __len__(self) -> int:
        return len(self.by_descriptor)

    @property
    def at_work(self) -> int:
        """How many attempts they carry out now, or are about to."""
        return sum(worker.at_work for worker in self.by_descriptor.values())

    @property
    def places_of_next(self) -> int:
        """How many attempts the next process carries out at once, so that together they have one for each."""
        missing = self._shared - len(self)
        if missing <= 0:
            return 1
        left = self.capacity - sum(worker.places for worker in self.by_descriptor.values())
        return max(1, -(-left // missing))

    def processes_for(self, attempts: int) -> int:
        """How many processes so many attempts are begun with, as far as none stands alone."""
        return min(attempts, self._shared)

    def free(self, spec: Json) -> WorkerHandle | None:
        """One that can begin an attempt now; None where a new one should."""
        for worker in self.by_descriptor.values():
            if not worker.specs:
                return worker
        if stands_alone(spec) or len(self) < self._shared:
            return None
        free = [worker for worker in self.by_descriptor.values() if worker.at_work < worker.room]
        return min(free, key=lambda one: one.at_work, default=None)

    def shares(self, queue: Sequence[Json], most: int) -> Iterator[tuple[WorkerHandle, int]]:
        """How much of a queue each is given ahead, so that all have evenly to do, and none more than `most` for each of
        its places; to be asked when the capacity is used up. `queue` may get shorter meanwhile. Nothing where one may
        have to wait for what stands alone."""
        # Who has a place free would begin at once with it. After attempts that stood alone there are such: more
        # processes, with more places in all than may be taken.
        full = [worker for worker in self.by_descriptor.values() if worker.at_work == worker.room]
        workers = sorted(full, key=lambda one: len(one.specs) / one.room)
        if self._shared < self.capacity and not _alike(queue, self.by_descriptor.values()):
            return
        for place, worker in enumerate(workers):
            # so many that it has its share of what it and those that have more have, and is given
            others = sum(len(one.specs) for one in workers[place:]) + len(queue)
            share = -(-others * worker.room // sum(one.room for one in workers[place:]))
            count = min(share, most * worker.room) - len(worker.specs)
            if count > 0:
                yield worker, min(count, len(queue))

    def seconds_of_work(self, mean: float) -> float:
        """Seconds for which each has work, if attempts take `mean` seconds; of those that run nobody knows how much is
        left."""
        if self.at_work < self.capacity:
            return 0.0
        return (min(len(worker.specs) / worker.room for worker in self.by_descriptor.values()) - 2) * mean


def _alike(queue: Sequence[Json], workers: Iterable[WorkerHandle]) -> bool:
    """Whether all attempts stand alone, or none does."""
    kinds = {stands_alone(worker.specs[0]) for worker in workers if worker.specs}
    return len(kinds | {stands_alone(spec) for spec in queue}) < 2
