"""`mdtodo status --by`: how far each group of tasks is, as a table and as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mdtodo.reporting.json_documents import iso, print_json
from mdtodo.reporting.stats import bar, draws
from mdtodo.reporting.table import console, print_grid, rows_of
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table
    from rich.text import Text

    from mdtodo.planning.analysis.task_groups import TaskGroup

_FIGURES = ("open", "closed", "percent", "hours left", "no estimate")
#: Those that go first where room is short, and columns that the name has at least.
_LESS = ("no estimate", "closed", "hours left")
_NAME = 16
#: Columns of a terminal from which on it has room for bars.
_DRAWN = 64


def print_task_groups(found: Mapping[str | None, TaskGroup], by: str, *, colored: bool) -> None:
    """A row for each: how many are open and closed, the share of these, and the hours that are left."""
    pictures = (colored or sys.stdout.isatty()) and draws()
    print_grid(_table(found, by, console(colored).width, pictures=pictures), colored=colored)


def group_rows(found: Mapping[str | None, TaskGroup], by: str, *, colored: bool, width: int) -> list[Text]:
    """The same as rows of a terminal that is so wide."""
    return rows_of([_table(found, by, width, pictures=draws())], width, colored=colored)


def print_task_groups_json(found: Mapping[str | None, TaskGroup], by: str, total: int, now: float) -> None:
    """`{"version": 1, "timestamp": ..., "tasks_total": ..., "by": "tag", "groups": [{"tag": ..., ...}, ...]}`."""
    groups = [
        {
            by: name,
            "open": one.open,
            "closed": one.closed,
            "percent": round(one.percent, 1),
            "hours_left": None if one.hours is None else round(one.hours, 2),
            "no_estimate": one.no_estimate,
        }
        for name, one in found.items()
    ]
    print_json({"version": 1, "timestamp": iso(now), "tasks_total": total, "by": by, "groups": groups})


def _table(found: Mapping[str | None, TaskGroup], by: str, width: int, *, pictures: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    cells = [_cells(one, pictures=pictures and width >= _DRAWN) for one in found.values()]
    widths = (
        {name: max(len(name), *(len(row[name]) for row in cells), 0) for name in _FIGURES} if cells else {}
    )
    shown = [name for name in _FIGURES if name in widths]
    for less in _LESS:
        if sum(widths[name] + 2 for name in shown) + _NAME <= width:
            break
        shown.remove(less)
    table = Table.grid(padding=(0, 2))
    room = max(_NAME, width - sum(widths[name] + 2 for name in shown))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=room)
    for _ in shown:
        table.add_column(justify="right", no_wrap=True)
    table.add_row(*(Text(name, "dim") for name in (by, *shown)))
    for name, row in zip(found, cells, strict=True):
        label = Text("-") if name is None else Text(one_line(name), "cyan")
        table.add_row(label, *(Text(row[one]) for one in shown))
    return table


def _cells(one: TaskGroup, *, pictures: bool) -> dict[str, str]:
    # only all is 100 %, and only none 0 %
    percent = min(max(round(one.percent), one.closed > 0), 100 - (one.open > 0))
    drawn = f"{bar(one.percent / 100)} " if pictures else ""
    hours = "-" if one.hours is None else f"{round(one.hours, 2):g}"
    figures = str(one.open), str(one.closed), f"{drawn}{percent:3d} %", hours, str(one.no_estimate or "-")
    return dict(zip(_FIGURES, figures, strict=True))
