"""The ticks that are followed, as they stand in one commit of the walk. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from mdtodo.core.task import Anchor
    from mdtodo.proof.line_map import Change

_AT = attrgetter("at")


class Entry:
    """A tick in one version of a file: the place `at` of its status character, and what it is called there.

    `root` is the place of the outermost task around it; that, `digest`, `explicit` and `alone` (see Anchor) hold while
    `named`.
    `free`: it may lead out of the range that is judged. `ended`: a receipt says something else of it here. `known`: it
    stood in a commit of whose ticks all is known. `against`: the parents of merges on its way that have the box open, a
    bit for each.
    """

    __slots__ = (
        *("against", "alone", "at", "digest", "ended", "explicit", "free", "known", "named"),
        *("root", "tick"),
    )

    def __init__(self, tick: int, at: int, *, free: bool = False) -> None:
        self.tick, self.at, self.free = tick, at, free
        self.root, self.named, self.alone, self.ended, self.known = at, False, False, False, False
        self.against = 0
        self.digest: str = ""
        self.explicit: str | None = None

    def call(self, root: int, anchor: Anchor) -> None:
        """It is called so in this version."""
        self.root, self.digest, self.explicit = root, anchor.digest, anchor.explicit
        self.named, self.alone = True, anchor.alone

    def copy(self) -> Entry:
        """The same, for another version."""
        made = Entry(self.tick, self.at, free=self.free)
        made.root, made.named, made.alone, made.known = self.root, self.named, self.alone, self.known
        made.digest, made.explicit, made.against = self.digest, self.explicit, self.against
        return made


class FileState:
    """The entries of one file, by their places; `oid` is its content."""

    __slots__ = ("entries", "oid")

    def __init__(self, oid: str, entries: Iterable[Entry] = ()) -> None:
        self.oid = oid
        self.entries: list[Entry] = sorted(entries, key=_AT)

    def add(self, entry: Entry) -> None:
        """An entry more, unless it is there."""
        index = bisect_left(self.entries, entry.at, key=_AT)
        while index < len(self.entries) and self.entries[index].at == entry.at:
            if self.entries[index].tick == entry.tick:
                self.entries[index].known |= entry.known
                self.entries[index].against &= entry.against
                return
            index += 1
        insort(self.entries, entry, key=_AT)

    def remove(self, entry: Entry) -> None:
        """Without this one."""
        index = bisect_left(self.entries, entry.at, key=_AT)
        while index < len(self.entries) and self.entries[index] is not entry:
            index += 1
        del self.entries[index : index + 1]

    def copy(self, resolved: Collection[int]) -> FileState:
        """For another parent, without ticks of which all is known."""
        return FileState(self.oid, [one.copy() for one in self.entries if one.tick not in resolved])

    def part(self, change: Change) -> list[Entry]:
        """The entries in what the change touched."""
        low = bisect_left(self.entries, change.start, key=_AT)
        high = bisect_left(self.entries, change.new_end, key=_AT)
        return self.entries[low:high]

    def step_back(self, change: Change, oid: str, stay: Iterable[tuple[Entry, int, bool]]) -> None:
        """Be the version before the change: of the entries that it touched only these `stay`, at these places; and
        whether each was called the same there."""
        low = bisect_left(self.entries, change.start, key=_AT)
        high = bisect_left(self.entries, change.new_end, key=_AT)
        after, shift, self.oid = self.entries[high:], change.shift, oid
        kept = []
        for entry, at, same in stay:
            entry.root = at if entry.root == entry.at else _root_before(entry.root, change)
            entry.at, entry.named = at, entry.named and same
            kept.append(entry)
        if shift or not change.plain:
            for entry in after:
                entry.named = entry.named and (change.plain or entry.root >= change.new_end)
                entry.at, entry.root = entry.at + shift, _root_before(entry.root, change)
        self.entries[low:] = [*sorted(kept, key=_AT), *after]


def _root_before(root: int, change: Change) -> int:
    if root >= change.new_end:
        return root + change.shift
    was = change.boxes.get(root) if root >= change.start else None
    return root if was is None else was.at


class State:
    """All files with entries in one commit."""

    __slots__ = ("files",)

    def __init__(self) -> None:
        self.files: dict[str, FileState] = {}

    def __bool__(self) -> bool:
        return bool(self.files)

    def add(self, path: str, oid: str, entries: Iterable[Entry]) -> None:
        """These entries of a file."""
        if (there := self.files.get(path)) is None:
            made = FileState(oid, entries)
            if made.entries:
                self.files[path] = made
            return
        for entry in entries:
            there.add(entry)

    def take(self, path: str, file: FileState) -> None:
        """All of this file, which is used up."""
        if path in self.files:
            self.add(path, file.oid, file.entries)
        elif file.entries:
            self.files[path] = file

    def remove(self, path: str, entry: Entry) -> None:
        """Without this entry of a file."""
        file = self.files[path]
        file.remove(entry)
        if not file.entries:
            del self.files[path]

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """All, with their files."""
        for path, file in self.files.items():
            for entry in file.entries:
                yield path, entry

    def forget(self, resolved: Collection[int]) -> None:
        """Without ticks of which all is known, and those that are ended."""
        for path, file in list(self.files.items()):
            file.entries = [one for one in file.entries if one.tick not in resolved and not one.ended]
            if not file.entries:
                del self.files[path]


class Opposed:
    """The parents of merges that have a box open which the merge has done. A proof that one of them reaches was ended
    on its side: what another side has of it, from before that, the merge cannot bring back."""

    def __init__(self) -> None:
        self._bits: dict[tuple[str, str], int] = {}
        self._merges: list[str] = []
        self._reaching: dict[str, int] = {}
        self._here = 0

    def add(self, parent: str, merge: str) -> int:
        """This parent of a merge; its bit."""
        if (bit := self._bits.get((parent, merge))) is None:
            bit = self._bits[parent, merge] = 1 << len(self._merges)
            self._merges.append(merge)
            self._reaching[parent] = self._reaching.get(parent, 0) | bit
        return bit

    def reach(self, commit: str, parents: Iterable[str]) -> None:
        """Be at this commit, all of whose children were there before."""
        self._here = self._reaching.pop(commit, 0)
        if self._here:
            for parent in parents:
                self._reaching[parent] = self._reaching.get(parent, 0) | self._here

    def since(self, entry: Entry) -> str | None:
        """The merge that has the box of an entry done, although a parent that reaches this commit has it open."""
        found = entry.against & self._here
        return self._merges[(found & -found).bit_length() - 1] if found else None
