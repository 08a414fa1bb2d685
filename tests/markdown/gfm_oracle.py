"""What cmark-gfm says are the tasks of a document: a judge that shares no code with ours.

Its bindings give HTML alone, so a mark is put before each box that could be a task's; the task list extension
stays off, since it misses boxes in quotes and looks for `[x]` anywhere in the line. Raw HTML is left out of
the output, so each tag in there is one of the tree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cmarkgfm import cmark

if TYPE_CHECKING:
    from mdtodo.markdown.document import Document

Found = list[tuple[int, int, str, "int | None"]]

_OPEN, _CLOSE = "\ue000", "\ue001"
_CANDIDATE = re.compile(
    rb"(?:\A\xef\xbb\xbf)?(?:[ \t]*+(?:>|[-+*]|[0-9]{1,9}[.)]))*+[ \t]*+"
    rb"\[([^\x80-\xff\r\n]|[\xc0-\xff][\x80-\xbf]+)\][ \t]++[^\r\n]"
)
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_NODE = re.compile(f"<(/?)(li|p|ol|ul|h[1-6])(?: [^>]*)?>|<[^>]*>|{_OPEN}([0-9]+){_CLOSE}|[^<{_OPEN}]+")


def tasks(data: bytes, *, extensions: tuple[str, ...] = ("table",)) -> Found:
    """(line, column of "[" in bytes from 0, status character, line of the parent task) of each task of `data`."""
    marked, places = mark_boxes(data)
    found = _read(_html(marked, extensions))
    return [(*places[place], None if parent is None else places[parent][0]) for place, parent, _, _ in found]


def lists(data: bytes) -> list[tuple[bool, int]]:
    """Of each task, whether its list is ordered, and the list's number among those that hold tasks."""
    numbers: dict[int, int] = {}
    marked, _ = mark_boxes(data)
    return [
        (ordered, numbers.setdefault(number, len(numbers)))
        for _, _, ordered, number in _read(_html(marked, ("table",)))
    ]


def places(document: Document) -> Found:
    """What we say in the place of `tasks`."""
    starts = [0, *[match.end() for match in re.finditer(rb"\r\n|\n|\r", document.data)]]
    items = document.items
    return [
        (
            item.line,
            item.box - 1 - starts[item.line - 1],
            item.char,
            None if item.parent is None else items[item.parent].line,
        )
        for item in items
    ]


def lists_of(document: Document) -> list[tuple[bool, int]]:
    """What we say in the place of `lists`."""
    numbers: dict[int, int] = {}
    return [(item.ordered, numbers.setdefault(item.list_index, len(numbers))) for item in document.items]


def mark_boxes(data: bytes) -> tuple[str, list[tuple[int, int, str]]]:
    """`data` with a numbered mark before each box that could be a task's, and the places of these boxes."""
    marked: list[bytes] = []
    places: list[tuple[int, int, str]] = []
    for number, line in enumerate(_LINE.findall(data), 1):
        box = _CANDIDATE.match(line)
        # what is a blank by Unicode alone is text to cmark-gfm, and to us none
        if box is None or not line[box.end() - 1 :].decode().strip():
            marked.append(line)
            continue
        column = box.start(1) - 1
        marked += [line[:column], f"{_OPEN}{len(places)}{_CLOSE}".encode(), line[column:]]
        places.append((number, column, box[1].decode()))
    return b"".join(marked).decode(), places


def _html(text: str, extensions: tuple[str, ...]) -> str:
    cmark.core_extensions_ensure_registered()
    return cmark.markdown_to_html_with_extensions(text, 0, extensions)


def _read(html: str) -> list[tuple[int, int | None, bool, int]]:
    """The mark of each task, that of the task around it, whether its list is ordered, and where that starts."""
    found: list[tuple[int, int | None, bool, int]] = []
    items: list[int | None] = []  # of each open list item, the task that it is
    open_lists: list[tuple[bool, int]] = []
    opening = False  # nothing but the start of a list item and of its first paragraph has been seen
    for node in _NODE.finditer(html):
        close, tag, mark = node[1], node[2], node[3]
        if tag in ("li", "ol", "ul"):
            opening = tag == "li" and not close
            if tag == "li":
                _nest(items, None, close)
            else:
                _nest(open_lists, (tag == "ol", node.start()), close)
        elif mark is not None:
            if opening and items:
                parent = next((task for task in reversed(items) if task is not None), None)
                found.append((int(mark), parent, *open_lists[-1]))
                items[-1] = int(mark)
            opening = False
        elif node[0].strip(" \t\n") and (tag is None or close):
            opening = False
    return found


def _nest(stack: list[Any], value: object, close: str) -> None:
    if close:
        stack.pop()
    else:
        stack.append(value)
