"""`mdtodo status`: what is going on, as text and as JSON."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from mdtodo.reporting.documents import iso, print_json
from mdtodo.reporting.progress import seconds
from mdtodo.reporting.stats import bar, draws
from mdtodo.reporting.table import STATE_STYLES, console, print_grid
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from mdtodo.planning.situation import Lane, Load, Situation
    from mdtodo.repo.activity import Activity


def print_status(found: Situation, load: Load, *, colored: bool) -> None:
    """A sentence, a row for each state that tasks are in, and one for each lane that anything is or was in."""
    from rich.table import Table
    from rich.text import Text

    pictures = (colored or sys.stdout.isatty()) and draws()
    closed = found.statuses["done"] + found.statuses["cancelled"]
    share = closed / found.total if found.total else 0.0
    click.echo(f"{_workers(load)}; {closed} of {found.total} tasks are closed")
    if pictures and found.total:
        console(colored).print(Text(f"{bar(share)} {_percent(share)}", "green"))
    states = Table.grid(padding=(0, 2))
    states.add_column(justify="right")
    for state, style in STATE_STYLES.items():
        if found.states[state]:
            states.add_row(Text(str(found.states[state])), Text(state.value, style))
    print_grid(states, colored=colored)
    lanes = {name: lane for name, lane in found.lanes.items() if lane.active or lane.ready or lane.processed}
    if lanes:
        click.echo("")
        _print_lanes(lanes, colored=colored)


def print_status_json(found: Situation, load: Load, doing: Activity, now: float) -> None:
    """The object of `status --json`."""
    active = sum(lane.active for lane in found.lanes.values())
    print_json(
        {
            "version": 1,
            "timestamp": iso(now),
            "status": "running" if load.workers else "idle",
            "tasks_total": found.total,
            "by_priority": found.priorities,
            "by_status": found.statuses,
            "by_state": found.states,
            "by_category": found.categories,
            "tasks_processed": found.processed,
            "tasks_completed": found.completed,
            "tasks_failed": found.failed,
            "subtasks_generated": doing.subtasks,
            "active_workers": load.workers,
            "workers": {name: _lane_record(lane) for name, lane in found.lanes.items()},
            "queues": {name: lane.ready for name, lane in found.lanes.items()},
            "ready": found.states["ready"],
            "blocked": found.states["blocked"],
            "parallel_processing": active > 1,
            "load_balancing": load.workers > 1,
            "thread_utilization": load.utilization,
            "worker_efficiency": doing.efficiency,
            "load_balance_score": load.balance,
        }
    )


def _print_lanes(lanes: dict[str, Lane], *, colored: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    names = ("lane", "active", "of", "ready", "done", "failed", "average", "last")
    for name in names:
        table.add_column(justify="left" if name in ("lane", "last") else "right", no_wrap=True)
    table.add_row(*(Text(name, "dim") for name in names))
    for name, lane in lanes.items():
        counts = lane.active, lane.capacity, lane.ready, lane.completed, lane.failed
        average = "-" if lane.average is None else seconds(lane.average)
        last = "-" if lane.last_activity is None else _local(lane.last_activity)
        table.add_row(Text(one_line(name), "cyan"), *map(str, counts), average, last)
    print_grid(table, colored=colored)


def _local(moment: float) -> str:
    try:
        return f"{datetime.fromtimestamp(moment, UTC).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):  # of a clock that was wrong
        return "-"


def _workers(load: Load) -> str:
    if not load.workers:
        return "Nothing runs now"
    busy = "" if load.utilization is None else f", {_percent(load.utilization)} of the slots busy"
    return f"{load.workers} run{'s' if load.workers > 1 else ''} under way{busy}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _lane_record(lane: Lane) -> dict[str, object]:
    return {
        "active": lane.active,
        "capacity": lane.capacity,
        "processed": lane.processed,
        "completed": lane.completed,
        "failed": lane.failed,
        "average_duration": lane.average,
        "last_activity": iso(lane.last_activity),
    }
