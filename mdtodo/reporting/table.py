"""Tasks for a person's eyes: one line each, aligned, never wrapped where a program may read on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mdtodo.model import WRITTEN, Priority, State
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from mdtodo.model import Task
    from mdtodo.planning.plan import Plan

#: Tasks that a terminal shows without folding long titles, since the layout of a table takes most of a second for each
#: thousand lines.
MANY = 1000

#: The first column that a narrow terminal folds: those before are never cut; and how narrow it may get.
_FOLDED, _LEAST = 4, 12

STATE_STYLES = {
    State.DONE: "green",
    State.CANCELLED: "dim",
    State.DOING: "cyan",
    State.READY: "bold",
    State.BLOCKED: "yellow",
    State.FAILED: "red",
    State.RUNNING: "cyan",
    State.MANUAL: "",
}
_BOXES = {status: f"[{char}]" for status, char in WRITTEN.items()}
PRIORITY_STYLES = {
    Priority.CRITICAL: "bold red",
    Priority.HIGH: "red",
    Priority.MEDIUM: "",
    Priority.LOW: "dim",
}


def console(colored: bool) -> Console:
    """A console for standard output: as wide as the terminal, or without an end where there is none."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    return Console(
        force_terminal=colored,
        no_color=not colored,
        width=None if terminal else 100_000,
        soft_wrap=not terminal,
        highlight=False,
        emoji=False,
        markup=False,
    )


def print_tasks(plan: Plan, tasks: Sequence[Task], *, colored: bool) -> None:
    """A line for each task: id, box, priority, state, title, where it stands, and what it waits for."""
    if not tasks:
        return
    if len(tasks) > MANY or not (colored or sys.stdout.isatty()):
        _print_plainly(plan, tasks, colored=colored)
        return
    print_grid(_table(plan, tasks), colored=colored)


def print_grid(table: Table, *, colored: bool) -> None:
    """A table without the blanks that rich puts at the ends of lines."""
    import click

    out = console(colored)
    with out.capture() as captured:
        out.print(table, crop=False)
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), color=colored)


def _table(plan: Plan, tasks: Sequence[Task]) -> Table:
    from rich.table import Table
    from rich.text import Text

    rows = [_cells_of(plan, task) for task in tasks]
    widest = [max(map(_cells, column)) for column in zip(*rows, strict=True)]
    table = Table.grid(padding=(0, 2), expand=False)
    for number, width in enumerate(widest):
        folded = number >= _FOLDED
        table.add_column(
            no_wrap=not folded, overflow="fold", min_width=min(width, _LEAST) if folded else width
        )
    for task, row in zip(tasks, rows, strict=True):
        cells = zip(row, _styles_of(plan, task), strict=True)
        table.add_row(*(Text(text, style) for text, style in cells))
    return table


def _cells_of(plan: Plan, task: Task) -> tuple[str, ...]:
    """What a line says of a task."""
    return (
        task.id,
        "  " * task.depth + _BOXES[task.status],
        task.priority,
        plan.states[task.id],
        one_line(task.title),
        f"{one_line(task.file)}:{task.line}{waiting(plan, task)}",
    )


def _styles_of(plan: Plan, task: Task) -> tuple[str, ...]:
    """How each of these cells is shown."""
    style = STATE_STYLES[plan.states[task.id]]
    title = "dim" if task.status.closed else ""
    return ("cyan", style, PRIORITY_STYLES[task.priority], style, title, "dim")


def _print_plainly(plan: Plan, tasks: Sequence[Task], *, colored: bool) -> None:
    """The same table without an end to the right, thirty times as fast."""
    import click

    columns = list(zip(*[_cells_of(plan, task) for task in tasks], strict=True))
    shown: list[Sequence[str]] = [_padded(cells) for cells in columns[:-1]] + [columns[-1]]
    if colored:
        styles = zip(*[_styles_of(plan, task) for task in tasks], strict=True)
        shown = [list(map(_styled, cells, how)) for cells, how in zip(shown, styles, strict=True)]
    lines = map(str.rstrip, map("  ".join, zip(*shown, strict=True)))
    click.echo("\n".join(lines), color=colored)


def _padded(cells: Sequence[str]) -> list[str]:
    """The cells of a column, as wide as the widest."""
    if "".join(cells).isascii():
        width = max(map(len, cells))
        return [cell.ljust(width) for cell in cells]
    widths = [_cells(cell) for cell in cells]
    width = max(widths)
    return [cell + " " * (width - own) for cell, own in zip(cells, widths, strict=True)]


def _cells(text: str) -> int:
    """Columns of a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _styled(text: str, style: str) -> str:
    import click

    words = style.split()
    color = next((word for word in words if word not in ("bold", "dim")), None)
    return (
        click.style(text, fg=color, bold="bold" in words or None, dim="dim" in words or None)
        if style
        else text
    )


def waiting(plan: Plan, task: Task) -> str:
    """`  waits for a, b` where it does."""
    names = plan.blocked_by[task.id]
    if not names:
        return ""
    shown = ", ".join(one_line(name) for name in names[:4])
    return f"  waits for {shown}" + (f" and {len(names) - 4} more" if len(names) > 4 else "")
