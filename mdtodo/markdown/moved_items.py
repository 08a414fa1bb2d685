"""The tasks of a file of which a part was read anew: those behind it stand some places further on, each where somebody
asks for it, as most are never asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from mdtodo.core.task import Span
from mdtodo.markdown.document import Item

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class Shift(NamedTuple):
    """How far items move: so many items, lines and bytes; `joined`: of the list that goes on there its number before,
    and now."""

    items: int
    lines: int
    size: int
    joined: tuple[int, int]

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return any(self[:3]) or self.joined[0] != self.joined[1]

    def of(self, item: Item) -> Item:
        """The item where it is then."""
        was, now = self.joined
        values: list[Any] = list(item)  # `_replace` takes three times as long
        values[_INDEX] += self.items
        values[_LINE] += self.lines
        values[_BOX] += self.size
        values[_END] += self.size
        values[_LIST] = now if item.list_index == was else item.list_index
        if item.parent is not None:
            values[_PARENT] += self.items
        if size := self.size:
            for place in _SPANS:
                if values[place]:
                    values[place] = tuple([Span(start + size, end + size) for start, end in values[place]])
        return Item._make(values)


_INDEX, _LINE, _BOX, _END, _LIST, _PARENT, *_SPANS = map(
    Item._fields.index, ("index", "line", "box", "end", "list_index", "parent", "pieces", "body", "notes")
)


class MovedItems(Sequence[Item]):
    """`head`, and then `rest` where `shift` puts it. Equal to the tuple of the same items."""

    __slots__ = ("_head", "_rest", "_shift")

    def __init__(self, head: Sequence[Item], rest: Sequence[Item], shift: Shift) -> None:
        self._head, self._rest, self._shift = tuple(head), rest, shift

    def __len__(self) -> int:
        return len(self._head) + len(self._rest)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        first = len(self._head)
        if isinstance(index, slice):
            begin, end, step = index.indices(len(self))
            if step != 1:
                return self._whole()[index]
            moved = self._rest[max(begin - first, 0) : max(end - first, 0)]
            return (*self._head[begin:end], *map(self._shift.of, moved))
        at = range(len(self))[index]
        return self._head[at] if at < first else self._shift.of(self._rest[at - first])

    def __iter__(self) -> Iterator[Item]:
        return iter(self._whole())

    def __eq__(self, other: object) -> bool:
        return self._whole() == (other._whole() if isinstance(other, MovedItems) else other)

    __hash__ = None  # type: ignore[assignment]

    def _whole(self) -> tuple[Item, ...]:
        """All of them, moved once."""
        if self._rest:
            self._head, self._rest = (*self._head, *map(self._shift.of, self._rest)), ()
        return self._head
