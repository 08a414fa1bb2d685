"""Where the tasks of one version of a file stood in the version before it, line by line. Pure.

`TaskIndex.find` answers for a version that somebody has read and has anchors of; the history of a file is thousands of
versions, of which most differ by one character, and none of which is to be parsed for that. What did not change between
two versions stands where it stood; only between the first and the last change are lines compared. Where equal
lines cannot be told apart there, none is taken for another.

Everything is in bytes without carriage returns, see `normalized`.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mdtodo.markdown.keys.read import Keys


def normalized(data: bytes) -> bytes:
    """The same lines, however they end."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


class Box(NamedTuple):
    """A paragraph with a box: where its status character stands, what that is, and the text after it, on one line.
    `outer`: it begins at the margin, so that no other task is around it."""

    at: int
    char: bytes
    text: bytes
    heading: bytes = b""
    parent: bytes = b""
    outer: bool = False


class Change(NamedTuple):
    """What differs between a version and the one before it: bytes `start` to `new_end` were `start` to `old_end`.

    `boxes` maps the places of boxes in that part to what they were before, None for what was not there. `plain` where
    nothing but status characters and keys that mdtodo writes differs.
    """

    start: int
    new_end: int
    old_end: int
    boxes: Mapping[int, Box | None]
    new: Sequence[Box]
    old: Sequence[Box]
    plain: bool

    @property
    def shift(self) -> int:
        """What to add to a place after the part, to have the one before."""
        return self.old_end - self.new_end


def change_between(new: bytes, old: bytes) -> Change:
    """How `old` became `new`; see `Change`."""
    start, new_end, old_end = _part(new, old)
    here, there = new[start:new_end], old[start:old_end]
    # a box, and what mdtodo writes, is within a line
    plain = here.count(b"\n") == there.count(b"\n") and _same_words(here) == _same_words(there)
    after, before = _boxes(new, start, new_end), _boxes(old, start, old_end)
    if plain and len(after) == len(before):
        pairs: Mapping[int, Box | None] = {a.at: b for a, b in zip(after, before, strict=True)}
    else:
        pairs, plain = _paired(after, before), False
    return Change(start, new_end, old_end, pairs, after, before, plain)


def match_moved(wanted: Sequence[Box], candidates: Sequence[Box]) -> dict[int, Box]:
    """For boxes that were not in their file before, those of other files that they were: of equal text, each once."""
    return _by_key(wanted, candidates, _titled)


def share(new: Sequence[Box], old: Sequence[Box]) -> float:
    """How much of the texts of two versions they have in common, 0 to 1."""
    here, there = Counter(box.text for box in new), Counter(box.text for box in old)
    return (here & there).total() / max(1, here.total(), there.total())


def boxes_of(data: bytes) -> list[Box]:
    """All of a version."""
    return _boxes(data, 0, len(data))


def _part(new: bytes, old: bytes) -> tuple[int, int, int]:
    """The lines between the first and the last byte that differ, with all of the paragraphs that they are of."""
    same = _common(new, old)
    start = new.rfind(b"\n", 0, same) + 1
    while start > 1 and new[start - 2] != 10 and (_GOES_ON.match(new, start) or _GOES_ON.match(old, start)):
        start = new.rfind(b"\n", 0, start - 1) + 1
    tail = _common(new[start:][::-1], old[start:][::-1])
    new_end, old_end = len(new) - tail, len(old) - tail
    while tail and (_is_inside(new, new_end) or _is_inside(old, old_end) or _GOES_ON.match(new, new_end)):
        line = new.find(b"\n", new_end)
        tail = 0 if line < 0 else len(new) - line - 1
        new_end, old_end = len(new) - tail, len(old) - tail
    return start, max(new_end, start), max(old_end, start)


