"""What stands below a task goes with the task, wherever that is now: it is taken out of a merge, and put in after it.

As lines alone, a note that one side has put below a task and the other has moved away would stay where the task was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.merge.version import read_versions, to_bytes

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from mdtodo.markdown.document import Document, Item


class Block(NamedTuple):
    """Lines that stand together below a task, by its number in the old version, from the line `start` on; `above` is
    the line before them."""

    task: int
    start: int
    lines: list[bytes]
    above: bytes


def find_block(document: Document, item: Item, block: Block) -> range | None:
    """Where the block stands below the task, whatever its bullets and indentation are: the numbers of its lines, none
    where nothing of it is there any more; None where only some of it is, or it is there twice, or something was put
    into it."""
    (version,) = read_versions(document.data)
    lines = version.lines[item.line - 1 + len(item.pieces) : last_line(document, item)]
    wanted, size = list(map(said, block.lines)), len(block.lines)
    texts = list(map(said, lines))
    if not any(text.startswith(b"[") for text in wanted):
        _leave_out_subtasks(document, item, texts)
    if {_bare(one) for one in wanted if one}.isdisjoint(map(_bare, texts)):
        return range(0)
    places = [at for at in range(len(lines) - size + 1) if texts[at : at + size] == wanted]
    if len(places) != 1:
        return None
    (at,) = places
    column = min((_column(line) for line in lines[at : at + size] if line.strip(_BLANK)), default=_WIDE)
    after = next((line for line in lines[at + size :] if line.strip(_BLANK)), None)
    if after is not None and _column(after) > column:
        return None
    start = item.line - 1 + len(item.pieces) + at
    return range(start, start + size)


def _leave_out_subtasks(document: Document, item: Item, texts: list[bytes]) -> None:
    """A note below a subtask may say the same: that is the subtask's."""
    first = item.line - 1 + len(item.pieces)
    for child in document.items:
        if child.parent == item.index:
            for at in range(child.line - 1, last_line(document, child)):
                texts[at - first] = b"["


def insert_block(document: Document, item: Item, like: bytes, block: Block) -> bytes:
    """The document with the block below the task, whose line was `like` where the block comes from; as it is where
    what the block says is there."""
    (version,) = read_versions(document.data)
    lines, first = list(version.lines), item.line - 1
    end = last_line(document, item)
    texts = [said(line) for line in lines[first:end]]
    if set(map(said, filter(bytes.strip, block.lines))) <= set(texts):
        return document.data
    above = said(block.above)
    at = next((first + at + 1 for at in reversed(range(len(texts))) if texts[at] == above), end)
    at = max(at, first + len(item.pieces))
    shift = _column(lines[first]) - _column(like)
    end_of_line = b"" if version.format.newline else document.newline
    lines[at:at] = [_shifted(line.rstrip(b"\r\n"), shift) + end_of_line for line in block.lines]
    return to_bytes(lines, version.format)


def without_lines(data: bytes, gone: Container[int]) -> bytes:
    """The file without these lines."""
    (version,) = read_versions(data)
    lines = [line for at, line in enumerate(version.lines) if at not in gone]
    return data if len(lines) == len(version.lines) else to_bytes(lines, version.format)


def last_line(document: Document, item: Item) -> int:
    """The number of the line after the task and what stands below it, without blank ones at the end."""
    lines = document.data[: item.end].rstrip(_BLANK).splitlines()
    return len(lines)


def said(line: bytes) -> bytes:
    """What a line says, without list marker and indentation."""
    marker = _MARKER.match(line)
    return line[marker.end() if marker else 0 :].strip()


def runs(lines: Sequence[tuple[int, int, bytes]], whole: Sequence[bytes]) -> Iterator[Block]:
    """Lines by number and task as blocks: those that follow each other below one task."""
    block: Block | None = None
    for number, task, line in lines:
        if block is not None and (task, number) == (block.task, block.start + len(block.lines)):
            block.lines.append(line)
            continue
        if block is not None:
            yield block
        block = Block(task, number, [line], whole[number - 1] if number else b"")
    if block is not None:
        yield block


_WIDE = 1 << 30
_BLANK = b" \t>\r\n"
_MARKER = re.compile(rb"[ \t>]*(?:[-+*]|[0-9]{1,9}[.)])[ \t]+")


def _bare(text: bytes) -> bytes:
    """Without a box, which may be ticked by now."""
    return text.partition(b"] ")[2] if text.startswith(b"[") else text


def _column(line: bytes) -> int:
    """Where the text of a line, or its list marker, begins."""
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(b" >"))


def _shifted(line: bytes, columns: int) -> bytes:
    if columns >= 0 or not line.strip():
        return b" " * columns + line if line.strip() else line
    return line[min(-columns, len(line) - len(line.lstrip(b" "))) :]
