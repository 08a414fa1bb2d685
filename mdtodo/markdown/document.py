"""bytes -> Document: the tasks of a markdown file with their exact places.

The line scanner in `blocks` decides what is a list item, since it does what GitHub Flavored Markdown says. No place
outlives the bytes it was read from. What is found are named tuples: frozen dataclasses take five times as long, to
define and to make.
"""

from __future__ import annotations

import gc
import re
import sys
from typing import TYPE_CHECKING

from mdtodo.core.task import STATUS_CHARS, Span, Status
from mdtodo.markdown.blocks.containers import ListItem, blank_markers, content_start
from mdtodo.markdown.blocks.scanner import scan
from mdtodo.markdown.source import (
    check_encoding,
    conflict_lines,
    dominant_newline,
    normalize_newlines,
    skip_front_matter,
)
from mdtodo.markdown.unknown_boxes import Candidate, UnknownBox, unknown_boxes
from mdtodo.system.collector import resume_collector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NamedTuple
else:
    from mdtodo.core.light.named_tuples import NamedTuple

_CR = 13
_BULLETS = {ord(bullet): bullet for bullet in "-*+"}
# One character of UTF-8, of any length, and white space (GFM 5.3); a box that ends its line is empty.
_BOX = re.compile(rb"\[([^\x80-\xff\r\n]|[\xc0-\xff][\x80-\xbf]+)\](?:[ \t]++|(?=\r?\n))")
_BRACKET = 91
_LARGE = 100_000


class Heading(NamedTuple):
    """A heading that is no task. `item` is the index of the task that it stands in, and holds in alone."""

    line: int
    level: int
    text: str
    item: int | None


class Item(NamedTuple):
    r"""One task. All offsets are bytes of the data that was parsed; lines start at 1.

    `line` and `box` are the place of the status character `char`, which stands between "[" and "]". `text` is
    the first paragraph after the box and its white space, without the containers' prefixes; its lines, joined
    by "\n", are the bytes of `pieces`, one span a line, trailing blanks included, line ends not.

    `parent` is the index of the nearest task around it, `depth` the number of all of them. `list_index` tells
    lists apart. `headings` are indices of the headings that it stands under, outermost first; one inside a
    list item or a quote holds in there alone. `marker` is the list marker as written. `indent` is what a line
    of the item's own content must start with. `end` is the offset after the item's last line that is not
    blank, line end included. `body` are the lines after the first paragraph, up to the first subtask,
    prefixes removed.
    """

    index: int  # type: ignore[assignment]  # instead of tuple.index
    line: int
    box: int
    char: str
    status: Status
    text: str
    pieces: tuple[Span, ...]
    parent: int | None
    ordered: bool
    list_index: int
    headings: tuple[int, ...]
    depth: int
    indent: bytes
    marker: str
    end: int
    body: tuple[Span, ...]
    notes: tuple[Span, ...] = ()


class Document(NamedTuple):
    r"""A markdown file as read: `items` and `headings` in the order of the file.

    `newline` is the line end that most lines have ("\n" where there are none). `empty_boxes` are the lines
    of list items that are a box and nothing else, `conflicts` those of the markers that git left in the file.
    `unknown_boxes` are the list items that people mean as tasks and that are none.
    """

    data: bytes
    items: Sequence[Item]
    headings: tuple[Heading, ...]
    newline: bytes
    empty_boxes: tuple[int, ...]
    conflicts: tuple[int, ...]
    unknown_boxes: tuple[UnknownBox, ...] = ()


def parse(data: bytes, statuses: Mapping[str, Status] = STATUS_CHARS, *, file: str = "TODO.md") -> Document:
    """Read `data`; `statuses` says what each status character means, `file` is for the words of an error.

    Raises InputError with the line for what is not UTF-8 text. Takes time in proportion to the size, whatever
    the nesting.
    """
    check_encoding(data, file)
    with PausedCollector(data):
        return Reader(data, statuses).document()


