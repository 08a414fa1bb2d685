"""bytes -> Document: the tasks of a markdown file with their exact places; the only importer of mistune.

The line scanner in `blocks` decides what is a list item, since it does what GitHub Flavored Markdown says;
`second_opinion` asks mistune, which knows nothing of that scanner. No place outlives the bytes it was read from.
"""

from __future__ import annotations

import gc
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mdtodo.markdown.blocks import blank_markers, content_start, scan
from mdtodo.markdown.source import (
    BOM,
    conflict_lines,
    dominant_newline,
    readable,
    scannable,
    skip_front_matter,
)
from mdtodo.model import STATUS_CHARS, Span, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.markdown.blocks import Container

_CR = 13
_BOX = re.compile(rb"\[([^\x80-\xff\r\n]|[\xc0-\xff][\x80-\xbf]+)\](?:[ \t]++|(?=\r?\n))")
_LARGE = 100_000


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that is no task. `item` is the index of the task that it stands in, and holds in alone."""

    line: int
    level: int
    text: str
    item: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """One task. All offsets are bytes of the data that was parsed; lines start at 1.

    `line` and `box` are the place of the status character `char`, which stands between "[" and "]". `text` is the
    first paragraph after the box and its white space, without the containers' prefixes; its lines, joined by
    "\\n", are the bytes of `pieces`, one span a line, trailing blanks included, line ends not.

    `parent` is the index of the nearest task around it, `depth` the number of all of them. `list_index` tells
    lists apart. `headings` are indices of the headings that it stands under, outermost first; one inside a list
    item or a quote holds in there alone. `marker` is the list marker as written. `indent` is what a line of the
    item's own content must start with. `end` is the offset after the item's last line that is not blank, line end
    included. `body` are the lines after the first paragraph, up to the first subtask, prefixes removed.
    """

    index: int
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


@dataclass(frozen=True, slots=True)
class Document:
    """A markdown file as read: `items` and `headings` in the order of the file.

    `newline` is the line end that most lines have ("\\n" where there are none). `empty_boxes` are the lines of list
    items that are a box and nothing else, `conflicts` those of the markers that git left in the file.
    """

    data: bytes
    items: tuple[Item, ...]
    headings: tuple[Heading, ...]
    newline: bytes
    empty_boxes: tuple[int, ...]
    conflicts: tuple[int, ...]


def parse(data: bytes, statuses: Mapping[str, Status] = STATUS_CHARS, *, file: str = "TODO.md") -> Document:
    """Read `data`; `statuses` says what each status character means, `file` is for the words of an error.

    Raises InputError with the line for what is not UTF-8 text. Takes time in proportion to the size, whatever
    the nesting.
    """
    readable(data, file)
    pause = len(data) > _LARGE and gc.isenabled()
    if pause:  # hundreds of thousands of objects that all stay: collecting in between finds nothing
        gc.disable()
    try:
        return _Reader(data, statuses).document()
    finally:
        if pause:
            gc.enable()


class _Reader:
    """Turns the blocks of one file into its Document."""

    def __init__(self, data: bytes, statuses: Mapping[str, Status]) -> None:
        self.data = data
        self.chars = {char.encode(): (char, status) for char, status in statuses.items()}
        self.text = scannable(data)
        self.blocks = scan(self.text, *skip_front_matter(self.text))
        self.tasks: list[tuple[Container, int, tuple[str, Status], tuple[Span, ...], str]] = []
        self.subtask: list[int] = []  # the line of each task's first subtask, 0 without one
        self.empty: list[int] = []
        self.indents: dict[bytes, bytes] = {}

    def document(self) -> Document:
        for container in self.blocks.items:
            self._sort(container)
        headings, numbers = self._headings()
        return Document(
            data=self.data,
            items=self._items(numbers),
            headings=headings,
            newline=dominant_newline(self.data),
            empty_boxes=tuple(self.empty),
            conflicts=conflict_lines(self.text, self.blocks.fences),
        )

    def _sort(self, container: Container) -> None:
        """Note whether a list item is a task, an empty box, or neither."""
        around = container.parent.item if container.parent is not None else None
        above = container.task = around.task if around is not None else None
        if container.opening is None:
            return
        box = _BOX.match(self.text, container.opening[0])
        if box is None or box[1] not in self.chars:
            return
        end = self._line_end(container.opening_line)
        text = self.data[box.end() : end].decode()
        if not text.strip():
            self.empty.append(container.opening_line)
            return
        pieces = (Span(box.end(), end),)
        if len(container.opening) > 1:
            more = self._pieces(container.opening[1:], container.opening_line + 1)
            text = "\n".join([text, *[self.data[piece.start : piece.end].decode() for piece in more]])
            pieces += more
        container.task = len(self.tasks)
        self.tasks.append((container, box.start(1), self.chars[box[1]], pieces, text))
        self.subtask.append(0)
        if above is not None and not self.subtask[above]:
            self.subtask[above] = container.line

    def _pieces(self, opening: list[int], line: int) -> tuple[Span, ...]:
        """The spans of the lines of a paragraph, of which the first is `line`."""
        return tuple([Span(start, self._line_end(number)) for number, start in enumerate(opening, line)])

    def _line_end(self, line: int) -> int:
        end = self.blocks.starts[line - self.blocks.first + 1] - 1
        return end - 1 if self.text[end - 1] == _CR else end

    def _headings(self) -> tuple[tuple[Heading, ...], dict[int, int]]:
        """The headings that are no tasks, and their new numbers where the scanner's differ."""
        found: list[Heading] = []
        numbers: dict[int, int] = {}
        owners = {id(task[0]) for task in self.tasks}
        for number, mark in enumerate(self.blocks.headings):
            if mark.opens is not None and id(mark.opens) in owners:
                continue
            numbers[number] = len(found)
            item = mark.container.item
            text = "\n".join([self.data[start:end].decode() for start, end in mark.spans])
            found.append(Heading(mark.line, mark.level, text, item.task if item is not None else None))
        return tuple(found), numbers

    def _items(self, numbers: dict[int, int]) -> tuple[Item, ...]:
        items: list[Item] = []
        text, size = self.text, len(self.data)
        starts, first = self.blocks.starts, self.blocks.first
        for index, (container, box, (char, status), pieces, words) in enumerate(self.tasks):
            around = container.parent.item if container.parent is not None else None
            parent = around.task if around is not None else None
            line = container.opening_line
            items.append(
                Item(
                    index=index,
                    line=line,
                    box=box,
                    char=char,
                    status=status,
                    text=words,
                    pieces=pieces,
                    parent=parent,
                    ordered=container.kind in b".)",
                    list_index=container.number,
                    headings=tuple([numbers[mark] for mark in container.under if mark in numbers]),
                    depth=0 if parent is None else items[parent].depth + 1,
                    indent=self._indent(container),
                    marker=text[container.at : container.after].decode(),
                    end=min(starts[container.last - first + 1], size),
                    body=self._body(index, container),
                )
            )
        return tuple(items)

    def _indent(self, container: Container) -> bytes:
        starts, first = self.blocks.starts, self.blocks.first
        prefix = self.text[starts[container.line - first] : container.content]
        prefix = prefix.removeprefix(BOM)
        if container.opening_line != container.line:
            prefix = prefix[: len(prefix) - (container.content - container.after)] + b" "
        known = self.indents.get(prefix)
        if known is None:
            known = self.indents[prefix] = blank_markers(prefix)
        return known

    def _body(self, index: int, container: Container) -> tuple[Span, ...]:
        """The lines after the first paragraph and up to the first subtask, without blank ones at the ends."""
        after = container.opening_line + len(container.opening or ()) + container.underlined
        until = self.subtask[index] or container.last + 1
        if after >= until:
            return ()
        starts, first = self.blocks.starts, self.blocks.first
        path = container.path()
        spans = []
        for line in range(after, until):
            end = self._line_end(line)
            spans.append(Span(min(content_start(self.text, starts[line - first], path), end), end))
        while spans and not self.text[spans[-1].start : spans[-1].end].strip():
            spans.pop()
        while spans and not self.text[spans[0].start : spans[0].end].strip():
            del spans[0]
        return tuple(spans)


