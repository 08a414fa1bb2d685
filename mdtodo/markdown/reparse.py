"""A parse of a file that was parsed before, and of which a few lines are others now.

A heading at the margin (`## Part`) closes whatever is open before it, so the lines between two of them are read alone,
and all others are what they were, some lines further on. What is between the two is read in the old version as well:
where that is not what is known of it, or where anything has changed that counts beyond it, the whole file is read.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core.task import STATUS_CHARS, Span
from mdtodo.markdown.document import Document, Item, PausedCollector, Reader, parse
from mdtodo.markdown.source import check_encoding, dominant_newline, normalize_newlines, skip_front_matter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.document import Heading

#: A heading at the margin begins so.
_ATX = re.compile(rb"#{1,6}(?=[ \t\r\n])")
#: So many lines that look like one and are none are passed over.
_TRIES = 20


def reparse(
    before: Document, data: bytes, statuses: Mapping[str, Status] = STATUS_CHARS, *, file: str = "TODO.md"
) -> Document:
    """What `parse` finds in `data`, in time that grows with what differs from `before`, which was read with the same
    `statuses`. Raises InputError as `parse` does."""
    return reparse_part(before, data, statuses, file=file).document


def reparse_part(
    before: Document, data: bytes, statuses: Mapping[str, Status] = STATUS_CHARS, *, file: str = "TODO.md"
) -> Reparsed:
    """The same, and which part of the file was read anew."""
    check_encoding(data, file)
    with PausedCollector(data):
        return _reparsed(before, data, statuses) or Reparsed(parse(data, statuses, file=file), None)


#: Bytes of which it does not matter whether they are read once or twice.
_LARGE = 10_000


class Part(NamedTuple):
    """The tasks between two headings: the index of the first, that behind the last before, and that now. All others are
    the same, and none of them is nested with one of these, in a list with one, or below the same headings."""

    begin: int
    end: int
    new_end: int


class Reparsed(NamedTuple):
    """What was found, and which part of it was read anew; None: all. The headings of both versions are the same then,
    and neither has unknown boxes."""

    document: Document
    part: Part | None


class _Cut(NamedTuple):
    """Where a line starts that holds a heading at the margin: the offset, the line, and which heading it is. None of
    them: the start of the text, or its end."""

    at: int
    line: int
    heading: int | None


def _reparsed(before: Document, data: bytes, statuses: Mapping[str, Status]) -> Reparsed | None:
    """None where all has to be read."""
    was = before.data
    if was == data and not before.unknown_boxes:
        return Reparsed(before, Part(0, 0, 0))
    if before.unknown_boxes or any(_counts_beyond(text) for text in (was, data)):
        return None
    same = _common_start(was, data)
    after = len(was) - _common_end(was, data, min(len(was), len(data)) - same)
    first, last = _heading_before(before, same), _heading_after(before, after)
    if first is None:
        start = skip_front_matter(normalize_newlines(was))
        if start[0] > same or skip_front_matter(normalize_newlines(data)) != start:
            return None
        first = _Cut(*start, None)
    # The part is read in both versions, so a large one costs more than the whole of one.
    if _LARGE < (last.at if last else len(was)) - first.at > len(was) // 3:
        return None
    return _Change(before, data, statuses, first, last).reparsed()


def _counts_beyond(text: bytes) -> bool:
    """Marks of conflicts, and line ends of which only a whole text tells what they are."""
    return b"<<<<<<<" in text or (b"\r" in text and text.count(b"\r") != text.count(b"\r\n"))


def _common_start(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(one: bytes, other: bytes, most: int) -> int:
    """How many bytes both end with, `most` of them at most."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _heading_before(document: Document, until: int) -> _Cut | None:
    """The last heading at the margin whose line ends before this offset."""
    data, at = document.data, until
    for _ in range(_TRIES):
        at = data.rfind(b"\n#", 0, at)
        if at < 0:
            break
        cut = _cut(document, at + 1)
        if cut is not None and 0 <= data.find(b"\n", at + 1) < until:
            return cut
    return None


def _heading_after(document: Document, since: int) -> _Cut | None:
    """The first heading at the margin whose line starts after this offset."""
    data, at = document.data, since
    for _ in range(_TRIES):
        at = data.find(b"\n#", at) + 1
        if not at:
            break
        cut = _cut(document, at)
        if cut is not None:
            return cut
    return None


def _cut(document: Document, at: int) -> _Cut | None:
    """The heading that stands there at the margin, if one does."""
    marks = _ATX.match(document.data, at)
    if marks is None:
        return None
    line = document.data.count(b"\n", 0, at) + 1
    place = bisect_left(document.headings, line, key=lambda heading: heading.line)
    if place == len(document.headings):
        return None
    heading = document.headings[place]
    return _Cut(at, line, place) if (heading.line, heading.level) == (line, len(marks[0])) else None


