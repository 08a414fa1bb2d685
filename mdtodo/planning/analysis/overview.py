"""The overview, as figures: tasks by what they are, lanes, and how busy the workers are. Pure; every figure is
measured, and one that cannot be is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import Priority, State, Status
from mdtodo.planning.analysis.statistics import run_statistics

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.results import PastRun
    from mdtodo.planning.plan import Plan

#: Where tasks are counted that no category takes.
NONE = "none"


class Lane(NamedTuple):
    """One lane: tasks `active` in it, `ready` for it, the `capacity` of each run in it, and what past runs of its tasks
    came to. `average` is in seconds, of done and failed runs; `last_activity` in Unix time."""

    active: int
    capacity: int
    ready: int
    processed: int
    completed: int
    failed: int
    average: float | None
    last_activity: float | None


class Overview(NamedTuple):
    """Counts by name; `lanes` are those of the configuration, then others that tasks name."""

    total: int
    priorities: Mapping[str, int]
    statuses: Mapping[str, int]
    states: Mapping[str, int]
    categories: Mapping[str, int]
    lanes: Mapping[str, Lane]
    processed: int
    completed: int
    failed: int


class Load(NamedTuple):
    """How busy the live runs are: `utilization` is the share of their slots that have a task; `balance` is 1 where all
    are equally busy, and 0 where one is idle and another full, None for fewer than two."""

    workers: int
    utilization: float | None
    balance: float | None


def overview(plan: Plan, config: Config, runs: Sequence[PastRun], active: Collection[str]) -> Overview:
    """The overview of this plan, past runs of processors (oldest first), and the ids of tasks that a worker has."""
    tasks = plan.tasks.values()
    overall = run_statistics(runs)
    return Overview(
        total=len(tasks),
        priorities=_counts(Priority, (task.priority for task in tasks)),
        statuses=_counts(Status, (task.status for task in tasks)),
        states=_counts(State, plan.states.values()),
        categories=_counts(config.categories, (route.category or NONE for route in plan.routes.values())),
        lanes=_lanes(plan, config, runs, active),
        processed=overall.runs,
        completed=overall.done,
        failed=overall.failed,
    )


def load(busy: Sequence[tuple[int, int | None]]) -> Load:
    """Of live runs, each its tasks in hand and its slots, None where they are not known.

    A run may have the next task in hand before a slot is free; no run counts as busier than full.
    """
    shares = [(min(tasks, slots), slots) for tasks, slots in busy if slots]
    # If the slots of one run are not known, neither is the share: that of the others is another figure.
    if not shares or len(shares) < len(busy):
        return Load(len(busy), None, None)
    each = [tasks / slots for tasks, slots in shares]
    used = sum(tasks for tasks, _ in shares) / sum(slots for _, slots in shares)
    return Load(len(busy), used, 1 - (max(each) - min(each)) if len(each) > 1 else None)


def _lanes(plan: Plan, config: Config, runs: Sequence[PastRun], active: Collection[str]) -> dict[str, Lane]:
    by_lane: dict[str, list[PastRun]] = {}
    for one in runs:
        if one.task_id in plan.tasks:
            by_lane.setdefault(plan.tasks[one.task_id].lane, []).append(one)
    names = dict.fromkeys([*config.lanes, *sorted({task.lane for task in plan.tasks.values()})])
    at_work = _counts(names, (plan.tasks[name].lane for name in active if name in plan.tasks))
    ready = _counts(names, (task.lane for task in plan.tasks.values() if plan.states[task.id] is State.READY))
    return {
        name: _lane(at_work[name], config.lanes.get(name, 1), ready[name], by_lane.get(name, []))
        for name in names
    }


def _lane(active: int, capacity: int, ready: int, runs: Sequence[PastRun]) -> Lane:
    found = run_statistics(runs)
    settled = [one.seconds for one in runs if one.outcome in ("done", "failed")]
    average = sum(settled) / len(settled) if settled else None
    return Lane(
        *(active, capacity, ready, found.runs, found.done, found.failed),
        average=average,
        last_activity=found.last_finished,
    )


def _counts(names: Iterable[str], found: Iterable[str]) -> dict[str, int]:
    """How often each is found, those of `names` first, also where that is never."""
    counts = {str(name): 0 for name in names}
    for one in found:
        counts[str(one)] = counts.get(str(one), 0) + 1
    return counts
