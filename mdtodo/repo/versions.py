"""The receipts' edits made in one version of one file: HEAD's, the index's, or the work tree's. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mdtodo.errors import EditError, InputError
from mdtodo.markdown.anchors import Places
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits import apply
from mdtodo.results import SetStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.markdown.edits import Applied
    from mdtodo.model import Status
    from mdtodo.results import Edit

    #: The edits of each receipt for one file, by the id of its task.
    Wanted = Mapping[str, Sequence[Edit]]


@dataclass(slots=True)
class Version:
    """What became of one version of a file: its bytes, and each receipt's lot, by the id of its task.

    `made`: something was changed. `closed`: the box shows the target already, or, where only keys or lines
    should be added, is no longer open. `missed`: nothing could be made, with the reason. `lacking`: what else
    of a receipt that was made could not be, with the reason.
    """

    data: bytes
    made: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    missed: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)


def tick(data: bytes, wanted: Wanted, statuses: Mapping[str, Status], *, file: str, once: bool) -> Version:
    """Make the edits of all receipts whose task is there and still open.

    Where a box cannot be ticked, nothing else of its receipt is made either. With `once` that holds for a box
    too that shows the target already; otherwise the rest of the receipt is made up for. A file that cannot be
    read as markdown has none of the tasks.
    """
    version = Version(data)
    try:
        left = _open_ones(version, wanted, statuses, file)
        while left:
            edits = [edit for task in left.values() for edit in task]
            applied = apply(data, edits, statuses, file=file, tolerant=True)
            dropped = _drop(version, applied, left, once=once)
            if not dropped:
                _take(version, applied, left)
                break
            left = {task: edits for task, edits in left.items() if task not in dropped}
    except (InputError, EditError) as error:
        return Version(data, missed=dict.fromkeys(wanted, error.sentence))
    return version


def _open_ones(version: Version, wanted: Wanted, statuses: Mapping[str, Status], file: str) -> Wanted:
    """Without those receipts of closed boxes that do not set the box, but only add keys or lines."""
    silent = {task: edits[0].anchor for task, edits in wanted.items() if not _boxes(edits)}
    if not silent:
        return wanted
    document = parse(version.data, statuses, file=file)
    places = Places(document, file)
    for task, anchor in silent.items():
        found = places.find(anchor)
        if isinstance(found, int) and document.items[found].status.closed:
            version.closed.add(task)
    return {task: edits for task, edits in wanted.items() if task not in version.closed}


def _drop(version: Version, applied: Applied, wanted: Wanted, *, once: bool) -> set[str]:
    """The tasks of which nothing is to be made in this version; notes why."""
    reasons, already = dict(applied.missing), set(applied.already)
    dropped: set[str] = set()
    for task, edits in wanted.items():
        decisive = _boxes(edits) or edits
        if all(edit in reasons for edit in decisive):
            version.missed[task] = reasons[decisive[0]]
            dropped.add(task)
        elif _boxes(edits) and already.issuperset(decisive):
            version.closed.add(task)
            dropped |= {task} if once else set()
    return dropped


def _take(version: Version, applied: Applied, wanted: Wanted) -> None:
    version.data = applied.data
    reasons, done = dict(applied.missing), set(applied.done)
    for task, edits in wanted.items():
        if not done.isdisjoint(edits):
            version.made.add(task)
        lacking = next((reasons[edit] for edit in edits if edit in reasons), None)
        if lacking is not None:
            version.lacking[task] = lacking


def _boxes(edits: Sequence[Edit]) -> list[Edit]:
    return [edit for edit in edits if isinstance(edit, SetStatus)]
