"""The attempts of a task, a line each, and as JSON."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mdtodo.config.value_types import format_size
from mdtodo.reporting.json_documents import print_json
from mdtodo.reporting.table import print_grid
from mdtodo.reporting.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.storage.task_logs import Attempt


def print_attempts(attempts: Sequence[Attempt], *, colored: bool) -> None:
    """A table: run, number, outcome, when it ended or wrote something last, size of its output."""
    from rich.table import Table
    from rich.text import Text

    if not attempts:
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("run", "attempt", "outcome", "time", "size"):
        table.add_column(name, justify="right" if name in ("attempt", "size") else "left", no_wrap=True)
    for one in attempts:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.written))
        cells = (one.run, str(one.number), one.outcome or "-", when, format_size(one.size))
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    print_grid(table, colored=colored)


def print_attempts_json(attempts: Iterable[Attempt]) -> None:
    """`{"version": 1, "attempts": [{"run", "attempt", "outcome", "time", "size", "log"}, ...]}`."""
    rows = [
        {
            "run": one.run,
            "attempt": one.number,
            "outcome": one.outcome,
            "time": datetime.fromtimestamp(one.written, UTC).isoformat(timespec="milliseconds"),
            "size": one.size,
            "log": one.path,
        }
        for one in attempts
    ]
    print_json({"version": 1, "attempts": rows})
