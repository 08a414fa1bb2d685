"""The lines of a task with all that is below it: taken out, and written with another marker and indentation.

Nothing else of a line changes: neither its end nor what a block of code says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import EditError
from mdtodo.markdown.edits.list_items import LINE_END, line_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.markdown.document import Document, Item


class Subtree(NamedTuple):
    """`data` are the lines of a task and all that is below it. They begin with the markers of the `quote` around it,
    then the `blanks` before its `marker`; its own content with those, then `indent`."""

    data: bytes
    quote: bytes
    blanks: bytes
    marker: bytes
    indent: bytes

    def written(self, prefix: bytes, marker: bytes) -> bytes:
        """The same with this marker, behind what the lines of its list begin with."""
        quote, blanks = _parted(prefix)
        tail = self.indent[len(self.blanks) + len(self.marker) :]
        new = Subtree(b"", quote, blanks, marker, blanks + b" " * len(marker) + tail)
        first, *others = _lines(self.data)
        start = len(self.quote) + len(self.blanks) + len(self.marker)
        return b"".join([quote, blanks, marker, first[start:], *(self._moved(line, new) for line in others)])

    def _moved(self, line: bytes, new: Subtree) -> bytes:
        """A further line of it. One that goes on lazily with a paragraph (GFM 5.1) stays as it is."""
        found = re.match(rb"(?:[ ]{0,3}>[ ]?){%d}" % self.quote.count(b">"), line)
        if found is None:
            return line
        # the line's own way of writing the quote around both places
        quote = found[0] if self.quote and self.quote == new.quote else new.quote
        rest = line[found.end() :]
        if not rest.strip():
            bare = quote.rstrip(b" ") + rest if len(rest.strip(b" \t")) == len(rest) else quote + rest
            return bare if not rest.startswith(self.indent) else quote + new.indent + rest[len(self.indent) :]
        blanks = rest[: len(rest) - len(rest.lstrip(b" \t"))]
        further = _width(self.quote, blanks) - _width(self.quote, self.indent)
        if further < 0:
            return line if quote == found[0] else quote + rest
        return quote + self._indented(blanks, new, further) + rest[len(blanks) :]

    def _indented(self, blanks: bytes, new: Subtree, further: int) -> bytes:
        """What becomes of the blanks of a line that is so many columns further in than its content begins: with the
        tabs that it has, where these lead there."""
        for was, now in ((self.indent, new.indent), (self.blanks, new.blanks)):
            made = now + blanks[len(was) :]
            if blanks.startswith(was) and _width(new.quote, made) == _width(new.quote, new.indent) + further:
                return made
        return new.indent + b" " * further


def subtree(document: Document, item: Item) -> Subtree:
    """That of the task. EditError where it stands on the line of another list item."""
    data = document.data
    start = start_of(document, item)
    head = _HEAD.fullmatch(data, start, item.box)
    if head is None:
        raise EditError("it stands on the line of another list item, so it cannot be moved")
    quote, blanks = _parted(head[1])
    return Subtree(data[start : item.end], quote, blanks, head[2], item.indent[len(quote) :])


def start_of(document: Document, item: Item) -> int:
    """Where its first line starts, behind a byte order mark."""
    start = line_start(document.data, item.box)
    return start + 3 if document.data.startswith(b"\xef\xbb\xbf", start) and start == 0 else start


def _parted(prefix: bytes) -> tuple[bytes, bytes]:
    """The markers of quotes with a blank each, and the blanks behind them."""
    found = _QUOTE.match(prefix)
    quote = found[0] if found else b""
    return quote, prefix[len(quote) :]


def _lines(data: bytes) -> Iterator[bytes]:
    at = 0
    for end in LINE_END.finditer(data):
        yield data[at : end.end()]
        at = end.end()
    if at < len(data):
        yield data[at:]


def _width(before: bytes, blanks: bytes) -> int:
    """Columns of blanks that stand behind this; a tab goes on to the next column that four divides (GFM 2.2)."""
    return len((b"." * len(before) + blanks).expandtabs(4)) - len(before)


_HEAD = re.compile(rb"([ \t>]*)([-+*]|[0-9]{1,9}[.)])[ \t]+\[")
_QUOTE = re.compile(rb"(?:[ \t]*>)+ ?")