class PausedCollector:
    """Work on many bytes, of which hundreds of thousands of objects stay: to collect meanwhile finds nothing."""

    # no generator, whose end would collect at once
    def __init__(self, data: bytes) -> None:
        self._pauses = len(data) > _LARGE and gc.isenabled()

    def __enter__(self) -> None:
        if self._pauses:
            gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._pauses:
            resume_collector()


class Reader:
    """Turns the blocks of one file into its Document. `start`: the offset and the number of the line to begin with, if
    that is not the first one."""

    def __init__(
        self, data: bytes, statuses: Mapping[str, Status], start: tuple[int, int] | None = None
    ) -> None:
        self.data = data
        self.chars = {char.encode(): (char, status) for char, status in statuses.items()}
        self.text = normalize_newlines(data)
        self.blocks = scan(self.text, *(start or skip_front_matter(self.text)))
        self.first, self.starts = self.blocks.first, self.blocks.starts
        self.tasks: list[ListItem] = []
        self.items: list[Item] = []
        self.empty: list[int] = []
        self.candidates: list[Candidate] = []
        self.indents: dict[bytes, bytes] = {}

    def document(self) -> Document:
        """What was found."""
        self._read_items()
        self._read_bodies()
        headings = self._read_headings()
        unknown = self._read_unknown_boxes()
        return Document(
            data=self.data,
            items=tuple(self.items),
            headings=headings,
            newline=dominant_newline(self.data),
            empty_boxes=tuple(self.empty),
            conflicts=conflict_lines(self.text, self.blocks.fences),
            unknown_boxes=unknown,
        )

    def _read_items(self) -> None:
        """Tell tasks and empty boxes from other list items."""
        text, chars, box_at = self.text, self.chars, _BOX.match
        for item in self.blocks.items:
            parent = item.task = None if item.parent_item is None else item.parent_item.task
            if item.opening is None:
                continue
            box = box_at(text, item.opening[0])
            if box is None or box[1] not in chars:
                if text[item.opening[0]] == _BRACKET:
                    self.candidates.append(Candidate(item, len(self.tasks), parent))
                continue
            after = box.end()
            # Most texts begin with ASCII; only others are decoded, since a blank of Unicode is no text either.
            if 32 < text[after] < 127 or text[after : self._line_end(item.opening_line)].decode().strip():
                item.task = len(self.tasks)
                self.tasks.append(item)
                self.items.append(self._item(item, item.opening, chars[box[1]], after, parent))
            elif len(item.opening) > 1:
                self.candidates.append(Candidate(item, len(self.tasks), parent))
            else:
                self.empty.append(item.opening_line)

    def _read_unknown_boxes(self) -> tuple[UnknownBox, ...]:
        """What is meant as a task and is none; those of them without text are empty boxes."""
        if not self.candidates:
            return ()
        lists = {item.list_index for item in self.items}
        chars = [char for char, _ in self.chars.values()]
        found, empty = unknown_boxes(self.candidates, self.text, chars, lists, self.blocks.definitions)
        self.empty = sorted(self.empty + empty)
        return tuple(found)

    def _line_end(self, line: int) -> int:
        end = self.starts[line - self.first + 1] - 1
        return end - 1 if self.text[end - 1] == _CR else end

    def _item(
        self, item: ListItem, opening: list[int], box: tuple[str, Status], after: int, parent: int | None
    ) -> Item:
        data, line = self.data, item.opening_line
        end = self._line_end(line)
        text = data[after:end].decode()
        pieces: tuple[Span, ...] = (Span(after, end),)
        if len(opening) > 1:
            more = [Span(start, self._line_end(line + 1 + place)) for place, start in enumerate(opening[1:])]
            text = "\n".join([text, *[data[piece.start : piece.end].decode() for piece in more]])
            pieces += tuple(more)
        # By position, in the order of the fields: names take three times as long, for each task of a file.
        return Item._make(
            (
                len(self.items),
                line,
                opening[0] + 1,
                *box,
                text,
                pieces,
                parent,
                item.kind in b".)",
                item.number,
                item.headings_above,
                0 if parent is None else self.items[parent].depth + 1,
                self._indent(item),
                _BULLETS.get(item.kind) or data[item.at : item.after].decode(),
                # `normalize_newlines` may have ended the last line.
                min(self.starts[item.last - self.first + 1], len(data)),
                (),
                (),
            )
        )

    def _read_bodies(self) -> None:
        """Add the lines between each task's first paragraph and its first subtask, which is the next task."""
        starts = [item.line for item in self.tasks] + [sys.maxsize]
        for index, item in enumerate(self.tasks):
            task, until = self.items[index], starts[index + 1]
            line = task.line + len(task.pieces) + item.underlined
            if line <= item.last and line < until:
                self.items[index] = task._replace(body=self._body(item, line, until))
        self._read_notes()

    def _read_notes(self) -> None:
        """Add the lines between and after the subtasks of each task. A blank line before them stays, as it parts them
        from what is above."""
        ends: dict[int, int] = {}
        between: dict[int, list[tuple[int, int]]] = {}
        for item, task in zip(self.tasks, self.items, strict=True):
            if (parent := task.parent) is not None:
                if ends.get(parent, item.line) + 1 < item.line:
                    between.setdefault(parent, []).append((ends[parent] + 1, item.line))
                ends[parent] = item.last
        for parent, end in ends.items():
            if end < (last := self.tasks[parent].last):
                between.setdefault(parent, []).append((end + 1, last + 1))
        for index, parts in between.items():
            found: list[Span] = []
            for line, until in parts:
                if lines := self._body(self.tasks[index], line, until):
                    parted = not self.text[self.starts[line - self.first] : self._line_end(line)].strip(
                        b" \t>"
                    )
                    found += [*([Span(lines[0].start, lines[0].start)] if parted else []), *lines]
            self.items[index] = self.items[index]._replace(notes=tuple(found))

    def _read_headings(self) -> tuple[Heading, ...]:
        """The headings but those that are tasks themselves, which no task stands under."""
        tasks = {id(item) for item in self.tasks if item.underlined}
        headings: list[Heading] = []
        numbers: dict[int, int] = {}
        for number, mark in enumerate(self.blocks.headings):
            if tasks and id(mark.opens) in tasks:
                continue
            numbers[number] = len(headings)
            text = "\n".join([self.data[start:end].decode() for start, end in mark.spans])
            parent = mark.container if isinstance(mark.container, ListItem) else mark.container.parent_item
            headings.append(Heading(mark.line, mark.level, text, None if parent is None else parent.task))
        if tasks:
            for index, item in enumerate(self.items):
                above = tuple([numbers[number] for number in item.headings if number in numbers])
                self.items[index] = item._replace(headings=above)
        return tuple(headings)

    def _indent(self, item: ListItem) -> bytes:
        text, start = self.text, self.starts[item.line - self.first]
        prefix = text[start : item.content]
        if text[item.content] in b"\r\n":
            prefix = text[start : item.after] + b" "
        # The items of a file share a few prefixes.
        known = self.indents.get(prefix)
        if known is None:
            known = self.indents[prefix] = blank_markers(prefix)
        return known

    def _body(self, item: ListItem, line: int, until: int) -> tuple[Span, ...]:
        """The lines from `line` to before `until` as far as they are the item's, without blank ones at the
        ends.
        """
        path = item.path()
        spans = []
        for number in range(line, min(until, item.last + 1)):
            end = self._line_end(number)
            start = content_start(self.text, self.starts[number - self.first], path)
            spans.append(Span(min(start, end), end))
        while spans and not self.text[spans[-1].start : spans[-1].end].strip():
            spans.pop()
        leading = next(
            (place for place, span in enumerate(spans) if self.text[span.start : span.end].strip()), 0
        )
        return tuple(spans[leading:])
