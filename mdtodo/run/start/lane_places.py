"""The places that one process has in lanes with a cap, which holds over all workers of a clone."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.storage.leases import Lane

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from dataclasses import dataclass

    from mdtodo.core.task import Task
    from mdtodo.storage.leases import Lease
    from mdtodo.storage.state import StateStore
else:
    from mdtodo.core.light.dataclasses import dataclass


@dataclass(slots=True, eq=False, repr=False)
class LanePlaces:
    """No more than `jobs` of the tasks that are handed to the pool run at once. So a process takes no more places of a
    lane than that, and the tasks that are handed ahead go without: they have the place of one that ends before them.
    """

    state: StateStore
    caps: Mapping[str, int]
    jobs: int
    _held: dict[str, int] = field(default_factory=dict)
    _lanes: dict[str, str] = field(default_factory=dict)

    def needed(self, tasks: Sequence[Task]) -> tuple[dict[str, Lane], list[Task]]:
        """The places that these tasks need before they start, by task, and the tasks that go without one where all that
        may run have theirs."""
        own = Counter(self._lanes[name] for name in self._held)
        places: dict[str, Lane] = {}
        ahead: list[Task] = []
        for task in tasks:
            if task.lane not in self.caps or task.id in self._held:
                continue
            if own[task.lane] < self.jobs:
                own[task.lane] += 1
                places[task.id] = Lane(task.lane, self.caps[task.lane])
            else:
                ahead.append(task)
        return places, ahead

    def hold(self, places: Mapping[str, Lane], leases: Mapping[str, Lease]) -> None:
        """These places were taken, with the leases of their tasks."""
        self._held |= {name: leases[name].token for name in places}
        self._lanes |= {name: lane.name for name, lane in places.items()}

    def go_without(self, tasks: Sequence[Task]) -> list[Task]:
        """Those of the tasks handed ahead that need no place; they have been handed over then."""
        own = Counter(self._lanes[name] for name in self._held)
        covered = [task for task in tasks if own[task.lane] >= self.jobs]
        self._lanes |= {task.id: task.lane for task in covered}
        return covered

    def leave(self, running: Container[str], leases: Mapping[str, Lease]) -> None:
        """Only these tasks run still, or wait in the pool: a place that is not needed any more goes to one that went
        without, or back."""
        for name in [name for name in self._lanes if name not in running and name not in self._held]:
            del self._lanes[name]
        gone = {name: self._held.pop(name) for name in list(self._held) if name not in running}
        if not gone:
            return
        heirs: list[tuple[int, str]] = []
        for lane in [self._lanes.pop(name) for name in gone]:
            waiting = (
                n for n, its in self._lanes.items() if its == lane and n not in self._held and n in leases
            )
            if (heir := next(waiting, None)) is not None:
                self._held[heir] = leases[heir].token
                heirs.append((leases[heir].token, lane))
        self.state.leave_lanes(list(gone.values()), heirs)
