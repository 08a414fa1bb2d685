"""The receipts' edits made in one version of one file: HEAD's, the index's, or the work tree's. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.edits import (
    AddNote,
    ArchiveSubtree,
    ChangeLine,
    MoveTask,
    PutSubtree,
    RemoveSubtree,
    SetStatus,
    TakeSubtree,
)
from mdtodo.errors import EditError, InputError
from mdtodo.landing import parse_cache
from mdtodo.markdown.task_index import Unclear

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.edits import Edit
    from mdtodo.core.task import Status
    from mdtodo.landing.parse_cache import EditedFile
    from mdtodo.markdown.edits.apply import Applied

    #: The edits of each receipt for one file, by the id of its task.
    Wanted = Mapping[str, Sequence[Edit]]


class EditResult:
    """What became of one version of a file: its bytes, and each receipt's lot, by the id of its task.

    `made`: something was changed. `closed`: the box shows the target already, or, where only keys or lines
    should be added, is no longer open. `missed`: nothing could be made, with the reason. `incomplete`: what else
    of a receipt that was made could not be, with the reason. `waits`: it may be made later, when somebody has written
    the file. `either`: of the closed ones those that cannot be told from equal ones, whose boxes show the same.
    """

    __slots__ = ("closed", "data", "either", "incomplete", "made", "missed", "waits")

    def __init__(self, data: bytes, missed: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.made: set[str] = set()
        self.closed: set[str] = set()
        self.either: set[str] = set()
        self.missed: dict[str, str] = dict(missed or {})
        self.incomplete: dict[str, str] = {}
        self.waits = False

    def add(self, other: EditResult) -> None:
        """What became of this one when the edits of other tasks were made in it."""
        self.data = other.data
        self.made |= other.made
        self.closed |= other.closed
        self.either |= other.either
        self.missed |= other.missed
        self.incomplete |= other.incomplete


def apply_receipts(
    data: bytes, wanted: Wanted, statuses: Mapping[str, Status], *, file: str, once: bool
) -> EditResult:
    """Make the edits of all receipts whose task is there and still open.

    Where a box cannot be ticked, nothing else of its receipt is made either. With `once` that holds for a box
    too that shows the target already; otherwise the rest of the receipt is made up for. A file that cannot be
    read as markdown has none of the tasks.
    """
    version = EditResult(data)
    try:
        left = _open_ones(version, wanted, statuses, file)
        # Applied anew without what was dropped: none of a dropped receipt's edits may be in the file.
        while left:
            edits = [edit for task in left.values() for edit in task]
            applied = _apply(data, edits, statuses, file)
            dropped = _drop(version, applied, left, once=once)
            if not dropped:
                _take(version, applied, left)
                break
            left = {task: edits for task, edits in left.items() if task not in dropped}
    except (InputError, EditError) as error:
        return EditResult(data, missed=dict.fromkeys(wanted, error.sentence))
    _close(version, wanted, statuses, file)
    return version


class UnclearError(Exception):
    """Tasks that cannot be told from equal ones in some version: `reasons` gives a sentence by the id of each."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(reasons.values()))
        self.reasons = dict(reasons)


def unclear_ones(reasons: Mapping[str, str]) -> dict[str, str]:
    """Of these reasons, by task, those for which nothing may land anywhere."""
    return {task: reason for task, reason in reasons.items() if isinstance(reason, Unclear)}


def _close(version: EditResult, wanted: Wanted, statuses: Mapping[str, Status], file: str) -> None:
    """Where whichever of the equal tasks it is has the box that is wanted, nothing is left to do."""
    for task, reason in list(version.missed.items()):
        if isinstance(reason, Unclear) and reason.indices:
            items = parse_cache.parse_cached(version.data, statuses, file).document.items
            boxes = _boxes(wanted[task])
            if boxes and {items[index].status for index in reason.indices} == {boxes[0].status}:
                del version.missed[task]
                version.closed.add(task)
                version.either.add(task)


def _apply(
    data: bytes, edits: Sequence[Edit], statuses: Mapping[str, Status], file: str
) -> Applied | EditedFile:
    """Where only boxes change, without reading the outcome again."""
    boxes = _boxes(edits)
    if len(boxes) == len(edits):
        ticked = parse_cache.parse_cached(data, statuses, file).ticked(boxes, statuses)
        if ticked is not None:
            parse_cache.keep(ticked.parsed, statuses)
            return ticked
    from mdtodo.markdown.edits.apply import apply

    there = parse_cache.parse_cached(data, statuses, file).document
    return apply(data, edits, statuses, file=file, tolerant=True, document=there)


def _open_ones(version: EditResult, wanted: Wanted, statuses: Mapping[str, Status], file: str) -> Wanted:
    """Without those receipts of closed boxes that do not set the box, but only add keys or lines."""
    silent = {task: edits[0].anchor for task, edits in wanted.items() if not any(map(_is_for_closed, edits))}
    if not silent:
        return wanted
    parsed = parse_cache.parse_cached(version.data, statuses, file)
    for task, anchor in silent.items():
        found = parsed.places.find(anchor)
        if isinstance(found, int) and parsed.document.items[found].status.closed:
            version.closed.add(task)
    return {task: edits for task, edits in wanted.items() if task not in version.closed}


def _drop(version: EditResult, applied: Applied | EditedFile, wanted: Wanted, *, once: bool) -> set[str]:
    """The tasks of which nothing is to be made in this version; notes why."""
    reasons, already = dict(applied.missing), set(applied.already)
    dropped: set[str] = set()
    for task, edits in wanted.items():
        boxes = _boxes(edits)
        decisive = boxes or edits
        if all(edit in reasons for edit in decisive):
            version.missed[task] = reasons[decisive[0]]
            dropped.add(task)
        elif boxes and already.issuperset(decisive):
            version.closed.add(task)
            dropped |= {task} if once else set()
    return dropped


def _take(version: EditResult, applied: Applied | EditedFile, wanted: Wanted) -> None:
    version.data = applied.data
    reasons, done = dict(applied.missing), set(applied.done)
    for task, edits in wanted.items():
        if not done.isdisjoint(edits):
            version.made.add(task)
        incomplete = next((reasons[edit] for edit in edits if edit in reasons), None)
        if incomplete is not None:
            version.incomplete[task] = incomplete


def _is_for_closed(edit: Edit) -> bool:
    """Whether it is made in a task that is closed, too."""
    always = SetStatus, ChangeLine, MoveTask, PutSubtree, RemoveSubtree, TakeSubtree, ArchiveSubtree
    return isinstance(edit, always) or (isinstance(edit, AddNote) and edit.closed)


def _boxes(edits: Sequence[Edit]) -> list[SetStatus]:
    """Those without which nothing else is made."""
    return [edit for edit in edits if isinstance(edit, SetStatus)]
