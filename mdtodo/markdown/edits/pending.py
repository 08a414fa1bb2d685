"""A document with edits that are not written yet: the bytes that come of it, and what a parse of those must find."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import AddNote, AddSubtasks, ChangeLine, SetKey, SetStatus
from mdtodo.core.task import WRITTEN_CHARS, Status
from mdtodo.markdown.edits.list_items import (
    ListStyle,
    NewItem,
    bullets_below,
    note_item,
    prefix_of_last_bullet,
    read_lines,
    style_below,
)
from mdtodo.markdown.edits.original import Original, agrees
from mdtodo.markdown.edits.paragraph import Paragraph, after_paragraph, line_end
from mdtodo.markdown.edits.placement import PLACEMENTS, Insertion, Placement
from mdtodo.markdown.keys.write import SEVERAL_FORMS, key_splices
from mdtodo.markdown.keys.write_words import tag_splices, title_splices
from mdtodo.markdown.reparse import Part, reparse_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mdtodo.core.edits import Edit
    from mdtodo.markdown.document import Document, Item
    from mdtodo.markdown.reparse import Reparsed


class Unexpected(Exception):  # noqa: N818
    """The task is not in the state that the edit expects; the message says so in part of a sentence."""


class PendingEdits:
    """What is to become of an original: each edit that is added changes what the next one finds."""

    def __init__(self, original: Original) -> None:
        self.original = original
        self.document = original.document
        self._statuses: dict[int, Status] = {}
        self._paragraphs: dict[int, Paragraph] = {}
        self._additions: dict[int, _Additions] = {}
        self._insertions: list[Insertion] = []

    def add(self, edit: Edit, index: int, placement: Placement = PLACEMENTS[0]) -> bool:
        """Make the edit on the task of that index; False if it says already what the edit wants.

        Raises EditError for an edit that cannot be made anywhere, and Unexpected for a box that shows
        something else than the edit expects.
        """
        if isinstance(edit, SetStatus):
            return self._set_status(edit, index)
        if isinstance(edit, SetKey):
            return self._set_key(edit, index)
        if isinstance(edit, ChangeLine):
            return self._change_line(edit, index)
        if isinstance(edit, AddSubtasks):
            items = read_lines(edit.lines, self.original.statuses)
            if edit.first and (there := self.original.children[index]):
                titles = [self.original.keys(child.index).title for child in there]
                if sorted(titles) != sorted(item.title for item in items if item.status is not None):
                    raise Unexpected("it already has subtasks")
                return False
            return self._add_subtasks(index, items, placement)
        assert isinstance(edit, AddNote)
        return self._add_note(index, note_item(edit.text), placement)

    def insert(self, insertion: Insertion) -> None:
        """Put list items where they belong to no task that is there."""
        self._insertions.append(insertion)

    @cached_property
    def data(self) -> bytes:
        """The bytes: those of the original with the edits made. No more edits can be added after that."""
        return self._data(boxed=False)

    @cached_property
    def after(self) -> Document:
        """What is read in those bytes."""
        return self._after.document

    @cached_property
    def _after(self) -> Reparsed:
        return self._parsed(self.data)

    def is_intended(self) -> bool:
        """Whether a parse of the bytes finds exactly the intended tasks.

        So that a bullet of plain text is one as well, and not part of a block of code, they are looked at a
        second time with boxes in all the new bullets.
        """
        if not self._is_found(self._after, boxed=False):
            return False
        if not any(insertion.has_bullets for insertion in self._all_insertions):
            return True
        return self._is_found(self._parsed(self._data(boxed=True)), boxed=True)

    def agrees_with_mistune(self) -> bool:
        """Whether mistune would find the same tasks in the new bytes, if it does in the old ones."""
        # Ticks and keys move no list item. And mistune takes five times as long as our own parse.
        if not self._all_insertions or not self.original.agreed:
            return True
        return agrees(self.after, self.original.statuses)

    def _parsed(self, data: bytes) -> Reparsed:
        return reparse_part(self.document, data, self.original.statuses)

    def _data(self, *, boxed: bool) -> bytes:
        data = self.document.data
        changes = [*self._changed_bytes(), *self._inserted_bytes(boxed=boxed)]
        pieces: list[bytes] = []
        at = 0
        for start, end, new in sorted(changes, key=lambda change: change[:2]):
            pieces += data[at:start], new
            at = end
        return b"".join([*pieces, data[at:]])

    def _is_found(self, found: Reparsed, *, boxed: bool) -> bool:
        """Outside of the part that was read anew all is as it was, since the bytes are."""
        items = found.document.items
        part = found.part or Part(0, len(self.document.items), len(items))
        expected = self._expected(part, boxed=boxed)
        here = items[part.begin : part.new_end]
        return (
            len(here) == len(expected)
            and all(map(_ExpectedTask.is_like, expected, here))
            and self._same_structure(found.document, here, expected)
        )

    # What the edits do

    def _set_status(self, edit: SetStatus, index: int) -> bool:
        status = self._statuses.get(index, self.document.items[index].status)
        if status is edit.status:
            return False
        if status not in edit.expects:
            raise Unexpected(f"it is marked {status.value}")
        self._statuses[index] = edit.status
        return True

    def _set_key(self, edit: SetKey, index: int) -> bool:
        paragraph = self._paragraphs.get(index)
        keys = None if paragraph else self.original.keys(index)
        paragraph = paragraph or Paragraph(self.document.items[index])
        several = edit.value is not None and edit.key in SEVERAL_FORMS
        dialect = self.original.dialect if several else None
        splices = key_splices(paragraph.text, edit.key, edit.value, dialect, keys)
        if not splices:
            return False
        paragraph.splice(splices)
        self._paragraphs[index] = paragraph
        return True

    def _change_line(self, edit: ChangeLine, index: int) -> bool:
        known = self._paragraphs.get(index)
        paragraph = known.copy() if known else Paragraph(self.document.items[index])
        before = paragraph.text
        if edit.title is not None:
            paragraph.splice(title_splices(paragraph.text, edit.title))
        for key, value in edit.keys:
            dialect = self.original.dialect if value is not None and key in SEVERAL_FORMS else None
            paragraph.splice(key_splices(paragraph.text, key, value, dialect))
        for tag, there in edit.tags:
            paragraph.splice(tag_splices(paragraph.text, tag, there=there))
        if paragraph.text == before:
            return False
        self._paragraphs[index] = paragraph
        return True

    def _add_note(self, index: int, bullet: NewItem, placement: Placement) -> bool:
        additions = self._additions_of(index)
        if bullet.text in additions.bullets:
            return False
        additions.bullets.add(bullet.text)
        additions.notes.append(bullet)
        additions.placement = max(additions.placement, placement, key=PLACEMENTS.index)
        return True

    def _add_subtasks(self, index: int, items: Sequence[NewItem], placement: Placement) -> bool:
        """Add those that are not among the children: of several alike, as many as there are more of."""
        additions = self._additions_of(index)
        there: dict[str, list[int | NewItem]] = {}
        for child in self.original.children[index]:
            there.setdefault(self.original.keys(child.index).title, []).append(child.index)
        for added in additions.items:
            if added.status is not None:
                there.setdefault(added.title, []).append(added)
        new = False
        for item in items:
            alike = there.get(item.title) if item.status is not None else None
            if alike:
                known = alike.pop(0)
                if isinstance(known, int):
                    new |= bool(item.children) and self._add_subtasks(known, item.children, placement)
                else:
                    missing = _not_there(item.children, known.children)
                    known.children += missing
                    new |= bool(missing)
            elif item.status is not None or item.text not in additions.bullets:
                additions.bullets.update([item.text] if item.status is None else ())
                additions.items.append(item)
                additions.placement = max(additions.placement, placement, key=PLACEMENTS.index)
                new = True
        return new

    def _additions_of(self, index: int) -> _Additions:
        additions = self._additions.get(index)
        if additions is None:
            item = self.document.items[index]
            additions = self._additions[index] = _Additions(
                {text for _, text in bullets_below(self.document.data, item)}
            )
        return additions

    # What comes of them

    def _changed_bytes(self) -> Iterator[tuple[int, int, bytes]]:
        for index, status in self._statuses.items():
            item = self.document.items[index]
            if status is not item.status:
                yield item.box, item.box + len(item.char.encode()), WRITTEN_CHARS[status].encode()
        for paragraph in self._paragraphs.values():
            yield from paragraph.changes(self.document.data)

    def _inserted_bytes(self, *, boxed: bool) -> Iterator[tuple[int, int, bytes]]:
        data = self.document.data
        for insertion in self._all_insertions:
            yield insertion.at, insertion.at, insertion.text(data, boxed=boxed)

    @cached_property
    def _all_insertions(self) -> list[Insertion]:
        """In the order of the new file: at one place, what belongs to the innermost task comes first."""
        made = [*self._insertions]
        for index, additions in self._additions.items():
            made += self._insertions_below(self.document.items[index], additions)
        return sorted(made, key=lambda insertion: (insertion.at, -insertion.depth))

    def _insertions_below(self, item: Item, additions: _Additions) -> Iterator[Insertion]:
        children = self.original.children[item.index]
        bullet = self.original.bullet if item.ordered else item.marker
        like_child = style_below(self.document, item, children, bullet)
        style = like_child or ListStyle(item.indent, bullet)
        newline = line_end(self.document.data, item.pieces[-1].end) or self.document.newline
        placement = additions.placement
        end = after_paragraph(self.document.data, item) if placement.place == "first" else item.end
        at = children[-1].end if like_child and placement.place == "below" else end
        both = bool(additions.items and additions.notes and at == end)
        if items := additions.items:
            space = placement.space and not both
            yield Insertion(at, item.index, item.depth, items, style, newline, gap=placement.gap, space=space)
        if notes := additions.notes:
            prefix = min(style.prefix, prefix_of_last_bullet(self.document.data, item), key=len)
            plain = ListStyle(prefix, style.bullet, style.blanks)
            gap = placement.gap and not both
            yield Insertion(
                end, item.index, item.depth, notes, plain, newline, gap=gap, space=placement.space
            )

    def _expected(self, part: Part, *, boxed: bool) -> list[_ExpectedTask]:
        """What a parse must find in this part, in order."""
        entries: list[_ExpectedTask] = []
        places: dict[int, int] = {}
        pending = list(reversed(self._all_insertions))
        for item in self.document.items[part.begin : part.end]:
            while pending and pending[-1].at <= item.box:
                _expect_new(pending.pop(), entries, places, part.begin, boxed=boxed)
            paragraph = self._paragraphs.get(item.index)
            places[item.index] = part.begin + len(entries)
            entries.append(
                _ExpectedTask(
                    self._statuses.get(item.index, item.status),
                    paragraph.text if paragraph else item.text,
                    None if item.parent is None else places[item.parent],
                    item,
                )
            )
        while pending:
            _expect_new(pending.pop(), entries, places, part.begin, boxed=boxed)
        return entries

    def _same_structure(
        self, document: Document, items: Sequence[Item], expected: Sequence[_ExpectedTask]
    ) -> bool:
        """Whether headings, lists, empty boxes and conflicts are what they were."""
        before = self.document
        lists: dict[int, int] = {}
        for item, entry in zip(items, expected, strict=True):
            was = entry.item
            if was is not None and lists.setdefault(was.list_index, item.list_index) != item.list_index:
                return False
        return (
            len(set(lists.values())) == len(lists)
            and [(h.level, h.text) for h in document.headings] == [(h.level, h.text) for h in before.headings]
            and len(document.empty_boxes) == len(before.empty_boxes)
            and len(document.conflicts) == len(before.conflicts)
        )


@dataclass(slots=True)
class _Additions:
    """What one task gets; `bullets` is the text of the bullets that it has, or gets."""

    bullets: set[str]
    items: list[NewItem] = field(default_factory=list)
    notes: list[NewItem] = field(default_factory=list)
    placement: Placement = PLACEMENTS[0]


class _ExpectedTask(NamedTuple):
    """A task to be found: `item` is the one that it was; None for a new one, `heading` right above it."""

    status: Status
    text: str
    parent: int | None
    item: Item | None
    heading: int | None = None

    def is_like(self, item: Item) -> bool:
        if item.status is not self.status or item.parent != self.parent:
            return False
        was = self.item
        if was is None:
            placed = self.heading is None or item.headings[-1:] == (self.heading,)
            return placed and item.text.strip() == self.text.strip()
        return (
            item.text == self.text
            and item.marker == was.marker
            and item.headings == was.headings
            and item.indent == was.indent
        )


def _not_there(items: Sequence[NewItem], there: Sequence[NewItem]) -> list[NewItem]:
    titles = {item.title for item in there}
    return [item for item in items if item.title not in titles]


def _expect_new(
    insertion: Insertion,
    entries: list[_ExpectedTask],
    places: Mapping[int, int],
    begin: int,
    *,
    boxed: bool,
) -> None:
    parent = None if insertion.parent is None else places.get(insertion.parent, -1)  # -1: nowhere, so refused
    pending = [(item, parent) for item in reversed(insertion.items)]
    while pending:
        item, above = pending.pop()
        if boxed or item.status is not None:
            entries.append(
                _ExpectedTask(item.status or Status.TODO, item.text, above, None, insertion.heading)
            )
            above = begin + len(entries) - 1
        pending += [(child, above) for child in reversed(item.children)]
