"""`mdtodo status`: what is going on, as text and as JSON."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import click

from mdtodo.planning.analysis.durations import format_seconds
from mdtodo.reporting.json_documents import iso, print_json
from mdtodo.reporting.stats import bar, draws
from mdtodo.reporting.table import STATE_STYLES, cells, console, print_grid, rows_of
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table
    from rich.text import Text

    from mdtodo.planning.analysis.overview import Lane, Load, Overview
    from mdtodo.storage.activity import Activity


class RunningTask(NamedTuple):
    """A task that a worker has: `by` is its processor, or who has claimed it."""

    task_id: str
    title: str
    by: str


def print_status(found: Overview, load: Load, running: Sequence[RunningTask], *, colored: bool) -> None:
    """A sentence, a row for each task that runs, for each state that tasks are in, and for each lane that anything is
    or was in."""
    pictures = (colored or sys.stdout.isatty()) and draws()
    width = console(colored).width
    for number, part in enumerate(_parts(found, load, running, width, pictures=pictures)):
        if number:
            click.echo("")
        print_grid(part, colored=colored)


def status_rows(
    found: Overview, load: Load, running: Sequence[RunningTask], *, colored: bool, width: int
) -> list[Text]:
    """The same as rows of a terminal that is so wide."""
    return rows_of(_parts(found, load, running, width, pictures=draws()), width, colored=colored)


def watch_heading(when: float, interval: float, error: Exception | None) -> list[Text]:
    """When it was looked at and how often that is, and what has kept it from being read since."""
    from rich.text import Text

    looked = f"{datetime.fromtimestamp(when, UTC).astimezone():%H:%M:%S}"
    told = [Text(one_line(str(error)), "red")] if error else []
    return [Text(f"{looked}, every {interval:g} s, Ctrl-C to stop", "dim"), *told]


def _parts(
    found: Overview, load: Load, running: Sequence[RunningTask], width: int, *, pictures: bool
) -> Iterator[Table]:
    from rich.table import Table
    from rich.text import Text

    top = Table.grid()
    closed = found.statuses["done"] + found.statuses["cancelled"]
    top.add_row(Text(f"{_workers(load)}; {closed} of {found.total} tasks are closed"))
    if pictures and found.total:
        share = closed / found.total
        top.add_row(Text(f"{bar(share)} {_percent(share)}", "green"))
    yield top
    if running:
        yield _running_tasks(running)
    states = Table.grid(padding=(0, 2))
    states.add_column(justify="right")
    for state, style in STATE_STYLES.items():
        if found.states[state]:
            states.add_row(Text(str(found.states[state])), Text(state.value, style))
    if found.total:
        yield states
    lanes = {name: lane for name, lane in found.lanes.items() if lane.active or lane.ready or lane.processed}
    if lanes:
        yield _lanes(lanes, width)


def _running_tasks(running: Sequence[RunningTask]) -> Table:
    """A row for each task that a worker has: id, title, and what proves it or who has it."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_row(*(Text(name, "dim") for name in ("running", "title", "by")))
    for one in running:
        row = (Text(one.task_id, "cyan"), Text(one_line(one.title)), Text(one_line(one.by), "dim"))
        table.add_row(*row)
    return table


def print_status_json(found: Overview, load: Load, doing: Activity, now: float) -> None:
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


def _lanes(lanes: dict[str, Lane], width: int) -> Table:
    """A row for each, with the columns that so many columns of a terminal have room for."""
    from rich.table import Table
    from rich.text import Text

    shown = {
        name: [name, *(_lane_cells(label, lane)[name] for label, lane in lanes.items())] for name in _LANE
    }
    names = _fitting({name: max(map(cells, column)) for name, column in shown.items()}, width)
    table = Table.grid(padding=(0, 2))
    for name in names:
        left = name in ("lane", "last activity")
        table.add_column(justify="left" if left else "right", no_wrap=True, overflow="ellipsis")
    table.add_row(*(Text(name, "dim") for name in names))
    for label, *others in zip(*(shown[name][1:] for name in names), strict=True):
        table.add_row(Text(label, "cyan"), *others)
    return table


#: The columns of the lanes, and those that go first where room is short.
_LANE = ("lane", "running", "limit", "ready", "done", "failed", "average", "last activity")
_LESS = ("last activity", "average", "limit", "failed", "done", "running", "ready")


def _lane_cells(name: str, lane: Lane) -> dict[str, str]:
    average = "-" if lane.average is None else format_seconds(lane.average)
    last = "-" if lane.last_activity is None else _local(lane.last_activity)
    counts = map(str, (lane.active, lane.capacity, lane.ready, lane.completed, lane.failed))
    return dict(zip(_LANE, (one_line(name), *counts, average, last), strict=True))


def _fitting(widths: dict[str, int], width: int) -> list[str]:
    """Of columns that are so wide, two apart, those that have room; a long name of a lane gives way to numbers."""
    names = list(_LANE)
    for less in _LESS:
        if sum(min(widths[name], 16) if name == "lane" else widths[name] + 2 for name in names) <= width:
            break
        names.remove(less)
    return names


def _local(moment: float) -> str:
    try:
        return f"{datetime.fromtimestamp(moment, UTC).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):  # of a clock that was wrong
        return "-"


def _workers(load: Load) -> str:
    if not load.workers:
        return "No run is in progress"
    busy = "" if load.utilization is None else f", {_percent(load.utilization)} of the slots busy"
    return f"{load.workers} run{'s' if load.workers > 1 else ''} in progress{busy}"


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
