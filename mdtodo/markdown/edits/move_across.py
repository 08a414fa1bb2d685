"""A task moved from one file to another: taken out of the one, put into the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.errors import EditError
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.move_task import Move, Moved, Target, below_it, move_task
from mdtodo.markdown.edits.subtree import subtree
from mdtodo.markdown.reparse import reparse
from mdtodo.markdown.source import BOM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.task import Status
    from mdtodo.markdown.document import Document


def plain_subtree(document: Document, index: int) -> str:
    """The lines of a task and of all that is below it, as a file would begin with them, with plain line ends for those
    that most lines of the file have. EditError where it stands on the line of another list item."""
    found = subtree(document, document.items[index])
    data = found.written(b"", found.marker).replace(document.newline, b"\n")
    return (data if data.endswith(b"\n") else data + b"\n").decode()


def text_to_put(document: Document, index: int, statuses: Mapping[str, Status]) -> str:
    """The same, which says the same tasks where it stands alone. EditError where it does not: a line that is further in
    than the words of the task, and so goes on with them, may begin something else where they are at the margin."""
    text = plain_subtree(document, index)
    items = document.items[index : below_it(document, index).stop]
    wanted = [(one.text, one.status, one.depth - items[0].depth) for one in items]
    if [(one.text, one.status, one.depth) for one in parse(text.encode(), statuses).items] != wanted:
        raise EditError("it would not be the same task at the margin of a file")
    return text


def put_task(document: Document, text: str, target: Target, statuses: Mapping[str, Status]) -> Moved:
    """The document with the task of these lines at its place. EditError where it would not be the same task there, or
    anything else would change."""
    data, newline = document.data, document.newline
    lines = text.encode().replace(b"\n", newline)
    if data.strip(BOM) and data[-1:] not in (b"\n", b"\r"):
        lines = newline + lines.removesuffix(newline)
    at_end = reparse(document, data + newline + lines, statuses)
    known, new = [item.text for item in document.items], parse(text.encode(), statuses).items
    if not new or [item.text for item in at_end.items] != known + [item.text for item in new]:
        raise EditError("there is no place where it would be the same task")
    if target.top and target.under is None and target.section is None:
        target = Target(before=0) if known else Target()
    # put to the end, and moved from there, which looks at all that comes of it
    return move_task(at_end, len(known), target, statuses)


def remove_task(document: Document, index: int, statuses: Mapping[str, Status]) -> bytes:
    """The bytes without the task and all that is below it. EditError where anything else would change."""
    move = Move(document, index, Target(), statuses)
    data = move.removed()
    if data.startswith(BOM) and not document.data.startswith(BOM):
        raise EditError("taking it away would make a byte order mark of the text that follows")
    after = reparse(document, data, statuses).items
    before = [document.items[one] for one in move.rest]
    place: dict[int | None, int | None] = {None: None, **{was: now for now, was in enumerate(move.rest)}}
    expected = [(one.text, one.status, place[one.parent]) for one in before]
    if [(one.text, one.status, one.parent) for one in after] != expected:
        raise EditError("taking it away would change more than this task")
    return data
