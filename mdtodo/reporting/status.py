"""`mdtodo status`: what is going on, as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from mdtodo.core.activity import Phase, RunnerState
from mdtodo.planning.analysis.durations import format_seconds
from mdtodo.reporting.stats import bar, draws, pictured
from mdtodo.reporting.table import STATE_STYLES, Shape, console, fitted_table, print_grid, rows_of
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.table import Table
    from rich.text import Text

    from mdtodo.core.activity import InHand, Machine
    from mdtodo.planning.analysis.overview import Lane, Load, Overview, RunnerFigures
    from mdtodo.planning.plan import Plan

#: Tasks in hand that have a row each, and runners that are gone.
_TASKS, _GONE = 20, 3
_STYLES: Mapping[str, str] = {
    **{str(state): style for state, style in STATE_STYLES.items()},
    Phase.RETRYING: "yellow",
    Phase.LANDING: "cyan",
}
_RUNNER_STYLES = {RunnerState.LIVE: "green", RunnerState.SILENT: "yellow", RunnerState.GONE: "dim"}


def print_status(found: Overview, plan: Plan, now: float, *, colored: bool) -> None:
    """A sentence, a row for each task that is in hand, for each state that tasks are in, for each runner, and for each
    lane that anything is or was in. `now` in Unix time."""
    width = console(colored).width
    for number, part in enumerate(_parts(found, plan, now, width, pictures=pictured(colored))):
        if number:
            click.echo("")
        print_grid(part, colored=colored)


def status_rows(found: Overview, plan: Plan, now: float, *, colored: bool, width: int) -> list[Text]:
    """The same as rows of a terminal that is so wide."""
    return rows_of(_parts(found, plan, now, width, pictures=draws()), width, colored=colored)


def watch_heading(when: float, interval: float, error: Exception | None) -> list[Text]:
    """When it was looked at and how often that is, and what has kept it from being read since."""
    from rich.text import Text

    looked = f"{datetime.fromtimestamp(when, UTC).astimezone():%H:%M:%S}"
    told = [Text(one_line(str(error)), "red")] if error else []
    return [Text(f"{looked}, every {interval:g} s, Ctrl-C to stop", "dim"), *told]


def _parts(found: Overview, plan: Plan, now: float, width: int, *, pictures: bool) -> Iterator[Table]:
    yield _top(found, pictures=pictures)
    if found.in_hand:
        yield _in_hand(found.in_hand, plan, now, width)
    if found.total:
        yield _states(found.states)
    if found.runners:
        yield _runners(found.runners, now, width)
    lanes = {name: lane for name, lane in found.lanes.items() if lane.active or lane.ready or lane.processed}
    if lanes:
        rows = [_lane_cells(name, lane) for name, lane in lanes.items()]
        yield fitted_table(_LANE, rows, width, [{"lane": "cyan"}] * len(rows))


def _top(found: Overview, *, pictures: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    top = Table.grid()
    closed = found.statuses["done"] + found.statuses["cancelled"]
    top.add_row(Text(f"{_workers(found.load)}; {closed} of {found.total} tasks are closed"))
    if machine := _machine(found.machine):
        top.add_row(Text(machine, "yellow" if found.machine.held_back else "dim"))
    if pictures and found.total:
        share = closed / found.total
        top.add_row(Text(f"{bar(share)} {_percent(share)}", "green"))
    return top


def _workers(load: Load) -> str:
    if not load.workers:
        return "No run is in progress"
    busy = "" if load.utilization is None else f", {_percent(load.utilization)} of the slots busy"
    return f"{load.workers} run{'s' if load.workers > 1 else ''} in progress{busy}"


def _machine(found: Machine) -> str:
    parts = [] if found.cpu is None else [f"other programs use {found.cpu:.0f} % of the CPU"]
    parts += [] if found.memory is None else [f"{found.memory:.0f} % of the memory is in use"]
    told = " and ".join(parts)
    return f"{told}: no more tasks are started" if told and found.held_back else told


def _states(states: Mapping[str, int]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right")
    for state, style in _STYLES.items():
        if states[state]:
            table.add_row(Text(str(states[state])), Text(str(state), style))
    return table


_IN_HAND = Shape(
    names=("in hand", "title", "by", "worker", "phase", "time", "progress"),
    less=("worker", "progress", "by", "time", "phase", "title"),
    words=("in hand", "title", "by", "worker", "phase"),
    cut="title",
)


def _in_hand(tasks: Sequence[InHand], plan: Plan, now: float, width: int) -> Table:
    """What proves each task or who has claimed it, and in which phase that is, for how long."""
    from rich.text import Text

    shown = tasks if len(tasks) <= _TASKS else tasks[: _TASKS - 1]
    rows = [_in_hand_cells(one, plan, now) for one in shown]
    idle = {
        "worker": len({one.worker for one in tasks}) == 1,
        "progress": all(r["progress"] == "" for r in rows),
    }
    shape = _IN_HAND._replace(
        names=tuple(name for name in _IN_HAND.names if not idle.get(name)),
        less=tuple(name for name in _IN_HAND.less if not idle.get(name)),
    )
    styles = [{"in hand": "cyan", "by": "dim", "worker": "dim", "phase": _STYLES[one.phase]} for one in shown]
    table = fitted_table(shape, rows, width, styles)
    if len(shown) < len(tasks):
        table.add_row(Text(f"+{len(tasks) - len(shown)}", "dim"), Text("more", "dim"))
    return table


def _in_hand_cells(one: InHand, plan: Plan, now: float) -> dict[str, str]:
    title = plan.tasks[one.task_id].title if one.task_id in plan.tasks else "-"
    claimed = one.run is None
    return {
        "in hand": one.task_id,
        "title": one_line(title),
        "by": one_line(one.worker if claimed else one.processor or "-"),
        "worker": one_line(one.worker),
        "phase": "claimed" if claimed else one.phase.value,
        "time": "-" if one.since is None else format_seconds(max(0.0, now - one.since)),
        "progress": "" if one.progress is None else f"{one.progress:.0f} %",
    }


_RUNNER = Shape(
    names=("runner", "state", "pid", "can", "in hand", "done", "failed", "average", "last sign"),
    less=("can", "pid", "average", "last sign", "failed", "done", "in hand", "state"),
    words=("runner", "state", "can"),
    cut="runner",
)


def _runners(runners: Sequence[RunnerFigures], now: float, width: int) -> Table:
    """Those that are not gone, and the newest of those that are."""
    from rich.text import Text

    gone = [one for one in runners if one.runner.state is RunnerState.GONE]
    shown = [one for one in runners if one not in gone[_GONE:]]
    rows = [_runner_cells(one, now) for one in shown]
    styles = [{"runner": "cyan", "can": "dim", "state": _RUNNER_STYLES[one.runner.state]} for one in shown]
    table = fitted_table(_RUNNER, rows, width, styles)
    if len(shown) < len(runners):
        table.add_row(Text(f"and {len(runners) - len(shown)} more", "dim"), Text("gone", "dim"))
    return table


def _runner_cells(one: RunnerFigures, now: float) -> dict[str, str]:
    runner = one.runner
    return {
        "runner": one_line(runner.name),
        "state": runner.state.value,
        "pid": str(runner.pid),
        "can": "any" if runner.can is None else one_line(",".join(runner.can)) or "-",
        "in hand": str(one.in_hand),
        "done": str(one.completed),
        "failed": str(one.failed),
        "average": "-" if one.average is None else format_seconds(one.average),
        "last sign": f"{format_seconds(max(0.0, now - runner.last_sign))} ago",
    }


_LANE = Shape(
    names=("lane", "running", "limit", "ready", "done", "failed", "average", "last activity"),
    less=("last activity", "average", "limit", "failed", "done", "running", "ready"),
    words=("lane", "last activity"),
    cut="lane",
)


def _lane_cells(name: str, lane: Lane) -> dict[str, str]:
    average = "-" if lane.average is None else format_seconds(lane.average)
    last = "-" if lane.last_activity is None else _local(lane.last_activity)
    counts = map(str, (lane.active, lane.capacity, lane.ready, lane.completed, lane.failed))
    return dict(zip(_LANE.names, (one_line(name), *counts, average, last), strict=True))


def _local(moment: float) -> str:
    try:
        return f"{datetime.fromtimestamp(moment, UTC).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):  # of a clock that was wrong
        return "-"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
