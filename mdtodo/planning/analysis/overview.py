"""The overview, as figures: tasks by what they are, what is in hand, lanes, runners, and how busy they are. Pure: from
rows of journal, leases and plan; every figure is measured, and one that cannot be is None.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.activity import InHand, Machine, Phase, Runner, RunnerState
from mdtodo.core.results import Outcome
from mdtodo.core.task import Priority, State, Status
from mdtodo.planning.analysis.statistics import run_statistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.activity import Activity, EndedRun, LiveRun
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


class RunnerFigures(NamedTuple):
    """A runner: the tasks that it has `in_hand`, in whichever phase, and what its runs came to; `total` seconds of
    all of them, and the `average` of done and failed ones."""

    runner: Runner
    in_hand: int
    processed: int
    completed: int
    failed: int
    total: float
    average: float | None


class Load(NamedTuple):
    """How busy the live runs are: `utilization` is the share of their slots that have a task; `balance` is 1 where all
    are equally busy, and 0 where one is idle and another full, None for fewer than two."""

    workers: int
    utilization: float | None
    balance: float | None


class Overview(NamedTuple):
    """Counts by name; `lanes` are those of the configuration, then others that tasks name. `in_hand` comes phase by
    phase, in plan order, and `phases` counts it. A task that a run has taken ahead, and not begun, is ready.
    `efficiency` is that of the newest ended run that ran anything: seconds of processors in seconds of slots.
    `task_states` has the state of each task, as `states` counts it."""

    total: int
    priorities: Mapping[str, int]
    statuses: Mapping[str, int]
    states: Mapping[str, int]
    categories: Mapping[str, int]
    lanes: Mapping[str, Lane]
    processed: int
    completed: int
    failed: int
    in_hand: tuple[InHand, ...]
    phases: Mapping[Phase, int]
    runners: tuple[RunnerFigures, ...]
    load: Load
    efficiency: float | None
    machine: Machine
    subtasks: int | None
    task_states: Mapping[str, str]


def overview(plan: Plan, config: Config, past: Sequence[PastRun], now: Activity) -> Overview:
    """The overview of this plan, past runs of processors (oldest first), and what goes on now."""
    tasks = plan.tasks.values()
    overall = run_statistics(past)
    states = _states(plan, now.in_hand)
    return Overview(
        total=len(tasks),
        priorities=_counts(Priority, (task.priority for task in tasks)),
        statuses=_counts(Status, (task.status for task in tasks)),
        states=_counts([*State, Phase.RETRYING, Phase.LANDING], states.values()),
        categories=_counts(config.categories, (route.category or NONE for route in plan.routes.values())),
        lanes=_lanes(plan, config, past, states, now.in_hand),
        processed=overall.runs,
        completed=overall.done,
        failed=overall.failed,
        in_hand=_in_order(plan, now.in_hand),
        phases=phases(now.in_hand),
        runners=_runners(now, past),
        load=load(now.runs, now.in_hand),
        efficiency=_efficiency(now.ended),
        machine=now.machine,
        subtasks=now.subtasks,
        task_states=states,
    )


def phases(in_hand: Iterable[InHand]) -> dict[Phase, int]:
    """How many tasks are in each phase."""
    found = Counter(one.phase for one in in_hand)
    return {phase: found[phase] for phase in Phase}


def load(runs: Sequence[LiveRun], in_hand: Iterable[InHand]) -> Load:
    """Of live runs. One may have the next attempt begun before it has heard of the end of the last one; none counts as
    busier than full."""
    running = Counter(one.run for one in in_hand if one.phase is Phase.RUNNING)
    shares = [(min(running[run.run], run.slots), run.slots) for run in runs if run.slots]
    # If the slots of one run are not known, neither is the share: that of the others is another figure.
    if not shares or len(shares) < len(runs):
        return Load(len(runs), None, None)
    each = [tasks / slots for tasks, slots in shares]
    used = sum(tasks for tasks, _ in shares) / sum(slots for _, slots in shares)
    return Load(len(runs), used, 1 - (max(each) - min(each)) if len(each) > 1 else None)


def _states(plan: Plan, in_hand: Iterable[InHand]) -> dict[str, str]:
    """The states of the plan, where what a worker has taken is in its phase, or ready as long as it is in none."""
    phase_of = {one.task_id: one.phase.value for one in in_hand}
    return {
        name: phase_of.get(name, State.READY) if state is State.RUNNING else state
        for name, state in plan.states.items()
    }


def _in_order(plan: Plan, in_hand: Iterable[InHand]) -> tuple[InHand, ...]:
    place = {name: number for number, name in enumerate(plan.tasks)}
    order = list(Phase)
    return tuple(
        sorted(in_hand, key=lambda one: (order.index(one.phase), place.get(one.task_id, len(place))))
    )


def _runners(now: Activity, past: Sequence[PastRun]) -> tuple[RunnerFigures, ...]:
    runners = _by_name(now.runners)
    runner_of = {run: number for number, one in enumerate(runners) for run in one.runs}
    theirs: list[list[PastRun]] = [[] for _ in runners]
    for run in past:
        if run.run in runner_of:
            theirs[runner_of[run.run]].append(run)
    held = Counter(runner_of.get(one.run or "") for one in now.in_hand)
    found: list[RunnerFigures] = []
    for number, one in enumerate(runners):
        figures = run_statistics(theirs[number])
        counts = held[number], figures.runs, figures.done, figures.failed
        found.append(RunnerFigures(one, *counts, figures.total, _average(theirs[number])))
    return tuple(found)


def _by_name(runners: Iterable[Runner]) -> list[Runner]:
    """Each worker once, with the runs of its processes that are gone; two that go on under one name are two."""
    found: list[Runner] = []
    newest: dict[tuple[str, str], int] = {}
    for one in runners:
        place = newest.setdefault((one.name, one.host), len(found))
        if place == len(found) or one.state is not RunnerState.GONE:
            found.append(one)
        else:
            found[place] = found[place]._replace(runs=found[place].runs | one.runs)
    return found


def _efficiency(ended: Iterable[EndedRun]) -> float | None:
    for one in ended:
        if one.seconds and one.slots and one.finished > one.started:
            return min(1.0, one.seconds / (one.slots * (one.finished - one.started)))
    return None


def _lanes(
    plan: Plan,
    config: Config,
    runs: Sequence[PastRun],
    states: Mapping[str, str],
    in_hand: Iterable[InHand],
) -> dict[str, Lane]:
    by_lane: dict[str, list[PastRun]] = {}
    for one in runs:
        if one.task_id in plan.tasks:
            by_lane.setdefault(plan.tasks[one.task_id].lane, []).append(one)
    names = dict.fromkeys([*config.lanes, *sorted({task.lane for task in plan.tasks.values()})])
    running = [one.task_id for one in in_hand if one.phase is Phase.RUNNING and one.task_id in plan.tasks]
    at_work = _counts(names, (plan.tasks[name].lane for name in running))
    ready = _counts(names, (task.lane for task in plan.tasks.values() if states[task.id] == State.READY))
    return {
        name: _lane(at_work[name], config.lanes.get(name, 1), ready[name], by_lane.get(name, []))
        for name in names
    }


def _lane(active: int, capacity: int, ready: int, runs: Sequence[PastRun]) -> Lane:
    found = run_statistics(runs)
    return Lane(
        *(active, capacity, ready, found.runs, found.done, found.failed),
        average=_average(runs),
        last_activity=found.last_finished,
    )


def _average(runs: Iterable[PastRun]) -> float | None:
    settled = [one.seconds for one in runs if one.outcome in _SETTLED]
    return sum(settled) / len(settled) if settled else None


_SETTLED = (Outcome.DONE, Outcome.FAILED)


def _counts(names: Iterable[str], found: Iterable[str]) -> dict[str, int]:
    """How often each is found, those of `names` first, also where that is never."""
    return {**dict.fromkeys(map(str, names), 0), **Counter(map(str, found))}