def second_opinion(
    data: bytes, statuses: Mapping[str, Status] = STATUS_CHARS
) -> tuple[tuple[int, str, int | None], ...] | None:
    """What mistune takes for tasks: (line, status character, line of the parent task or None), in order.

    None where it cannot say: nesting too deep for it. Only its block parser is used, since its tree has no places
    and its inline parser turns a box into a link where a definition fits. A mark before each box that could be a
    task's tells which ones open a list item's first paragraph.
    """
    text = scannable(data).replace(b"\r\n", b"\n")
    start, line = skip_front_matter(text)
    found = [box for box in _CANDIDATE.finditer(text, start) if _decoded(box[1]) in statuses]
    mark = next((chr(c) for c in range(0xE000, 0xF900) if chr(c).encode() not in text), None)
    if not found or mark is None:
        return None if found else ()
    parts, lines, at = [], [], start
    for number, box in enumerate(found):
        line += text.count(b"\n", at, box.start(1))
        lines.append(line)
        parts += [text[at : box.start(1) - 1], f"{mark}{number}{mark}".encode()]
        at = box.start(1) - 1
    tokens = _blocks_of_mistune(_decoded(b"".join([*parts, text[at:]])))
    nested = _marked(tokens, mark) if tokens is not None else None
    if nested is None:
        return None
    return tuple(
        [
            (lines[number], _decoded(found[number][1]), None if parent is None else lines[parent])
            for number, parent in sorted(nested.items())
        ]
    )


_CANDIDATE = re.compile(
    rb"^(?:[ \t]*+(?:>|(?:[-+*]|[0-9]{1,9}[.)])(?=[ \t])))*+[ \t]*+"
    rb"\[([^\x80-\xff\n]|[\xc0-\xff][\x80-\xbf]+)\][ \t]++(?!\n)",
    re.MULTILINE,
)
_Token = dict[str, Any]


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _blocks_of_mistune(source: str) -> list[_Token] | None:
    from mistune.block_parser import BlockParser

    parser = BlockParser(max_nested_level=_MISTUNE_DEPTH)
    state = parser.state_cls()
    state.process(source)
    try:
        parser.parse(state)
    except RecursionError:
        return None
    return state.tokens


def _marked(tokens: list[_Token], mark: str) -> dict[int, int | None] | None:
    """The numbers of the marks that open list items, each with that of the nearest one around it."""
    found: dict[int, int | None] = {}
    pending: list[tuple[list[_Token], int | None, int]] = [(tokens, None, 0)]
    while pending:
        siblings, parent, depth = pending.pop()
        if depth >= _MISTUNE_DEPTH:
            return None
        for token in siblings:
            inner = parent
            children = token.get("children", [])
            if token["type"] == "list_item" and children and children[0]["type"] in _OPENERS:
                opening = children[0].get("text", "").lstrip()
                _, number, words = opening.split(mark, 2) if opening.startswith(mark) else ("", "", "")
                if number and words[3:].lstrip(" \t").split("\n")[0].strip():
                    found[int(number)] = parent
                    inner = int(number)
            pending.append((children, inner, depth + (token["type"] in ("list", "block_quote"))))
    return found


_MISTUNE_DEPTH = 100
_OPENERS = ("paragraph", "block_text", "heading")
