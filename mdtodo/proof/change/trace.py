"""Where the tasks at the end of a change stood before it, whatever their boxes say; and what became of those that its
end has no longer.

The way back is that of `walk`: commit by commit, line by line, along all parents. Its end is the one version that the
change is compared with.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.keys.read import read_keys
from mdtodo.proof.evidence import PROVING, runs_of, says_something
from mdtodo.proof.line_map import Box, boxes_of
from mdtodo.proof.state import Entry, FileState, State
from mdtodo.proof.steps import Step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mdtodo.git.diff_tree import FileChange
    from mdtodo.proof.history import Commit, History
    from mdtodo.receipts.trailers import Trailer

#: A box in a version: its file, and where its status character stands.
Key = tuple[str, int]


class Traced(NamedTuple):
    """`before` maps boxes of the end to what they were before the change; `boxes` are all those of the end.

    `closed` are boxes that the version before has and whose task was done or cancelled when it went. `named` are the
    processors that a line of the change named last before it named none, by boxes of the end. `receipts` are those in
    the change that prove something, by the ids of tasks.
    """

    before: Mapping[Key, Key]
    boxes: Mapping[Key, Box]
    closed: Collection[Key]
    named: Mapping[Key, str]
    receipts: Mapping[str, Trailer]


class _Every:
    """All status characters."""

    def __contains__(self, char: object) -> bool:
        return True


class _Fate(NamedTuple):
    """Of a box that is followed: which one of the end it is, None for one that went; and whether it was closed then."""

    end: Key | None
    closed: bool = False


class Trace:
    """Follows all boxes of the files that a change has changed; `closed` are the status characters of done and
    cancelled boxes."""

    def __init__(self, history: History, closed: Collection[bytes], changes: Iterable[FileChange]) -> None:
        self._history, self._closed = history, closed
        self._fates: list[_Fate] = []
        self._states: dict[str, State] = {}
        self._boxes: dict[Key, Box] = {}
        self._named: dict[Key, str] = {}
        self._receipts: dict[str, Trailer] = {}
        self._end = State()
        for one in changes:
            self._begin(one)

    def over_commits(self, base: str, end: str, inside: Collection[str]) -> Traced:
        """Back from the commit `end`, which the boxes stand in, to `base` along those `inside`."""
        self._states[end] = self._end
        left = len(inside)
        for commit, changes in self._history.commits() if inside else ():
            self._visit(commit, changes, {base, *inside})
            left -= 1
            if not left:
                break
        return self._traced(self._states.get(base, State()))

    def uncommitted(self, changes: Sequence[FileChange]) -> Traced:
        """Back from what is not committed yet to the commit that it differs from so."""
        step = Step(self._history, changes, _Every())
        target = State()
        self._follow(self._end, step, target, last=True)
        return self._traced(target)

    def _begin(self, one: FileChange) -> None:
        if one.after is None:
            return
        path, entries = os.fsdecode(one.path), []
        for box in boxes_of(self._history.content(one.after[1])):
            self._boxes[path, box.at] = box
            entries.append(self._entry(_Fate((path, box.at)), box.at))
        self._end.take(path, FileState(one.after[1], entries))

    def _entry(self, fate: _Fate, at: int) -> Entry:
        self._fates.append(fate)
        return Entry(len(self._fates) - 1, at)

    def _visit(
        self, commit: Commit, changes: Sequence[Sequence[FileChange]], wanted: Collection[str]
    ) -> None:
        if says_something(commit):
            for group in runs_of(commit, ticks=True):
                self._receipts |= {one.task_id: one for one in group.tasks if one.outcome in PROVING}
        state = self._states.pop(commit.oid, State())
        for number, (parent, one) in enumerate(zip(commit.parents, changes, strict=False), start=1):
            if parent in wanted:
                target = self._states.setdefault(parent, State())
                step = Step(self._history, one, _Every())
                self._follow(state, step, target, last=number == len(commit.parents))

    def _follow(self, state: State, step: Step, target: State, *, last: bool) -> None:
        """Hand all boxes on to the version before, and those too that it has and this one has not."""
        for path, entry in step.touched(state):
            self._hear(path, entry, step)
        for path, file in list(state.files.items()):
            step.hand_on(path, file if last else file.copy(()), target)
        for place in step.removed():
            fate = _Fate(None, place.box.char in self._closed)
            target.add(place.path, place.oid, [self._entry(fate, place.box.at)])

    def _hear(self, path: str, entry: Entry, step: Step) -> None:
        """Note which processor the line named before."""
        end = self._fates[entry.tick].end
        change = step.changed(path)
        if end is None or end in self._named or change is None or change.plain:
            return
        place = step.place(path, entry.at)
        if place is not None and b"run" in place.box.text:
            run = read_keys(place.box.text.decode(errors="surrogateescape")).run
            if run is not None:
                self._named[end] = run

    def _traced(self, state: State) -> Traced:
        before: dict[Key, Key] = {}
        closed: set[Key] = set()
        for path, entry in state.entries():
            fate = self._fates[entry.tick]
            if fate.end is not None:
                before[fate.end] = path, entry.at
            elif fate.closed:
                closed.add((path, entry.at))
        return Traced(before, self._boxes, closed, self._named, self._receipts)
