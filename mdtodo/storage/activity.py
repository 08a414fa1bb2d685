"""What goes on in this clone at this moment: the runs that are alive, and what each has in hand."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.git.repository import Repository
    from mdtodo.storage.leases import Lease
    from mdtodo.storage.state import StateStore

#: Ended runs that are looked at for the newest that ran anything.
_LOOKED_AT = 20


class LiveRun(NamedTuple):
    """A run whose process is alive: `slots` are the tasks that it may run at once, None where it did not say;
    `tasks` those that were handed to a slot and have no result yet."""

    run: str
    worker: str
    started: float
    slots: int | None
    tasks: frozenset[str]


class Activity(NamedTuple):
    """`active` are the tasks that any worker has in hand, claims included, each with that worker; `efficiency` is that
    of the newest ended run that ran anything: seconds of processors in seconds of slots, None where there is none;
    `subtasks` were made since the state began, None without one.
    """

    runs: tuple[LiveRun, ...] = ()
    active: Mapping[str, str] = MappingProxyType({})
    efficiency: float | None = None
    subtasks: int | None = None


def activity(repo: Repository) -> Activity:
    """As the state has it; reads only, and without a state nothing goes on."""
    from mdtodo.storage.state import StateStore, folder

    if not os.path.exists(os.path.join(folder(repo), "state.db")):
        return Activity()
    with StateStore.open(repo, create=False) as state:
        leases = _in_hand(state)
        tasks: dict[str, set[str]] = {}
        for lease in leases:  # by process, as two workers may have one name
            tasks.setdefault(lease.owner, set()).add(lease.task_id)
        runs = tuple(
            LiveRun(run, worker, started, _slots(state, run), frozenset(tasks.get(state.owner(run), ())))
            for run, worker, started in state.active_runs()
        )
        active = {lease.task_id: lease.worker for lease in leases}
        return Activity(runs, active, _efficiency(state), state.subtasks())


def _in_hand(state: StateStore) -> list[Lease]:
    """Leases and claims, but for those of tasks that have their result and wait for the commit."""
    over = {entry.receipt.task_id for run, _, _ in state.active_runs() for entry in state.unlanded(run)}
    return [lease for lease in state.live_leases() if lease.task_id not in over]


def _slots(state: StateStore, run: str) -> int | None:
    slots = state.begun(run).get("jobs")
    return slots if isinstance(slots, int) and slots > 0 else None


def _efficiency(state: StateStore) -> float | None:
    entries = state.history(limit=5000)
    for run, started, finished in state.ended_runs(limit=_LOOKED_AT):
        # Attempt 0 is a cached result or a person's: no slot was used.
        seconds = sum(one.seconds for one in entries if one.run == run and one.attempts)
        slots = _slots(state, run)
        if seconds and slots and finished > started:
            return min(1.0, seconds / (slots * (finished - started)))
    return None
