"""`mdtodo status --json`: the object of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.activity import Phase
from mdtodo.reporting.json_documents import iso, print_json, renamed

if TYPE_CHECKING:
    from mdtodo.core.activity import InHand
    from mdtodo.planning.analysis.overview import Lane, Overview, RunnerFigures
    from mdtodo.planning.plan import Plan


def print_status_json(found: Overview, plan: Plan, now: float) -> None:
    """The object of `status --json`."""
    print_json(status_document(found, plan, now))


def status_document(found: Overview, plan: Plan, now: float) -> dict[str, object]:
    """The same; `now` in Unix time."""
    return {
        "version": 1,
        "timestamp": iso(now),
        "status": "running" if found.load.workers else "idle",
        "tasks_total": found.total,
        "by_priority": found.priorities,
        "by_status": found.statuses,
        "by_state": found.states,
        "by_category": found.categories,
        "tasks_processed": found.processed,
        "tasks_completed": found.completed,
        "tasks_failed": found.failed,
        "subtasks_generated": found.subtasks,
        "active_workers": found.load.workers,
        "workers": {name: _lane(lane) for name, lane in found.lanes.items()},
        "running": [_in_hand(one, plan, now) for one in found.in_hand],
        "runners": [_runner(one) for one in found.runners],
        "cpu_percent": _rounded(found.machine.cpu, 1),
        "memory_percent": _rounded(found.machine.memory, 1),
        "held_back": found.machine.held_back,
        "queues": {name: lane.ready for name, lane in found.lanes.items()},
        "ready": found.states["ready"],
        "blocked": found.states["blocked"],
        "parallel_processing": found.phases[Phase.RUNNING] > 1,
        "load_balancing": found.load.workers > 1,
        "thread_utilization": found.load.utilization,
        "worker_efficiency": found.efficiency,
        "load_balance_score": found.load.balance,
    }


def _lane(lane: Lane) -> dict[str, object]:
    found = renamed(lane, average="average_duration") | {"last_activity": iso(lane.last_activity)}
    del found["ready"]  # stands among the queues
    return found


def _in_hand(one: InHand, plan: Plan, now: float) -> dict[str, object]:
    task = plan.tasks.get(one.task_id)
    return renamed(one, task_id="id") | {
        "title": None if task is None else task.title,
        "since": iso(one.since),
        "seconds": None if one.since is None else _rounded(max(0.0, now - one.since), 3),
    }


def _runner(one: RunnerFigures) -> dict[str, object]:
    runner = one.runner
    mine = renamed(one, total="total_duration", average="average_duration")
    found = {**runner._asdict(), "since": iso(runner.since), "last_sign": iso(runner.last_sign), **mine}
    found |= {
        "total_duration": _rounded(one.total, 3),
        "average_duration": _rounded(one.average, 3),
    }
    return {name: value for name, value in found.items() if name not in ("runs", "runner")}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
