"""What must hold of any text that is edited or merged: nothing but what was asked for is another byte."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from mdtodo.core.edits import (
    AddNote,
    AddSubtasks,
    ArchiveSubtree,
    ChangeLine,
    Edit,
    MoveTask,
    PutSubtree,
    RemoveSubtree,
    SetKey,
    SetStatus,
    TakeSubtree,
)
from mdtodo.core.task import WRITTEN_CHARS, Status
from mdtodo.errors import EditError
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.add_task import add_task
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.edits.move_across import put_task, remove_task, text_to_put
from mdtodo.markdown.edits.move_task import Target, below_it
from mdtodo.markdown.edits.outline import Outline, plain
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.merge.three_way import merge
from mdtodo.markdown.tasks import read_tasks
from tests.markdown.versions import merge_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.task import Anchor
    from mdtodo.markdown.document import Document, Item
    from tests.fuzz.versions import Versions

ANY = frozenset(Status)
#: Texts that have it, as coverage leads to some, are left out.
NEW = "brand new words"


def marks(versions: Versions) -> None:
    """Boxes and keys."""
    for edited in _edited(versions):
        for index in edited.chosen:
            edited.ticks(index)
            edited.writes_keys(index)


def additions(versions: Versions) -> None:
    """Subtasks, notes and new tasks."""
    for edited in _edited(versions):
        edited.adds()
        for index in edited.chosen:
            edited.adds_below(index)


def rewordings(versions: Versions) -> None:
    """Other words, and another place."""
    for edited in _edited(versions):
        for index in edited.chosen:
            edited.changes_words(index)
            edited.moves(index)


def _edited(versions: Versions) -> list[_Edited]:
    known = [one for one in versions.documents() if NEW.encode() not in one.data]
    return [_Edited(document, versions) for document in known[:1]]


def archives(versions: Versions) -> None:
    """A top-level task goes from one text to another, with all that is below it, and no other byte of the two changes."""
    known = versions.documents()
    if not known:
        return
    document, archive = known[0], known[-1]
    outline, edited = Outline(document), _Edited(document, versions)
    there = Outline(archive).tasks
    for index in edited.chosen:
        while (parent := document.items[index].parent) is not None:
            index = parent
        item, anchor = document.items[index], edited.tasks[index].anchor
        path, text = outline.path(item), outline.text(item)
        key = path, plain(text)
        earlier, left = len(there.get(key, ())), len(outline.tasks[key]) - 1
        put = edited.applied(ArchiveSubtree(anchor, text, path, earlier), archive.data)
        took = edited.applied(TakeSubtree(anchor, plain(text), path, left))
        if put is not None:
            _is_inserted(archive.data, put)
            assert len(Outline(edited.after(put)).tasks[key]) == earlier + 1
        if took is not None:
            _is_inserted(took, document.data)
            assert len(Outline(edited.after(took)).tasks.get(key, ())) == left


def moves_across(versions: Versions) -> None:
    """A task goes to another file, with all that is below it: no word is lost in either."""
    known = versions.documents()
    for edited in _edited(versions):
        for index in edited.chosen:
            try:
                text = text_to_put(edited.document, index, versions.statuses)
                put = put_task(known[-1], text, Target(), versions.statuses)
                left = remove_task(edited.document, index, versions.statuses)
            except EditError:
                continue
            items = parse(text.encode(), versions.statuses).items
            assert [item.text for item in items] == [
                edited.document.items[one].text for one in edited.subtree(index)
            ]
            assert words(put.data) == words(known[-1].data) + words(text.encode())
            assert words(left) + words(text.encode()) == words(edited.data)
            anchor = read_tasks({"TODO.md": edited.after(put.data)})[put.number].anchor
            made = edited.applied(PutSubtree(anchor, text, None, None, None), known[-1].data)
            assert made in (None, put.data, known[-1].data)
            assert edited.applied(RemoveSubtree(edited.tasks[index].anchor, text)) in (None, left)


class _Edited:
    """One text, and what each edit makes of it."""

    def __init__(self, document: Document, versions: Versions) -> None:
        self.document = document
        self.data = document.data
        self.versions = versions
        self.tasks = read_tasks({"TODO.md": document})

    @property
    def chosen(self) -> list[int]:
        """One in the middle, and the last."""
        return sorted({len(self.tasks) // 3, len(self.tasks) - 1} if self.tasks else ())

    def applied(self, edit: Edit, data: bytes | None = None) -> bytes | None:
        """The bytes after the edit, which are the same after the edit once more; None where it cannot be made."""
        data = self.data if data is None else data
        made = apply(data, [edit], self.versions.statuses, tolerant=True)
        if made.missing:
            assert made.data == data
            return None
        again = apply(made.data, [edit], self.versions.statuses, tolerant=True)
        assert again.data == made.data, edit
        return made.data

    def after(self, data: bytes) -> Document:
        """It can be read still."""
        document = self.versions.document(data)
        assert document is not None
        return document

    def ticks(self, index: int) -> None:
        """One byte changes, or a character of the box, and changes back."""
        item, anchor = self.document.items[index], self.tasks[index].anchor
        for status in Status:
            made = self.applied(SetStatus(anchor, status, ANY))
            if made is None:
                continue
            box = WRITTEN_CHARS[status] if item.status is not status else item.char
            expected = self.data[: item.box] + box.encode() + self.data[item.box + len(item.char.encode()) :]
            assert made == expected
            back = self.applied(SetStatus(anchor, item.status, ANY), made)
            assert back == self.data or WRITTEN_CHARS[item.status] != item.char

    def writes_keys(self, index: int) -> None:
        """A key that is written is read, and leaves no trace when it is taken off."""
        item, anchor = self.document.items[index], self.tasks[index].anchor
        for key, value in (("failed", "7"), ("due", "2026-11-21"), ("worker", "w-1")):
            made = self.applied(SetKey(anchor, key, value))
            if made is None:
                continue
            found = self.after(made)
            keys = read_keys(found.items[index].text)
            assert str(getattr(keys, key)) == value
            assert keys.title == self.tasks[index].title
            self._others_stay(found, index)
            self._ids_stay(found)
            if not any(token.name == key for token in read_keys(item.text).tokens):
                _is_inserted(self.data, made)
                now = read_tasks({"TODO.md": found})[index].anchor
                assert self.applied(SetKey(now, key, None), made) == self.data

    def adds_below(self, index: int) -> None:
        """Subtasks and notes are inserted below the task, and are one block each."""
        anchor = self.tasks[index].anchor
        added: list[tuple[Edit, int]] = [
            (AddNote(anchor, NEW), 0),
            (AddNote(anchor, "- [ ] `a\n# b"), 0),
            (AddSubtasks(anchor, (f"- [ ] {NEW}", f"  1. [ ] {NEW} 2")), 2),
        ]
        for edit, count in added:
            made = self.applied(edit)
            if made is None or made == self.data:
                continue
            found = self.after(made)
            self._is_added(made, found, count)
            new = [item for item in found.items if NEW in item.text]
            assert [item.parent for item in new] == ([index, new[0].index] if count else [])

    def adds(self) -> None:
        """A new task, at the end, below a task, and in each of some sections."""
        places: list[dict[str, Anchor | str]] = [{}]
        places += [{"under": task.anchor} for task in [*self.tasks[:1], *self.tasks[-1:]]]
        places += [{"section": heading.text} for heading in self.document.headings[:2]]
        for place in places:
            try:
                made = add_task(
                    self.data, NEW, statuses=self.versions.statuses, document=self.document, **place
                )  # type: ignore[arg-type]
            except EditError:
                continue
            self._is_added(made, self.after(made), 1)

    def changes_words(self, index: int) -> None:
        """What is not on the lines of the task stays."""
        item, anchor = self.document.items[index], self.tasks[index].anchor
        edit = ChangeLine(anchor, (("due", None), ("est", "2h")), (("tag", True),), NEW)
        made = apply(self.data, [edit], self.versions.statuses, tolerant=True)
        if made.missing:
            return
        assert made.data.startswith(self.data[: item.pieces[0].start])
        # further lines of its words go, and of these ends of lines that of the first one stays
        assert made.data.endswith(self.data[item.pieces[-1].end :].lstrip(b"\r\n"))
        found = self.after(made.data)
        keys = read_keys(found.items[index].text)
        assert (keys.title, keys.due, "tag" in keys.tags) == (NEW, None, True)
        self._others_stay(found, index)

    def moves(self, index: int) -> None:
        """No word is lost, and no other task moves."""
        anchor, last = self.tasks[index].anchor, self.tasks[-1].anchor
        for under, before, top in (
            (None, None, False),
            (None, None, True),
            (last, None, False),
            (None, last, False),
        ):
            made = apply(
                self.data, [MoveTask(anchor, under, before, None, top)], self.versions.statuses, tolerant=True
            )
            if made.missing or made.data == self.data:
                continue
            assert words(made.data) == words(self.data)
            moving = self.subtree(index)
            inside = {self.document.items[one].text.strip() for one in moving}
            left, now = (
                [item.text for item in one.items if item.text.strip() not in inside]
                for one in (self.document, self.after(made.data))
            )
            assert left == now

    def subtree(self, index: int) -> list[int]:
        """The task and all below it."""
        return sorted(below_it(self.document, index))

    def _is_added(self, made: bytes, found: Document, count: int) -> None:
        _is_inserted(self.data, made)
        old = [item for item in found.items if NEW not in item.text]
        assert len(found.items) - len(old) == count
        assert [_said(found, item) for item in old] == [
            _said(self.document, item) for item in self.document.items
        ]
        assert len(found.headings) == len(self.document.headings)
        self._ids_stay(found)

    def _others_stay(self, found: Document, index: int) -> None:
        for now, was in zip(found.items, self.document.items, strict=True):
            assert (now.status, now.parent, now.headings) == (was.status, was.parent, was.headings)
            assert now.text == was.text or now.index == index

    def _ids_stay(self, found: Document) -> None:
        tasks = [task for task in read_tasks({"TODO.md": found}) if NEW not in task.title]
        assert [task.id for task in tasks] == [task.id for task in self.tasks]


def _said(document: Document, item: Item) -> tuple[object, ...]:
    """What must stay of each task."""
    return (
        item.status,
        item.text,
        None if item.parent is None else document.items[item.parent].text,
        item.headings,
    )


def _is_inserted(before: bytes, after: bytes) -> None:
    """`after` is `before` with something put in at one place."""
    same = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before))
    assert len(after) > len(before)
    assert after.endswith(before[same:])


def words(data: bytes) -> Counter[bytes]:
    """The lines that say anything, without what they begin with."""
    lines = re.split(rb"\r\n|\n|\r", data.removeprefix(b"\xef\xbb\xbf"))
    bare = (re.sub(rb"^(?:[ \t>]|[0-9]{1,9}[.)](?=[ \t])|[-+*](?=[ \t]))*", b"", line) for line in lines)
    return Counter(line for line in bare if line.strip())


# Merges.


@lru_cache(1000)
def _merge_text(base: bytes, ours: bytes, theirs: bytes, style: str) -> bytes:
    return merge_file(base, ours, theirs, *([f"--{style}"] if style != "merge" else []))[1]


#: What all versions have, so that changes on both sides of it are apart.
_APART = b"# Apart\n\ntext\n\n"


def merges(versions: Versions) -> None:
    """What one side alone has changed is the result, beside a change of the other one far away; of two sides nothing is
    lost that both have; and unless tasks are equal there are no more conflicts than git has."""
    base, *sides = [document.data for document in versions.documents()] or [b""]
    for side in sides:
        before, ours = _APART + base, _APART + side
        theirs = b"Far away\n\n" + before
        merged = merge(before, ours, theirs, versions.statuses, text_merge=_merge_text)
        if merged is not None and not (merged.conflicts and _has_equals(versions, base, side)):
            assert (merged.data, merged.conflicts) == (b"Far away\n\n" + ours, 0)
    if len(sides) < 2:
        return
    ours, theirs = sides[:2]
    merged = merge(base, ours, theirs, versions.statuses, text_merge=_merge_text)
    if merged is not None:
        _nothing_is_lost(versions, merged.data, (base, ours, theirs))
        if merged.conflicts and not _has_equals(versions, base, ours, theirs):
            count, data = merge_file(base, ours, theirs)
            assert count or _doubles(data, (base, ours, theirs))


def _doubles(data: bytes, texts: Sequence[bytes]) -> bool:
    """Whether a line with a box is there more often than in any of the texts."""
    counts, *known = (Counter(map(bytes.strip, one.split(b"\n"))) for one in (data, *texts))
    return any(b"[" in line and all(n > one[line] for one in known) for line, n in counts.items())


def _has_equals(versions: Versions, *texts: bytes) -> bool:
    """Whether a version has tasks of one title, which a person has to tell apart."""
    for text in texts:
        document = versions.document(text)
        assert document is not None
        titles = [read_keys(item.text).title for item in document.items]
        if len({*titles}) < len(titles):
            return True
    return False


def _nothing_is_lost(versions: Versions, data: bytes, sides: Sequence[bytes]) -> None:
    """What both sides have, or one of them has that is nowhere in base, is there."""
    base, our, their = sides[0], *(_titles(versions, one) for one in sides[1:])
    for title in our | their:
        assert title.encode() in data or (title.encode() in base and not {title} <= our & their), title


def _titles(versions: Versions, data: bytes) -> set[str]:
    """Of tasks that say one plain line."""
    document = versions.document(data)
    assert document is not None
    return {item.text for item in document.items if re.fullmatch(r"[a-z][a-z ]*[a-z]", item.text)}
