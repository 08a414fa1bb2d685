"""New list items below a task: what may be added, in which style, and how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import Status
from mdtodo.errors import EditError
from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.markdown.document import Document, Item

LONGEST_NOTE = 1000
"""Characters of a note that are kept."""


@dataclass(slots=True)
class NewItem:
    """A list item to be written: a task if `status` is given, else a bullet of plain text.

    One with a `delimiter` is numbered.
    """

    text: str
    status: Status | None = None
    char: str = " "
    delimiter: str = ""
    children: list[NewItem] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The title by which a task is known among its siblings."""
        return read_keys(self.text).title


class ListStyle(NamedTuple):
    """How the items of a list are written: prefix of the line, bullet, and the blanks after it.

    `number` is that of the next item, where the list is ordered by `delimiter`, and `step` is 0 in a list
    that gives all its items the same number.
    """

    prefix: bytes
    bullet: str
    blanks: str = " "
    delimiter: str = ""
    number: int = 1
    step: int = 1


def read_lines(lines: Sequence[str], statuses: Mapping[str, Status]) -> list[NewItem]:
    """The list items that these markdown lines are, nested by their indentation.

    Raises EditError for a line that is no list item, a box that is not open (nothing has proven it), and text
    that would be more than one paragraph of plain text.
    """
    top: list[NewItem] = []
    path: list[tuple[int, NewItem]] = []
    for line in lines:
        found = None if _CONTROL.search(line) else _LINE.fullmatch(line)
        if found is None:
            raise EditError(f"not a single line of a Markdown list: {_quoted(line)}")
        item = _new_item(found[3], statuses, line)
        item.delimiter = found[2][-1] if len(found[2]) > 1 else ""
        while path and path[-1][0] >= len(found[1]):
            path.pop()
        (path[-1][1].children if path else top).append(item)
        path.append((len(found[1]), item))
    return top


def note_item(text: str) -> NewItem:
    """A bullet that shows this text as it is: one line, none of it markup. EditError if nothing is left."""
    # Half of a surrogate pair, as from `os.fsdecode`, cannot be written: it becomes `?`.
    words = " ".join(_CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).split())
    if len(words) > LONGEST_NOTE:
        words = words[: LONGEST_NOTE - 1].rstrip() + "…"
    if not words:
        raise EditError("the note is empty")
    # In this order: _ACTIVE would escape the backslash that _FIRST puts in.
    return NewItem(_FIRST.sub(r"\1\\", _ACTIVE.sub(r"\\\g<0>", words), count=1))


def render(items: Sequence[NewItem], style: ListStyle, *, boxed: bool = False) -> Iterator[bytes]:
    """The line of each item, and of those below it, in order and without line ends.

    `boxed` makes tasks of the plain bullets too: a parse of that shows whether they would be bullets at all.
    """
    number, ordered = style.number, bool(style.delimiter)
    for item in items:
        delimiter = style.delimiter or item.delimiter
        # Bullets and numbers are different lists (GFM 5.4): the numbers start again.
        if bool(delimiter) != ordered:
            ordered, number = bool(delimiter), 1
        marker = f"{number}{delimiter}" if ordered else style.bullet
        if len(marker) > _LONGEST_MARKER:
            raise EditError("the numbers of this ordered list leave no room for one more")
        number += style.step
        box = f"[{item.char}] " if boxed or item.status is not None else ""
        yield style.prefix + f"{marker}{style.blanks}{box}{item.text}".encode()
        if item.children:
            indent = style.prefix + b" " * len(marker) + style.blanks.encode()
            yield from render(item.children, ListStyle(indent, style.bullet), boxed=boxed)


def style_below(document: Document, item: Item, children: Sequence[Item], bullet: str) -> ListStyle | None:
    """That of the task's last child, for a child after it; None if there is none, or it is further down."""
    like = style_beside(document, children, bullet) if children else None
    if like is None:
        return None
    line = line_start(document.data, children[-1].box)
    return like if any(start == line for start, _ in bullets_below(document.data, item)) else None


