"""The plan for a person's eyes: a tree of who waits for whom, with a bar for when and how long."""

from __future__ import annotations

import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mdtodo.core.task import State
from mdtodo.core.titles import few
from mdtodo.planning.analysis.durations import format_factor, format_minutes, format_task_duration
from mdtodo.reporting.text import one_line, one_lines, paragraph, shows, terminal_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan

#: Columns of a bar; of one on a terminal narrower than `WIDE`, where ids and titles need them.
BAR, SHORT, WIDE = 24, 10, 100
#: A terminal narrower than this has neither bars nor lanes.
NARROW = 64
#: Levels of the tree that are indented, there and elsewhere, and columns that id and title have at least.
FEW, LEVELS, TITLE = 1, 8, 16

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
    times: str


_DRAWN = Signs("█", "·", "├─ ", "└─ ", "│  ", "×")
_PLAIN = Signs("#", ".", "|- ", "`- ", "|  ", "x")


def print_plan(plan: Plan, names: Sequence[str], caps: Mapping[str, int], *, colored: bool) -> None:
    """A line for each of these tasks, below the last one that it waits for; then the critical path and the lanes.

    A line has its place in the plan, `*` on the critical path, when it can start at the earliest and how long it
    takes as a bar, its length, lane, state, id and title. A narrow terminal gets less of that.
    """
    if not names:
        return
    signs, width = _signs(), terminal_width() or sys.maxsize
    lines = _lines(plan, names, _columns(plan, names, signs, width, colored=colored), signs, width)
    while some := list(islice(lines, _TOGETHER)):
        click.echo("\n".join(some), color=colored)
    for line in _foot(plan, names, caps):
        click.echo(line)


#: Lines that are printed at once.
_TOGETHER = 4_000


def _lines(
    plan: Plan, names: Sequence[str], columns: Callable[[str], tuple[str, int]], signs: Signs, width: int
) -> Iterator[str]:
    ids = dict(zip(names, one_lines(names), strict=True))
    titles = dict(zip(names, one_lines([plan.tasks[name].title for name in names]), strict=True))
    for name, prefix, above in _tree(plan, names, signs, LEVELS if width >= NARROW else FEW):
        head, taken = columns(name)
        text = f"{prefix}{ids[name]}  {titles[name]}{_others(plan, name, above)}"
        yield f"{head}{_cropped(text, width - taken)}".rstrip()


def print_opens(opens: Sequence[tuple[Task, float]]) -> None:
    """A line for each of these ticked tasks: when `every:` opens its box, in Unix time."""
    for task, moment in opens:
        what = f"{task.id}  {one_line(task.title)}  (every:{task.every})"
        click.echo(_cropped(f"opens {_when(moment)}  {what}", terminal_width() or sys.maxsize))


def _when(moment: float) -> str:
    """`2026-12-07 10:15`, `now` where that is over."""
    now = time.time()
    return "now" if moment < now else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def _columns(
    plan: Plan, names: Sequence[str], signs: Signs, width: int, *, colored: bool
) -> Callable[[str], tuple[str, int]]:
    """What makes of an id all that stands before its title, and how many columns that takes."""
    places = {name: place for place, name in enumerate(plan.order, 1)}
    lengths = {name: format_task_duration(plan, name) or "-" for name in names}
    critical = frozenset(plan.critical_path)
    bars = _bars(plan, signs, BAR if width >= WIDE else SHORT) if width >= NARROW else {}
    digits = len(str(len(places)))
    longest = max(map(len, lengths.values()))
    lanes = {name: plan.tasks[name].lane for name in names}
    padded_lanes = _padded({lane: one_line(lane) for lane in set(lanes.values())}) if bars else {}
    padded_states = _padded({state: state.value for state in {plan.states[name] for name in names}})

    def columns(name: str) -> tuple[str, int]:
        state = plan.states[name]
        cells = (
            f"{places[name]:>{digits}}{'*' if name in critical else ' '}",
            bars.get(name, ""),
            f"{lengths[name]:>{longest}}",
            padded_lanes.get(lanes[name], ""),
            padded_states[state],
        )
        if not colored:
            head = "".join([f"{text}  " for text in cells if text])
            return head, len(head)
        colors = (None, "red" if name in critical else "cyan", None, None, _COLORS.get(state))
        shown = [(text, color) for text, color in zip(cells, colors, strict=True) if text]
        taken = sum(len(text) + 2 for text, _ in shown)
        styled = (click.style(text, fg=color) if color else text for text, color in shown)
        return "".join(f"{text}  " for text in styled), taken

    return columns


