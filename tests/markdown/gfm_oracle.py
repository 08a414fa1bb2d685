"""What cmark-gfm says are the tasks of a document: a judge that shares no code with ours.

Its bindings give HTML alone, so a mark is put before each box that could be a task's; the task list extension
stays off, since it misses boxes in quotes and looks for `[x]` anywhere in the line. Raw HTML is left out of
the output, so each tag in there is one of the tree.
"""

from __future__ import annotations

import re

from cmarkgfm import cmark

Found = list[tuple[int, int, str, "int | None"]]

_OPEN, _CLOSE = "\ue000", "\ue001"
_CANDIDATE = re.compile(
    rb"(?:\A\xef\xbb\xbf)?(?:[ \t]*+(?:>|[-+*]|[0-9]{1,9}[.)]))*+[ \t]*+"
    rb"\[([^\x80-\xff\r\n]|[\xc0-\xff][\x80-\xbf]+)\][ \t]++[^\r\n]"
)
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_NODE = re.compile(f"<(/?)(li|p|h[1-6])(?: [^>]*)?>|<[^>]*>|{_OPEN}([0-9]+){_CLOSE}|[^<{_OPEN}]+")


def tasks(data: bytes, *, extensions: tuple[str, ...] = ("table",)) -> Found:
    """(line, column of "[" in bytes from 0, status character, line of the parent task) of each task of
    `data`.
    """
    marked: list[bytes] = []
    places: list[tuple[int, int, str]] = []
    for number, line in enumerate(_LINE.findall(data), 1):
        box = _CANDIDATE.match(line)
        if box is None:
            marked.append(line)
            continue
        column = box.start(1) - 1
        marked += [line[:column], f"{_OPEN}{len(places)}{_CLOSE}".encode(), line[column:]]
        places.append((number, column, box[1].decode()))
    found = _read(_html(b"".join(marked).decode(), extensions))
    return [(*places[place], None if parent is None else places[parent][0]) for place, parent in found]


def _html(text: str, extensions: tuple[str, ...]) -> str:
    cmark.core_extensions_ensure_registered()
    return cmark.markdown_to_html_with_extensions(text, 0, extensions)


def _read(html: str) -> list[tuple[int, int | None]]:
    found: list[tuple[int, int | None]] = []
    items: list[int | None] = []  # of each open list item, the task that it is
    opening = False  # nothing but the start of a list item and of its first paragraph has been seen
    for node in _NODE.finditer(html):
        close, tag, mark = node[1], node[2], node[3]
        if tag == "li" and not close:
            items.append(None)
            opening = True
        elif tag == "li":
            items.pop()
            opening = False
        elif mark is not None:
            if opening and items:
                found.append((int(mark), next((task for task in reversed(items) if task is not None), None)))
                items[-1] = int(mark)
            opening = False
        elif node[0].strip(" \t\n") and (tag is None or close):
            opening = False
    return found
