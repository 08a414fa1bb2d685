"""The bytes of a task's first paragraph, line by line, as its keys change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.markdown.keys.write import Splice, apply_splices

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.markdown.document import Item


class Paragraph:
    """The lines of a task's first paragraph as they change, each with the number of its piece."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self._lines = list(enumerate(item.text.split("\n")))

    def copy(self) -> Paragraph:
        """One that changes on its own."""
        made = Paragraph(self._item)
        made._lines = self._lines
        return made

    @property
    def text(self) -> str:
        """The paragraph as it is now."""
        return "\n".join([line for _, line in self._lines])

    def splice(self, splices: Sequence[Splice]) -> None:
        """Make the splices, each within one line, or of a whole line with the line end before it."""
        by_line: dict[int, list[Splice]] = {}
        number = first = 0
        for start, end, new in splices:
            while start > first + len(self._lines[number][1]):
                first += len(self._lines[number][1]) + 1
                number += 1
            if end > first + len(self._lines[number][1]):
                # A splice over a line end takes the whole next line: `[]` marks it; a line without an entry stays.
                by_line[number + 1] = []
            else:
                by_line.setdefault(number, []).append(Splice(start - first, end - first, new))
        self._lines = [
            (piece, apply_splices(line, by_line[at]) if at in by_line else line)
            for at, (piece, line) in enumerate(self._lines)
            if by_line.get(at) != []
        ]

    def changes(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """What is to be replaced in `data`, the bytes that the item was read from: start, end, new bytes."""
        kept = dict(self._lines)
        for number, span in enumerate(self._item.pieces):
            if number in kept:
                if (new := kept[number].encode()) != data[span.start : span.end]:
                    yield span.start, span.end, new
                continue
            # The last line of a file may have no end of its own: then that of the line before it goes.
            end = line_end(data, span.end)
            before = self._item.pieces[number - 1].end
            if end:
                yield before + len(line_end(data, before)), span.end + len(end), b""
            else:
                yield before, span.end, b""


def line_end(data: bytes, at: int) -> bytes:
    """The line end that stands there, if any."""
    if data[at : at + 2] == b"\r\n":
        return b"\r\n"
    return data[at : at + 1] if data[at : at + 1] in (b"\n", b"\r") else b""


def after_paragraph(data: bytes, item: Item) -> int:
    """Where the line after the first paragraph starts, behind the underline of a heading."""
    at = item.pieces[-1].end
    at += len(line_end(data, at))
    underline = _UNDERLINE.match(data, at)
    return underline.end() if underline else at


_UNDERLINE = re.compile(rb"[ \t>]*(?:=+|-+)[ \t]*(?:\r\n|\n|\r|\Z)")
