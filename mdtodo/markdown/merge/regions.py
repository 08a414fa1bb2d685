"""Where both sides changed the same place: what of it can be put together task by task, without a conflict.

A line is given as the number that stands for it in the text merge; equal lines have equal numbers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Numbers = Sequence[int]


class ClassifiedLine(NamedTuple):
    """What kind of line it is: `item`, `heading`, `blank` or `text`; how far it is indented; and the task that
    it is, or the line itself."""

    kind: str
    indent: int
    meaning: object


def classify(line: bytes, meaning: object, *, task: bool, code: bool) -> ClassifiedLine:
    """The kind of a line; `meaning` is equal for all versions of one task.

    A bullet counts only below a task, by its indentation; not where there may be code (`code`), of which it
    could be a part.
    """
    if not line.strip(b" \t>\r\n"):
        return ClassifiedLine("blank", 0, meaning)
    found = _ITEM.match(line)
    indent = len(found[0].expandtabs(4)) if found else 0
    if found and (task or (indent and not code)):
        return ClassifiedLine("item", indent, meaning)
    return ClassifiedLine("heading" if _HEADING.match(line) and not code else "text", 0, meaning)


def merge_region(
    base: Numbers, ours: Numbers, theirs: Numbers, classify_number: Callable[[int], ClassifiedLine]
) -> list[int] | None:
    """The lines of the place with the changes of both sides; None where they cannot be told apart.

    Additions of both are both kept, ours first, and the same one once; subtasks stay with their parents, and
    tasks with their sections. What one side deleted or moved away goes, if the other left it as it was.
    """
    union = _AdditionMerge(classify_number)
    if not base:
        return union.merge_additions(ours, theirs)
    if len(base) + len(ours) + len(theirs) > _LARGEST:
        return None
    if any(classify_number(line).kind in ("heading", "text") for line in base):
        return None
    slots = [_slots(base, side, classify_number) for side in (ours, theirs)]
    made: list[int] = []
    gone: list[ClassifiedLine] = []  # the items right above that are deleted, outermost first
    for place in range(len(base) + 1):
        added = union.merge_additions(slots[0].added[place], slots[1].added[place])
        if added is None or not _may_stand(added, gone, classify_number):
            return None
        made += added
        if place == len(base):
            break
        line, kept = base[place], [slot.kept[place] for slot in slots]
        if line not in kept and kept[0] != kept[1]:
            return None
        merged = kept[1] if kept[0] == line else kept[0]
        here = classify_number(line)
        if here.kind == "item":
            gone = [one for one in gone if one.indent < here.indent] + ([here] if merged is None else [])
        made += [] if merged is None else [merged]
    return made


_ITEM = re.compile(rb"[ \t>]*+(?=(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]|$))")
_HEADING = re.compile(rb"[ >]{0,9}#{1,6}(?:[ \t\r\n]|$)")
# Lines of one region in all three versions: SequenceMatcher takes quadratic time.
_LARGEST = 1000


def _may_stand(
    added: Sequence[int], gone: Sequence[ClassifiedLine], classify_number: Callable[[int], ClassifiedLine]
) -> bool:
    """Whether what is added below deleted items is no part of them."""
    first = next((here for line in added if (here := classify_number(line)).kind != "blank"), None)
    if first is None or not gone:
        return first is None or first.kind != "text"
    return first.kind == "item" and first.indent <= gone[0].indent


class _Slots(NamedTuple):
    """What a side made of base's lines: what it added before each and at the end, and what it has for each."""

    added: list[list[int]]
    kept: list[int | None]


def _slots(base: Numbers, side: Numbers, classify_number: Callable[[int], ClassifiedLine]) -> _Slots:
    from difflib import SequenceMatcher

    meanings = [[classify_number(line).meaning for line in lines] for lines in (base, side)]
    slots = _Slots([[] for _ in range(len(base) + 1)], [None] * len(base))
    at = 0
    # By default it leaves out what makes up more than 1 % of 200 lines or more, as blank lines do.
    for match in SequenceMatcher(None, meanings[0], meanings[1], autojunk=False).get_matching_blocks():
        slots.added[match.a] += side[at : match.b]
        slots.kept[match.a : match.a + match.size] = side[match.b : match.b + match.size]
        at = match.b + match.size
    return slots


class _Block(NamedTuple):
    """An item or a heading with the text right below it, and what is indented deeper."""

    line: ClassifiedLine
    own: tuple[int, ...]
    below: tuple[_Block, ...]

    def lines(self) -> Iterator[int]:
        yield from self.own
        for block in self.below:
            yield from block.lines()


