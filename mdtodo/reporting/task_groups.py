"""`mdtodo status --by`: how far each group of tasks is, as a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.reporting.json_documents import iso, print_json
from mdtodo.reporting.stats import bar, draws, pictured
from mdtodo.reporting.table import Shape, console, fitted_table, print_grid, rows_of
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table
    from rich.text import Text

    from mdtodo.planning.analysis.task_groups import TaskGroup

_FIGURES = ("open", "closed", "percent", "hours left", "no estimate")
#: Those that go first where room is short.
_LESS = ("no estimate", "closed", "hours left")
#: Columns of a terminal from which on it has room for bars.
_DRAWN = 64


def print_task_groups(found: Mapping[str | None, TaskGroup], by: str, *, colored: bool) -> None:
    """A row for each: how many are open and closed, the share of these, and the hours that are left."""
    table = _table(found, by, console(colored).width, pictures=pictured(colored))
    print_grid(table, colored=colored)


def group_rows(found: Mapping[str | None, TaskGroup], by: str, *, colored: bool, width: int) -> list[Text]:
    """The same as rows of a terminal that is so wide."""
    return rows_of([_table(found, by, width, pictures=draws())], width, colored=colored)


def print_task_groups_json(found: Mapping[str | None, TaskGroup], by: str, total: int, now: float) -> None:
    """`{"version": 1, "timestamp": ..., "tasks_total": ..., "by": "tag", "groups": [{"tag": ..., ...}, ...]}`."""
    print_json(task_groups_document(found, by, total, now))


def task_groups_document(
    found: Mapping[str | None, TaskGroup], by: str, total: int, now: float
) -> dict[str, object]:
    """The same object."""
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
    return {"version": 1, "timestamp": iso(now), "tasks_total": total, "by": by, "groups": groups}


def _table(found: Mapping[str | None, TaskGroup], by: str, width: int, *, pictures: bool) -> Table:
    drawn = pictures and width >= _DRAWN
    rows = [
        {by: "-" if name is None else one_line(name), **_cells(one, pictures=drawn)}
        for name, one in found.items()
    ]
    shape = Shape((by, *(_FIGURES if rows else ())), _LESS if rows else (), words=(by,), cut=by)
    return fitted_table(shape, rows, width, [{} if name is None else {by: "cyan"} for name in found])


def _cells(one: TaskGroup, *, pictures: bool) -> dict[str, str]:
    # only all is 100 %, and only none 0 %
    percent = min(max(round(one.percent), one.closed > 0), 100 - (one.open > 0))
    drawn = f"{bar(one.percent / 100)} " if pictures else ""
    hours = "-" if one.hours is None else f"{round(one.hours, 2):g}"
    figures = str(one.open), str(one.closed), f"{drawn}{percent:3d} %", hours, str(one.no_estimate or "-")
    return dict(zip(_FIGURES, figures, strict=True))