def bullets_below(data: bytes, item: Item) -> Iterator[tuple[int, str]]:
    """Where the lines of the list items start that stand right below the task, and what they say, boxes too.

    By indentation alone: a line in a block of code may be among them.
    """
    inner = len(item.indent.expandtabs(4))
    around: list[int] = []
    at = item.pieces[-1].end
    for line in LINE_END.split(data[at : item.end]):
        if bullet := _BULLET.fullmatch(line):
            column = len(bullet[1].expandtabs(4))
            while around and column < around[-1]:
                around.pop()
            # Four columns further in it is indented code (GFM 4.4).
            if not around and inner <= column <= inner + 3:
                yield at, bullet[3].decode()
            if column >= inner:
                around.append(column + len(bullet[2].expandtabs(4)))
        at += len(line)
        at += 2 if data.startswith(b"\r\n", at) else 1


def prefix_of_last_bullet(data: bytes, item: Item) -> bytes:
    """What stands before the last of these list items, which takes in what is indented further; the task's own indent
    where there is none."""
    starts = [start for start, _ in bullets_below(data, item)]
    found = _PREFIX.match(data, starts[-1]) if starts else None
    return found[0] if found else item.indent


def line_start(data: bytes, at: int) -> int:
    """Where the line starts in which the offset `at` is."""
    return max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at)) + 1


def style_beside(document: Document, siblings: Sequence[Item], bullet: str) -> ListStyle | None:
    """How the next item after the last of `siblings` is to be written; None if that is no model."""
    data, item = document.data, siblings[-1]
    head = _HEAD.fullmatch(data, line_start(data, item.box), item.box)
    if head is None or head[2].decode() != item.marker:
        return None
    blanks = head[3].decode()
    if not item.ordered:
        return ListStyle(head[1], item.marker, blanks)
    before = [other.marker for other in siblings[-2:-1] if other.list_index == item.list_index]
    last = int(item.marker[:-1])
    # A list may number all its items `1.`: rendered, they count up (GFM 5.4).
    step = 0 if before and int(before[0][:-1]) == last else 1
    return ListStyle(head[1], bullet, blanks, item.marker[-1], last + step, step)


def box_text(text: str) -> tuple[str, str] | None:
    """The character in the box and what stands after it, where a text starts with one."""
    found = _BOX.fullmatch(text)
    return (found[1], found[2]) if found else None


_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LINE = re.compile(r"( *)([-+*]|[0-9]{1,9}[.)])[ \t]+(\S|\S.*\S)[ \t]*")
_BOX = re.compile(r"\[(.)\][ \t]+(\S.*)")
# Five blanks after a marker would be one, and indented code (GFM 5.2, rule 2).
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?([ \t>]*)([-+*]|[0-9]{1,9}[.)])([ ]{1,4}|\t)\[")
#: What ends a line.
LINE_END = re.compile(rb"\r\n|\n|\r")
_PREFIX = re.compile(rb"[ \t>]*")
_BULLET = re.compile(rb"([ \t>]*)((?:[-+*]|[0-9]{1,9}[.)])[ \t]{1,4})[ \t]*(.*[^ \t])[ \t]*", re.DOTALL)
# Nine digits and the delimiter (GFM 5.2).
_LONGEST_MARKER = 10
# What begins a block other than a paragraph, or a link reference definition.
_BLOCK = re.compile(
    r"[-+*](?:\s|$)|[0-9]{1,9}[.)](?:\s|$)|([-*_])(?:[ \t]*\1){2,}[ \t]*$|>|#{1,6}(?:\s|$)"
    r"|```|~~~|<[A-Za-z/!?]|\["
)
# What is markup inside of a line.
_ACTIVE = re.compile(
    r"[\\`\[]|\*(?=\S)|(?<=\S)\*|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)|<(?=[A-Za-z/!?])|~(?=~)|(?<=~)~|&(?=#?\w+;)"
)
_FIRST = re.compile(r"^(?:([0-9]{1,9})(?=[.)](?:\s|$))|(?=[-+*_>#=]))")


def _new_item(text: str, statuses: Mapping[str, Status], line: str) -> NewItem:
    box = box_text(text)
    if box is None or box[0] not in statuses:
        if _BLOCK.match(text):
            raise EditError(f"neither a task nor a bullet of plain text: {_quoted(line)}")
        return NewItem(text)
    status = statuses[box[0]]
    if status is not Status.TODO:
        raise EditError(f"a new task must be open, since nothing has proven it: {_quoted(line)}")
    return NewItem(box[1], status, box[0])


def _quoted(line: str) -> str:
    return repr(line if len(line) <= 60 else line[:60] + "…")
