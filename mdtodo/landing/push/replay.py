"""One commit's receipts replayed on another tree: whose edits they are, and whether they can be made there."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import SetKey, SetStatus
from mdtodo.errors import InputError
from mdtodo.git.objects import find_in_tree
from mdtodo.landing.apply import apply_receipts
from mdtodo.landing.parse_cache import keep, parse_cached
from mdtodo.markdown.anchors import Unclear
from mdtodo.markdown.edits.diff import OPEN, diff
from mdtodo.markdown.keys.read import read_keys
from mdtodo.receipts.identity import is_id_of, is_of, known_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mdtodo.core.edits import Edit
    from mdtodo.core.task import Anchor, Status
    from mdtodo.git.objects import NewObjects, TreeChange
    from mdtodo.landing.apply import EditResult
    from mdtodo.markdown.anchors import TaskIndex
    from mdtodo.markdown.document import Document
    from mdtodo.receipts.trailers import Trailer

    #: Edits by task, and those by file.
    Shares = dict[str, dict[str, list[Edit]]]

#: 100664 is in trees of very old gits, and `git fsck` accepts it.
REGULAR = (b"100644", b"100755", b"100664")


class FileEdits(NamedTuple):
    """The edits of a commit in one file, and the file as the commit left it."""

    file: str
    edits: tuple[Edit, ...]
    after: bytes


@dataclass(frozen=True, slots=True)
class Replayed:
    """`changes`: what becomes of the tree. `made`: the tasks with a receipt in it; `reasons`: why others have
    none, Unclear where their task may be there, and cannot be told from others."""

    changes: dict[bytes, TreeChange]
    made: set[str]
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True)
class NewBase:
    """The tree that receipts are replayed on. `read` gives the content of an object, `added` the markdown files
    that are there and were not where the receipts landed first."""

    tree: str
    read: Callable[[str], bytes]
    added: Callable[[], Sequence[str]]
    statuses: Mapping[str, Status]


def edits_between(
    before: bytes, after: bytes, statuses: Mapping[str, Status], file: str
) -> tuple[Edit, ...] | None:
    """As `markdown.edits.diff.diff`; where only boxes differ, neither version is read again that was met just now."""
    if len(before) == len(after):
        with suppress(InputError):
            parsed = parse_cached(before, statuses, file)
            boxes = [
                SetStatus(
                    parsed.places[item.index]._replace(file=file),
                    now,
                    OPEN if item.status in OPEN else frozenset({item.status}),
                )
                for item in parsed.document.items
                if (now := statuses.get(chr(after[item.box]), item.status)) is not item.status
            ]
            ticked = parsed.ticked(boxes, statuses)
            if ticked is not None and ticked.data == after:
                keep(ticked.parsed, statuses)
                return tuple(boxes)
    return diff(before, after, statuses, file=file)


def replay(
    onto: NewBase,
    changed: Sequence[FileEdits],
    trailers: Sequence[Trailer],
    titles: Sequence[str | None],
    wanted: frozenset[str],
    new: NewObjects,
) -> Replayed:
    """Make the edits of the tasks `wanted` on the new base; `trailers` and `titles` are all of the commit."""
    shares = _shares(onto, changed, trailers, titles)
    kept = {
        file: {task: own for task, own in tasks.items() if task in wanted} for file, tasks in shares.items()
    }
    made: set[str] = set()
    reasons: dict[str, str] = {}
    changes: dict[bytes, TreeChange] = {}
    followed, unclear = _follow_moved_files(onto, kept)
    for file, tasks in followed.items():
        if not tasks:
            continue
        path = os.fsencode(file)
        found = find_in_tree(onto.tree, path, onto.read)
        if found is None or found[0] not in REGULAR:
            reasons |= {task: unclear.get(task, "its file no longer exists") for task in tasks}
            continue
        data = onto.read(found[1])
        version = _made_on(
            onto, data, tasks, {one.task_id for one in trailers if one.processor == "rollup"}, file
        )
        made |= version.made
        reasons |= version.missed | dict.fromkeys(version.closed - version.made, "its box is already closed")
        if version.data != data:
            changes[path] = found[0], new.add("blob", version.data)
    return Replayed(changes, made, reasons)


def closed_tasks(data: bytes, names: Iterable[str], statuses: Mapping[str, Status], file: str) -> set[str]:
    """Those of these ids that a closed task of the file has."""
    try:
        parsed = parse_cached(data, statuses, file)
    except InputError:
        return set()
    closed = [parsed.places[item.index] for item in parsed.document.items if item.status.closed]
    return {name for name in names if any(is_id_of(name, anchor) for anchor in closed)}


# Whose edits they are


def _shares(
    onto: NewBase, changed: Sequence[FileEdits], trailers: Sequence[Trailer], titles: Sequence[str | None]
) -> Shares:
    """The edits of each task in each file: by id; else by title; else they are those of the one task that is
    left."""
    shares: Shares = {}
    unknown: list[tuple[FileEdits, Edit]] = []
    for one in changed:
        share = shares.setdefault(one.file, {})
        for edit in one.edits:
            name = next((t.task_id for t in trailers if is_of(t, edit.anchor)), None)
            if name is None:
                unknown.append((one, edit))
            else:
                known = edit._replace(anchor=known_as(edit.anchor, name))
                share.setdefault(name, []).append(known)
    found = {name for share in shares.values() for name in share}
    left = {t.task_id: title for t, title in zip(trailers, titles, strict=True) if t.task_id not in found}
    for one, edit in unknown:
        title = _title(one, edit.anchor, onto.statuses)
        alike = [task for task, known in left.items() if known == title]
        # of several that are left and none or several of that title, it may be any
        name = alike[0] if len(alike) == 1 else next(iter(left)) if len(left) == 1 else None
        if name is not None:
            shares[one.file].setdefault(name, []).append(edit)
    return shares


def _title(one: FileEdits, anchor: Anchor, statuses: Mapping[str, Status]) -> str | None:
    document, places = _read(one.after, statuses, one.file)
    index = places.find(anchor)
    return read_keys(document.items[index].text).title if isinstance(index, int) else None


def _follow_moved_files(onto: NewBase, shares: Shares) -> tuple[Shares, dict[str, Unclear]]:
    """The shares of files that are gone turned to the one new file that has the task; and, by task, why it may be in
    one, but cannot be told from another."""
    found: Shares = {}
    unclear: dict[str, Unclear] = {}
    for file, tasks in shares.items():
        gone = tasks and find_in_tree(onto.tree, os.fsencode(file), onto.read) is None
        places = _new_places(onto) if gone else {}
        for task, edits in tasks.items():
            at = {name: place.find(edits[0].anchor) for name, place in places.items()}
            there = [name for name, index in at.items() if isinstance(index, int)]
            unclear.update((task, why) for why in at.values() if isinstance(why, Unclear))
            target = there[0] if len(there) == 1 else file
            moved = [edit._replace(anchor=edit.anchor._replace(file=target)) for edit in edits]
            found.setdefault(target, {}).setdefault(task, []).extend(moved)
    return found, unclear


def _new_places(onto: NewBase) -> dict[str, TaskIndex]:
    places: dict[str, TaskIndex] = {}
    for file in onto.added():
        entry = find_in_tree(onto.tree, os.fsencode(file), onto.read)
        if entry is not None and entry[0] in REGULAR:
            try:
                places[file] = _read(onto.read(entry[1]), onto.statuses, file)[1]
            except InputError:
                continue
    return places


# Whether they can be made


def _made_on(
    onto: NewBase, data: bytes, tasks: Mapping[str, Sequence[Edit]], rollups: set[str], file: str
) -> EditResult:
    """The edits made, but no parent ticked for its subtasks of which some are open there."""
    left = dict(tasks)
    reasons: dict[str, str] = {}
    counted = _counts(data, onto.statuses, file)
    for name, edits in tasks.items():
        left[name] = [
            edit for edit in edits if not (isinstance(edit, SetKey) and _adds_no_failure(edit, counted))
        ]
        if not left[name]:
            del left[name]
            reasons[name] = "its line already counts a failure"
    while True:
        version = apply_receipts(data, left, onto.statuses, file=file, once=True)
        early = [
            name for name in version.made & rollups if _has_open_subtasks(version, left[name], onto, file)
        ]
        if not early:
            version.missed |= reasons
            return version
        for name in early:
            del left[name]
            reasons[name] = "some of its subtasks are open"


def _counts(data: bytes, statuses: Mapping[str, Status], file: str) -> Callable[[Anchor], int]:
    """How many failures the line of a task counts there."""

    def count(anchor: Anchor) -> int:
        try:
            document, places = _read(data, statuses, file)
        except InputError:
            return 0
        index = places.find(anchor)
        return read_keys(document.items[index].text).failed if isinstance(index, int) else 0

    return count


def _adds_no_failure(edit: SetKey, counted: Callable[[Anchor], int]) -> bool:
    """Whether there are as many failures on the line already as the edit would write, or more."""
    if edit.key != "failed" or edit.value is None or not edit.value.isdigit():
        return False
    return int(edit.value) <= counted(edit.anchor)


def _has_open_subtasks(version: EditResult, edits: Sequence[Edit], onto: NewBase, file: str) -> bool:
    closing = [edit for edit in edits if isinstance(edit, SetStatus) and edit.status.closed]
    document, places = _read(version.data, onto.statuses, file)
    parents = {places.find(edit.anchor) for edit in closing}
    if any(box.parent in parents for box in document.unknown_boxes):
        return True
    return any(item.parent in parents and not item.status.closed for item in document.items)


def _read(data: bytes, statuses: Mapping[str, Status], file: str) -> tuple[Document, TaskIndex]:
    parsed = parse_cached(data, statuses, file)
    return parsed.document, parsed.places
