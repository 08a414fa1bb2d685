"""What goes on in this clone at this moment: the runs that are alive, and what each has in hand."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from mdtodo.core.activity import Activity, EndedRun, InHand, LiveRun, Phase
from mdtodo.storage.live.runners import CLAIM, REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.git.repository import Repository
    from mdtodo.storage.leases import Lease
    from mdtodo.storage.live.runners import Unlanded
    from mdtodo.storage.state import StateStore

#: Ended runs that are looked at for the newest that ran anything.
_LOOKED_AT = 20


def activity(repo: Repository) -> Activity:
    """As the state has it; reads only, and without a state nothing goes on."""
    from mdtodo.storage.state import StateStore, folder

    if not os.path.exists(os.path.join(folder(repo), "state.db")):
        return Activity()
    with StateStore.open(repo, create=False) as state:
        leases = state.live_leases()
        runs = tuple(
            LiveRun(run, worker, started, _slots(state, run)) for run, worker, started in state.active_runs()
        )
        return Activity(
            runs=runs,
            in_hand=tuple(_in_hand(state, leases, runs)),
            runners=state.runners(time.time() - REMEMBERED),
            ended=_ended(state),
            machine=state.machine(),
            subtasks=state.subtasks(),
        )


def _in_hand(state: StateStore, leases: Sequence[Lease], runs: Sequence[LiveRun]) -> list[InHand]:
    """By the leases that hold now, in their order."""
    begun, waiting = state.in_hand(), state.waiting()
    owners = {run.run: state.owner(run.run) for run in runs}
    found: list[InHand] = []
    for lease in leases:
        # by process, as two workers may have one name; a run may work under a claim, which is tied to no process
        own = [run for run in runs if lease.claimed or owners[run.run] == lease.owner]
        keys = [(run.run, lease.task_id) for run in own]
        phases = [_begun_or_over(key, begun.get(key), waiting.get(key)) for key in keys]
        one = next(filter(None, phases), _claimed(lease, begun) if lease.claimed else None)
        found += [] if one is None else [one._replace(worker=lease.worker)]
    return found


def _claimed(lease: Lease, begun: Mapping[tuple[str, str], InHand]) -> InHand:
    noted = begun.get((f"{CLAIM}{lease.token}", lease.task_id))
    return InHand(lease.task_id, "", progress=noted and noted.progress)


def _begun_or_over(key: tuple[str, str], begun: InHand | None, over: Unlanded | None) -> InHand | None:
    """A task of a run; None where it was neither begun nor is over. One that had new subtasks may be begun again."""
    if over is None or (begun is not None and begun.attempt is not None and begun.attempt > over.attempt):
        return begun
    run, task_id = key
    return InHand(task_id, "", run, *over, phase=Phase.LANDING)


def _slots(state: StateStore, run: str) -> int | None:
    slots = state.begun(run).get("jobs")
    return slots if isinstance(slots, int) and slots > 0 else None


def _ended(state: StateStore) -> tuple[EndedRun, ...]:
    runs = state.ended_runs(limit=_LOOKED_AT)
    seconds = dict.fromkeys((run for run, _, _ in runs), 0.0)
    for one in state.history(limit=5000):
        if (
            one.run in seconds and one.attempts
        ):  # without an attempt it is a cached result, or a person's word
            seconds[one.run] += one.seconds
    return tuple(
        EndedRun(run, started, finished, _slots(state, run), seconds[run]) for run, started, finished in runs
    )
