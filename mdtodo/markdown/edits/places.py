"""Where list items can be put: below a task, in a section, at the end of a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.errors import EditError
from mdtodo.markdown.edits.list_items import (
    LINE_END,
    ListStyle,
    style_below,
    style_beside,
)
from mdtodo.markdown.edits.paragraph import line_end
from mdtodo.markdown.edits.placement import Insertion
from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.markdown.document import Document, Heading, Item
    from mdtodo.markdown.edits.list_items import NewItem
    from mdtodo.markdown.edits.original import Original


def below(original: Original, where: int, items: Sequence[NewItem] = ()) -> Iterator[Insertion]:
    """As the last children of the task with that index; else at its end."""
    document = original.document
    item, children = document.items[where], original.children[where]
    bullet = original.bullet if item.ordered else item.marker
    newline = newline_of(document, item)
    if like := style_below(document, item, children, bullet):
        yield Insertion(children[-1].end, where, item.depth, items, like, newline)
    style = ListStyle(item.indent, bullet)
    yield Insertion(item.end, where, item.depth, items, style, newline)


def in_section(original: Original, section: str, items: Sequence[NewItem] = ()) -> Iterator[Insertion]:
    """At the end of the list below the heading; else right after that. EditError where there is no such heading."""
    document = original.document
    number = find_heading(document, section)
    inside = [item for item in document.items if item.headings[-1:] == (number,) and item.parent is None]
    if inside:
        yield from _beside(original, inside, items, number)
    at = _heading_end(document, document.headings[number])
    style = ListStyle(b"", original.bullet)
    space = document.data[at : at + 1] not in (b"", b"\n", b"\r")
    yield Insertion(at, None, 0, items, style, document.newline, gap=True, space=space, heading=number)


def in_file(original: Original, items: Sequence[NewItem] = ()) -> Iterator[Insertion]:
    """At the end of the file's last list of tasks at the top level."""
    document, data = original.document, original.document.data
    if top := [item for item in document.items if item.parent is None]:
        yield from _beside(original, top, items)
    gap = bool(data.strip(b"\xef\xbb\xbf \t\r\n")) and not data.endswith(document.newline * 2)
    yield Insertion(len(data), None, 0, items, ListStyle(b"", original.bullet), document.newline, gap=gap)


def _beside(
    original: Original, tasks: Sequence[Item], items: Sequence[NewItem], heading: int | None = None
) -> Iterator[Insertion]:
    """After the last of these tasks that begins its line, best one that is in no quote."""
    document = original.document
    plain = [task for task in tasks if not task.indent.strip()]
    for candidates in (plain, tasks):
        if not candidates:
            continue
        last = candidates[-1]
        siblings = [task for task in candidates if task.list_index == last.list_index]
        if style := style_beside(document, siblings, original.bullet):
            yield Insertion(last.end, None, 0, items, style, newline_of(document, last), heading=heading)


def find_heading(document: Document, section: str) -> int:
    """The one heading of that title; EditError where there is none, or several."""
    wanted = section.strip().lstrip("#").strip().casefold()
    titles = [read_keys(heading.text).title for heading in document.headings]
    found = [number for number, title in enumerate(titles) if title.casefold() == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        lines = ", ".join(str(document.headings[number].line) for number in found)
        raise EditError(f"several headings are called {section!r}: lines {lines}")
    from difflib import get_close_matches

    near = get_close_matches(wanted, [title.casefold() for title in titles], n=1)
    hint = next((f"did you mean {title!r}?" for title in titles if [title.casefold()] == near), None)
    raise EditError(f"no heading is called {section!r}", hint=hint)


def _heading_end(document: Document, heading: Heading) -> int:
    """Where the line after the heading, or after its underline, starts."""
    data = document.data
    starts = [0, *(end.end() for end in LINE_END.finditer(data)), len(data)]
    line = heading.line - 1
    if not _ATX.match(data, starts[line]):
        line = next(n for n in range(line, len(starts)) if _UNDERLINE.match(data, starts[n]))
    return starts[min(line + 1, len(starts) - 1)]


def newline_of(document: Document, item: Item) -> bytes:
    """The line end of its first paragraph."""
    return line_end(document.data, item.pieces[-1].end) or document.newline


_ATX = re.compile(rb"(?:\xef\xbb\xbf)?[ \t>]*#")
_UNDERLINE = re.compile(rb"[ \t>]*(?:=+|-+)[ \t]*(?:[\r\n]|\Z)|\Z")
