"""One step of the walk: a commit beside one of its parents, and where its tasks stood there."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.keys.read import read_keys
from mdtodo.proof.line_map import Box, Change, boxes_of, change_between, match_moved, share

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from mdtodo.git.diff_tree import FileChange
    from mdtodo.proof.history import History
    from mdtodo.proof.state import Entry, FileState, State

#: The modes of files that are no links and no submodules.
REGULAR = (b"100644", b"100755", b"100664")


class Place(NamedTuple):
    """A box in the version before: its file, the content of that, and itself."""

    path: str
    oid: str
    box: Box


class Step:
    """What a commit did beside one parent; `done` are the status characters of the boxes that are followed."""

    def __init__(self, history: History, changes: Sequence[FileChange], done: Container[bytes]) -> None:
        self._history, self._done = history, done
        self._changes = {os.fsdecode(one.path): one for one in of_files(changes)}
        self._made: dict[str, Change] = {}
        self._moved: dict[str, dict[int, Place]] = {}

    def changed(self, path: str) -> Change | None:
        """What it did to this file; None for nothing."""
        if (made := self._made.get(path)) is not None:
            return made
        if (change := self._changes.get(path)) is None:
            return None
        old = self._before(path)
        made = change_between(self._content(change.after), self._content(old[1] if old else None))
        self._made[path] = made
        return made

    def box(self, path: str, entry: Entry) -> Box:
        """The box of an entry in what has changed."""
        change = self.changed(path)
        new = change.new if change else ()
        return next((box for box in new if box.at == entry.at), Box(entry.at, b"", b""))

    def run_of(self, path: str, entry: Entry) -> str | None:
        """The processor that the line of an entry names in what has changed; None where none is named, or nothing has
        changed there."""
        change = self.changed(path)
        if change is None or not change.start <= entry.at < change.new_end:
            return None
        return read_keys(self.box(path, entry).text.decode(errors="surrogateescape")).run

    def run_before(self, path: str, entry: Entry) -> str | None:
        """The processor that the line of an entry named before the commit; None for none."""
        place = self.place(path, entry.at)
        return None if place is None else read_keys(place.box.text.decode(errors="surrogateescape")).run

    def ticked(self, path: str, entry: Entry) -> bool:
        """Whether the commit has ticked the box of this entry, as seen from this parent."""
        change = self.changed(path)
        if change is None or not change.start <= entry.at < change.new_end:
            return False
        place = self._place(path, change, entry.at)
        return place is None or place.box.char not in self._done

    def ticked_of(self, path: str, file: FileState) -> list[Entry]:
        """The entries of a file that the commit has ticked."""
        change = self.changed(path)
        return [entry for entry in file.part(change) if self.ticked(path, entry)] if change else []

    @cached_property
    def ticks(self) -> bool:
        """Whether it has ticked any box."""
        return any(
            place is None or place.box.char not in self._done
            for box, place in self._boxes()
            if box.char in self._done
        )

    def opened(self) -> Iterator[tuple[Box, Place]]:
        """The boxes that it has opened, each with what it was."""
        for box, place in self._boxes():
            if place is not None and place.box.char in self._done and box.char not in self._done:
                yield box, place

    def place(self, path: str, at: int) -> Place | None:
        """What a box in what has changed was before; None where it was not there."""
        change = self.changed(path)
        return self._place(path, change, at) if change else None

    def removed(self) -> Iterator[Place]:
        """The boxes that the version before had and this one has nowhere."""
        moved = {(was.path, was.box.at) for path in self._changes for was in self._all_moved(path)}
        for place in self._gone(""):
            if (place.path, place.box.at) not in moved:
                yield place

    def _all_moved(self, path: str) -> Iterable[Place]:
        change = self.changed(path)
        return self._moved_to(path, change).values() if change else ()

    def _boxes(self) -> Iterator[tuple[Box, Place | None]]:
        for path in self._changes:
            if (change := self.changed(path)) is not None:
                for box in change.new:
                    yield box, self._place(path, change, box.at)

    def touched(self, state: State) -> Iterator[tuple[str, Entry]]:
        """The entries in what it has changed."""
        for path in self._changes.keys() & state.files.keys():
            file = state.files[path]
            if (change := self.changed(path)) is not None:
                for entry in file.part(change):
                    yield path, entry

    def step_back(self, state: State) -> None:
        """Be the parent's state."""
        # taken out first, all of them: what moved between two files must not be met in the other one once more
        changed = {path: state.files.pop(path) for path in sorted(self._changes.keys() & state.files.keys())}
        for path, file in changed.items():
            self._history.follow(path)
            self.hand_on(path, file, state)

    def hand_on(self, path: str, file: FileState, target: State) -> None:
        """Give the entries of a file to the parent's state, as far as they are done there. The file is used up."""
        change = self.changed(path)
        if change is None:
            target.take(path, file)
            return
        stay: list[tuple[Entry, int, bool]] = []
        here = {} if change.plain else {box.at: box for box in change.new}
        for entry in file.part(change):
            place = self._place(path, change, entry.at)
            if place is None or place.box.char not in self._done:
                continue
            if place.path == self._before_path(path):
                same = change.plain or _is_called_alike(here[entry.at], place.box)
                stay.append((entry, place.box.at, same))
            else:
                moved = entry.copy()
                moved.at, moved.named = place.box.at, False
                target.add(place.path, place.oid, [moved])
        if (before := self._before(path)) is not None and before[1] is not None:
            file.step_back(change, before[1][1], stay)
            target.take(before[0], file)

    def _place(self, path: str, change: Change, at: int) -> Place | None:
        was = change.boxes.get(at)
        if was is not None:
            before = self._before(path)
            return Place(before[0], before[1][1], was) if before and before[1] else None
        return self._moved_to(path, change).get(at)

    def _moved_to(self, path: str, change: Change) -> dict[int, Place]:
        """The boxes of the file that stood in another one."""
        if path not in self._moved:
            wanted = [box for box in change.new if change.boxes.get(box.at) is None]
            gone = [] if not wanted else list(self._gone(path))
            found = match_moved(wanted, [place.box for place in gone])
            places = {id(place.box): place for place in gone}
            self._moved[path] = {at: places[id(box)] for at, box in found.items()}
        return self._moved[path]

    def _gone(self, path: str) -> Iterator[Place]:
        """The boxes that files other than this one have no longer."""
        renamed = frozenset(self._renamed.values())
        for other in self._changes:
            before, change = self._before(other), self.changed(other)
            if other == path or other in renamed or before is None or before[1] is None or change is None:
                continue
            kept = {box.at for box in change.boxes.values() if box is not None}
            for box in change.old:
                if box.at not in kept:
                    yield Place(before[0], before[1][1], box)

    def _before(self, path: str) -> tuple[str, tuple[bytes, str] | None] | None:
        """The file that it was, and its content."""
        name = self._before_path(path)
        return None if name is None else (name, self._changes[name].before)

    def _before_path(self, path: str) -> str | None:
        if self._changes[path].before is not None:
            return path
        return self._renamed.get(path)

    @cached_property
    def _renamed(self) -> dict[str, str]:
        """Files that came with this commit, and those that went, of which they have most of the tasks."""
        new = [path for path, one in self._changes.items() if one.before is None]
        gone = [path for path, one in self._changes.items() if one.after is None]
        found: dict[str, str] = {}
        if not new or not gone:
            return found
        boxes = {
            path: boxes_of(self._content(self._changes[path].after or self._changes[path].before))
            for path in (*new, *gone)
        }
        for path in new:
            best = max(gone, key=lambda other: share(boxes[path], boxes[other]), default=None)
            if best is not None and share(boxes[path], boxes[best]) >= _MOST:
                found[path] = best
                gone.remove(best)
        return found

    def _content(self, entry: tuple[bytes, str] | None) -> bytes:
        return b"" if entry is None else self._history.content(entry[1])


def _is_called_alike(box: Box, was: Box) -> bool:
    """Whether the task of a line had the same title and no parents in both versions, as far as the line tells."""
    return box.outer and was.outer and box.text == was.text


#: A file has become another one if it shares so much of its tasks.
_MOST = 0.5


def of_files(changes: Iterable[FileChange]) -> Iterator[FileChange]:
    """These changes as if links and submodules were not there: a file that takes the place of one comes."""
    for one in changes:
        before, after = (
            entry if entry is not None and entry[0] in REGULAR else None for entry in (one.before, one.after)
        )
        if (before, after) == (one.before, one.after):
            yield one
        elif before is not None or after is not None:
            yield one._replace(before=before, after=after)
