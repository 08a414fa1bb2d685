"""A task moved within its file, with all that is below it, and the numbers of ordered lists that follow from it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import EditError
from mdtodo.markdown.edits.blank_lines import BLANKS, blanks_before, blanks_behind
from mdtodo.markdown.edits.list_items import ListStyle
from mdtodo.markdown.edits.original import Original, agrees
from mdtodo.markdown.edits.paragraph import line_end
from mdtodo.markdown.edits.placement import Insertion
from mdtodo.markdown.edits.places import below, find_heading, in_file, in_section
from mdtodo.markdown.edits.subtree import start_of, subtree
from mdtodo.markdown.reparse import reparse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.document import Document, Item


class Target(NamedTuple):
    """Where a task goes, by the numbers of tasks; see `core.edits.MoveTask`."""

    under: int | None = None
    before: int | None = None
    section: str | None = None
    top: bool = False


class Moved(NamedTuple):
    """The new bytes, and which of the tasks it is there."""

    data: bytes
    number: int


def move_task(document: Document, index: int, target: Target, statuses: Mapping[str, Status]) -> Moved:
    """The bytes with the task of that index, and all that is below it, at its new place.

    Every byte of its lines stays but their indentation and its marker; of other lines the numbers alone change, where
    those of an ordered list count up. Raises EditError where it would be below itself, where there is no such place,
    and where anything else would change.
    """
    move = Move(document, index, target, statuses)
    for data in move.attempts():
        if move.is_intended(data):
            return Moved(data, move.order.index(index))
    raise EditError("moving it there would change more than this task")


def below_it(document: Document, index: int) -> range:
    """The numbers of the task and of those below it."""
    depth = document.items[index].depth
    end = index + 1
    while end < len(document.items) and document.items[end].depth > depth:
        end += 1
    return range(index, end)


class Move:
    """A move that is tried in several ways; it begins with what is `removed`."""

    def __init__(
        self, document: Document, index: int, target: Target, statuses: Mapping[str, Status]
    ) -> None:
        self.document, self.statuses = document, statuses
        self.item = document.items[index]
        self.moved = below_it(document, index)
        self.target = self._resolved(target)
        self.subtree = subtree(document, self.item)
        self.rest = [item.index for item in document.items if item.index not in self.moved]
        self.new_place = {was: now for now, was in enumerate(self.rest)}
        #: Where it stands among all others, and below which of them; known when it has been put somewhere.
        self.order: list[int] = []
        self.parent: int | None = None

    def _resolved(self, target: Target) -> Target:
        """With the task before which it is to go, where that can be said."""
        for named in (target.under, target.before):
            if (
                named is not None
                and named in self.moved
                and not (named == self.item.index and target.before == named)
            ):
                raise EditError("a task cannot be moved below itself")
        if not target.top:
            return target
        items, item = self.document.items, self.item
        if target.under is not None:
            others = [one for one in items if one.parent == target.under]
        elif target.section is not None:
            heading = find_heading(self.document, target.section)
            others = [one for one in items if one.parent is None and one.headings[-1:] == (heading,)]
        else:
            others = [one for one in items if (one.parent, one.headings) == (item.parent, item.headings)]
        return Target(before=others[0].index) if others else target

    def attempts(self) -> Iterator[bytes]:
        """The bytes in each way in which it may be put there, best first."""
        if self.target.before == self.item.index:
            yield self._unmoved()
            return
        original = Original(reparse(self.document, self.removed(), self.statuses), self.statuses)
        if len(original.document.items) != len(self.rest):
            raise EditError("taking it away would change more than this task")
        for place in self._places(original):
            for gap, space in product((False, True), repeat=2):
                one = place._replace(gap=place.gap or gap, space=place.space or space)
                yield self._numbered(self._inserted(original, one))

    def _unmoved(self) -> bytes:
        self.order = [item.index for item in self.document.items]
        self.parent = self.item.parent
        return self.document.data

    def removed(self) -> bytes:
        """Without its lines, and without the blank lines between them and the others of its list; where there are none,
        without those behind it, if there are some before it too, or at the end of the file those before it."""
        data = self._counted_down()
        start, end = start_of(self.document, self.item), self.item.end
        same = [one.index for one in self.document.items if one.list_index == self.item.list_index]
        ahead, behind = blanks_before(data, start), blanks_behind(data, end)
        is_alone = len(same) == 1
        if (not is_alone and same[0] != self.item.index) or (is_alone and end == len(data)):
            return _joined(data, ahead, end)
        blank = ahead < start or ahead in (0, 3)
        return _joined(data, start, behind if blank or not is_alone else end)

    def _counted_down(self) -> bytes:
        """With the numbers that the items of its list behind it have without it: one that begins with another number
        than 1 would be text of a paragraph before it (GFM 5.3)."""
        number = self.item.list_index
        if not self.item.ordered or _counts(self.document, number) is None:
            return self.document.data
        behind = [
            one for one in self.document.items if one.list_index == number and one.index > self.item.index
        ]
        numbers = [(one.index, int(one.marker[:-1]) - 1) for one in behind]
        return _renumbered(self.document, numbers, self.statuses)

    def _places(self, original: Original) -> Iterator[Insertion]:
        if self.target.before is not None:
            yield self._before(original.document, self.new_place[self.target.before])
        elif self.target.under is not None:
            yield from below(original, self.new_place[self.target.under])
        elif self.target.section is not None:
            yield from in_section(original, self.target.section)
        else:
            yield from in_file(original)

    def _before(self, document: Document, index: int) -> Insertion:
        ref = document.items[index]
        like = subtree(document, ref)
        number = int(ref.marker[:-1]) if ref.ordered else 1
        delimiter = ref.marker[-1] if ref.ordered else ""
        style = ListStyle(like.quote + like.blanks, ref.marker, " ", delimiter, number)
        newline = line_end(document.data, ref.pieces[-1].end) or document.newline
        return Insertion(start_of(document, ref), ref.parent, ref.depth, [], style, newline)

    def _inserted(self, original: Original, place: Insertion) -> bytes:
        document, data = original.document, original.document.data
        self.order, beside = self._order(document, place)
        self.parent = None if place.parent is None else self.rest[place.parent]
        text = self.subtree.written(place.style.prefix, self._marker(place, beside))
        if not line_end(text, len(text.rstrip(b"\r\n"))):
            text += place.newline
        blank = place.style.prefix.rstrip(b" \t") + place.newline
        between = _between(self.document, self.document.items[self.rest[beside.index]]) if beside else b""
        ahead = blank * place.gap + between * (not self._goes_before())
        behind = between * self._goes_before() + blank * place.space
        block = ahead + text + behind
        if place.at == len(data) and data.strip(b"\xef\xbb\xbf") and data[-1:] not in (b"\n", b"\r"):
            block = place.newline + block.removesuffix(place.newline)
        return data[: place.at] + block + data[place.at :]

    def _goes_before(self) -> bool:
        return self.target.before is not None

    def _order(self, document: Document, place: Insertion) -> tuple[list[int], Item | None]:
        """The tasks by their old numbers in their new order, and the one whose list it joins."""
        items = document.items
        at = next((one.index for one in items if start_of(document, one) >= place.at), len(items))
        if self._goes_before():
            beside: Item | None = items[at]
        else:
            same = [one for one in items[:at] if one.parent == place.parent and one.end == place.at]
            beside = same[-1] if same else None
        return [*self.rest[:at], *self.moved, *self.rest[at:]], beside

    def _marker(self, place: Insertion, beside: Item | None) -> bytes:
        own, style = self.item.marker, place.style
        if style.delimiter:
            number = style.number
            if beside is not None and not self._goes_before():
                number = self._same_number(self.rest[beside.index]) or number
            return f"{number}{style.delimiter}".encode()
        if beside is not None:
            return style.bullet.encode()
        return f"1{own[-1]}".encode() if self.item.ordered else own.encode()

    def _same_number(self, was: int) -> int | None:
        """The number that all items have of the list of that task."""
        one = self.document.items[was]
        numbers = [int(item.marker[:-1]) for item in self.document.items if item.list_index == one.list_index]
        return numbers[0] if len(numbers) > 1 and len(set(numbers)) == 1 else None

    # Numbers

    def _numbered(self, data: bytes) -> bytes:
        """With new numbers in the two lists, where those that they had count up."""
        document = reparse(self.document, data, self.statuses)
        if len(document.items) != len(self.order):
            return data
        return _renumbered(document, [*self._numbers(document)], self.statuses)

    def _numbers(self, document: Document) -> Iterator[tuple[int, int]]:
        root = document.items[self.order.index(self.item.index)]
        for number in {root.list_index, *self._left(document)}:
            those = [item for item in document.items if item.ordered and item.list_index == number]
            was = [self.document.items[self.order[item.index]] for item in those]
            lists = {item.list_index for item in was if item.index != self.item.index and item.ordered}
            if len(lists) == 1 and (first := _counts(self.document, lists.pop())) is not None:
                yield from ((item.index, first + at) for at, item in enumerate(those))

    def _left(self, document: Document) -> set[int]:
        """The list that it left, if others are in it."""
        mine = self.item.list_index
        was = (self.document.items[was] for was in self.order)
        return {
            item.list_index
            for item, one in zip(document.items, was, strict=True)
            if one.list_index == mine and one.index != self.item.index
        }

    # What must have come of it

    def is_intended(self, data: bytes) -> bool:
        """Whether a parse of these bytes finds all tasks as they were, and this one where it is to be."""
        before, after = self.document, reparse(self.document, data, self.statuses)
        if len(after.items) != len(before.items):
            return False
        place = {was: now for now, was in enumerate(self.order)}
        return (
            all(self._is_like(before.items[was], after, now, place) for was, now in place.items())
            and _same_rest(before, after)
            and self._same_lists(after, place)
            and (not Original(before, self.statuses).agreed or agrees(after, self.statuses))
        )

    def _is_like(self, was: Item, after: Document, now: int, place: Mapping[int, int]) -> bool:
        item, root = after.items[now], was.index == self.item.index
        parent = self.parent if root else was.parent
        if item.parent != (None if parent is None else place[parent]) or item.status is not was.status:
            return False
        if [line.strip(" \t") for line in item.text.split("\n")] != [
            line.strip(" \t") for line in was.text.split("\n")
        ]:
            return False
        if _body(after, item) != _body(self.document, was):
            return False
        inside = {*self.moved} if was.index in self.moved else None
        section = [*_headings(self.document, was, inside)] == [
            *_headings(after, item, {place[one] for one in inside} if inside else None)
        ]
        if root and self.target.section is not None and not self._goes_before():
            section = section and item.headings[-1:] == (find_heading(after, self.target.section),)
        return section

    def _same_lists(self, after: Document, place: Mapping[int, int]) -> bool:
        """Whether the tasks of each ordered list are in one list still, and in no other."""
        lists: dict[int, int] = {}
        for was in self.document.items:
            if was.index == self.item.index or not was.ordered:
                continue
            now = after.items[place[was.index]]
            if not now.ordered or lists.setdefault(was.list_index, now.list_index) != now.list_index:
                return False
        return len(set(lists.values())) == len(lists)


def _renumbered(
    document: Document, numbers: Sequence[tuple[int, int]], statuses: Mapping[str, Status]
) -> bytes:
    """The bytes with these numbers, by the numbers of the tasks."""
    for index, number in numbers:
        if index >= len(document.items):
            break
        item = document.items[index]
        marker = f"{number}{item.marker[-1]}"
        if marker == item.marker or not item.ordered:
            continue
        start = start_of(document, item)
        found = subtree(document, item)
        new = found.written(found.quote + found.blanks, marker.encode())
        document = reparse(document, document.data[:start] + new + document.data[item.end :], statuses)
    return document.data


def _headings(document: Document, item: Item, inside: set[int] | None) -> Iterator[str]:
    """Those above a task; of one that is moved, those that are moved with it."""
    for number in item.headings:
        heading = document.headings[number]
        if inside is None or heading.item in inside:
            yield heading.text


def _same_rest(before: Document, after: Document) -> bool:
    def rest(one: Document) -> tuple[object, ...]:
        headings = sorted((heading.level, heading.text) for heading in one.headings)
        return headings, len(one.empty_boxes), len(one.conflicts), len(one.unknown_boxes)

    return rest(before) == rest(after)


def _body(document: Document, item: Item) -> list[bytes]:
    lines = [document.data[span.start : span.end] for span in item.body]
    return [line if line.strip() else b"" for line in lines]


def _counts(document: Document, number: int) -> int | None:
    """The first number of an ordered list that counts up by one."""
    numbers = [int(item.marker[:-1]) for item in document.items if item.list_index == number]
    return numbers[0] if numbers == [*range(numbers[0], numbers[0] + len(numbers))] else None


def _between(document: Document, beside: Item) -> bytes:
    """The blank lines that stand between the tasks of this one's list, best before it."""
    same = [
        one for one in document.items if one.list_index == beside.list_index and one.parent == beside.parent
    ]
    at = max(same.index(beside), 1)
    if len(same) == 1:
        return b""
    found = document.data[same[at - 1].end : start_of(document, same[at])]
    return found if not found.strip(BLANKS) else b""


def _joined(data: bytes, start: int, end: int) -> bytes:
    """Without what is between; a file without a final line end has none then either."""
    left = data[:start]
    if end == len(data) and data[-1:] not in (b"\n", b"\r") and left.strip(b"\xef\xbb\xbf"):
        left = (
            left.removesuffix(b"\n").removesuffix(b"\r") if left.endswith(b"\n") else left.removesuffix(b"\r")
        )
    return left + data[end:]
