"""Whatever the bytes are, to read and to change a file costs about as much as plain text does."""

from __future__ import annotations

from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.edits import ChangeLine, SetStatus
from mdtodo.core.task import Status
from mdtodo.errors import EditError
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.add_task import add_task
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.second_opinion import second_opinion
from mdtodo.markdown.tasks import read_tasks
from tests.examples import TIMES
from tests.timing import TRIES, cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

#: What begins, ends or escapes something in Markdown.
MARKS = "[>*`-<&|~_!\\"
PAIRS = [one + other for one in MARKS for other in MARKS if one != other]
#: Of so many bytes each; in quadratic ways 10,000 bytes take seconds, and plain text hundredths of one.
SIZE = 10_000 if TIMES > 1 else 5_000


def _line(unit: str, size: int) -> str:
    return unit * (size // len(unit)) + "\n"


def _task(unit: str, size: int) -> str:
    return f"- [ ] {unit * (size // len(unit))}\n"


def _below(unit: str, size: int) -> str:
    return "- [ ] a\n" + f"  {unit}\n" * (size // (len(unit) + 3))


def _tasks(unit: str, size: int) -> str:
    line = f"- [ ] {unit * 20}\n"
    return line * (size // len(line))


def _everything(data: bytes) -> None:
    """Read, tick, change, add."""
    read_keys.cache_clear()
    tasks = read_tasks({"TODO.md": parse(data)})
    second_opinion(data)
    for task in tasks[:1]:
        anchor = task.anchor
        apply(data, [SetStatus(anchor, Status.DONE)], tolerant=True)
        apply(data, [ChangeLine(anchor, (("due", "2026-12-01"),), (("t", True),), "b")], tolerant=True)
    with suppress(EditError):  # code or HTML up to the end of the file
        add_task(data, "one more #tag")


@cache
def _plain(shape: Callable[[str, int], str]) -> float:
    return min(cpu_seconds(partial(_everything, shape("words ", SIZE).encode())) for _ in range(3))


def _costs_as_plain(shape: Callable[[str, int], str], unit: str) -> bool:
    """A few times as much as plain text of the same shape, and not in the order of its square."""
    data = shape(unit, SIZE).encode()
    most = 10 * _plain(shape) + 0.25  # many short lines stand where plain text has a few long ones
    return any(cpu_seconds(partial(_everything, data)) < most for _ in range(TRIES))


@pytest.mark.parametrize("shape", [_line, _task, _below, _tasks])
def test_marks_and_pairs_of_them_cost_as_plain_text_does(shape: Callable[[str, int], str]) -> None:
    """With MDTODO_LONG=2 all pairs in each shape."""
    units = [*MARKS, *(PAIRS if shape is _task or TIMES > 1 else ())]
    assert [unit for unit in units if not _costs_as_plain(shape, unit)] == []
