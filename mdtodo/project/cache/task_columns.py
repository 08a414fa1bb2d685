"""Many tasks as columns of plain values, a list for each field: what C alone reads, and makes tasks of again."""

from __future__ import annotations

from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

from mdtodo.core.task import Anchor, Priority, Status, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    #: A list for each field, or what all of them have, in a tuple.
    Columns = list[list[Any] | tuple[Any]]


def columns_of(tasks: Sequence[Task]) -> Columns:
    """The tasks, field by field. They must have no `subtasks`, which a processor alone is told of."""
    # one column at a time: before they are packed, all of them are as much as the tasks
    columns: Columns = [_packed([task[place] for task in tasks]) for place in _PLAIN]
    columns.insert(_STATUS, _packed([task.status.value for task in tasks]))
    columns.insert(_PRIORITY, _packed([task.priority.value for task in tasks]))
    anchors = [_packed([task.anchor[place] for task in tasks]) for place in range(len(Anchor._fields))]
    columns.insert(_ANCHOR, anchors)
    return columns


def tasks_of(columns: Columns, count: int) -> list[Task]:
    """What `columns_of` was made of, so many tasks. ValueError where it was made of other fields."""
    if len(columns) != len(Task._fields) or len(columns[_ANCHOR]) != len(Anchor._fields):
        raise ValueError("these are no tasks")
    fields: list[Iterable[Any]] = [_unpacked(column, count) for column in columns]
    fields[_STATUS] = map(_STATUSES.__getitem__, fields[_STATUS])
    fields[_PRIORITY] = map(_PRIORITIES.__getitem__, fields[_PRIORITY])
    anchors = zip(*[_unpacked(column, count) for column in columns[_ANCHOR]], strict=False)
    # `_make` would call Python for each of them
    fields[_ANCHOR] = map(partial(tuple.__new__, Anchor), anchors)
    return list(map(partial(tuple.__new__, Task), zip(*fields, strict=False)))


_STATUS, _PRIORITY, _ANCHOR = map(Task._fields.index, ("status", "priority", "anchor"))
_PLAIN = [place for place in range(len(Task._fields)) if place not in (_STATUS, _PRIORITY, _ANCHOR)]
_STATUSES = {one.value: one for one in Status}
_PRIORITIES = {one.value: one for one in Priority}


def _packed(column: list[Any]) -> list[Any] | tuple[Any]:
    """Most fields are the same in all tasks."""
    if not column:
        return column
    first = column[0]
    return (first,) if column.count(first) == len(column) else column


def _unpacked(column: list[Any] | tuple[Any], count: int) -> Iterator[Any]:
    return repeat(column[0], count) if isinstance(column, tuple) else iter(column)
