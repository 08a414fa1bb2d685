"""An archive taken back: each of its files gets back what it lost, and loses what it got, whatever else has changed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.edits import RevertFile, TakeSubtree
from mdtodo.core.receipt import Receipt, Restore, text_of
from mdtodo.core.results import ARCHIVED, MOVED
from mdtodo.core.task import Anchor
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.outline import Outline
from mdtodo.markdown.task_index import TaskIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mdtodo.core.edits import Edit
    from mdtodo.core.task import Status
    from mdtodo.receipts.trailers import Trailer

    #: Mode and object id, None for no file.
    TreeEntry = tuple[bytes, str] | None


class Ends(NamedTuple):
    """A file before the commits of a run, and after them."""

    before: TreeEntry
    after: TreeEntry


def is_archive(tasks: Sequence[Trailer]) -> bool:
    """Whether a run has done nothing but archive tasks."""
    return bool(tasks) and all(one.outcome == ARCHIVED for one in tasks)


def back_from_archive(
    run: str,
    tasks: Sequence[Trailer],
    changes: Mapping[str, Ends],
    in_head: Callable[[str], TreeEntry],
    content: Callable[[str], bytes],
    statuses: Mapping[str, Status],
) -> tuple[Receipt, ...]:
    """The receipts that take it back. An archive that the run has made, and that nobody has changed since, goes; from
    another one what it got is taken out. `content` gives an object."""
    edits: list[Edit] = []
    takes: list[Edit] = []
    restores: list[Restore] = []
    for path, (before, after) in changes.items():
        now, old = in_head(path), b"" if before is None else content(before[1])
        if after is None or (before is None and now == after):
            restores.append(Restore(path, text_of(after), text_of(before)))
        elif now in (before, after, None) or not (gone := _added(path, old, content(after[1]), statuses)):
            place = Anchor(path, None, "", 0, title=path)
            edits.append(RevertFile(place, after[1], "" if before is None else before[1]))
        else:
            takes += _taken(gone, content(now[1]), statuses)
    receipts = [
        Receipt(one.task_id, one.title or one.task_id, MOVED, "undo", 0, 0.0, 0, tuple(edits), undoes=run)
        for one in tasks
    ]
    first = receipts[0]._replace(edits=(*edits, *takes), restores=tuple(restores))
    return (first, *receipts[1:])


def _added(path: str, old: bytes, new: bytes, statuses: Mapping[str, Status]) -> list[TakeSubtree]:
    """What takes out the tasks that the new version has and the old one has not."""
    before, after = (Outline(parse(data, statuses, file=path)) for data in (old, new))
    places = TaskIndex(after.document, path)
    return [
        TakeSubtree(places[index], text, headings)
        for (headings, text), items in after.tasks.items()
        for index in items[len(before.tasks.get((headings, text), ())) :]
    ]


def _taken(
    edits: Sequence[TakeSubtree], data: bytes, statuses: Mapping[str, Status]
) -> Iterator[TakeSubtree]:
    """The same for what HEAD has: equal ones that others have put there stay."""
    there = Outline(parse(data, statuses)).tasks
    going = Counter((edit.headings, edit.taken) for edit in edits)
    for edit in edits:
        key = edit.headings, edit.taken
        yield edit._replace(left=max(0, len(there.get(key, ())) - going[key]))