def _common(a: bytes, b: bytes) -> int:
    """How many bytes are the same at the beginning; by halves, as comparing parts costs next to nothing."""
    low, high = 0, min(len(a), len(b)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _is_inside(data: bytes, at: int) -> bool:
    """Whether no line begins there."""
    return at > 0 and data[at - 1] != 10


#: The markers of a list item and of what is around it; each needs a blank after it, so no text is tried twice. The text
#: may begin on a line after, and definitions of links stand before it.
_BOM = rb"(?:\xef\xbb\xbf)?"
_MARKER = rb"(?:[-*+]|[0-9]{1,9}[.)])"
_DEFINITIONS = rb"(?:\[(?:[^]\\\n]|\\[^\n]){1,999}+\]:[^\n]*\n[ \t>]*)*"
_SAME = rb"%s[ \t][ \t>]*+(?!\n)" % _MARKER
_NEXT = rb"%s(?:[ \t>]*\n)++(?=[ \t>])[ \t>]*+" % _MARKER
# Not more than a few lines of markers alone: the last of them would be looked at again from each of the others.
_MARKERS = rb"%s[ \t>]*(?=%s)(?:(?:%s)*+%s){0,9}+(?:%s)*+%s" % (
    _BOM,
    _MARKER,
    _SAME,
    _NEXT,
    _SAME,
    _DEFINITIONS,
)
_CHAR = rb"[^\x80-\xff\n]|[\xc0-\xff][\x80-\xbf]+"
#: What a line does not begin with that goes on with the paragraph before it. Blanks are those of markdown: a form feed
#: begins the text of a task, and `\s` has it.
_BEGINS = rb"[ \t\n]|>|\Z|%s(?:[ \t\n]|\Z)|#{1,6}[ \t\n]|```|~~~|<|-->|-{2,}[ \t]*$|=+[ \t]*$" % _MARKER
_MORE = rb"[ \t>]*(?!%s)[^\n]+" % _BEGINS
#: Also a line of blanks: a marker alone on its line may have its text behind such.
_GOES_ON = re.compile(rb"%s|[ \t>]+\n" % _MORE, re.MULTILINE)
_BOX = re.compile(rb"^%s\[(%s)\][ \t]+(?=[^ \t\n])([^\n]*(?:\n%s)*)" % (_MARKERS, _CHAR, _MORE), re.MULTILINE)
_HEADING = re.compile(rb"^%s[ \t>]*#{1,6}[ \t]+([^\n]*)" % _BOM, re.MULTILINE)
_STATUS = re.compile(rb"^(%s\[)(?:%s)(?=\][ \t])" % (_MARKERS, _CHAR), re.MULTILINE)
_LINES = re.compile(rb"[ \t]*\n[ \t>]*")
_WRITTEN = re.compile(
    rb"[ \t]+(?:failed:[0-9]+|done:[0-9-]+|\xe2\x9c\x85 [0-9-]+|worker:\S+|\[(?:failed|completion):: [^]\n]*\])"
    rb"(?=[ \t\n]|$)"
)


def _same_words(part: bytes) -> bytes:
    """The part with all boxes alike, and without what mdtodo writes."""
    return _WRITTEN.sub(b"", _STATUS.sub(rb"\1 ", part))


def _boxes(data: bytes, start: int, end: int) -> list[Box]:
    """With the heading and the box around each, as far as these stand in the part: what is before it did not change."""
    headings = [(m.start(), m[1]) for m in _HEADING.finditer(data, start, end)]
    found: list[Box] = []
    around: list[tuple[int, bytes]] = []
    number, heading = 0, b""
    for m in _BOX.finditer(data, start, end):
        while number < len(headings) and headings[number][0] < m.start():
            heading = headings[number][1]
            number += 1
        at, first = m.start(), m.start(1)
        depth = first - at - (3 if data.startswith(b"\xef\xbb\xbf", at) else 0)
        while around and around[-1][0] >= depth:
            around.pop()
        text = (_LINES.sub(b" ", m[2]) if b"\n" in m[2] else m[2]).strip()
        outer = data[at] not in b" \t>"
        found.append(Box(first, m[1], text, heading, around[-1][1] if around else b"", outer))
        around.append((depth, text))
    return found


def _paired(new: Sequence[Box], old: Sequence[Box]) -> dict[int, Box | None]:
    """Each box of the part with what it was: by its text; by its title; of equal ones by what is around them too; else
    by its place among those, where most of its words stayed."""
    found: dict[int, Box | None] = dict.fromkeys(box.at for box in new)
    taken: set[int] = set()
    for key in (_whole, _titled, _placed):
        left = [box for box in new if found[box.at] is None]
        free = [box for box in old if box.at not in taken]
        matched = _by_key(left, free, key)
        found.update(matched)
        taken |= {box.at for box in matched.values()}
    return found | _reworded(new, old, found, taken)


def _whole(box: Box) -> object:
    return box.text, box.heading, box.parent


def _titled(box: Box) -> object:
    return title_of(box.text)


def _placed(box: Box) -> object:
    return title_of(box.text), box.heading, box.parent


def _by_key(new: Iterable[Box], old: Iterable[Box], key: Callable[[Box], object]) -> dict[int, Box]:
    """Boxes that only one on each side is like; of several as many on both sides, in their order."""
    here: dict[object, list[Box]] = {}
    there: dict[object, list[Box]] = {}
    for box in new:
        here.setdefault(key(box), []).append(box)
    for box in old:
        there.setdefault(key(box), []).append(box)
    found: dict[int, Box] = {}
    for name, boxes in here.items():
        others = there.get(name, [])
        if len(boxes) == 1 == len(others) or (key is not _titled and len(boxes) == len(others)):
            found.update((box.at, was) for box, was in zip(boxes, others, strict=True))
    return found


def _reworded(
    new: Sequence[Box], old: Sequence[Box], found: Mapping[int, Box | None], taken: set[int]
) -> dict[int, Box | None]:
    """Those of which most words stayed where they were: between the same neighbours, as many on both sides."""
    more: dict[int, Box | None] = {}
    gaps: dict[int, list[Box]] = {}
    place = -1
    for box in old:
        if box.at in taken:
            place = box.at
        else:
            gaps.setdefault(place, []).append(box)
    here: dict[int, list[Box]] = {}
    place = -1
    for box in new:
        was = found[box.at]
        if was is not None:
            place = was.at
        else:
            here.setdefault(place, []).append(box)
    for place, boxes in here.items():
        others = gaps.get(place, [])
        if len(boxes) == len(others):
            pairs = zip(boxes, others, strict=True)
            more.update((one.at, other) for one, other in pairs if is_reworded(one.text, other.text))
    return more


def is_reworded(new: bytes, old: bytes) -> bool:
    """Whether a line is the same task in other words: four of five of the words that it had stay, and its processor."""
    now, was = _keys(new), _keys(old)
    if now.run != was.run or not was.title:
        return False
    words, before = Counter(now.title.split()), Counter(was.title.split())
    stay = (words & before).total()
    return 5 * stay >= 4 * before.total() and 2 * stay >= words.total()


def title_of(text: bytes) -> bytes:
    """The text of a box without its keys."""
    return _keys(text).title.encode(errors="surrogateescape")


def _keys(text: bytes) -> Keys:
    return read_keys(text.decode(errors="surrogateescape"))
