"""The attempts of a task, a line each, and as JSON."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mdtodo.config.value_types import format_size
from mdtodo.reporting.json_documents import iso, print_json, renamed
from mdtodo.reporting.table import print_listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.storage.task_logs import Attempt


def print_attempts(attempts: Sequence[Attempt], *, colored: bool) -> None:
    """A table: run, number, outcome, when it ended or wrote something last, size of its output."""
    names = ("run", "attempt", "outcome", "time", "size")
    print_listing(names, map(_cells, attempts), right=("attempt", "size"), colored=colored)


def _cells(one: Attempt) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.written))
    return one.run, str(one.number), one.outcome or "-", when, format_size(one.size)


def print_attempts_json(attempts: Iterable[Attempt]) -> None:
    """`{"version": 1, "attempts": [{"run", "attempt", "outcome", "time", "size", "log"}, ...]}`."""
    print_json(attempts_document(attempts))


def attempts_document(attempts: Iterable[Attempt]) -> dict[str, object]:
    """The same object."""
    called = {"number": "attempt", "written": "time", "path": "log"}
    rows = [renamed(one, **called) | {"time": iso(one.written, "milliseconds")} for one in attempts]
    return {"version": 1, "attempts": rows}
