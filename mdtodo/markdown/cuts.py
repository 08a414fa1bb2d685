"""Lines of a file at which its parse can begin, or end, as if there were nothing before, or behind.

A heading at the margin (`## Part`) closes whatever is open before it. A task at the margin closes all but its own list,
so what is below it is read as at the start of a file, but for the number of that list and for the headings above it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.source import normalize_newlines, skip_front_matter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.markdown.document import Document

#: A heading, and a task, at the margin begin so.
_ATX = re.compile(rb"#{1,6}(?=[ \t\r\n])")
_ITEM = re.compile(rb"(?:[-+*]|[0-9]{1,9}[.)])[ \t]+\[")
#: So many lines are passed over where a heading is looked for, and where a task would do.
_HEADINGS, _LINES = 20, 100
#: Tasks at the margin that are read again though they stand before a change, or behind it: what a task is called
#: depends on the titles of the two beside it.
_BEFORE, _BEHIND = 3, 2


class Cut(NamedTuple):
    """Where a line starts: the offset, the line, and which heading or task stands there at the margin, or neither at
    the start of the text."""

    at: int
    line: int
    heading: int | None = None
    item: int | None = None


def cuts(before: Document, data: bytes, same: int, since: int) -> Iterator[tuple[Cut, Cut | None]]:
    """Where a part may begin that holds all that is other in `data`, which has the first `same` bytes of what was read
    `before`, and those from `since` on; and where it ends, None for the end of the file. The smallest part first."""
    start = _start(before, data, same)
    near = _task_before(before, same), _task_behind(before, since)
    headings = _heading_before(before, same) or start, _heading_behind(before, since)
    first = max(filter(None, (headings[0], near[0])), default=None, key=lambda cut: cut.at)
    last = min(filter(None, (headings[1], near[1])), default=None, key=lambda cut: cut.at)
    if first is not None:
        yield first, last
    if headings[0] is not None and headings != (first, last):
        yield headings[0], headings[1]


def _start(before: Document, data: bytes, same: int) -> Cut | None:
    """The start of the text, if nothing of its front matter is other."""
    start = skip_front_matter(normalize_newlines(before.data))
    is_whole = start[0] <= same and skip_front_matter(normalize_newlines(data)) == start
    return Cut(*start) if is_whole else None


def _heading_before(document: Document, until: int) -> Cut | None:
    """The last heading at the margin whose line ends before this offset."""
    data, at = document.data, until
    for _ in range(_HEADINGS):
        at = data.rfind(b"\n#", 0, at)
        if at < 0:
            break
        cut = _heading(document, at + 1)
        if cut is not None and 0 <= data.find(b"\n", at + 1) < until:
            return cut
    return None


def _heading_behind(document: Document, since: int) -> Cut | None:
    """The first heading at the margin whose line starts after this offset."""
    data, at = document.data, since
    for _ in range(_HEADINGS):
        at = data.find(b"\n#", at) + 1
        if not at:
            break
        cut = _heading(document, at)
        if cut is not None:
            return cut
    return None


def _heading(document: Document, at: int) -> Cut | None:
    marks = _ATX.match(document.data, at)
    if marks is None:
        return None
    line = document.data.count(b"\n", 0, at) + 1
    place = bisect_left(document.headings, line, key=lambda heading: heading.line)
    if place == len(document.headings):
        return None
    heading = document.headings[place]
    return Cut(at, line, place) if (heading.line, heading.level) == (line, len(marks[0])) else None


def _task_before(document: Document, until: int) -> Cut | None:
    """The task at the margin before so many others whose lines end before this offset."""
    data, found = document.data, 0
    end = data.rfind(b"\n", 0, until)
    for _ in range(_LINES):
        if end < 0:
            break
        at = data.rfind(b"\n", 0, end) + 1
        cut = _task(document, at)
        found += cut is not None
        if found == _BEFORE:
            return cut
        end = at - 1
    return None


def _task_behind(document: Document, since: int) -> Cut | None:
    """The task at the margin behind so many others whose lines start after this offset."""
    data, at, found = document.data, since, 0
    for _ in range(_LINES):
        at = data.find(b"\n", at) + 1
        if not at:
            break
        cut = _task(document, at)
        found += cut is not None
        if found == _BEHIND:
            return cut
    return None


def _task(document: Document, at: int) -> Cut | None:
    box = _ITEM.match(document.data, at)
    if box is None:
        return None
    place = bisect_left(document.items, box.end(), key=lambda item: item.box)
    if place == len(document.items):
        return None
    item = document.items[place]
    return Cut(at, item.line, item=place) if (item.box, item.parent) == (box.end(), None) else None
