"""What an edit does that takes a change of a task back. Which edits those are is read by `revert_diff`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import AddedItem, Revert, SetKey, TaskText
from mdtodo.core.task import Span
from mdtodo.markdown.edits.list_items import box_text, bullets_below, line_start
from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.document import Document, Item
    from mdtodo.markdown.keys.read import Keys

#: The keys that mdtodo writes and removes: names as written, which are those of the fields of `Keys` too.
OWNED = ("failed", "done")


class Unexpected(Exception):  # noqa: N818
    """The task is not in the state that the edit expects; the message says so in part of a sentence."""


class Change(NamedTuple):
    """What a Revert does to a task: the character of its box, its text or the keys to set in it (None: as they are),
    and the bytes to take out."""

    char: str | None
    text: str | None
    keys: tuple[SetKey, ...]
    removed: tuple[Span, ...]


def revert(
    document: Document, item: Item, keys: Keys, edit: Revert, statuses: Mapping[str, Status]
) -> Change:
    """Raises Unexpected where somebody has changed since what would be taken back."""
    removed = tuple(_spans_to_remove(document, item, edit.added))
    if text_of_task(item) == edit.after and edit.before.char in statuses:
        char = edit.before.char if edit.before.char != item.char else None
        text = edit.before.text if edit.before.text != item.text else None
        if text is None or text.count("\n") == item.text.count("\n"):
            return Change(char, text, (), removed)
    was, then = read_keys(edit.before.text), read_keys(edit.after.text)
    owned = [name for name in OWNED if getattr(was, name) != getattr(then, name)]
    old, new = statuses.get(edit.before.char), statuses.get(edit.after.char)
    if old is None:
        raise Unexpected(f"the configuration does not say what [{edit.before.char}] means")
    # Somebody took back the box and the keys already: what is left to do is what stands below it.
    if item.status is old and all(getattr(keys, name) == getattr(was, name) for name in owned):
        return Change(None, None, (), removed)
    if item.status is not new:
        raise Unexpected(f"it is marked {item.status.value}")
    for name in owned:
        if getattr(keys, name) != getattr(then, name):
            raise Unexpected(f"its key {name}: was changed")
    wanted = tuple(SetKey(edit.anchor, name, _value(was, name)) for name in owned)
    return Change(edit.before.char if old is not new else None, None, wanted, removed)


def merged_spans(data: bytes, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """What to cut out of the data: neighbours as one; with the last lines goes the line end before them, if they
    have none themselves."""
    joined: list[list[int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(end, joined[-1][1])
        else:
            joined.append([start, end])
    for start, end in joined:
        if end == len(data) and data[end - 1 : end] not in (b"\n", b"\r"):
            start -= 2 if data[start - 2 : start] == b"\r\n" else 1 if start else 0
        yield start, end


def text_of_task(item: Item) -> TaskText:
    """The box and the text of a task, as an edit that takes a change back knows them."""
    return TaskText(item.char, item.text)


def _value(keys: Keys, name: str) -> str | None:
    value = getattr(keys, name)
    return str(value) if value else None


_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_MARKER = re.compile(rb"[ \t>]*(?:[-+*]|[0-9]{1,9}[.)])[ \t]+")


def lines_of(data: bytes) -> list[bytes]:
    """With their line ends."""
    return [line for line in _LINE.findall(data) if line]


def _spans_to_remove(document: Document, item: Item, added: Sequence[AddedItem]) -> Iterator[Span]:
    """The bytes of what was added, where it is still there; Unexpected where something of it was changed."""
    there = list(bullets_below(document.data, item)) if added else []
    for one in added:
        at = next((at for at, text in there if text == one.text), None)
        if at is not None:
            there = [bullet for bullet in there if bullet[0] != at]
            yield _span(document, item, line_start(document.data, at), one)
            continue
        box = box_text(one.text)
        title = read_keys(box[1]).title if box else None
        for child in document.items:
            if child.parent == item.index and title == read_keys(child.text).title:
                raise Unexpected(f"its subtask {title!r}, which would be removed, was changed")


def _span(document: Document, item: Item, start: int, one: AddedItem) -> Span:
    """From a bullet's line to the last one inside it, with the blank lines that came with them."""
    data, lines = document.data, lines_of(document.data[start : item.end])
    depth = _column(lines[0])
    count = 1
    while count < len(lines) and (is_blank(lines[count]) or _column(lines[count]) > depth):
        count += 1
    while is_blank(lines[count - 1]):
        count -= 1
    inside = tuple(line_text(line) for line in lines[1:count] if not is_blank(line))
    if inside != one.inside:
        raise Unexpected(f"the text below {one.text!r}, which would be removed, was changed")
    end = start + sum(map(len, lines[:count]))
    for _ in range(one.gap):
        above = line_start(data, max(start - 1, 0) - (data[start - 2 : start] == b"\r\n"))
        if above < start and is_blank(data[above:start]):
            start = above
    for line in lines_of(data[end : end + 4096])[: one.space]:
        if not is_blank(line):
            break
        end += len(line)
    return Span(start, end)


def is_blank(line: bytes) -> bool:
    """Whether the line holds nothing, or nothing but the marks of the quotes around it."""
    return not line.strip(b" \t>\r\n")


def _column(line: bytes) -> int:
    """Where the text of a line, or its list marker, begins."""
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(b" >"))


def line_text(line: bytes) -> str:
    """What a line says, without its list marker."""
    marker = _MARKER.match(line)
    return line[marker.end() if marker else 0 :].strip(b" \t\r\n").decode()
