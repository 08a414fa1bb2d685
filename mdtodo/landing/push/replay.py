"""One commit's receipts replayed on another tree: whose changes they are, and whether they can be made there."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import Status
from mdtodo.errors import InputError
from mdtodo.git.objects import find_in_tree
from mdtodo.landing.merge.merge_tasks import merge_tasks
from mdtodo.landing.parse_cache import parse_cached
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.task_index import Unclear
from mdtodo.receipts.identity import is_id_of, is_of, known_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mdtodo.core.task import Anchor
    from mdtodo.git.objects import NewObjects, TreeChange
    from mdtodo.git.session import GitSession
    from mdtodo.markdown.merge.changes import TaskChanges
    from mdtodo.markdown.task_index import TaskIndex
    from mdtodo.receipts.trailers import Trailer

    #: By receipt, the tasks whose changes are its own: their numbers, and what they are looked for by.
    Shares = dict[str, dict[int, Anchor]]

#: What a box says that a run, or another one, may tick.
OPEN = frozenset({Status.TODO, Status.DOING})

#: 100664 is in trees of very old gits, and `git fsck` accepts it.
REGULAR = (b"100644", b"100755", b"100664")


class FileChanges(NamedTuple):
    """What a commit changed of the tasks of one file."""

    file: str
    changes: TaskChanges


@dataclass(frozen=True, slots=True)
class Replayed:
    """`changes`: what becomes of the tree. `made`: the tasks with a receipt in it; `reasons`: why others have
    none, Unclear where their task may be there, and cannot be told from others."""

    changes: dict[bytes, TreeChange]
    made: set[str]
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True)
class NewBase:
    """The tree that receipts are replayed on. `added` gives the markdown files that are there and were not where the
    receipts landed first."""

    git: GitSession
    tree: str
    added: Callable[[], Sequence[str]]
    statuses: Mapping[str, Status]


def replay(
    onto: NewBase,
    changed: Sequence[FileChanges],
    trailers: Sequence[Trailer],
    titles: Sequence[str | None],
    wanted: frozenset[str],
    new: NewObjects,
) -> Replayed:
    """Merge what the commit changed of the tasks `wanted` into the new base; `trailers` and `titles` are all of it."""
    result = Replayed({}, set(), {})
    contents: dict[bytes, bytes] = {}
    rollups = {one.task_id for one in trailers if one.processor == "rollup"}
    for one, shares in zip(changed, _shares(changed, trailers, titles), strict=True):
        kept = {task: own for task, own in shares.items() if task in wanted}
        for file, tasks in _follow_moved_file(onto, one, kept, result.reasons).items():
            path = os.fsencode(file)
            found = find_in_tree(onto.tree, path, onto.git.content)
            if found is None or found[0] not in REGULAR:
                result.reasons.update(
                    (task, "its file no longer exists") for task in tasks if task not in result.reasons
                )
                continue
            # tasks of several files may have been moved to this one
            data = contents.get(path) or onto.git.content(found[1])
            version = ReplayedFile(onto, one.changes, file, data, tasks)
            version.run(rollups)
            result.made.update(version.made, wanted & _born(one.changes, version, trailers))
            result.reasons.update(version.reasons)
            if version.data != data:
                contents[path] = version.data
                result.changes[path] = found[0], new.add("blob", version.data)
    return result


def closed_tasks(data: bytes, names: Iterable[str], statuses: Mapping[str, Status], file: str) -> set[str]:
    """Those of these ids that a closed task of the file has."""
    try:
        parsed = parse_cached(data, statuses, file)
    except InputError:
        return set()
    closed = [parsed.places[item.index] for item in parsed.document.items if item.status.closed]
    return {name for name in names if any(is_id_of(name, anchor) for anchor in closed)}


# Whose changes they are


def _shares(
    changed: Sequence[FileChanges], trailers: Sequence[Trailer], titles: Sequence[str | None]
) -> list[Shares]:
    """The tasks of each receipt in each file: by id; else by title; else they are those of the one that is left."""
    shares: list[Shares] = [{} for _ in changed]
    unknown: list[tuple[int, int]] = []
    for at, (_, changes) in enumerate(changed):
        for number in changes.tasks:
            anchor = changes.old_places[number]
            name = next((one.task_id for one in trailers if is_of(one, anchor)), None)
            if name is None:
                unknown.append((at, number))
            else:
                shares[at].setdefault(name, {})[number] = known_as(anchor, name)
    found = {name for share in shares for name in share}
    left = {t.task_id: title for t, title in zip(trailers, titles, strict=True) if t.task_id not in found}
    for at, number in unknown:
        anchor = changed[at].changes.old_places[number]
        alike = [task for task, known in left.items() if known == anchor.title]
        # of several that are left and none or several of that title, it may be any
        name = alike[0] if len(alike) == 1 else next(iter(left)) if len(left) == 1 else None
        if name is not None:
            shares[at].setdefault(name, {})[number] = anchor
    return shares


def _born(changes: TaskChanges, version: ReplayedFile, trailers: Sequence[Trailer]) -> set[str]:
    """The receipts of tasks that the commit itself has added, where that was replayed."""
    owners = {number for task in version.made for number in version.tasks[task]}
    new = [changes.new_places[number] for number, owner in changes.added.items() if owner in owners]
    return {one.task_id for one in trailers if any(is_of(one, anchor) for anchor in new)}


def _follow_moved_file(
    onto: NewBase, one: FileChanges, shares: Shares, reasons: dict[str, str]
) -> dict[str, Shares]:
    """The shares by file: where theirs is gone, the one new file that has the task. Notes why it may be in one, but
    cannot be told from another."""
    gone = shares and find_in_tree(onto.tree, os.fsencode(one.file), onto.git.content) is None
    places = _new_places(onto) if gone else {}
    found: dict[str, Shares] = {}
    for task, own in shares.items():
        at = {file: place.find(next(iter(own.values()))) for file, place in places.items()}
        there = [file for file, index in at.items() if isinstance(index, int)]
        reasons.update((task, why) for why in at.values() if isinstance(why, Unclear))
        target = there[0] if len(there) == 1 else one.file
        moved = {number: anchor._replace(file=target) for number, anchor in own.items()}
        found.setdefault(target, {})[task] = moved
    return found


def _new_places(onto: NewBase) -> dict[str, TaskIndex]:
    places: dict[str, TaskIndex] = {}
    for file in onto.added():
        entry = find_in_tree(onto.tree, os.fsencode(file), onto.git.content)
        if entry is not None and entry[0] in REGULAR:
            with suppress(InputError):
                places[file] = parse_cached(onto.git.content(entry[1]), onto.statuses, file).places
    return places


# Whether they can be made


class ReplayedFile:
    """One file of the new base, and what becomes of it."""

    def __init__(self, onto: NewBase, changes: TaskChanges, file: str, before: bytes, tasks: Shares) -> None:
        self.onto, self.changes, self.file, self.before, self.tasks = onto, changes, file, before, tasks
        self.data = before
        self.made: set[str] = set()
        self.reasons: dict[str, str] = {}

    def run(self, rollups: set[str]) -> None:
        """Merge, without parents ticked for subtasks of which some are open there."""
        try:
            self._merge()
            while early := [task for task in self.made & rollups if self._has_open_subtasks(task)]:
                self.reasons |= dict.fromkeys(early, "some of its subtasks are open")
                self._merge()
        except InputError as error:
            self.data, self.made = self.before, set()
            self.reasons |= dict.fromkeys(self.tasks, error.sentence)

    def _merge(self) -> None:
        left: dict[int, Anchor] = {}
        for task, own in self.tasks.items():
            whys = {number: self._why_not(number, anchor) for number, anchor in own.items()}
            left |= {} if task in self.reasons else {n: own[n] for n, why in whys.items() if why is None}
            if None not in whys.values():
                self.reasons.setdefault(task, next(why for why in whys.values() if why))
        merged = merge_tasks(self.onto.git, self.changes, left, self.before, self.onto.statuses, self.file)
        self.data = merged.data
        self.made = {task for task, own in self.tasks.items() if not merged.made.isdisjoint(own)}
        self.made -= self.reasons.keys()
        for task, own in self.tasks.items():
            missed = [merged.missed[number] for number in own if number in merged.missed]
            if task not in self.made:
                self.reasons.setdefault(task, missed[0] if missed else "its box is already closed")

    def _why_not(self, number: int, anchor: Anchor) -> str | None:
        """Why the task must not get what the commit made of it: it has it, or is not what it was."""
        parsed = parse_cached(self.before, self.onto.statuses, self.file)
        found = parsed.places.find(anchor)
        if isinstance(found, str):
            return found
        here, old = parsed.document.items[found], self.changes.old.items[number]
        new = self.changes.new.items[self.changes.tasks[number]]
        if here.status is new.status is not old.status or (here.status.closed and old.status is new.status):
            return "its box is already closed"
        if here.status not in ({*OPEN, old.status} if old.status in OPEN else {old.status}):
            return f"it is marked {here.status.value}"
        counts = [read_keys(item.text).failed for item in (old, new, here)]
        counted = old.status is new.status and counts[0] < counts[1] <= counts[2]
        alone = not any(self.changes.added_below(frozenset([number])))
        return "its line already counts a failure" if counted and alone else None

    def _has_open_subtasks(self, task: str) -> bool:
        parsed = parse_cached(self.data, self.onto.statuses, self.file)
        document = parsed.document
        parents = {parsed.places.find(anchor) for anchor in self.tasks[task].values()}
        if any(box.parent in parents for box in document.unknown_boxes):
            return True
        return any(item.parent in parents and not item.status.closed for item in document.items)
