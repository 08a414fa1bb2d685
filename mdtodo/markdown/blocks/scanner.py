"""The block structure of a markdown file: an exact line scanner for GitHub Flavored Markdown.

The algorithm is that of the CommonMark specification's appendix ("A parsing strategy", phase 1), with the
choices of cmark-gfm; but nesting has no limit, any input takes linear time, and no more of the tree is kept
than a list of tasks needs: list items, what opens each of them, headings, fenced code.

All is bytes and offsets. Of the columns before a line's text two matter: `col`, which the containers have
consumed, and `first_nonspace_column`, that of the first byte that is no blank, at the offset
`first_nonspace`; their difference is the indent.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from mdtodo.markdown.blocks import leaves
from mdtodo.markdown.blocks.containers import Blocks, ListItem, skip_blanks
from mdtodo.markdown.blocks.open_blocks import FENCE, HTML, INDENTED, NO_LEAF, PARAGRAPH, TABLE, OpenBlocks

if TYPE_CHECKING:
    from collections.abc import Callable

_SPACE, _QUOTE_MARK = b" >"
# What became of an attempt to start a block: nothing; a container, and the line goes on; a leaf, and it ends.
_NOTHING, _OPENED, _DONE = range(3)


def scan(text: bytes, start: int = 0, first: int = 1) -> Blocks:
    r"""The blocks of `text` from the offset `start` on, which is the start of line `first`.

    Lines end with "\n" or "\r\n", the last one too: read a lone "\r" as "\n" before.
    """
    return _Scanner(text, start, first).run()


class _Scanner(OpenBlocks):
    def __init__(self, text: bytes, start: int, first: int) -> None:
        super().__init__(text, first)
        self.begin = self.next = start  # of the line at hand, and of the next one
        self.first_nonspace = self.first_nonspace_column = self.col = 0
        self.quoted = 0  # the place in the stack of the innermost quote that the line goes on
        self.no_break_before = 0  # before this offset no thematic break starts on this line
        self.fence = b""
        self.html = 0

    def run(self) -> Blocks:
        """Scan all lines."""
        find, size, line, starts = self.text.find, len(self.text), self._line, []
        first, position = self.line + 1, self.begin
        while position < size:
            starts.append(position)
            self.begin = position
            position = self.next = find(b"\n", position) + 1
            self.line += 1
            line()
        self.line += 1
        self.close(1)
        return Blocks(
            self.items, self.headings, self.fences, [*starts, size], first, self.definitions, self.lists
        )

    def _line(self) -> None:
        matched = self.matched = self._match()
        leaf, stack, text, at = self.leaf, self.stack, self.text, self.first_nonspace
        whole = matched == len(stack)
        self.list = self.last_item if whole else stack[matched]
        # A bullet and plain text start an item, whatever is open but code and HTML. What _SPECIAL begins may be more:
        # `- - -` is a thematic break, `- > a` holds a quote, the content of `-  a` starts a column further on.
        c = text[at]
        if (
            c in b"-*+"
            and text[at + 1] == _SPACE
            and text[at + 2] not in _SPECIAL
            and self.first_nonspace_column - self.col < 4
            and not (whole and leaf in (FENCE, HTML))
        ):
            self._plain_item()
            return
        blank = c in b"\r\n"
        self.opened = self.paragraph = False
        if whole and leaf == PARAGRAPH:
            self.paragraph = not blank
        elif whole and leaf and self._goes_on(leaf, blank):
            return
        if blank:
            self._blank()
            return
        if not self._start(lazy=leaf == PARAGRAPH):
            self._add_text(whole)
        self.last = self.line

    def _plain_item(self) -> None:
        """Start a bullet item with text right after its marker: what most lines of a list of tasks are."""
        beside, at = self.list, self.first_nonspace
        self.close(self.matched)
        parent = self.stack[-1]
        parent.has_children = True
        item = ListItem(
            parent, self.first_nonspace_column - self.col + 2, self.text[at], self.line, at, at + 1, at + 2
        )
        self.open_item(beside, item)
        self.last_item = None
        self.begin_paragraph(at + 2, item)
        self.last = self.line

    def _match(self) -> int:
        """How many open containers the line goes on; sets where its rest starts."""
        text, stack = self.text, self.stack
        at, first_nonspace_column, col, place, size = self.begin, 0, 0, 1, len(stack)
        self.quoted = self.no_break_before = 0
        c = text[at]
        if c in b" \t":
            at, first_nonspace_column = skip_blanks(text, at, 0)
            c = text[at]
        # Every line runs through this: locals, since attributes would cost more than what is compared.
        while place < size:
            if c in b"\r\n":
                place = self._match_blank(place, first_nonspace_column - col)
                break
            width = stack[place].width
            if width:
                if first_nonspace_column - col < width:
                    break
                col += width
            else:
                if c != _QUOTE_MARK or first_nonspace_column - col > 3:
                    break
                self.quoted = place
                self.first_nonspace, self.first_nonspace_column = at, first_nonspace_column
                self._skip_quote_mark()
                at, first_nonspace_column, col = self.first_nonspace, self.first_nonspace_column, self.col
                c = text[at]
            place += 1
        self.first_nonspace, self.first_nonspace_column, self.col = at, first_nonspace_column, col
        return place

    def _match_blank(self, place: int, indent: int) -> int:
        """How many containers a line goes on whose rest is blank from `place` on: all up to the next quote.

        Only a list item that holds nothing so far, which is the innermost container then, asks for its
        indent.
        """
        nearest = bisect_left(self.quotes, place)
        if nearest < len(self.quotes):
            return self.quotes[nearest]
        stack = self.stack
        if stack[-1].has_children:
            return len(stack)
        for container in stack[place:-1]:
            indent = indent - container.width if indent >= container.width else 0
        return len(stack) if indent >= stack[-1].width else len(stack) - 1

    def _skip_quote_mark(self) -> None:
        """Pass the `>` at `first_nonspace` and one column of white space after it."""
        self.first_nonspace += 1
        self.first_nonspace_column += 1
        self.col = self.first_nonspace_column + (self.text[self.first_nonspace] in b" \t")
        self.first_nonspace, self.first_nonspace_column = skip_blanks(
            self.text, self.first_nonspace, self.first_nonspace_column
        )

    def _goes_on(self, leaf: int, blank: bool) -> bool:
        """Whether the line is one of the open code or HTML block; a row of a table may yet start a block."""
        if leaf == FENCE:
            self._fence_line()
        # Kinds 6 and 7 end before a blank line, the others where their end stands (GFM 4.6).
        elif leaf == HTML and not (blank and self.html > 5):
            self._html_line()
        elif leaf != INDENTED or not (blank or self.first_nonspace_column - self.col >= 4):
            if leaf != TABLE or blank or not leaves.is_row(self.text, self.first_nonspace):
                self.leaf = NO_LEAF
            return False
        if not blank:
            self.last = self.line
        elif self.quoted:
            self.stack[self.quoted].last = self.line
        return True

    def _blank(self) -> None:
        self.close(self.matched)
        self.last_item = self.list if self.list is not None and self.list.kind else None
        if self.quoted:
            self.stack[self.quoted].last = self.line

    def _start(self, *, lazy: bool) -> bool:
        """Start the blocks that the line starts; whether all of its text is dealt with then."""
        text = self.text
        while True:
            if self.first_nonspace_column - self.col >= 4:
                # Indented code cannot interrupt a paragraph, also as a lazy line (GFM 4.4).
                if lazy or text[self.first_nonspace] in b"\r\n":
                    return False
                self.open()
                self.leaf = INDENTED
                return True
            starter = _STARTERS.get(text[self.first_nonspace])
            if starter is None:
                return False
            step = starter(self)
            if step != _OPENED:
                return step == _DONE
            # What a new container holds continues no paragraph outside it: `a`, then `>     b` is code.
            lazy = False

    def _add_text(self, whole: bool) -> None:
        """Add the rest of the line to the open paragraph, also as a lazy line, or start one with it."""
        if not self.opened:
            if self.paragraph or (self.leaf == PARAGRAPH and not whole):
                self.lines.append(self.first_nonspace)
                # cmark-gfm keeps the blanks before a lazy line and drops those before any other line of a paragraph.
                if self.first_nonspace_column > self.col and not self.paragraph:
                    self.indented_lazy.add(self.first_nonspace)
                return
            if self.leaf == TABLE and whole:
                return
        if self.text[self.first_nonspace] not in b"\r\n":
            self.open_paragraph(self.first_nonspace)

    def _fence_line(self) -> None:
        if self.first_nonspace_column - self.col > 3:
            return
        found = leaves.match(leaves.CLOSE_FENCE, self.text, self.first_nonspace)
        # As long as the opening fence or longer, of the same character (GFM 4.5).
        if found is not None and found[1].startswith(self.fence):
            self.fences.append((self.leaf_line, self.line))
            self.leaf = NO_LEAF

    def _html_line(self) -> None:
        if leaves.html_ends(self.html, self.text, self.first_nonspace, self.next):
            self.leaf = NO_LEAF

    # What may start a block at `first_nonspace`: a method for each first character.

    def quote(self) -> int:
        # of `>>>` at once: nothing but further quotes can begin between them
        count = leaves.marks_end(self.text, self.first_nonspace) - self.first_nonspace
        self.open_quotes(count)
        self.first_nonspace += count - 1
        self.first_nonspace_column += count - 1
        self._skip_quote_mark()
        return _OPENED

    def atx(self) -> int:
        found = leaves.match(leaves.ATX, self.text, self.first_nonspace)
        if found is None:
            return _NOTHING
        self.open()
        text = leaves.without_closing_hashes(self.text_from(found.end()))
        self.add_heading(len(found[1]), self.line, ((found.end(), found.end() + len(text)),), None)
        return _DONE

    def code(self) -> int:
        found = leaves.match(leaves.OPEN_FENCE, self.text, self.first_nonspace)
        if found is None:
            return _NOTHING
        self.open()
        self.leaf, self.leaf_line = FENCE, self.line
        self.fence = found[1] or found[2]
        return _DONE

    def tag(self) -> int:
        kind = leaves.html_kind(self.text, self.first_nonspace, interrupts=self.paragraph)
        if not kind:
            return _NOTHING
        self.open()
        self.leaf = HTML
        self.html = kind
        # The end may stand on the first line: `<!-- a -->` (GFM 4.6).
        self._html_line()
        return _DONE

    def setext(self) -> int:
        """`===` or `---` below a paragraph makes it a heading, unless it was nothing but definitions."""
        if not self.paragraph or leaves.match(leaves.SETEXT, self.text, self.first_nonspace) is None:
            return _NOTHING
        # Below nothing but definitions, `===` is text: a new paragraph.
        if not self.underline(1 if self.text[self.first_nonspace] == ord("=") else 2):
            self.begin_paragraph(self.first_nonspace, self.opener)
        return _DONE

    def dash(self) -> int:
        # In this order: `---` below a paragraph underlines it (GFM 4.3), `- - -` is a thematic break and no item (4.1),
        # `- | -` an item and no row.
        return self.setext() or self.thematic_break() or self.bullet() or self.table()

    def star(self) -> int:
        return self.thematic_break() or self.bullet()

    def thematic_break(self) -> int:
        at = self.first_nonspace
        # `* * * * a` opens an item at each star: without this each of them would look at the rest of the line
        # again, which takes quadratic time.
        if self.no_break_before > at:
            return _NOTHING
        end = leaves.break_end(self.text, at)
        if self.text[end] not in b"\r\n" or self.text.count(self.text[at : at + 1], at, end) < 3:
            self.no_break_before = end
            return _NOTHING
        self.open()
        return _DONE

    def bullet(self) -> int:
        return self._item(1) if self.text[self.first_nonspace + 1] in b" \t\r\n" else _NOTHING

    def ordinal(self) -> int:
        found = leaves.match(leaves.ORDERED, self.text, self.first_nonspace)
        # By value: `01.` interrupts a paragraph as `1.` does, `2.` does not (GFM 5.2).
        if found is None or (self.paragraph and int(found[1]) != 1):
            return _NOTHING
        return self._item(found.end() - self.first_nonspace)

    def _item(self, length: int) -> int:
        """Start a list item whose marker has `length` bytes; one without text interrupts no paragraph."""
        text, at, indent, beside = (
            self.text,
            self.first_nonspace,
            self.first_nonspace_column - self.col,
            self.list,
        )
        after, column = at + length, self.first_nonspace_column + length
        content, first_nonspace_column = skip_blanks(text, after, column)
        gap = first_nonspace_column - column
        empty = text[content] in b"\r\n"
        if empty and self.paragraph:
            return _NOTHING
        # Without text the content starts one column after the marker, and so it does before indented code, which
        # begins five columns after it (GFM 5.2, rules 2 and 3).
        if empty or gap > 4:
            gap = min(gap, 1)
        item = ListItem(
            self.open(), indent + length + (gap or 1), text[after - 1], self.line, at, after, content
        )
        self.open_item(beside, item)
        self.first_nonspace, self.first_nonspace_column, self.col = (
            content,
            first_nonspace_column,
            column + gap,
        )
        return _OPENED

    def table(self) -> int:
        """A delimiter row below a line of as many cells makes that line a table's header."""
        if (
            not self.paragraph
            or self.table_tried
            or leaves.match(leaves.DELIMITER_ROW, self.text, self.first_nonspace) is None
        ):
            return _NOTHING
        header = self.lines[-1]
        # cmark-gfm keeps the blanks before a lazy line, and they are an empty cell before the `|`: below `> a` and
        # `  | b |` a table needs `> |-|-|`.
        indented_lazy = header in self.indented_lazy and self.text[header] == ord("|")
        if leaves.columns(self.text, header) + indented_lazy != leaves.columns(
            self.text, self.first_nonspace
        ):
            # cmark-gfm gives a paragraph one try: a row that would fit further down makes no table either.
            self.table_tried = True
            return _NOTHING
        if self.opener is not None:
            # The lines before the header stay a paragraph, as in cmark-gfm.
            self.opener.opening = self.lines[:-1] or None
        self.leaf = TABLE
        return _DONE


_STARTERS: dict[int, Callable[[_Scanner], int]] = {
    **dict.fromkeys(b"0123456789", _Scanner.ordinal),
    # \v and \f are white space within a delimiter row, and none before any other block.
    **dict.fromkeys(b"|:\v\f", _Scanner.table),
    **dict.fromkeys(b"`~", _Scanner.code),
    ord(">"): _Scanner.quote,
    ord("#"): _Scanner.atx,
    ord("<"): _Scanner.tag,
    ord("="): _Scanner.setext,
    ord("-"): _Scanner.dash,
    ord("*"): _Scanner.star,
    ord("_"): _Scanner.thematic_break,
    ord("+"): _Scanner.bullet,
}
#: What does not just start text: starts of blocks, and white space.
_SPECIAL = bytes(_STARTERS) + b" \t\r\n"
