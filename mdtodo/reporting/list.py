"""Tasks for a person's eyes. A terminal shows as much as it has room for, a pipe always all of it, one line a task."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import click

from mdtodo.core.task import WRITTEN_CHARS, Priority, State
from mdtodo.markdown.keys.estimates_and_dates import format_estimate
from mdtodo.planning.analysis.waits import waits_by_title
from mdtodo.planning.selection import is_overdue
from mdtodo.reporting.table import PRIORITY_STYLES, STATE_STYLES, cells, styled
from mdtodo.reporting.text import one_line, one_lines, terminal_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import NamedTuple

    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Columns that a title has before anything else is left out for it, and before it is; and lines that it may take.
_TITLE, _LEAST, _LINES = 28, 12, 3
#: From this width on there is room for the word `overdue`.
_WIDE = 100
#: Lines that are printed at once.
_TOGETHER = 4_000
_GAP = "  "


class TaskRow(NamedTuple):
    """What is said of a task. `waits`: what keeps it from running, in words. `indent` in levels; dates and
    estimates are empty where there are none."""

    task: Task
    state: State
    title: str
    waits: str
    due: str
    overdue: bool
    estimate: str
    where: str
    indent: int


class Column(NamedTuple):
    """A column beside the titles, with the style of each cell."""

    texts: Sequence[str]
    styles: Sequence[str]
    width: int


def print_tasks(
    plan: Plan, tasks: Sequence[Task], today: str, *, colored: bool, grouped: bool = False
) -> None:
    """The tasks, one below the other. `today` (YYYY-MM-DD) decides what is overdue.

    On a terminal titles have the room that state, priority, due date, estimate and place leave; of these the last go
    first where it is narrow, and all that say nothing. `grouped` is for tasks in the order of files and lines: they
    stand below their file and headings, subtasks below their parents.
    """
    if not tasks:
        return
    width = terminal_width()
    if width is None:
        lines = _plain(plan, tasks, today, colored, grouped)
    else:
        lines = _fitted(_rows(plan, tasks, today, nested=grouped), width, colored, grouped)
    # some at a time: the text of all of them is as much as the tasks
    while some := list(islice(lines, _TOGETHER)):
        click.echo("\n".join(some), color=colored)


def _rows(plan: Plan, tasks: Sequence[Task], today: str, *, nested: bool) -> list[TaskRow]:
    return [
        TaskRow(
            task,
            plan.states[task.id],
            one_line(task.title) or _NO_TITLE,
            _hindrance(plan, task),
            task.due or "",
            is_overdue(task, today),
            _estimate(task.estimate),
            f"{one_line(task.file)}:{task.line}",
            depth if nested else 0,
        )
        for task, depth in zip(tasks, _depths(tasks), strict=True)
    ]


def _depths(tasks: Sequence[Task]) -> list[int]:
    """Of the tasks that are shown: a parent that a filter leaves out indents nothing."""
    depths: dict[str, int] = {}
    for task in tasks:
        depths[task.id] = 0 if task.parent is None else depths.get(task.parent, -1) + 1
    return list(depths.values())


def _hindrance(plan: Plan, task: Task) -> str:
    """What keeps a task from running, as its line names it; "" where nothing does."""
    if plan.blocked_by[task.id]:
        return one_line(f"waits for {waits_by_title(plan, task.id)}")
    misspelt = plan.states[task.id] is State.MANUAL and task.own_run is not None
    return one_line(f"no processor is called {task.own_run}") if misspelt else ""


# --- For a pipe ---------------------------------------------------------------------------------------------


def _plain(plan: Plan, tasks: Sequence[Task], today: str, colored: bool, nested: bool) -> Iterator[str]:
    """Every column, whatever is in it: id, box, priority, state, due date, estimate, title, place and waits."""
    # column by column, and by hand: rows take twice as long, and a table of rich's six times
    states = [plan.states[task.id] for task in tasks]
    styles = [STATE_STYLES[state] for state in states]
    dues = [_due_of(task, today) for task in tasks]
    estimates = [_estimate(task.estimate) for task in tasks]
    titles = [title or _NO_TITLE for title in one_lines([task.title for task in tasks])]
    if nested:
        titles = ["  " * depth + title for depth, title in zip(_depths(tasks), titles, strict=True)]
    columns = [
        _column([task.id for task in tasks], "cyan"),
        _column([_BOXES[task.status] for task in tasks], styles),
        _column([task.priority.value for task in tasks], [PRIORITY_STYLES[task.priority] for task in tasks]),
        _column([state.value for state in states], styles),
        _column([due or "-" for due in dues], ["bold red" if " " in due else "" for due in dues]),
        _column([estimate or "-" for estimate in estimates], ""),
        _column(titles, ["dim" if task.status.closed else "" for task in tasks] if colored else ""),
    ]
    columns.append(_column(list(_places(plan, tasks)), "dim"))
    if not colored:
        for texts in zip(*[column.texts for column in columns], strict=True):
            yield _GAP.join(texts).rstrip()
        return
    for number in range(len(tasks)):
        yield _GAP.join(_cell(column, number, colored) for column in columns).rstrip()


def _places(plan: Plan, tasks: Sequence[Task]) -> Iterator[str]:
    """Where each task stands, and what it waits for."""
    files = {file: one_line(file) for file in {task.file for task in tasks}}
    for task in tasks:
        place = f"{files[task.file]}:{task.line}"
        yield f"{place}  {waits}" if (waits := _hindrance(plan, task)) else place


def _due_of(task: Task, today: str) -> str:
    if task.due is None:
        return ""
    return f"{task.due} overdue" if is_overdue(task, today) else task.due


@lru_cache(1024)
def _estimate(minutes: int | None) -> str:
    return "" if minutes is None else format_estimate(minutes)


_BOXES = {status: f"[{char}]" for status, char in WRITTEN_CHARS.items()}
_NO_TITLE = "(no title)"


# --- For a terminal -----------------------------------------------------------------------------------------


def _fitted(rows: Sequence[TaskRow], width: int, colored: bool, grouped: bool) -> Iterator[str]:
    before, after, room = _columns(rows, width, grouped)
    margin = " " * sum(column.width + len(_GAP) for column in before)
    above: tuple[str, ...] = ()
    for number, row in enumerate(rows):
        if grouped:
            yield from _headings(above, above := _place(row), width, colored)
        left = _GAP.join(_cell(column, number, colored) for column in before)
        right = "".join(_GAP + _cell(column, number, colored) for column in after)
        for nth, (text, taken) in enumerate(_title_lines(row, room, colored)):
            yield margin + text if nth else f"{left}{_GAP}{text}{' ' * (room - taken)}{right}".rstrip()


def _place(row: TaskRow) -> tuple[str, ...]:
    """The file, and the headings above, the outer ones first."""
    return one_line(row.task.file), *map(one_line, row.task.section)


def _headings(before: Sequence[str], now: Sequence[str], width: int, colored: bool) -> Iterator[str]:
    """What a task stands below and the one before it did not: its file, and headings as in markdown."""
    same = next(
        (n for n, (one, other) in enumerate(zip(before, now, strict=False)) if one != other), len(before)
    )
    if same == 0 and before:
        yield ""
    for level, text in enumerate(now):
        if level >= same and text:
            shown = _shortened(f"{'#' * level} {text}" if level else text, width)
            yield styled(shown, "dim" if level else "bold") if colored else shown


def _columns(rows: Sequence[TaskRow], width: int, grouped: bool) -> tuple[list[Column], list[Column], int]:
    """Those before the title, those behind it, and the columns that are left for the title."""
    ids = _column([row.task.id for row in rows], "cyan")
    states = _column([row.state for row in rows], [_state_style(row) for row in rows])
    wide = width >= _WIDE
    priorities = ["" if row.task.priority is Priority.MEDIUM else row.task.priority.value for row in rows]
    options = {
        "due": _column([_due(row, wide=wide) for row in rows], [_due_style(row) for row in rows]),
        "estimate": _column([row.estimate for row in rows], "", right=True),
        "priority": _column(priorities, [PRIORITY_STYLES[row.task.priority] for row in rows]),
        "where": _column([row.where for row in rows] if not grouped else [], "dim"),
    }
    longest = max(cells(row.title) + 2 * row.indent + cells(_waits(row)) for row in rows)
    shown = [name for name, column in options.items() if column.width]
    while True:
        taken = (
            ids.width
            + states.width
            + len(_GAP) * (2 + len(shown))
            + sum(options[name].width for name in shown)
        )
        room = width - taken
        if room >= min(longest, _TITLE) or not shown:
            break
        shown.pop()
    after = [options[name] for name in ("priority", "due", "estimate", "where") if name in shown]
    return [ids, states], after, max(min(room, longest), _LEAST)


def _title_lines(row: TaskRow, room: int, colored: bool) -> Iterator[tuple[str, int]]:
    """The title, and what it waits for on the same line if there is room; with the columns that each line takes."""
    indent = "  " * min(row.indent, (room - _LEAST) // 2)
    inner = room - len(indent)
    lines = _wrapped(row.title, inner)
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], _shortened(" ".join(lines[_LINES - 1 :]), inner)]
    waits = _waits(row)
    joined = bool(waits) and cells(lines[-1] + waits) <= inner
    style = _title_style(row) if colored else ""
    for number, line in enumerate(lines):
        tail = waits if joined and number == len(lines) - 1 else ""
        shown = styled(line, style) + (styled(tail, "dim") if colored else tail)
        yield indent + shown, len(indent) + cells(line + tail)
    if waits and not joined:
        tail = _shortened(waits.strip(), inner)
        yield indent + (styled(tail, "dim") if colored else tail), len(indent) + cells(tail)


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of so many columns, words whole where they are not longer than that."""
    if cells(text) <= width:
        return [text]
    from rich.cells import chop_cells

    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(longer) <= width:
            lines[-1] = longer
        else:
            lines += chop_cells(word, width)
    return [line for line in lines if line]