class _AdditionMerge(NamedTuple):
    """Puts what both sides added together."""

    classify: Callable[[int], ClassifiedLine]

    def merge_additions(self, ours: Numbers, theirs: Numbers) -> list[int] | None:
        """Ours first; None where it is more than items, and headings with items."""
        if not ours or not theirs or ours == theirs:
            return list(ours or theirs)
        blocks = self._blocks(ours), self._blocks(theirs)
        if blocks[0] is None or blocks[1] is None:
            return None
        made = self._sections(blocks[0], blocks[1])
        return None if made is None else [line for block in made for line in block.lines()]

    def _blocks(self, lines: Numbers) -> list[_Block] | None:
        """None where there is text that is no item's."""
        flat: list[tuple[ClassifiedLine, list[int]]] = []
        blanks: list[int] = []
        for line in lines:
            here = self.classify(line)
            if here.kind == "blank":
                blanks.append(line)
            elif here.kind == "text":
                if not flat or flat[-1][0].kind == "heading":
                    return None
                flat[-1][1].extend([*blanks, line])
                blanks = []
            else:
                # Blank lines stay with the item before them; those before a heading come with the heading.
                if flat and here.kind == "item":
                    flat[-1][1].extend(blanks)
                    blanks = []
                flat.append((here, [*blanks, line]))
                blanks = []
        if not flat:
            return None
        flat[-1][1].extend(blanks)
        return self._nested(flat)

    def _nested(self, flat: Sequence[tuple[ClassifiedLine, list[int]]]) -> list[_Block]:
        made: list[_Block] = []
        at = 0
        while at < len(flat):
            here, own = flat[at]
            end = at + 1
            while here.kind == "item" and end < len(flat) and _is_below(flat[end][0], here):
                end += 1
            made.append(_Block(here, tuple(own), tuple(self._nested(flat[at + 1 : end]))))
            at = end
        return made

    def _sections(self, ours: Sequence[_Block], theirs: Sequence[_Block]) -> list[_Block] | None:
        """First what goes to the section around, then the sections of both, each with its items."""
        sections = _by_heading(ours), _by_heading(theirs)
        made: list[_Block] = []
        for heading, blocks in sections[0].items():
            both = self._items(blocks, sections[1].pop(heading, []))
            if both is None:
                return None
            made += both
        for blocks in sections[1].values():
            made += blocks
        return made

    def _items(self, ours: Sequence[_Block], theirs: Sequence[_Block]) -> list[_Block] | None:
        """What is the same once; what stands before it on either side before it, ours first."""
        places = {block.line.meaning: place for place, block in enumerate(ours)}
        made: list[_Block] = []
        more: list[_Block] = []
        done = 0
        for block in theirs:
            place = places.get(block.line.meaning)
            if place is None:
                more.append(block)
                continue
            if place >= done:
                made += _by_depth(ours[done:place], more)
                made.append(ours[place])
                more, done = [], place + 1
            below = self._items(ours[place].below, block.below)
            if below is None or self._words(ours[place]) != self._words(block):
                return None
            there = next(at for at, one in enumerate(made) if one.line.meaning == block.line.meaning)
            made[there] = ours[place]._replace(below=tuple(below))
        return made + _by_depth(ours[done:], more)

    def _words(self, block: _Block) -> list[int]:
        return [line for line in block.own if self.classify(line).kind == "text"]


def _is_below(line: ClassifiedLine, around: ClassifiedLine) -> bool:
    return line.kind == "item" and line.indent > around.indent


def _by_heading(blocks: Sequence[_Block]) -> dict[tuple[object, int] | None, list[_Block]]:
    """The blocks of each section, the heading among them; under None those before any heading."""
    heading: tuple[object, int] | None = None
    sections: dict[tuple[object, int] | None, list[_Block]] = {heading: []}
    for block in blocks:
        if block.line.kind == "heading":
            # A second heading with the same words is another section.
            heading = (block.line.meaning, sum(1 for one in sections if one and one[0] == block.line.meaning))
            sections[heading] = []
        sections[heading].append(block)
    return sections


def _by_depth(ours: Sequence[_Block], theirs: Sequence[_Block]) -> list[_Block]:
    made: list[_Block] = []
    rest = list(reversed(theirs))
    for block in ours:
        # After an item that is indented less it would become a subtask of it.
        while rest and rest[-1].line.indent > block.line.indent and rest[-1].line.kind == "item":
            made.append(rest.pop())
        made.append(block)
    return [*made, *reversed(rest)]
