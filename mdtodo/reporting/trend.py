"""`mdtodo stats --trend`: how the lists grew and shrank, as a table with bars on a terminal, and as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from mdtodo.core.names import counted
from mdtodo.planning.analysis.durations import format_seconds
from mdtodo.reporting.json_documents import iso, print_json
from mdtodo.reporting.stats import bar, pictured
from mdtodo.reporting.table import console, print_grid
from mdtodo.reporting.text import paragraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.planning.analysis.trend import Period

#: Rows without `--since`, and columns of a terminal that bars need, and the last two figures.
_ROWS, _WIDE, _ALL = 12, 72, 56
_DAY = 86400.0


def print_trend(found: Sequence[Period], by: str, since: float | None, *, colored: bool) -> None:
    """The newest periods, or all `since` a time, the oldest first."""
    from rich.table import Table
    from rich.text import Text

    shown = _since(found, since) if since is not None else list(found[-_ROWS:])
    width = console(colored).width
    bars = pictured(colored) and width >= _WIDE
    names = [by, "opened", "closed", "removed", "open", *["oldest", "median to close"] * (width >= _ALL)]
    table = Table.grid(padding=(0, 2))
    for name in names:
        table.add_column(justify="left" if name == by else "right", no_wrap=True)
    table.add_row(*(Text(name, "dim") for name in names), *[""] * bars)
    most = max((one.open for one in found), default=0)
    for one in shown:
        facts = [str(count) for count in (one.opened, one.closed, one.removed, one.open)]
        facts += [_age(one.oldest), _age(one.median_to_close)] if width >= _ALL else []
        picture = [Text(bar(one.open / most if most else 0.0, 12).rstrip("░"), "cyan")] if bars else []
        table.add_row(Text(_name(one, by), "cyan"), *map(Text, facts), *picture)
    print_grid(table, colored=colored)
    if since is None and len(found) > len(shown):
        click.echo(
            paragraph(f"{counted(len(found) - len(shown), by)} before; --since shows more, --json all")
        )


def print_trend_json(found: Sequence[Period], by: str, since: float | None, *, cut_off: bool) -> None:
    """`{"version": 1, "by": ..., "since": ..., "shallow": ..., "periods": [...]}`: each with its first day, its counts,
    and its ages in seconds."""
    periods = [
        {
            "begin": one.begin.isoformat(),
            "opened": one.opened,
            "closed": one.closed,
            "removed": one.removed,
            "open": one.open,
            "oldest_open_seconds": None if one.oldest is None else round(one.oldest),
            "median_seconds_to_close": one.median_to_close,
        }
        for one in _since(found, since)
    ]
    print_json({"version": 1, "by": by, "since": iso(since), "shallow": cut_off, "periods": periods})


def _since(found: Sequence[Period], since: float | None) -> list[Period]:
    """With the period that the time is in."""
    if since is None:
        return list(found)
    day = datetime.fromtimestamp(since, UTC).date()
    ends = [*(one.begin for one in found[1:]), None]
    return [one for one, end in zip(found, ends, strict=True) if end is None or end > day]


def _name(one: Period, by: str) -> str:
    return f"{one.begin:%Y-%m}" if by == "month" else one.begin.isoformat()


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{round(seconds / _DAY)}d" if seconds >= 2 * _DAY else format_seconds(seconds)
