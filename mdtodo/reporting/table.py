"""What tables have in common: the console, and how states and priorities are shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mdtodo.core.task import Priority, State
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from typing import NamedTuple

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text
else:
    from mdtodo.core.light.named_tuples import NamedTuple

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
    # text of strangers: `[red]`, `:smile:` and numbers have no meaning in it
    return Console(
        force_terminal=colored,
        no_color=not colored,
        width=None if terminal else 100_000,
        soft_wrap=not terminal,
        highlight=False,
        emoji=False,
        markup=False,
    )


def print_grid(table: Table | Text, *, colored: bool) -> None:
    """A table, or a text, without the blanks that rich puts at the ends of lines."""
    import click

    out = console(colored)
    with out.capture() as captured:
        out.print(table, crop=False)
    # safe here: `printable` leaves no other character that ends a line
    for line in captured.get().splitlines():
        click.echo(line.rstrip(), color=colored)


def print_listing(
    names: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Container[str] = (),
    folded: Container[str] = (),
    colored: bool,
) -> None:
    """A table with a dim head: a row of cells for each; nothing where there is none. The columns that are not `folded`
    stay on one line."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=name not in folded)
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    if table.row_count:
        print_grid(table, colored=colored)


def rows_of(tables: Iterable[Table], width: int, *, colored: bool) -> list[Text]:
    """Tables as rows of a terminal that is so wide, with an empty one between them."""
    from rich.text import Text

    out = console(colored)
    # that of the live lines, one less than the terminal's
    out.width = width
    with out.capture() as captured:
        for number, table in enumerate(tables):
            if number:
                out.print()
            out.print(table)
    return [Text.from_ansi(row.rstrip()) for row in captured.get().splitlines()]


class Shape(NamedTuple):
    """The columns of a table; those that go first where room is short; those that are not numbers; and the one that is
    cut before any goes."""

    names: tuple[str, ...]
    less: tuple[str, ...]
    words: tuple[str, ...]
    cut: str


def fitted_table(
    shape: Shape, rows: Sequence[Mapping[str, str]], width: int, styles: Iterable[Mapping[str, str]]
) -> Table:
    """A row for each, with the columns that so many columns of a terminal have room for."""
    from rich.table import Table
    from rich.text import Text

    widths = {name: max(map(cells, (name, *(row[name] for row in rows)))) for name in shape.names}
    names = _fitting(shape, widths, width)
    rest = sum(widths[name] + 2 for name in names if name != shape.cut)
    table = Table.grid(padding=(0, 2))
    for name in names:
        table.add_column(no_wrap=True, overflow="ellipsis")
        column = table.columns[-1]
        column.justify = "left" if name in shape.words else "right"
        column.max_width = max(1, width - rest) if name == shape.cut else None
    table.add_row(*(Text(name, "dim") for name in names))
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*(Text(row[name], style.get(name, "")) for name in names))
    return table


def _fitting(shape: Shape, widths: Mapping[str, int], width: int) -> list[str]:
    """Of columns that are so wide, two apart, those that have room; a long name or title gives way to numbers."""
    names = list(shape.names)
    for less in shape.less:
        if sum(min(widths[name], 16) if name == shape.cut else widths[name] + 2 for name in names) <= width:
            break
        names.remove(less)
    return names


def cells(text: str) -> int:
    """Columns of a terminal that the text takes."""
    # most titles are: no import of rich for them
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def styled(text: str, style: str) -> str:
    """The text with the escape sequences of a style such as `bold red`."""
    if not style or not text:
        return text
    import click

    words = style.split()
    color = next((word for word in words if word not in ("bold", "dim")), None)
    return click.style(text, fg=color, bold="bold" in words or None, dim="dim" in words or None)
