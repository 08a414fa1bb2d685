"""Where a task that a person adds goes, and in which style."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.errors import EditError
from mdtodo.markdown.anchors import TaskIndex
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.list_items import (
    LINE_END,
    ListStyle,
    NewItem,
    read_lines,
    style_below,
    style_beside,
)
from mdtodo.markdown.edits.original import Original
from mdtodo.markdown.edits.paragraph import line_end
from mdtodo.markdown.edits.pending import PendingEdits
from mdtodo.markdown.edits.placement import Insertion
from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.core.task import Anchor
    from mdtodo.markdown.document import Document, Heading, Item


def add_task(
    data: bytes,
    text: str,
    *,
    under: Anchor | None = None,
    section: str | None = None,
    statuses: Mapping[str, Status] = STATUS_CHARS,
    file: str = "TODO.md",
) -> bytes:
    """The bytes with a new open task, written as its neighbours are.

    It goes below `under` as the last child; else to the end of the list of the section with that heading, or
    to the end of the file's last list of tasks at the top level. Raises EditError where there is no such task
    or heading, or where it would not become exactly one task.
    """
    new_item = _new_task(text, statuses)
    original = Original(parse(data, statuses, file=file), statuses)
    if under is not None:
        insertions = _below(original, TaskIndex(original.document, file, original.keys).find(under), new_item)
    elif section is not None:
        insertions = _in_section(original, section, new_item)
    else:
        insertions = _in_file(original, new_item)
    for insertion in insertions:
        # With blank lines only where it must be: else it would be text of the paragraph, or inside of HTML, above it.
        for gap, space in product((False, True), repeat=2):
            pending = PendingEdits(original)
            pending.insert(insertion._replace(gap=insertion.gap or gap, space=insertion.space or space))
            if pending.is_intended():
                return pending.data
    raise EditError("there is no place where this line would add one task and change nothing else", file=file)


def _new_task(text: str, statuses: Mapping[str, Status]) -> NewItem:
    """The task of that text; a box that is typed in front of it is taken for the task's own."""
    words = text.strip()
    if boxes := _OPEN_BOXES.match(words):
        words = words[boxes.end() :]
    if not words or _ONLY_A_BOX.fullmatch(words):
        raise EditError("a task needs some text")
    new_items = read_lines([_as_item(words, statuses)], statuses)
    alone = parse(f"- [ ] {new_items[0].text}".encode(), statuses).items
    if len(new_items) != 1 or new_items[0].status is not Status.TODO or len(alone) != 1:
        raise EditError("that text would not be read as one task")
    new_items[0].delimiter = ""  # of the list that it goes to, not as it was typed
    return new_items[0]


def _as_item(words: str, statuses: Mapping[str, Status]) -> str:
    """The list item that these words are, or with a box before them become."""
    typed = _BOXED.match(words)
    if typed is None or typed[2] not in statuses:
        return f"- [ ] {words}"
    return words if typed[1] else f"- {words}"


def _below(original: Original, where: int | str, new_item: NewItem) -> Iterator[Insertion]:
    if isinstance(where, str):
        raise EditError(where)
    document = original.document
    item, children = document.items[where], original.children[where]
    bullet = original.bullet if item.ordered else item.marker
    newline = _newline(document, item)
    if like := style_below(document, item, children, bullet):
        yield Insertion(children[-1].end, where, item.depth, [new_item], like, newline)
    style = ListStyle(item.indent, bullet)
    yield Insertion(item.end, where, item.depth, [new_item], style, newline)


def _in_section(original: Original, section: str, new_item: NewItem) -> Iterator[Insertion]:
    document = original.document
    number = _heading(document, section)
    inside = [item for item in document.items if item.headings[-1:] == (number,) and item.parent is None]
    if inside:
        yield from _beside(original, inside, new_item, number)
    at = _heading_end(document, document.headings[number])
    style = ListStyle(b"", original.bullet)
    space = document.data[at : at + 1] not in (b"", b"\n", b"\r")
    yield Insertion(at, None, 0, [new_item], style, document.newline, gap=True, space=space, heading=number)


def _in_file(original: Original, new_item: NewItem) -> Iterator[Insertion]:
    document, data = original.document, original.document.data
    if top := [item for item in document.items if item.parent is None]:
        yield from _beside(original, top, new_item)
    gap = bool(data.strip(b"\xef\xbb\xbf \t\r\n")) and not data.endswith(document.newline * 2)
    yield Insertion(
        len(data), None, 0, [new_item], ListStyle(b"", original.bullet), document.newline, gap=gap
    )


def _beside(
    original: Original, tasks: Sequence[Item], new_item: NewItem, heading: int | None = None
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
            yield Insertion(last.end, None, 0, [new_item], style, _newline(document, last), heading=heading)


def _heading(document: Document, section: str) -> int:
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


def _newline(document: Document, item: Item) -> bytes:
    return line_end(document.data, item.pieces[-1].end) or document.newline


_MARKER = r"((?:[-+*]|[0-9]{1,9}[.)])[ \t]+)?"
_BOXED = re.compile(rf"{_MARKER}\[(.)\][ \t]+\S")
# What may go on as a link, `[ ](b)`, is none.
_OPEN_BOXES = re.compile(rf"(?:{_MARKER}(?:\[[ \t]*\][ \t]+(?=\S)|\[[ \t]+\](?=[^\s(\[:])))+")
_ONLY_A_BOX = re.compile(rf"{_MARKER}\[[ \t]*\]")
_ATX = re.compile(rb"(?:\xef\xbb\xbf)?[ \t>]*#")
_UNDERLINE = re.compile(rb"[ \t>]*(?:=+|-+)[ \t]*(?:[\r\n]|\Z)|\Z")
