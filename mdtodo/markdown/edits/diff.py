"""The diff of two versions of a file as edits: those that make the second of the first.

With them what one commit did can be done again to any other version of the file. The diff has only what edits can
say: boxes, keys that mdtodo writes, and list items that were added below a task.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import AddNote, AddSubtasks, SetKey, SetStatus
from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.errors import EditError, MdtodoError
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.edits.equal_tasks import are_told_apart
from mdtodo.markdown.edits.list_items import note_item
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.source import BOM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mdtodo.core.edits import Edit
    from mdtodo.core.task import Anchor
    from mdtodo.markdown.document import Document, Item
    from mdtodo.markdown.keys.read import Keys

#: What a box says that a run, or another one, may tick.
OPEN = frozenset({Status.TODO, Status.DOING})

#: The keys whose changes the diff has.
KEYS = ("failed", "done", "worker")


def diff(
    before: bytes,
    after: bytes,
    statuses: Mapping[str, Status] = STATUS_CHARS,
    *,
    file: str = "TODO.md",
) -> tuple[Edit, ...] | None:
    """The edits that turn `before` into `after`, byte for byte; None where no edits do, or where a task was added that
    is equal to another, so that nobody can tell which of them is the new one.

    A status that a run writes is expected to find the box open, any other one to find it as `before` has it.
    """
    if before == after:
        return ()
    try:
        edits = _Diff(
            parse(before, statuses, file=file), parse(after, statuses, file=file), statuses, file
        ).edits()
        # What the edits do not make byte for byte is more than edits can say.
        if edits is None or apply(before, edits, statuses, file=file).data != after:
            return None
    except MdtodoError:
        return None
    return tuple(edits)


@dataclass(slots=True)
class _Diff:
    """Two versions of a file. `origin`: for each task of the second its place in the first, None if it is new."""

    before: Document
    after: Document
    statuses: Mapping[str, Status]
    file: str
    old_keys: list[Keys] = field(init=False)
    new_keys: list[Keys] = field(init=False)
    old_anchors: tuple[Anchor, ...] = field(init=False)
    new_anchors: tuple[Anchor, ...] = field(init=False)
    origin: list[int | None] = field(init=False)

    def __post_init__(self) -> None:
        self.old_keys = [read_keys(item.text) for item in self.before.items]
        self.new_keys = [read_keys(item.text) for item in self.after.items]
        self.old_anchors = anchors(self.before, self.file, self.old_keys)
        self.new_anchors = anchors(self.after, self.file, self.new_keys)

    def edits(self) -> list[Edit] | None:
        if not self._align():
            return None
        changed = [edit for index in range(len(self.origin)) for edit in self._changes(index)]
        return [*self._additions(changed), *changed]

    def _align(self) -> bool:
        """Whether the tasks of the first version are all in the second, in the same order and places."""
        self.origin = []
        at = 0
        for item, keys in zip(self.after.items, self.new_keys, strict=True):
            parent = None if item.parent is None else self.origin[item.parent]
            stands_in_new = item.parent is not None and parent is None
            old = self.before.items[at] if at < len(self.before.items) else None
            # Greedy: of two tasks alike the first is the old one, whichever was added; `are_told_apart` says if it is.
            same = (
                old is not None
                and not stands_in_new
                and old.parent == parent
                and self.old_keys[at].title == keys.title
            )
            self.origin.append(at if same else None)
            at += same
        pairs = {new: old for new, old in enumerate(self.origin) if old is not None}
        return at == len(self.before.items) and are_told_apart(self.before, self.after, pairs, self.file)

    def _changes(self, index: int) -> Iterator[Edit]:
        """Box and keys of one task."""
        origin, item = self.origin[index], self.after.items[index]
        if origin is None:
            if item.status is not Status.TODO:
                yield SetStatus(self.new_anchors[index], item.status)
            return
        old, anchor = self.before.items[origin], self.old_anchors[origin]
        if old.status is not item.status:
            yield SetStatus(anchor, item.status, OPEN if old.status in OPEN else frozenset({old.status}))
        for name in KEYS:
            was, now = (getattr(keys, name) for keys in (self.old_keys[origin], self.new_keys[index]))
            if was != now:
                yield SetKey(anchor, name, str(now) if now else None)

    def _additions(self, changed: Sequence[Edit]) -> Iterator[Edit]:
        """The list items that are new, as those of the nearest task around them that is not."""
        known = {anchor.name for anchor in self.old_anchors}
        old = [edit for edit in changed if edit.anchor.name in known]
        data = apply(self.before.data, old, self.statuses, file=self.file).data
        for owner, lines in self._grouped(
            _new_lines(_LINE_END.split(data), _LINE_END.split(self.after.data))
        ):
            anchor = self.old_anchors[owner]
            top = min(line.column for line in lines)
            tasks = [line for line in lines if not line.plain]
            if tasks:
                yield AddSubtasks(anchor, tuple(" " * (line.column - top) + line.text for line in tasks))
            for line in lines:
                if line.plain:
                    yield _note(anchor, line.text)

    def _grouped(self, numbers: Iterable[int]) -> Iterator[tuple[int, list[_Line]]]:
        """By the place of the task in the first version, what stands below it in those lines of the second."""
        found: dict[int, list[_Line]] = {}
        items = {item.line: item for item in self.after.items}
        starts = _starts(self.after.data)
        for number in numbers:
            item = items.get(number)
            around = item.parent if item else self._innermost(starts[number - 1], number)
            line = _line(self.after.data, starts[number - 1], item)
            if around is None or line is None:
                continue
            owner, plain = self.origin[around], item is None
            while owner is None:
                around, plain = self.after.items[around].parent, False
                if around is None:
                    break
                owner = self.origin[around]
            if owner is not None:
                found.setdefault(owner, []).append(line._replace(plain=plain))
        return iter(found.items())

    def _innermost(self, at: int, number: int) -> int | None:
        """The task that the line belongs to which starts at that offset."""
        place = bisect_left(self.after.items, number, key=lambda item: item.line) - 1
        index: int | None = place if place >= 0 else None
        while index is not None and self.after.items[index].end <= at:
            index = self.after.items[index].parent
        return index


class _Line(NamedTuple):
    """A list item as `AddSubtasks` wants it: the column it starts at, and its text with marker and open box."""

    column: int
    text: str
    plain: bool


_LINE_END = re.compile(rb"\r\n|\n|\r")
_ITEM = re.compile(rb"([ \t>]*)((?:[-+*]|[0-9]{1,9}[.)])[ \t].*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")


def _new_lines(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[int]:
    """The numbers, from 1, of the lines that were put between the others, if that is all that was done."""
    at = 0
    for number, line in enumerate(after, 1):
        if at < len(before) and before[at] == line:
            at += 1
        # Blank lines are no items; where they go, the edits decide.
        elif line.strip(b" \t>"):
            yield number


def _starts(data: bytes) -> list[int]:
    return [0, *(end.end() for end in _LINE_END.finditer(data))]


def _line(data: bytes, start: int, item: Item | None) -> _Line | None:
    """The list item that starts there; None where no single line makes one."""
    end = _LINE_END.search(data, start)
    line = data[start : end.start() if end else len(data)]
    if item is not None:
        box = item.box - start
        line = line[:box] + b" " + line[box + len(item.char.encode()) :]
    found = _ITEM.fullmatch(line.removeprefix(BOM))
    if found is None:
        return None
    column = len(found[1].replace(b">", b" ").expandtabs(4))
    return _Line(column, found[2].decode(), plain=item is None)


def _note(anchor: Anchor, line: str) -> Edit:
    """A bullet of plain text as the note that it shows, or, where no note is written so, as it stands."""
    text = line.split(None, 1)[1]
    plain = _ESCAPED.sub(r"\1", text)
    try:
        if note_item(plain).text == text:
            return AddNote(anchor, plain)
    except EditError:
        pass
    return AddSubtasks(anchor, (line,))
