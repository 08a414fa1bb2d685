"""Closed tasks that go to an archive: their lines taken out of one file, and put under the same headings of another."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mdtodo.core.edits import ArchiveSubtree, TakeSubtree
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.blank_lines import blanks_before, blanks_behind
from mdtodo.markdown.edits.move_task import below_it
from mdtodo.markdown.edits.outline import Outline, plain
from mdtodo.markdown.edits.subtree import start_of
from mdtodo.markdown.reparse import reparse
from mdtodo.markdown.task_index import TaskIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mdtodo.core.edits import Edit
    from mdtodo.core.task import Status
    from mdtodo.markdown.document import Document, Item
    from mdtodo.markdown.edits.outline import Path

    T = TypeVar("T")

BOM = b"\xef\xbb\xbf"


class Archiving:
    """The edits of an archive made in one version of a file, of which `data` is what came of it; each is `done`, or
    `already` so, or `missing` with the reason."""

    def __init__(self, data: bytes, edits: Iterable[Edit], statuses: Mapping[str, Status], file: str) -> None:
        self.data, self.statuses, self.file = data, statuses, file
        self.done: list[Edit] = []
        self.already: list[Edit] = []
        self.missing: list[tuple[Edit, str]] = []
        every = list(edits)
        self._take([one for one in every if isinstance(one, TakeSubtree)])
        self._put([one for one in every if isinstance(one, ArchiveSubtree)])

    def _take(self, edits: Sequence[TakeSubtree]) -> None:
        document = parse(self.data, self.statuses, file=self.file)
        outline, wanted = Outline(document), dict[int, TakeSubtree]()
        places = TaskIndex(document, self.file) if edits else None
        for edit in edits:
            equal = outline.tasks.get((edit.headings, plain(edit.taken)), [])
            free = [one for one in equal if one not in wanted]
            found = places.find(edit.anchor) if places and not equal else None
            if len(free) > edit.left:
                wanted[free[0]] = edit
            elif isinstance(found, int) and (edit.anchor.explicit or edit.anchor.alone):
                self.missing.append((edit, "it, or what is below it, says something else there"))
            else:
                self.already.append(edit)
        kept = possible(list(wanted), lambda these: without(document, these, self.statuses) is not None)
        refused = "taking it away would change more than this task"
        self.missing += [(edit, refused) for index, edit in wanted.items() if index not in kept]
        self.done += [wanted[index] for index in kept]
        made = without(document, kept, self.statuses) if kept else None
        self.data = self.data if made is None else made

    def _put(self, edits: Sequence[ArchiveSubtree]) -> None:
        there = Outline(parse(self.data, self.statuses, file=self.file)).tasks if edits else {}
        known = Counter({key: len(items) for key, items in there.items()})
        groups: dict[Path, list[ArchiveSubtree]] = {}
        for edit in edits:
            key = edit.headings, plain(edit.archived)
            if known[key] > edit.earlier:
                self.already.append(edit)
            else:
                known[key] += 1
                groups.setdefault(edit.headings, []).append(edit)
        for path, group in groups.items():
            kept = possible(group, partial(self._fits, path))
            refused = "there is no place in the archive where it would be the same task"
            self.missing += [(edit, refused) for edit in group if edit not in kept]
            self.done += kept
            made = self._added(path, kept) if kept else None
            self.data = self.data if made is None else made

    def _fits(self, path: Path, edits: Sequence[ArchiveSubtree]) -> bool:
        return self._added(path, edits) is not None

    def _added(self, path: Path, edits: Sequence[ArchiveSubtree]) -> bytes | None:
        """With these at the end of their section; None where they would not be the same tasks there."""
        before = parse(self.data, self.statuses, file=self.file)
        for gap in (False, True):
            made = _put_into(before, path, edits, gap=gap)
            if _has_all(
                before, reparse(before, made, self.statuses, file=self.file), path, edits, self.statuses
            ):
                return made
        return None


def possible(wanted: list[T], works: Callable[[list[T]], bool], kept: Sequence[T] = ()) -> list[T]:
    """Those of the wanted that work together, after those that were `kept`; by halves, as few do not."""
    if not wanted or works([*kept, *wanted]):
        return wanted
    if len(wanted) == 1:
        return []
    half = len(wanted) // 2
    first = possible(wanted[:half], works, kept)
    return first + possible(wanted[half:], works, [*kept, *first])


# Taking away


def without(document: Document, indices: Collection[int], statuses: Mapping[str, Status]) -> bytes | None:
    """The bytes without these tasks and all that is below them; None where anything else would be read otherwise."""
    data, end = document.data, len(document.data)
    pieces: list[bytes] = []
    for start, stop in reversed(_regions(document, indices)):
        pieces.append(data[stop:end])
        end = start
    made = data[:end] + b"".join(reversed(pieces))
    gone = {one for index in indices for one in below_it(document, index)}
    return made if _is_rest(document, gone, reparse(document, made, statuses)) else None


def _regions(document: Document, indices: Iterable[int]) -> list[tuple[int, int]]:
    """The bytes that go: tasks that nothing but blank lines parts together, with the blank lines behind them where
    there are some before them too, or those before them at the end of the file."""
    data, found = document.data, list[tuple[int, int]]()
    for index in sorted(indices):
        start, end = start_of(document, document.items[index]), document.items[index].end
        if found and not data[found[-1][1] : start].strip():
            start = found.pop()[0]
        found.append((start, end))
    return [_with_blanks(data, start, end) for start, end in found]


def _with_blanks(data: bytes, start: int, end: int) -> tuple[int, int]:
    ahead, behind = blanks_before(data, start), blanks_behind(data, end)
    begins = ahead == (3 if data.startswith(BOM) else 0)
    if behind == len(data):
        return (start if begins else ahead), behind
    return start, behind if ahead < start or begins else end


def _is_rest(before: Document, gone: Collection[int], after: Document) -> bool:
    """Whether these are the same tasks, without those that are gone."""
    rest = [item for item in before.items if item.index not in gone]
    if len(rest) != len(after.items):
        return False
    place: dict[int | None, int | None] = {None: None} | {item.index: now for now, item in enumerate(rest)}
    was = [(*_said(before, item), place.get(item.parent)) for item in rest]
    now = [(*_said(after, item), item.parent) for item in after.items]
    counts = [
        ([(one.level, one.text) for one in each.headings], len(each.unknown_boxes), len(each.empty_boxes))
        for each in (before, after)
    ]
    return was == now and counts[0] == counts[1] and _lists(rest) == _lists(after.items)


def _said(document: Document, item: Item) -> tuple[object, ...]:
    text = [document.data[span.start : span.end] for span in item.body + item.notes]
    above = [document.headings[number].text for number in item.headings]
    return item.text, item.char, item.ordered, above, [line for line in text if line.strip()]


def _lists(items: Sequence[Item]) -> list[int]:
    """For each task of an ordered list the number of its list, counted from the first."""
    numbers: dict[int, int] = {}
    return [numbers.setdefault(item.list_index, len(numbers)) for item in items if item.ordered]


# Putting


def _put_into(document: Document, path: Path, edits: Sequence[ArchiveSubtree], *, gap: bool) -> bytes:
    """The bytes with these at the end of the section, which is made if it is missing."""
    data, outline = document.data, Outline(document)
    newline = _newline(document, edits[0])
    at, missing = _place(outline, path)
    at = max(blanks_before(data, at), len(BOM) if data.startswith(BOM) else 0) if at else 0
    head, tail = data[:at], data[at:]
    if head.removeprefix(BOM) and not head.endswith((b"\n", b"\r")):
        head += document.newline
    lines = [
        part for raw in missing for part in (newline, raw.replace("\n", newline.decode()).encode(), newline)
    ]
    beside = next((one for one in reversed(document.items) if one.parent is None and one.end == at), None)
    joins = not missing and not gap and beside is not None and _is_like(beside.marker, edits[0].archived)
    lines += [] if joins else [newline]
    for number, edit in enumerate(edits):
        alike = number == 0 or _is_like(_marker(edits[number - 1].archived), edit.archived)
        lines += [newline] if number and (gap or not alike) else []
        lines.append(_written(edit, newline))
    if not head.removeprefix(BOM):
        lines = lines[next((n for n, line in enumerate(lines) if line.strip()), 0) :]
    if tail.strip() and blanks_behind(tail, 0) == 0:
        lines.append(newline)
    return head + b"".join(lines) + tail


def _place(outline: Outline, path: Path) -> tuple[int, Path]:
    """Where the section ends, or where it is to be made; and the headings that are missing."""
    sections, end = outline.sections, len(outline.document.data)
    for depth in range(len(path), -1, -1):
        number = next((n for n, one in enumerate(sections) if one.path == path[:depth]), None)
        if number is None and depth:
            continue
        missing, after = path[depth:], sections[number + 1 :] if number is not None else sections
        # a heading that is made stands behind those of its own level, and before any that it would come under
        level = sections[number].level if number is not None and depth else 0
        if missing:
            new = _level(missing[0])
            after = [one for one in after if one.level < new or one.level <= level]
        return (after[0].start if after else end), missing
    return end, path


def _level(heading: str) -> int:
    first, _, underline = heading.partition("\n")
    if first.startswith("#"):
        return len(first) - len(first.lstrip("#"))
    return 1 if underline.strip().endswith("=") else 2


def _newline(document: Document, edit: ArchiveSubtree) -> bytes:
    """That of what is put there, or of the archive where git converts them, or where it has none."""
    own = next((one for one in ("\r\n", "\n", "\r") if one in edit.archived), None)
    return document.newline if own is None or (edit.converted and document.data) else own.encode()


def _written(edit: ArchiveSubtree, newline: bytes) -> bytes:
    data = edit.archived.encode()
    if edit.converted:
        data = plain(edit.archived).encode().replace(b"\n", newline)
    return data if data.endswith((b"\n", b"\r")) else data + newline


def _marker(text: str) -> str:
    return text.split(maxsplit=1)[0]


def _is_like(marker: str, text: str) -> bool:
    """Whether an item with this marker is of one list with what begins the text."""
    return marker[-1:] == _marker(text)[-1:] and marker[:-1].isdigit() == _marker(text)[:-1].isdigit()


def _has_all(
    before: Document,
    after: Document,
    path: Path,
    edits: Sequence[ArchiveSubtree],
    statuses: Mapping[str, Status],
) -> bool:
    """Whether it has the tasks that it had, and these, under their headings."""
    new = [item for edit in edits for item in parse(edit.archived.encode(), statuses).items]
    was = Counter((item.text, item.char, item.depth) for item in (*before.items, *new))
    if was != Counter((item.text, item.char, item.depth) for item in after.items):
        return False
    there, now = Outline(before).tasks, Outline(after).tasks
    wanted = Counter((path, plain(edit.archived)) for edit in edits)
    counts = {key: len(there.get(key, ())) + wanted[key] for key in {*there, *wanted}}
    return counts == {key: len(items) for key, items in now.items()}
