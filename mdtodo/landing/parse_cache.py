"""Versions of TODO files as they were read, and boxes ticked in them without reading the file again.

A run that lands each of its tasks meets the same file again and again, with one box more ticked. One of git's
characters for a box (`[ ]`, `[x]`, `[/]`, `[-]`) in the place of another changes nothing about what is a list
item, a task or a title, so what a parse of the new bytes would find is known. Pure, but for what is kept.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from mdtodo.core.task import WRITTEN_CHARS
from mdtodo.markdown.document import parse
from mdtodo.markdown.reparse import reparse
from mdtodo.markdown.task_index import TaskIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import NamedTuple

    from mdtodo.core.edits import Edit, SetStatus
    from mdtodo.core.task import Status
    from mdtodo.markdown.document import Document
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Bytes of all the versions that are kept, and of the largest one.
#: Measured: 300 tasks with a commit each take 0.4 s of CPU with this, and 1.4 s without; each of 10,000 tasks in one
#: file 0.05 s, and 0.32 s without.
_KEPT, LARGEST = 1 << 21, 1 << 19
#: Versions of one file that are kept: HEAD's, the index's and the work tree's, before and after a landing. The first
#: takes some forty times its bytes, and those that differ from it in boxes little more than theirs.
_VERSIONS = 6

#: Boxes that read as the same block of markdown, whichever of them is there.
_PLAIN = frozenset(" xX/-")


class EditedFile(NamedTuple):
    """The version after the edits, and each edit in one of three places, as in `markdown.edits.apply.Applied`."""

    parsed: ParsedFile
    done: tuple[Edit, ...]
    already: tuple[Edit, ...]
    missing: tuple[tuple[Edit, str], ...]

    @property
    def data(self) -> bytes:
        """The new bytes."""
        return self.parsed.document.data


class ParsedFile:
    """One version of a file: its document, and where its tasks are."""

    __slots__ = ("document", "places")

    def __init__(self, document: Document, places: TaskIndex) -> None:
        self.document = document
        self.places = places

    def ticked(self, edits: Iterable[SetStatus], statuses: Mapping[str, Status]) -> EditedFile | None:
        """The edits made as `markdown.edits.apply.apply` makes them when it is tolerant; None where it must."""
        items = self.document.items
        now: dict[int, Status] = {}
        done: list[Edit] = []
        already: list[Edit] = []
        missing: list[tuple[Edit, str]] = []
        for edit in edits:
            index = self.places.find(edit.anchor)
            if isinstance(index, str):
                missing.append((edit, index))
                continue
            status = now.get(index, items[index].status)
            if status is edit.status:
                already.append(edit)
            elif status not in edit.expects:
                missing.append((edit, f"it is marked {status.value}"))
            elif items[index].char in _PLAIN and statuses.get(WRITTEN_CHARS[edit.status]) is edit.status:
                now[index] = edit.status
                done.append(edit)
            else:
                return None
        return EditedFile(self._with(now), tuple(done), tuple(already), tuple(missing))

    def reread(self, data: bytes, statuses: Mapping[str, Status]) -> ParsedFile | None:
        """The version with these bytes, without reading them, where they differ in boxes alone; None where not."""
        was = self.document.data
        if len(data) != len(was):
            return None
        now: dict[int, Status] = {}
        for item in self.document.items:
            if data[item.box] != was[item.box]:
                char = chr(data[item.box])
                status = statuses.get(char)
                if status is None or item.char not in _PLAIN or WRITTEN_CHARS[status] != char:
                    return None
                now[item.index] = status
        made = self._with(now)
        return made if made.document.data == data else None

    def _with(self, statuses: Mapping[int, Status]) -> ParsedFile:
        items = list(self.document.items)
        data = bytearray(self.document.data)
        changed = False
        for index, status in statuses.items():
            item = items[index]
            if status is not item.status:
                char = WRITTEN_CHARS[status]
                items[index] = item._replace(char=char, status=status)
                data[item.box] = ord(char)
                changed = True
        if not changed:
            return self
        # The places stay: nothing by which a task is found depends on its box.
        return ParsedFile(self.document._replace(data=bytes(data), items=tuple(items)), self.places)


def parse_cached(
    data: bytes, statuses: Mapping[str, Status], file: str, like: ParsedFile | None = None
) -> ParsedFile:
    """The version with these bytes, which may differ in boxes alone from `like`, or from the one that was asked for
    last. Raises InputError where they cannot be read."""
    key = file, data, tuple(statuses.items())
    known = _parsed.get(key)
    like = like or _newest(file, key[2])
    if known is None and like is not None:
        known = like.reread(data, statuses)
    if known is None:
        document = (
            reparse(like.document, data, statuses, file=file) if like else parse(data, statuses, file=file)
        )
        known = ParsedFile(document, TaskIndex(document, file))
    keep(known, statuses)
    return known


def keep(parsed: ParsedFile, statuses: Mapping[str, Status]) -> None:
    """Remember the version, and forget those that were not asked for the longest time."""
    global _size
    data = parsed.document.data
    key = parsed.places.file, data, tuple(statuses.items())
    if len(data) > LARGEST:
        return
    if key not in _parsed:
        _parsed[key] = parsed
        _size += len(data)
    _parsed.move_to_end(key)
    versions = _versions.setdefault((key[0], key[2]), [])
    if data in versions:
        versions.remove(data)
    versions.append(data)
    if len(versions) > _VERSIONS:
        _forget((key[0], versions[0], key[2]))
    while _size > _KEPT:
        _forget(next(iter(_parsed)))


def _forget(key: _Key) -> None:
    global _size
    file, data, statuses = key
    del _parsed[key]
    _size -= len(data)
    _versions[file, statuses].remove(data)
    if not _versions[file, statuses]:
        del _versions[file, statuses]


def _newest(file: str, statuses: _Statuses) -> ParsedFile | None:
    """The version of the file that was asked for last."""
    versions = _versions.get((file, statuses))
    return _parsed[file, versions[-1], statuses] if versions else None


_Statuses = tuple[tuple[str, "Status"], ...]
_Key = tuple[str, bytes, _Statuses]
_parsed: OrderedDict[_Key, ParsedFile] = OrderedDict()
#: The bytes of those versions, by file, the newest last.
_versions: dict[tuple[str, _Statuses], list[bytes]] = {}
_size = 0
