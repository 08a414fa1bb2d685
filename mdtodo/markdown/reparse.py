"""A parse of a file that was parsed before, and of which a few lines are others now.

The lines between two `cuts` are read alone, and all others are what they were, some lines further on. What is between
the two is read in the old version as well: where that is not what is known of it, or where anything has changed that
counts beyond it, a larger part is read, or the whole file.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import STATUS_CHARS
from mdtodo.markdown.cuts import cuts
from mdtodo.markdown.document import Document, PausedCollector, Reader, parse
from mdtodo.markdown.moved_items import MovedItems, Shift
from mdtodo.markdown.source import check_encoding, dominant_newline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.cuts import Cut
    from mdtodo.markdown.document import Heading, Item


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
    """Tasks at the margin and all below them: the index of the first, that behind the last before, and that now. All
    others are what they were. Beside these, in a list with one of them or below the same headings, may stand those that
    end where the part begins, `lead` many, and one that begins where it ends, if there is a `trail`."""

    begin: int
    end: int
    new_end: int
    lead: int = 0
    trail: int = 0


class Reparsed(NamedTuple):
    """What was found, and which part of it was read anew; None: all. The headings of both versions are the same then,
    and neither has unknown boxes."""

    document: Document
    part: Part | None


def _reparsed(before: Document, data: bytes, statuses: Mapping[str, Status]) -> Reparsed | None:
    """None where all has to be read."""
    was = before.data
    if was == data and not before.unknown_boxes:
        return Reparsed(before, Part(0, 0, 0))
    if before.unknown_boxes or any(_counts_beyond(text) for text in (was, data)):
        return None
    same = _common_start(was, data)
    since = len(was) - _common_end(was, data, min(len(was), len(data)) - same)
    for first, last in cuts(before, data, same, since):
        # The part is read in both versions, so a large one costs more than the whole of one.
        if _LARGE < (last.at if last else len(was)) - first.at > len(was) // 3:
            break
        if found := _Change(before, data, statuses, first, last).reparsed():
            return found
    return None


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


class _Change:
    """What lies between two cuts, before and now. The line of the second one is read too, to see whether it is one
    still."""

    def __init__(
        self, before: Document, data: bytes, statuses: Mapping[str, Status], first: Cut, last: Cut | None
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
        if self.old.candidates or self.new.candidates or not self._is_alike(old, new):
            return None
        begin = _place(before.items, self.first.line)
        end = len(before.items) if self.last is None else _place(before.items, self.last.line)
        trail = int(self.last is not None and self.last.item is not None)
        place = _Place.of(old, before, begin, self.first)
        if place is None or (new.items and not old.items):  # where its tasks stand is not known
            return None
        there = before.items[begin : end + trail]
        known = _numbers_of(old.items, there)
        if known is None or place.placed(old.items, known)[: end - begin] != there[: end - begin]:
            return None
        placed = place.placed(new.items, self._numbers(new, there, trail))
        joined = (there[-1].list_index, placed[-1].list_index) if trail else (-1, -1)
        items = (*before.items[:begin], *placed[: len(placed) - trail])
        more = len(items) - end
        rest, shift = before.items[end:], Shift(more, self.more_lines, self.more, joined)
        document = before._replace(
            data=self.data,
            items=MovedItems(items, rest, shift) if shift and rest else (*items, *rest),
            headings=self._headings(new.headings, begin, more),
            newline=dominant_newline(self.data),
            empty_boxes=self._empty_boxes(new.empty_boxes),
        )
        return Reparsed(document, self._part(begin, end, len(items), trail))

    def _numbers(self, new: Document, there: Sequence[Item], trail: int) -> dict[int, int]:
        """The numbers of the lists of the part as it is now, of which the first and the last may go on outside. The
        others get those that the part had, and then new ones: where lists without tasks are, or were, is not known."""
        made: dict[int, int] = {}
        if self.first.item is not None:
            made[0] = there[0].list_index
        if trail and there[-1].list_index != made.get(0):
            made.setdefault(new.items[-1].list_index, there[-1].list_index)
        spare = sorted({item.list_index for item in there}.difference(made.values()))
        own = sorted({item.list_index for item in new.items} - made.keys())
        made.update(zip(own, spare, strict=False))
        if len(own) > len(spare):
            free = 1 + max([item.list_index for item in self.before.items])
            made.update({number: free + number for number in own[len(spare) :]})
        return made

    def _part(self, begin: int, end: int, new_end: int, trail: int) -> Part:
        """Without the first task, where the part begins with one: it is only beside those that may have changed."""
        if self.first.item is None:
            return Part(begin, end, new_end, 0, trail)
        items = self.before.items
        lead = next(count for count in range(1, len(items) - begin) if items[begin + count].parent is None)
        return Part(begin + lead, end, new_end, lead, trail)

    def _is_alike(self, old: Document, new: Document) -> bool:
        """Whether what is below the second cut has the same headings above it, and may refer to the same links."""
        were, are, last = self.old.blocks, self.new.blocks, self.last
        if were.definitions != are.definitions or len(were.headings) != len(are.headings):
            return False
        if [(one.level, one.text) for one in old.headings] != [(one.level, one.text) for one in new.headings]:
            return False
        if self.first.item is not None or (last is not None and last.item is not None):
            cut = [one for one in (self.first, last) if one is not None and one.heading is not None]
            if len(are.headings) != len(cut):
                return False
        if last is None:
            return True
        if last.item is not None:
            ends = [(line + self.more_lines, box + self.more) for line, box in _last_two(old)]
            box = self.before.items[last.item].box
            return _last_two(old)[-1:] == [(last.line, box)] and _last_two(new) == ends
        return (
            are.headings[-1].line == last.line + self.more_lines
            and were.headings[-1].container.open_headings == are.headings[-1].container.open_headings
        )

    def _headings(self, new: Sequence[Heading], begin: int, more: int) -> tuple[Heading, ...]:
        """All headings: their number is what it was."""
        headings, first = self.before.headings, self._headings_before
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

    @property
    def _headings_before(self) -> int:
        """How many headings stand before the part."""
        return bisect_left(self.before.headings, self.first.line, key=lambda heading: heading.line)

    def _empty_boxes(self, new: Sequence[int]) -> tuple[int, ...]:
        empty, since = self.before.empty_boxes, self.first.line
        behind = [] if self.last is None else [one for one in empty if one >= self.last.line]
        return (*[one for one in empty if one < since], *new, *[one + self.more_lines for one in behind])


class _Place(NamedTuple):
    """Where a part that was read alone stands in the whole: its first item and heading, and the headings above it with
    their levels, outermost first. `levels` are those of its own headings."""

    begin: int
    heading: int
    above: tuple[tuple[int, int], ...]
    levels: tuple[int, ...]

    @classmethod
    def of(cls, part: Document, whole: Document, begin: int, first: Cut) -> _Place | None:
        """As its items are in both; None where these do not tell."""
        levels = tuple([one.level for one in part.headings])
        heading = bisect_left(whole.headings, first.line, key=lambda one: one.line)
        if not part.items:
            return cls(begin, heading, (), levels)
        if begin == len(whole.items) or (first.heading is not None and part.items[0].headings[:1] != (0,)):
            return None
        alone, placed = part.items[0], whole.items[begin]
        outer = placed.headings[: len(placed.headings) - len(alone.headings)]
        above = tuple([(one, whole.headings[one].level) for one in outer])
        return cls(begin, heading, above, levels)

    def placed(self, items: Sequence[Item], lists: Mapping[int, int]) -> tuple[Item, ...]:
        """These items of the part, as items of the whole, whose lists have these numbers there."""
        known: dict[tuple[int, ...], tuple[int, ...]] = {}
        found: list[Item] = []
        for item in items:
            if item.headings not in known:
                known[item.headings] = self._headings(item.headings)
            found.append(
                item._replace(
                    index=item.index + self.begin,
                    parent=None if item.parent is None else item.parent + self.begin,
                    list_index=lists[item.list_index],
                    headings=known[item.headings],
                )
            )
        return tuple(found)

    def _headings(self, found: tuple[int, ...]) -> tuple[int, ...]:
        outer = [one for one, level in self.above if not found or level < self.levels[found[0]]]
        return (*outer, *[self.heading + number for number in found])


def _numbers_of(alone: Sequence[Item], there: Sequence[Item]) -> dict[int, int] | None:
    """What the lists of a part that was read alone are called in the whole; None where these are not the same lists."""
    pairs = {(one.list_index, other.list_index) for one, other in zip(alone, there, strict=False)}
    known = dict(pairs)
    is_same = len(alone) == len(there) and len(pairs) == len(known) == len({*known.values()})
    return known if is_same else None


def _last_two(document: Document) -> list[tuple[int, int]]:
    """The lines and the boxes of the last two tasks at the margin: the second is called as it was if it stands behind
    the same one."""
    return [(one.line, one.box) for one in document.items if one.parent is None][-2:]


def _place(items: Sequence[Item], line: int) -> int:
    """How many of the items stand before that line."""
    return bisect_left(items, line, key=lambda item: item.line)
