"""What holds other blocks: quotes and list items, and how far their content is indented."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from mdtodo.core.light.named_tuples import NamedTuple

_SPACE, _TAB, _QUOTE_MARK = 32, 9, 62


class Container:
    """A block that holds blocks: the document or a quote; a list item is a `ListItem`.

    `parent_item` is the nearest list item around it. `headings_above` are the headings before it that hold for
    it, `open_headings` those that hold for what comes next in it, both outermost first. `last` is the line of
    its last byte that is no blank, once it is closed.
    """

    width = kind = number = last = 0
    has_children = False  # it holds a block already

    def __init__(self, parent: Container | None) -> None:
        # Only upwards: without cycles the items are freed as soon as nobody has them, also while `parse` keeps the
        # garbage collector from running.
        self.parent = parent
        self.parent_item: ListItem | None = None
        self.open_headings: tuple[int, ...] = ()
        if parent is not None:
            self.parent_item = parent if isinstance(parent, ListItem) else parent.parent_item
            self.open_headings = parent.open_headings
        self.headings_above = self.open_headings

    def nest(self, count: int) -> list[Container]:
        """So many quotes, the first in this quote and each other in the one before; quicker than one by one."""
        made: list[Container] = []
        new, outer, item, headings = Container.__new__, self, self.parent_item, self.open_headings
        for _ in range(count):
            outer.has_children = True
            inner = new(Container)
            inner.parent, inner.parent_item = outer, item
            inner.open_headings = inner.headings_above = headings
            made.append(inner)
            outer = inner
        return made


class ListItem(Container):
    """A list item.

    `width` is the columns that a line of its content is indented, `number` tells lists apart, `kind` is the
    character that tells its list from one beside it (one of -+*.)). `line` is that of its marker, whose bytes
    are `at` to `after`; its content starts at `content`. If its first block is a paragraph, that starts on
    `opening_line`, and `opening` are the offsets of the text of each of its lines; `underlined` says that it
    is a setext heading. `task` is for whoever reads the items.
    """

    opening: list[int] | None = None
    opening_line = 0
    underlined = False
    task: int | None = None
    parent: Container

    def __init__(
        self, parent: Container, width: int, kind: int, line: int, at: int, after: int, content: int
    ) -> None:
        self.parent = parent
        # All that `Container` sets: with `super().__init__` an item takes 1.8 times as long to make.
        self.parent_item = parent if isinstance(parent, ListItem) else parent.parent_item
        self.open_headings = self.headings_above = parent.open_headings
        self.width = width
        self.kind = kind
        self.line = line
        self.at = at
        self.after = after
        self.content = content

    def path(self) -> list[Container]:
        """The quotes and list items around it, outermost first, and itself."""
        path: list[Container] = [self]
        while (parent := path[-1].parent) is not None:
            path.append(parent)
        path.pop()  # the document
        path.reverse()
        return path


class HeadingMark(NamedTuple):
    """A heading: the spans of its text, its container, and the list item that it opens, if any."""

    line: int
    level: int
    spans: tuple[tuple[int, int], ...]
    container: Container
    opens: ListItem | None


class Blocks(NamedTuple):
    """What a scan found. `starts` has the offset of each scanned line, and the end of the text.

    `first` is the number of the first scanned line, `fences` the first and last line of each fenced code
    block, `definitions` the lines of link reference definitions, `lists` how many lists there are.
    """

    items: list[ListItem]
    headings: list[HeadingMark]
    fences: list[tuple[int, int]]
    starts: list[int]
    first: int
    definitions: list[bytes]
    lists: int


def skip_blanks(text: bytes, at: int, column: int) -> tuple[int, int]:
    """The offset and column of the first byte that is no blank, from `at` on, which is in `column`."""
    c = text[at]
    while c in b" \t":
        # A tab reaches to the next tab stop, counted from the start of the line (GFM 2.2).
        column += 1 if c == _SPACE else 4 - column % 4
        at += 1
        c = text[at]
    return at, column


def content_start(text: bytes, start: int, path: list[Container]) -> int:
    """Where the content of the innermost container of `path` begins on the line that starts at `start`.

    A tab that reaches into the content is left out; a lazy line begins with its text.
    """
    at, column, inner = start, 0, 0  # inner: the column that the containers so far consume
    first_nonspace, first_nonspace_column = skip_blanks(text, at, column)
    for container in path:
        if text[first_nonspace] in b"\r\n":
            break
        if container.width:
            if first_nonspace_column - inner < container.width:
                return first_nonspace
            inner += container.width
        elif text[first_nonspace] == _QUOTE_MARK and first_nonspace_column - inner <= 3:
            at, column = first_nonspace + 1, first_nonspace_column + 1
            inner = column + (text[at] in b" \t")
            first_nonspace, first_nonspace_column = skip_blanks(text, at, column)
        else:
            return first_nonspace
    # Blanks that the containers consume; more of them belong to the content, as in indented code.
    while at < first_nonspace and column < inner:
        column += 1 if text[at] == _SPACE else 4 - column % 4
        at += 1
    return at


def blank_markers(prefix: bytes) -> bytes:
    """What a line must start with to go on what `prefix` opens: quotes stay, list markers become spaces.

    After a quote only spaces are used, since not everyone counts tabs from the start of the line there.
    """
    before, *quoted = prefix.split(b">")
    parts = [re.sub(rb"[^ \t]", b" ", before)]
    column = _columns(before, 0)
    for inside in quoted:
        width = _columns(inside, column + 1) - column - 1
        own = width > 0 and inside[:1] not in b" \t"  # a quote mark takes the space after it for itself
        parts.append(b">" + b" " * (width + own))
        column += 1 + width
    return b"".join(parts)


def _columns(piece: bytes, column: int) -> int:
    """The column after `piece`, which starts in `column`."""
    for c in piece:
        column += 4 - column % 4 if c == _TAB else 1
    return column
