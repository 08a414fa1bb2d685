"""The blocks that are open while a file is scanned, and what has been found so far."""

from __future__ import annotations

from bisect import bisect_left

from mdtodo.markdown.blocks import leaves
from mdtodo.markdown.blocks.containers import Container, HeadingMark, ListItem

#: What the innermost open block is, unless it is a container.
NO_LEAF, PARAGRAPH, FENCE, INDENTED, HTML, TABLE = range(6)
_BRACKET = 91


class OpenBlocks:
    """The open containers, the document first, the open leaf in the innermost of them, and the finds.

    Plain fields and many of them, since each line of a file passes here.
    """

    def __init__(self, text: bytes, first: int) -> None:
        self.text = text
        self.items: list[ListItem] = []
        self.headings: list[HeadingMark] = []
        self.fences: list[tuple[int, int]] = []
        self.definitions: list[bytes] = []
        self.stack = [Container(None)]
        self.quotes: list[int] = []  # which places of the stack are quotes
        self.lists = 0  # how many lists there were
        self.last_item: Container | None = None  # the last item of an open list that has no open item
        # The open leaf, its first line, and of a paragraph where the text of each line starts.
        self.leaf = NO_LEAF
        self.leaf_line = 0
        self.lines: list[int] = []
        self.opener: ListItem | None = None  # the list item whose first block the open paragraph is
        self.indented_lazy: set[int] = set()  # indented lazy lines: no definition starts there, and no row
        self.defines = False  # the open paragraph may start with link reference definitions
        self.table_tried = False  # the open paragraph has met a delimiter row that did not fit
        # The line at hand, and the last one that was more than blank within the innermost container.
        self.line = first - 1
        self.last = 0
        self.matched = 1  # how many containers the line goes on
        self.opened = False  # it has started a block
        self.first_in_container = False  # the block that it started last is the first of its container
        self.paragraph = False  # the innermost block that it goes on is the open paragraph
        self.list: Container | None = None  # an item of the list that is the innermost block that it goes on

    def open(self) -> Container:
        """Make room for a block: close what the line does not go on. The container for it."""
        if not self.opened:
            self.close(self.matched)
            self.opened = True
            self.last_item = None
        self.paragraph = False
        self.list = None
        container = self.stack[-1]
        self.first_in_container = not container.has_children
        container.has_children = True
        return container

    def close(self, depth: int) -> None:
        """Close the open leaf and all containers but the first `depth`."""
        leaf = self.leaf
        if leaf == PARAGRAPH and self.defines:
            self.define()
        elif leaf == FENCE:
            self.fences.append((self.leaf_line, self.line - 1))
        self.leaf = NO_LEAF
        stack, last = self.stack, self.last
        while len(stack) > depth:
            container = stack.pop()
            if container.last <= last:
                container.last = last
            elif container.last > stack[-1].last:  # a blank line in a quote is none outside
                stack[-1].last = container.last
        quotes = self.quotes
        if quotes and quotes[-1] >= depth:
            del quotes[bisect_left(quotes, depth) :]

    def open_quotes(self, count: int) -> None:
        """Start so many quotes, one in another."""
        quote, stack = Container(self.open()), self.stack
        self.quotes.extend(range(len(stack), len(stack) + count))
        stack.append(quote)
        if count > 1:
            self.first_in_container = True
            stack += quote.nest(count - 1)

    def open_item(self, beside: Container | None, item: ListItem) -> None:
        """Start a list item, in the list of the item `beside` if that is of its kind."""
        if beside is not None and beside.kind == item.kind:
            item.number = beside.number
        else:
            item.number = self.lists
            self.lists += 1
        self.items.append(item)
        self.stack.append(item)

    def open_paragraph(self, at: int) -> None:
        """Start a paragraph with the text at `at`."""
        container = self.open()
        opener = container if self.first_in_container and isinstance(container, ListItem) else None
        self.begin_paragraph(at, opener)

    def begin_paragraph(self, at: int, opener: ListItem | None) -> None:
        """The open leaf is a paragraph now, the first block of the list item `opener` if there is one."""
        self.leaf, self.leaf_line, self.lines = PARAGRAPH, self.line, [at]
        self.table_tried = False
        # A label ends at its first `]`, and a definition has `]:` there: no `[x] task` needs to be looked at.
        self.defines = self.text[at] == _BRACKET and not self.text.startswith(b"] ", at + 2)
        self.opener = opener
        if opener is not None:
            opener.has_children = True
            opener.opening, opener.opening_line = self.lines, self.line

    def define(self) -> None:
        """Drop the link reference definitions at the start of the open paragraph; without more it is none."""
        content = b"".join(
            [b" " * (at in self.indented_lazy) + self.text_from(at) + b"\n" for at in self.lines]
        )
        count = leaves.definitions(content) if b"]:" in content else 0
        if count:
            self.definitions.append(b"\n".join(content.split(b"\n", count)[:count]))
        del self.lines[:count]
        self.leaf_line += count
        if self.opener is not None:
            self.opener.opening_line = self.leaf_line
            if not self.lines:
                self.opener.opening = None
                # cmark drops the paragraph: the item is empty again, and two blank lines end it (GFM 5.2, rule 3).
                self.opener.has_children = False

    def underline(self, level: int) -> bool:
        """Make a heading of the open paragraph; not if it was nothing but definitions."""
        if self.defines:
            self.define()
        if not self.lines:
            return False
        self.leaf = NO_LEAF
        opener = self.opener
        if opener is not None:
            opener.underlined = True
        spans = tuple([(start, start + len(self.text_from(start))) for start in self.lines])
        self.add_heading(level, self.leaf_line, spans, opener)
        return True

    def add_heading(
        self, level: int, line: int, spans: tuple[tuple[int, int], ...], opener: ListItem | None
    ) -> None:
        """Note a heading of the innermost container: it ends what headings of its level or below held for."""
        container = self.stack[-1]
        own = container.open_headings[len(container.headings_above) :]
        above = [mark for mark in own if self.headings[mark].level < level]
        container.open_headings = (*container.headings_above, *above, len(self.headings))
        self.headings.append(HeadingMark(line, level, spans, container, opener))

    def text_from(self, start: int) -> bytes:
        """The line from `start` on, without its end."""
        return self.text[start : self.text.find(b"\n", start)].removesuffix(b"\r")