class _Change:
    """What lies between two headings, before and now. The second one is read too, to see whether it is one still."""

    def __init__(
        self, before: Document, data: bytes, statuses: Mapping[str, Status], first: _Cut, last: _Cut | None
    ) -> None:
        self.before = before
        self.data = data
        self.first = first
        self.last = last
        was, start = before.data, (first.at, first.line)
        end = len(was) if last is None else was.find(b"\n", last.at) + 1 or len(was)
        self.more = len(data) - len(was)
        self.old = Reader(was[:end], statuses, start)
        self.new = Reader(data[: end + self.more], statuses, start)
        self.more_lines = data.count(b"\n", first.at, end + self.more) - was.count(b"\n", first.at, end)

    def reparsed(self) -> Reparsed | None:
        """The whole of it; None where what has changed counts beyond these lines."""
        before, old, new = self.before, self.old.document(), self.new.document()
        if self.old.candidates or self.new.candidates or not self._is_alike(old.headings, new.headings):
            return None
        begin = _place(before.items, self.first.line)
        end = len(before.items) if self.last is None else _place(before.items, self.last.line)
        place = _Place.of(old, before, begin, self.first.heading)
        if place is None or tuple(place.placed(old.items)) != before.items[begin:end]:
            return None
        if new.items and not old.items:  # which number their list has is not known
            return None
        items = before.items[:begin] + tuple(place.placed(new.items))
        more = len(items) - end
        document = before._replace(
            data=self.data,
            items=items + self._shifted_items(end, more),
            headings=self._headings(new.headings, begin, more),
            newline=dominant_newline(self.data),
            empty_boxes=self._empty_boxes(new.empty_boxes),
        )
        return Reparsed(document, Part(begin, end, len(items)))

    def _is_alike(self, old: Sequence[Heading], new: Sequence[Heading]) -> bool:
        """Whether what is below the second heading has the same headings above it, and may refer to the same links."""
        were, are = self.old.blocks, self.new.blocks
        if were.definitions != are.definitions or len(were.headings) != len(are.headings):
            return False
        if [(one.level, one.text) for one in old] != [(one.level, one.text) for one in new]:
            return False
        if self.last is None:
            return True
        last, now = were.headings[-1], are.headings[-1]
        return (
            now.line == self.last.line + self.more_lines
            and last.container.open_headings == now.container.open_headings
        )

    def _shifted_items(self, end: int, more: int) -> tuple[Item, ...]:
        """The items behind the part."""
        rest = self.before.items[end:]
        lists = self.new.blocks.lists - self.old.blocks.lists
        if not (self.more or self.more_lines or more or lists):
            return rest
        return tuple([_shifted(item, more, self.more_lines, self.more, lists) for item in rest])

    def _headings(self, new: Sequence[Heading], begin: int, more: int) -> tuple[Heading, ...]:
        """All headings: their number is what it was."""
        headings, first = self.before.headings, self.first.heading or 0
        end = first + len(new)
        return (
            *headings[:first],
            *[one._replace(item=None if one.item is None else one.item + begin) for one in new],
            *[
                one._replace(
                    line=one.line + self.more_lines, item=None if one.item is None else one.item + more
                )
                for one in headings[end:]
            ],
        )

    def _empty_boxes(self, new: Sequence[int]) -> tuple[int, ...]:
        empty, since = self.before.empty_boxes, self.first.line
        behind = [] if self.last is None else [one for one in empty if one >= self.last.line]
        return (*[one for one in empty if one < since], *new, *[one + self.more_lines for one in behind])


class _Place(NamedTuple):
    """Where a part that was read alone stands in the whole: its first item, heading and list, and the headings above
    it with their levels, outermost first. `levels` are those of its own headings."""

    begin: int
    heading: int
    lists: int
    above: tuple[tuple[int, int], ...]
    levels: tuple[int, ...]

    @classmethod
    def of(cls, part: Document, whole: Document, begin: int, heading: int | None) -> _Place | None:
        """As its first item, which stands below the part's first heading, is in both; None if that is not known."""
        levels = tuple([one.level for one in part.headings])
        if not part.items:
            return cls(begin, heading or 0, 0, (), levels)
        if begin == len(whole.items) or (heading is not None and part.items[0].headings[:1] != (0,)):
            return None
        alone, placed = part.items[0], whole.items[begin]
        outer = placed.headings[: len(placed.headings) - len(alone.headings)]
        above = tuple([(one, whole.headings[one].level) for one in outer])
        return cls(begin, heading or 0, placed.list_index - alone.list_index, above, levels)

    def placed(self, items: Sequence[Item]) -> Iterator[Item]:
        """These items of the part, as items of the whole."""
        known: dict[tuple[int, ...], tuple[int, ...]] = {}
        for item in items:
            if item.headings not in known:
                known[item.headings] = self._headings(item.headings)
            yield item._replace(
                index=item.index + self.begin,
                parent=None if item.parent is None else item.parent + self.begin,
                list_index=item.list_index + self.lists,
                headings=known[item.headings],
            )

    def _headings(self, found: tuple[int, ...]) -> tuple[int, ...]:
        outer = [one for one, level in self.above if found and level < self.levels[found[0]]]
        return (*outer, *[self.heading + number for number in found])


def _place(items: Sequence[Item], line: int) -> int:
    """How many of the items stand before that line."""
    return bisect_left(items, line, key=lambda item: item.line)


def _shifted(item: Item, indices: int, lines: int, size: int, lists: int) -> Item:
    """The item, so many items, lines, bytes and lists further on."""
    values: list[Any] = list(item)  # `_replace` takes three times as long
    values[_INDEX] += indices
    values[_LINE] += lines
    values[_BOX] += size
    values[_END] += size
    values[_LIST] += lists
    if item.parent is not None:
        values[_PARENT] += indices
    if size:
        for place in _SPANS:
            if values[place]:
                values[place] = tuple([Span(start + size, end + size) for start, end in values[place]])
    return Item._make(values)


_INDEX, _LINE, _BOX, _END, _LIST, _PARENT, *_SPANS = map(
    Item._fields.index, ("index", "line", "box", "end", "list_index", "parent", "pieces", "body", "notes")
)