def _padded(texts: Mapping[Any, str]) -> dict[Any, str]:
    """All as wide as the widest one."""
    widest = max(map(len, texts.values()))
    return {key: f"{text:<{widest}}" for key, text in texts.items()}


def _tree(
    plan: Plan, names: Sequence[str], signs: Signs, levels: int
) -> Iterator[tuple[str, str, str | None]]:
    """Each task with what is drawn before it and the task that it stands below; those free first at the edge."""
    place = {name: number for number, name in enumerate(names)}
    below: dict[str | None, list[str]] = {}
    for number, name in enumerate(names):
        before = [place[one] for one in plan.blocked_by[name] if place.get(one, number) < number]
        below.setdefault(names[max(before)] if before else None, []).append(name)
    # no recursion: a chain of a thousand tasks is deeper than Python's limit
    stack: list[tuple[str, str, str, str | None]] = [
        (name, "", "", None) for name in reversed(below.get(None, []))
    ]
    while stack:
        name, prefix, inner, above = stack.pop()
        yield name, prefix, above
        under = below.get(name, [])
        for number, child in enumerate(reversed(under)):
            deep = len(inner) >= 3 * levels
            own = inner[:-3] if deep else inner
            more = "   " if not number else signs.line
            stack.append((child, own + (signs.branch if number else signs.last), own + more, name))


def _bars(plan: Plan, signs: Signs, width: int) -> dict[str, str]:
    """By id, in `width` columns: when a task can start at the earliest, and how long it takes, of the whole plan.
    Where nothing says how long tasks take, all are as long. Blank for what can never run."""
    units, begin = plan.lengths, plan.earliest_starts
    end = max((at + units[name] for name, at in begin.items()), default=0) or 1
    bars = {}
    for name in plan.order:
        if name not in begin:
            bars[name] = " " * width
            continue
        # 1e-9: what is 12 columns in theory may be 11.999... in floats
        first = min(width - 1, int(begin[name] / end * width + 1e-9))
        last = max(first + 1, min(width, round((begin[name] + units[name]) / end * width)))
        bars[name] = signs.empty * first + signs.bar * (last - first) + signs.empty * (width - last)
    return bars


def _others(plan: Plan, name: str, above: str | None) -> str:
    """What it waits for beside the task that it stands below."""
    others = [one_line(one) for one in plan.blocked_by[name] if one != above]
    if not others:
        return ""
    return f"  ({'also ' if above else ''}waits for {few(others, 4)})"


def _foot(plan: Plan, names: Sequence[str], caps: Mapping[str, int]) -> Iterator[str]:
    path = plan.critical_path
    if path:
        total = sum(plan.minutes[name] for name in path)
        shown = " -> ".join(
            one_line(name) for name in (path if len(path) <= 12 else (*path[:6], "…", *path[-5:]))
        )
        took = f", {format_minutes(total)}" if total else ""
        sentence = f"critical path: {len(path)} task{'s' * (len(path) > 1)}{took}: {shown}"
        yield "\n" + paragraph(sentence, first="* ", rest="  ")
    lanes: dict[str, int] = {}
    for name in names:
        lane = plan.tasks[name].lane
        lanes[lane] = lanes.get(lane, 0) + 1
    shown = ", ".join(
        f"{one_line(lane)} {count} ({caps.get(lane, 1)} at once)" for lane, count in lanes.items()
    )
    yield paragraph(f"lanes: {shown}", rest="  ")
    yield from _corrections(plan, names)
    guessed = [one_line(name) for name in names if plan.routes[name].passed_over]
    if guessed:
        yield paragraph(
            "No processor, because only their category, which is guessed from the title, would choose one: "
            f"{few(guessed, 4)}. `mdtodo show ID` says what to do."
        )
    first = plan.tasks[names[0]].priority
    if len(names) > 3 and all(plan.tasks[name].priority is first for name in names):
        yield paragraph(
            f"Everything is {first.value}, so priority decides nothing: the longest chain goes first."
        )


def _corrections(plan: Plan, names: Sequence[str]) -> Iterator[str]:
    """Whose estimates are not taken as they are written."""
    for processor in dict.fromkeys(plan.corrected[name] for name in names if name in plan.corrected):
        found = plan.corrections[processor]
        measured = f"{_signs().times} {format_factor(found.factor)}, measured over {found.tasks} tasks"
        yield paragraph(f"estimates of `{one_line(processor)}` {measured}", rest="  ")


def _signs() -> Signs:
    return _DRAWN if shows("".join(_DRAWN)) else _PLAIN


def _cropped(text: str, width: int) -> str:
    width = max(width, TITLE)
    if len(text) * 2 <= width:  # no character takes more than two columns
        return text
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
