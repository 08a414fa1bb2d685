"""The configuration as TOML, in groups, with where each value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mdtodo.reporting.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.config.show import Row

#: Columns of a key and its value, beyond which what comes from where stands right behind them.
_WIDTH = 44
#: Tables of tables: each of their entries is a group of its own.
_NAMED = ("processors", "patterns")


def print_configuration(rows: Iterable[Row], *, color: bool | None) -> None:
    """A group for each table, the keys without one first; what is not set is a comment."""
    groups: dict[tuple[str, ...], list[Row]] = {(): []}
    for row in rows:
        groups.setdefault(_group(row.path), []).append(row)
    blank = False
    for table, members in groups.items():
        if not members:
            continue
        lines = [_line(row, len(table)) for row in members]
        if table:
            title = click.style(f"[{printable(members[0].head(len(table)))}]", bold=True)
            lines.insert(0, f"\n{title}" if blank else title)
        click.echo("\n".join(lines), color=color)
        blank = True


def _group(path: Sequence[str]) -> tuple[str, ...]:
    """The table that a key is shown in; none for a key of its own."""
    if len(path) == 1:
        return ()
    return (path[0], path[1]) if path[0] in _NAMED else (path[0],)


def _line(row: Row, depth: int) -> str:
    key, source = printable(row.tail(depth)), printable(row.source)
    if not row.value:
        return click.style(f"# {key} is not set", dim=True)
    text = f"{key} = {printable(row.value)}"
    shown = click.style(key, fg="cyan") + text[len(key) :]
    return f"{shown}{' ' * (_WIDTH - len(text))}  {click.style(f'# {source}', dim=True)}"
