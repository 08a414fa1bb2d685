"""Many tasks as columns of plain values, a list for each field: what C alone reads, and makes tasks of again."""

from __future__ import annotations

from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from mdtodo.core.task import Anchor, Priority, Status, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    #: A list for each field, or what all of them have, in a tuple.
    Columns = list[list[Any] | tuple[Any]]

#: Fields of Task and of Anchor that are kept together, as they have the same texts. Those that no group names are in
#: one more, but for the anchor's place.
_GROUPS = (
    (("id", "explicit_id", "parent", "children", "previous", "after"), ("explicit",)),
    (("title",), ("title", "before", "after")),
)
GROUPS = len(_GROUPS) + 1


def columns_of(tasks: Sequence[Task]) -> Iterator[Columns]:
    """The tasks, field by field, in groups of fields: all of them together are as much as the tasks. They must have no
    `subtasks`, which a processor alone is told of."""
    for of_task, of_anchor in _PLACES:
        columns: Columns = [_packed(_column(tasks, place)) for place in of_task]
        columns += [_packed([task.anchor[place] for task in tasks]) for place in of_anchor]
        yield columns


def tasks_of(groups: Sequence[Columns], count: int) -> list[Task]:
    """What `columns_of` was made of, so many tasks. ValueError where it was made of other fields."""
    columns = list(chain.from_iterable(groups))
    if len(groups) != GROUPS or len(columns) != len(_ORDER):
        raise ValueError("these are no tasks")
    fields: list[Iterable[Any]] = [()] * len(Task._fields)
    anchor: list[Iterable[Any]] = [()] * len(Anchor._fields)
    for (place, of_anchor), column in zip(_ORDER, columns, strict=True):
        (anchor if of_anchor else fields)[place] = _unpacked(column, count)
    fields[_STATUS] = map(_STATUSES.__getitem__, fields[_STATUS])
    fields[_PRIORITY] = map(_PRIORITIES.__getitem__, fields[_PRIORITY])
    # `_make` would call Python for each of them
    fields[_ANCHOR] = map(partial(tuple.__new__, Anchor), zip(*anchor, strict=False))
    return list(map(partial(tuple.__new__, Task), zip(*fields, strict=False)))


_STATUS, _PRIORITY, _ANCHOR = map(Task._fields.index, ("status", "priority", "anchor"))
_STATUSES = {one.value: one for one in Status}
_PRIORITIES = {one.value: one for one in Priority}


def _places() -> list[tuple[list[int], list[int]]]:
    """The groups, as places of fields of Task and of Anchor."""
    found = [
        (list(map(Task._fields.index, of_task)), list(map(Anchor._fields.index, of_anchor)))
        for of_task, of_anchor in _GROUPS
    ]
    grouped = {place for of_task, _ in found for place in of_task} | {_ANCHOR}
    anchored = {place for _, of_anchor in found for place in of_anchor}
    of_task = [place for place in range(len(Task._fields)) if place not in grouped]
    return [*found, (of_task, [place for place in range(len(Anchor._fields)) if place not in anchored])]


_PLACES = _places()
#: The place of each column, and whether it is one of the anchor.
_ORDER = [(place, which == 1) for group in _PLACES for which in (0, 1) for place in group[which]]


def _column(tasks: Sequence[Task], place: int) -> list[Any]:
    if place == _STATUS:
        return [task.status.value for task in tasks]
    if place == _PRIORITY:
        return [task.priority.value for task in tasks]
    return [task[place] for task in tasks]


def _packed(column: list[Any]) -> list[Any] | tuple[Any]:
    """Most fields are the same in all tasks."""
    if not column:
        return column
    first = column[0]
    return (first,) if column.count(first) == len(column) else column


def _unpacked(column: list[Any] | tuple[Any], count: int) -> Iterator[Any]:
    return repeat(column[0], count) if isinstance(column, tuple) else iter(column)
