"""The plan for a person's eyes: a tree of who waits for whom, with a bar for when and how long."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from mdtodo.model import State
from mdtodo.planning.explaining import length
from mdtodo.planning.schedule import starts
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.planning.plan import Plan

#: Columns of a bar; of one on a terminal narrower than `WIDE`, where ids and titles need them; and levels of the
#: tree that are indented.
BAR, SHORT, WIDE, LEVELS = 24, 10, 100, 8

_COLORS = {
    State.READY: "green",
    State.BLOCKED: "yellow",
    State.FAILED: "red",
    State.DOING: "cyan",
    State.RUNNING: "cyan",
}


class Signs(NamedTuple):
    """What trees and bars are drawn with."""

    bar: str
    empty: str
    branch: str
    last: str
    line: str


_DRAWN = Signs("█", "·", "├─ ", "└─ ", "│  ")
_PLAIN = Signs("#", ".", "|- ", "`- ", "|  ")


def print_plan(plan: Plan, names: Sequence[str], caps: Mapping[str, int], *, colored: bool) -> None:
    """A line for each of these tasks, below the last one that it waits for; then the critical path and the lanes.

    A line has its place in the plan, `*` on the critical path, when it can start at the earliest and how long it
    takes as a bar, its length, lane, state, id and title.
    """
    if not names:
        return
    signs = _signs()
    width = _width()
    bar = BAR if width >= WIDE else SHORT
    bars = _bars(plan, signs, bar)
    critical = frozenset(plan.critical_path)
    places = {name: place for place, name in enumerate(plan.order, 1)}
    lanes = max(len(one_line(plan.tasks[name].lane)) for name in names)
    digits = len(str(len(places)))
    for name, prefix, above in _tree(plan, names, signs):
        task, state = plan.tasks[name], plan.states[name]
        mark = "*" if name in critical else " "
        minutes = plan.minutes[name]
        head = f"{places[name]:>{digits}}{mark} "
        middle = f"  {length(minutes) if minutes else '-':>7}  {one_line(task.lane):<{lanes}}  "
        text = f"{prefix}{one_line(task.id)}  {one_line(task.title)}{_others(plan, name, above)}"
        tail = _cropped(text, width - len(head) - bar - len(middle) - 11)
        if colored:
            color = "red" if name in critical else "cyan"
            shown = (
                click.style(bars[name], fg=color),
                click.style(f"{state.value:<9}", fg=_COLORS.get(state)),
            )
            click.echo(f"{head}{shown[0]}{middle}{shown[1]}  {tail}".rstrip(), color=True)
        else:
            click.echo(f"{head}{bars[name]}{middle}{state.value:<9}  {tail}".rstrip(), color=False)
    for line in _foot(plan, names, caps):
        click.echo(line)


def _tree(plan: Plan, names: Sequence[str], signs: Signs) -> Iterator[tuple[str, str, str | None]]:
    """Each task with what is drawn before it and the task that it stands below; those free first at the edge."""
    place = {name: number for number, name in enumerate(names)}
    below: dict[str | None, list[str]] = {}
    for number, name in enumerate(names):
        before = [place[one] for one in plan.blocked_by[name] if place.get(one, number) < number]
        below.setdefault(names[max(before)] if before else None, []).append(name)
    stack: list[tuple[str, str, str, str | None]] = [
        (name, "", "", None) for name in reversed(below.get(None, []))
    ]
    while stack:
        name, prefix, inner, above = stack.pop()
        yield name, prefix, above
        under = below.get(name, [])
        for number, child in enumerate(reversed(under)):
            deep = len(inner) >= 3 * LEVELS
            own = inner[:-3] if deep else inner
            more = "   " if not number else signs.line
            stack.append((child, own + (signs.branch if number else signs.last), own + more, name))


def _bars(plan: Plan, signs: Signs, width: int) -> dict[str, str]:
    """By id, in `width` columns: when a task can start at the earliest, and how long it takes, of the whole plan.
    Where nothing says how long tasks take, all are as long. Blank for what can never run."""
    units: Mapping[str, float] = plan.minutes
    if not any(units.values()):
        units = {name: float(not plan.tasks[name].children) for name in plan.order}
    begin = starts(plan.graph, units)
    end = max((at + units[name] for name, at in begin.items()), default=0) or 1
    bars = {}
    for name in plan.order:
        if name not in begin:
            bars[name] = " " * width
            continue
        first = min(width - 1, int(begin[name] / end * width + 1e-9))
        last = max(first + 1, min(width, round((begin[name] + units[name]) / end * width)))
        bars[name] = signs.empty * first + signs.bar * (last - first) + signs.empty * (width - last)
    return bars


def _others(plan: Plan, name: str, above: str | None) -> str:
    """What it waits for beside the task that it stands below."""
    others = [one_line(one) for one in plan.blocked_by[name] if one != above]
    if not others:
        return ""
    more = f" and {len(others) - 4} more" if len(others) > 4 else ""
    return f"  ({'also ' if above else ''}waits for {', '.join(others[:4])}{more})"


def _foot(plan: Plan, names: Sequence[str], caps: Mapping[str, int]) -> Iterator[str]:
    path = plan.critical_path
    if path:
        total = sum(plan.minutes[name] for name in path)
        shown = " -> ".join(
            one_line(name) for name in (path if len(path) <= 12 else (*path[:6], "…", *path[-5:]))
        )
        took = f", {length(total)}" if total else ""
        yield f"\n* critical path: {len(path)} task{'s' * (len(path) > 1)}{took}: {shown}"
    lanes: dict[str, int] = {}
    for name in names:
        lane = plan.tasks[name].lane
        lanes[lane] = lanes.get(lane, 0) + 1
    shown = ", ".join(
        f"{one_line(lane)} {count} ({caps.get(lane, 1)} at once)" for lane, count in lanes.items()
    )
    yield f"lanes: {shown}"
    first = plan.tasks[names[0]].priority
    if len(names) > 3 and all(plan.tasks[name].priority is first for name in names):
        yield f"Everything is {first.value}, so priority decides nothing: the longest chains go first."


def _signs() -> Signs:
    try:
        "".join(_DRAWN).encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return _DRAWN


def _width() -> int:
    """Columns of the terminal; without an end where there is none."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


def _cropped(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    width = max(width, 20)
    return text if len(text) * 2 <= width or cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