def _shortened(text: str, width: int) -> str:
    """The text in at most so many columns, with `…` where something was cut."""
    if cells(text) <= width:
        return text
    from rich.cells import chop_cells

    return (chop_cells(text, width - 1)[0].rstrip() if width > 1 else "") + "…"


def _waits(row: TaskRow) -> str:
    return f"  {row.waits}" if row.waits else ""


def _due(row: TaskRow, *, wide: bool) -> str:
    return row.due + ((" overdue" if wide else "!") if row.overdue else "")


def _due_style(row: TaskRow) -> str:
    return "bold red" if row.overdue else ""


def _state_style(row: TaskRow) -> str:
    return STATE_STYLES[row.state]


def _title_style(row: TaskRow) -> str:
    return "dim" if row.task.status.closed else ""


def _column(texts: Sequence[str], styles: str | Sequence[str], *, right: bool = False) -> Column:
    """The texts, each as wide as the widest."""
    if "".join(texts).isascii():
        width = max(map(len, texts), default=0)
        padded = [text.rjust(width) for text in texts] if right else [text.ljust(width) for text in texts]
    else:  # str.ljust() counts characters: wide ones take two columns, marks none
        widths = [cells(text) for text in texts]
        width = max(widths, default=0)
        padded = [
            " " * (width - own) + text if right else text + " " * (width - own)
            for text, own in zip(texts, widths, strict=True)
        ]
    return Column(padded, [styles] * len(padded) if isinstance(styles, str) else styles, width)


def _cell(column: Column, number: int, colored: bool) -> str:
    return styled(column.texts[number], column.styles[number]) if colored else column.texts[number]
