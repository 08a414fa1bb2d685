"""The block structure of a markdown file: an exact line scanner for GitHub Flavored Markdown.

The algorithm is the one of the CommonMark specification's appendix ("A parsing strategy", phase 1), as cmark-gfm
does it, with these differences: no limit on nesting, linear time on any input, and no more of the tree than a list
of tasks needs: list items, what opens each of them, headings, fenced code.

Everything is bytes and offsets. Of the columns before a line's text only two numbers matter: `col`, the column that
the containers have consumed, and `fcol`, that of the first byte that is no blank; their difference is the indent.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from . import leaves

if TYPE_CHECKING:
    from collections.abc import Callable

_SPACE, _TAB, _LF, _CR, _QUOTE_MARK, _BRACKET = 32, 9, 10, 13, 62, 91
_NO_LEAF, _PARAGRAPH, _FENCE, _INDENTED, _HTML, _TABLE = range(6)
# What became of an attempt to start a block: nothing, a container (go on in the line), a leaf (the line is done).
_NOTHING, _OPENED, _DONE = range(3)


class Container:
    """A block that holds blocks: the document, a quote, or a list item.

    `width` is the columns that a line of a list item's content is indented, 0 for the others. `last` is the line
    of its last byte that is no blank. The fields from `number` on hold for list items alone: the number of its
    list, the character that tells its list from others (one of -+*.)), its line, the offsets of its marker, of the
    marker's end and of its content, and, if its first block is a paragraph, the line on which that starts and the
    offsets of the text of each of its lines; `underlined` if it is a setext heading. `task` is for the reader.
    """

    __slots__ = (
        "after", "at", "base", "content", "filled", "heads", "item", "kind", "last", "line", "number", "opening",
        "opening_line", "parent", "task", "under", "underlined", "width",
    )  # fmt: skip

    def __init__(self, parent: Container | None, width: int) -> None:
        self.parent = parent
        self.width = width
        self.item: Container | None = (
            parent.item if parent is not None and not width else self if width else None
        )
        self.filled = False
        self.heads: tuple[int, ...] = parent.heads if parent is not None else ()
        self.under = self.heads
        self.base = len(self.heads)
        self.last = 0
        self.opening: list[int] | None = None
        self.task: int | None = None
        self.number = self.kind = self.line = self.at = self.after = self.content = self.opening_line = 0
        self.underlined = False

    def path(self) -> list[Container]:
        """The quotes and list items around it, outermost first, and itself; without the document."""
        path: list[Container] = []
        container: Container | None = self
        while container is not None and container.parent is not None:
            path.append(container)
            container = container.parent
        path.reverse()
        return path


class HeadingMark(NamedTuple):
    """A heading: the spans of its text, its container, and the list item that it opens, if any."""

    line: int
    level: int
    spans: tuple[tuple[int, int], ...]
    container: Container
    opens: Container | None


class Blocks(NamedTuple):
    """What a scan found. `starts` has the offset of each scanned line, and of the end of the text.

    `first` is the number of the first scanned line, `fences` the first and last line of each fenced code block.
    """

    items: list[Container]
    headings: list[HeadingMark]
    fences: list[tuple[int, int]]
    starts: list[int]
    first: int


def scan(text: bytes, start: int = 0, first: int = 1) -> Blocks:
    """The blocks of `text` from the offset `start` on, which is the start of line `first`.

    Lines end with "\\n" or "\\r\\n": read a lone "\\r" as "\\n" before. The last line must end too.
    """
    return _Scanner(text, start, first).run()


def content_start(text: bytes, start: int, path: list[Container]) -> int:
    """Where the content of the innermost container of `path` begins on the line that starts at `start`.

    A tab that reaches into the content is left out; a lazy line begins with its text.
    """
    at, column, inner = start, 0, 0  # inner: the column that the containers so far consume
    fn, fcol = _blanks(text, at, column)
    for container in path:
        if text[fn] in b"\r\n":
            break
        if container.width:
            if fcol - inner < container.width:
                return fn
            inner += container.width
        elif text[fn] == _QUOTE_MARK and fcol - inner <= 3:
            at, column = fn + 1, fcol + 1
            inner = column + (text[at] in b" \t")
            fn, fcol = _blanks(text, at, column)
        else:
            return fn
    while at < fn and column < inner:
        column += 1 if text[at] == _SPACE else 4 - column % 4
        at += 1
    return at


def _blanks(text: bytes, at: int, column: int) -> tuple[int, int]:
    """The offset and the column of the first byte from `at`, which is in `column`, that is no space or tab."""
    c = text[at]
    while c == _SPACE or c == _TAB:
        column += 1 if c == _SPACE else 4 - column % 4
        at += 1
        c = text[at]
    return at, column


def blank_markers(prefix: bytes) -> bytes:
    """What a line must start with to go on what `prefix` opens: quotes stay, list markers become spaces.

    After a quote only spaces are used, since not everyone counts tabs from the start of the line there.
    """
    cut = prefix.rfind(b">") + 1
    head = re.sub(rb"[^> \t]", b" ", prefix[:cut])
    if not cut:
        return re.sub(rb"[^ \t]", b" ", prefix)
    return head + b" " * (_width(prefix) - _width(head))


def _width(prefix: bytes) -> int:
    column = 0
    for c in prefix:
        column += 4 - column % 4 if c == _TAB else 1
    return column


class _Scanner:
    def __init__(self, text: bytes, start: int, first: int) -> None:
        self.text = text
        self.begin = start
        self.next = start
        self.first = first
        self.line = first - 1
        self.root = Container(None, 0)
        self.stack = [self.root]
        self.quotes: list[int] = []  # which places of the stack are quotes
        self.items: list[Container] = []
        self.headings: list[HeadingMark] = []
        self.fences: list[tuple[int, int]] = []
        self.lists = 0
        self.last = 0  # the last line that was not blank in the innermost open block
        self.leaf = _NO_LEAF
        self.opens = False  # the open paragraph is the first block of its container
        self.lines: list[int] = []  # where the text of each line of the open paragraph starts
        self.lines_first = 0
        self.tableless = False  # the open paragraph has met a delimiter row that did not fit
        self.fence = b""
        self.html = 0
        self.loose: Container | None = None  # the last item of a list that is open without an open item
        # of the current line:
        self.fn = self.fcol = self.col = self.kill = 0
        self.matched = 1
        self.quoted = 0
        self.opened = False
        self.paragraph = False  # the innermost matched block is the open paragraph
        self.list: Container | None = None  # an item of the list that is the innermost matched block
        self.starters: dict[int, Callable[[], int]] = {
            ord(">"): self._quote, ord("#"): self._atx, ord("`"): self._fence, ord("~"): self._fence,
            ord("<"): self._html, ord("="): self._underline, ord("-"): self._dash, ord("*"): self._star,
            ord("_"): self._break, ord("+"): self._bullet, ord("|"): self._table, ord(":"): self._table,
            ord("\v"): self._table, ord("\f"): self._table, **dict.fromkeys(b"0123456789", self._number),
        }  # fmt: skip

    def run(self) -> Blocks:
        find, size, starts, line = self.text.find, len(self.text), [], self._line
        position = self.begin
        while position < size:
            starts.append(position)
            self.begin = position
            position = self.next = find(b"\n", position) + 1
            self.line += 1
            line()
        self.line += 1
        self._close(1)
        return Blocks(self.items, self.headings, self.fences, [*starts, size], self.first)

    def _line(self) -> None:
        matched = self.matched = self._match()
        blank = self.text[self.fn] in b"\r\n"
        stack = self.stack
        whole = matched == len(stack)
        leaf = self.leaf
        self.opened = self.paragraph = False
        if whole:
            self.list = self.loose
            if leaf == _PARAGRAPH:
                self.paragraph = not blank
            elif leaf and self._goes_on(leaf, blank):
                return
        else:
            self.list = stack[matched] if stack[matched].width else None
        if blank:
            self._blank()
        else:
            if not self._start(lazy=leaf == _PARAGRAPH):
                self._add_text(whole)
            self.last = self.line

    # containers

    def _match(self) -> int:
        """How many open containers the line goes on; sets where its rest starts."""
        text, stack = self.text, self.stack
        at, fcol, col, place, size = self.begin, 0, 0, 1, len(stack)
        self.quoted = self.kill = 0
        c = text[at]
        while c == _SPACE or c == _TAB:
            fcol += 1 if c == _SPACE else 4 - fcol % 4
            at += 1
            c = text[at]
        while place < size:
            if c == _LF or c == _CR:
                place = self._match_blank(place, fcol - col)
                break
            width = stack[place].width
            if width:
                if fcol - col < width:
                    break
                col += width
            else:
                if c != _QUOTE_MARK or fcol - col > 3:
                    break
                self.quoted = place
                self.fn, self.fcol = at, fcol
                self._skip_quote_mark()
                at, fcol, col = self.fn, self.fcol, self.col
                c = text[at]
            place += 1
        self.fn, self.fcol, self.col = at, fcol, col
        return place

    def _match_blank(self, place: int, indent: int) -> int:
        """How many containers a line goes on whose rest is blank from `place` on: all up to the next quote.

        Only a list item that holds nothing so far, which is the innermost container then, needs its indentation.
        """
        nearest = bisect_left(self.quotes, place)
        if nearest < len(self.quotes):
            return self.quotes[nearest]
        stack = self.stack
        if stack[-1].filled:
            return len(stack)
        for container in stack[place:-1]:
            indent = indent - container.width if indent >= container.width else 0
        return len(stack) if indent >= stack[-1].width else len(stack) - 1

    def _skip_quote_mark(self) -> None:
        """Pass the `>` at `fn` and one column of white space after it."""
        self.fn += 1
        self.col = self.fcol = self.fcol + 1
        c = self.text[self.fn]
        if c == _SPACE or c == _TAB:
            self.col += 1
            if c == _SPACE or self.col % 4 == 0:
                self.fn += 1
            self.fcol = self.col
        self._skip_blanks()

    def _skip_blanks(self) -> None:
        self.fn, self.fcol = _blanks(self.text, self.fn, self.fcol)

    def _close(self, depth: int) -> None:
        """Close the open leaf and all containers but the first `depth`."""
        if self.leaf:
            self._end_leaf()
        stack = self.stack
        if len(stack) == depth:
            return
        last = self.last
        while len(stack) > depth:
            container = stack.pop()
            below = stack[-1]
            if container.width:
                if last > container.last:
                    container.last = last
            if container.last > below.last:
                below.last = container.last
        while self.quotes and self.quotes[-1] >= depth:
            self.quotes.pop()
        self.loose = None

    def _open(self) -> Container:
        """Make room for a new block: close what the line did not match; the block's container."""
        if not self.opened:
            self._close(self.matched)
            self.opened = True
            self.loose = None
        self.paragraph = False
        self.list = None
        return self.stack[-1]

    # leaves

    def _goes_on(self, leaf: int, blank: bool) -> bool:
        """Whether the line is one of the open code or HTML block; a table row may still turn out to start a block."""
        if leaf == _FENCE:
            self._fence_line()
        elif leaf == _HTML:
            if blank and self.html > 5:
                return self._drop_leaf()
            self._html_line()
        elif leaf == _INDENTED:
            if not blank and self.fcol - self.col < 4:
                return self._drop_leaf()
        elif blank or not leaves.is_row(self.text, self.fn):
            return self._drop_leaf()
        else:
            return False
        if not blank:
            self.last = self.line
        elif self.quoted:
            self.stack[self.quoted].last = self.line
        return True

    def _drop_leaf(self) -> bool:
        self.leaf = _NO_LEAF
        return False

    def _start(self, *, lazy: bool) -> bool:
        """Start the blocks that the line starts; whether its text is dealt with then."""
        text, starters = self.text, self.starters
        while True:
            if self.fcol - self.col >= 4:
                if lazy or text[self.fn] in b"\r\n":
                    return False
                self._open().filled = True
                self.leaf = _INDENTED
                return True
            starter = starters.get(text[self.fn])
            if starter is None:
                return False
            step = starter()
            if step != _OPENED:
                return step == _DONE
            lazy = False

    def _blank(self) -> None:
        keep = self.list
        if self.matched < len(self.stack) or self.leaf:
            self._close(self.matched)
        self.loose = keep
        if self.quoted:
            self.stack[self.quoted].last = self.line

    def _add_text(self, whole: bool) -> None:
        """Add the rest of the line to the open paragraph (also as a lazy line), or start one with it."""
        if not self.opened and (self.paragraph or (self.leaf == _PARAGRAPH and not whole)):
            self.lines.append(self.fn)
            return
        if not self.opened and whole and self.leaf == _TABLE:
            return
        if self.text[self.fn] in b"\r\n":
            return
        container = self._open()
        self.leaf = _PARAGRAPH
        self.opens = not container.filled
        container.filled = True
        self.lines = [self.fn]
        self.lines_first = self.line
        self.tableless = False

    def _end_leaf(self) -> None:
        if self.leaf == _PARAGRAPH:
            self._define()
            container = self.stack[-1]
            if self.opens:
                if self.lines:
                    container.opening = self.lines
                    container.opening_line = self.lines_first
                else:
                    container.filled = False
        elif self.leaf == _FENCE:
            self.fences.append((self.lines_first, self.line - 1))
        self.leaf = _NO_LEAF

    def _define(self) -> None:
        """Drop the link reference definitions at the start of the open paragraph."""
        at = self.lines[0]
        if self.text[at] != _BRACKET or self.text.startswith(b"] ", at + 2):
            return
        content = b"".join([self._text_line(start) + b"\n" for start in self.lines])
        if b"]:" in content:
            count = leaves.definitions(content)
            del self.lines[:count]
            self.lines_first += count

    def _text_line(self, start: int) -> bytes:
        return self.text[start : self.text.find(b"\n", start)].removesuffix(b"\r")

    def _fence_line(self) -> None:
        if self.fcol - self.col > 3:
            return
        found = leaves.CLOSE_FENCE.match(self.text, self.fn)
        if found is not None and found[1].startswith(self.fence):
            self.fences.append((self.lines_first, self.line))
            self.leaf = _NO_LEAF

    def _html_line(self) -> None:
        if leaves.html_ends(self.html, self.text, self.fn, self.next):
            self.leaf = _NO_LEAF

    # what may start a block: each looks at `fn`

    def _quote(self) -> int:
        parent = self._open()
        parent.filled = True
        self.quotes.append(len(self.stack))
        self.stack.append(Container(parent, 0))
        self._skip_quote_mark()
        return _OPENED

    def _atx(self) -> int:
        found = leaves.ATX.match(self.text, self.fn)
        if found is None:
            return _NOTHING
        container = self._open()
        container.filled = True
        text = self._text_line(found.end()).rstrip(b" \t\v\f\r\n")
        bare = text.rstrip(b"#")
        if not bare or bare[-1:] in (b" ", b"\t"):
            text = bare.rstrip(b" \t\v\f\r\n")
        self._heading(len(found[1]), self.line, ((found.end(), found.end() + len(text)),), None)
        return _DONE

    def _heading(
        self, level: int, line: int, spans: tuple[tuple[int, int], ...], opens: Container | None
    ) -> None:
        container = self.stack[-1]
        outer = [mark for mark in container.heads[container.base :] if self.headings[mark].level < level]
        container.heads = (*container.heads[: container.base], *outer, len(self.headings))
        self.headings.append(HeadingMark(line, level, spans, container, opens))

    def _fence(self) -> int:
        found = leaves.OPEN_FENCE.match(self.text, self.fn)
        if found is None:
            return _NOTHING
        self._open().filled = True
        self.leaf = _FENCE
        self.fence = found[1] or found[2]
        self.lines_first = self.line
        return _DONE

    def _html(self) -> int:
        kind = leaves.html_kind(self.text, self.fn, interrupts=self.paragraph)
        if not kind:
            return _NOTHING
        self._open().filled = True
        self.leaf = _HTML
        self.html = kind
        self._html_line()
        return _DONE

    def _underline(self) -> int:
        """`===` or `---` below a paragraph makes it a heading, unless it is nothing but definitions."""
        if not self.paragraph or leaves.SETEXT.match(self.text, self.fn) is None:
            return _NOTHING
        self._define()
        if not self.lines:
            self.lines_first = self.line
            self.lines.append(self.fn)
            return _DONE
        spans = tuple((start, start + len(self._text_line(start))) for start in self.lines)
        level = 1 if self.text[self.fn] == ord("=") else 2
        container = self.stack[-1]
        opens = container if self.opens else None
        if opens is not None:
            opens.opening, opens.opening_line, opens.underlined = self.lines, self.lines_first, True
        self.leaf = _NO_LEAF
        self._heading(level, self.lines_first, spans, opens)
        return _DONE

    def _dash(self) -> int:
        text, at = self.text, self.fn
        if text[at + 1] == _SPACE and text[at + 2] not in b"- \t\r\n":
            return self._item(1, text[at])
        return self._underline() or self._break() or self._bullet() or self._table()

    def _star(self) -> int:
        return self._break() or self._bullet()

    def _break(self) -> int:
        at = self.fn
        if self.kill > at:
            return _NOTHING
        found = leaves.BREAK_RUNS[self.text[at]].match(self.text, at)
        end = found.end() if found is not None else at
        if self.text[end] not in b"\r\n" or self.text.count(self.text[at : at + 1], at, end) < 3:
            self.kill = end  # from no byte before this one can there be a break of this character
            return _NOTHING
        self._open().filled = True
        return _DONE

    def _bullet(self) -> int:
        if self.text[self.fn + 1] not in b" \t\v\f\r\n":
            return _NOTHING
        return self._item(1, self.text[self.fn])

    def _number(self) -> int:
        found = leaves.ORDERED.match(self.text, self.fn)
        if found is None or (self.paragraph and int(found[1]) != 1):
            return _NOTHING
        length = found.end() - self.fn
        return self._item(length, self.text[found.end() - 1])

    def _item(self, length: int, kind: int) -> int:
        """Start a list item whose marker has `length` bytes; it joins an open list of the same kind."""
        at, column, indent, neighbour = self.fn, self.fcol + length, self.fcol - self.col, self.list
        self.fn, self.fcol = at + length, column
        self._skip_blanks()
        gap = self.fcol - column
        blank = self.text[self.fn] in b"\r\n"
        if blank and self.paragraph:
            self.fn, self.fcol = at, column - length
            return _NOTHING
        parent = self._open()
        parent.filled = True
        narrow = blank or gap >= 5 or gap < 1
        item = Container(parent, indent + length + (1 if narrow else gap))
        self.col = column + min(gap, 1) if narrow else self.fcol
        if neighbour is not None and neighbour.kind == kind:
            item.number = neighbour.number
        else:
            item.number = self.lists
            self.lists += 1
        item.kind, item.line, item.at, item.after, item.content = kind, self.line, at, at + length, self.fn
        self.items.append(item)
        self.stack.append(item)
        return _OPENED

    def _table(self) -> int:
        """A delimiter row below a line of as many cells turns that line into a table's header."""
        if not self.paragraph or self.tableless or leaves.DELIMITER_ROW.match(self.text, self.fn) is None:
            return _NOTHING
        if leaves.columns(self.text, self.lines[-1]) != leaves.columns(self.text, self.fn):
            self.tableless = True
            return _NOTHING
        container = self.stack[-1]
        if self.opens and len(self.lines) > 1:
            container.opening, container.opening_line = self.lines[:-1], self.lines_first
        self.leaf = _TABLE
        return _DONE
