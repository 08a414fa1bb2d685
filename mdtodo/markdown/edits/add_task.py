"""Where a task that a person adds goes, and in which style."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.errors import EditError
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.list_items import (
    NewItem,
    read_lines,
)
from mdtodo.markdown.edits.original import Original
from mdtodo.markdown.edits.pending import PendingEdits
from mdtodo.markdown.edits.places import below, in_file, in_section
from mdtodo.markdown.task_index import TaskIndex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.task import Anchor
    from mdtodo.markdown.document import Document


def add_task(
    data: bytes,
    text: str,
    *,
    under: Anchor | None = None,
    section: str | None = None,
    statuses: Mapping[str, Status] = STATUS_CHARS,
    file: str = "TODO.md",
    document: Document | None = None,
) -> bytes:
    """The bytes with a new open task, written as its neighbours are. `document` is what was read in `data`, where
    somebody has read it.

    It goes below `under` as the last child; else to the end of the list of the section with that heading, or
    to the end of the file's last list of tasks at the top level. Raises EditError where there is no such task
    or heading, or where it would not become exactly one task.
    """
    new_item = _new_task(text, statuses)
    original = Original(document or parse(data, statuses, file=file), statuses)
    if under is not None:
        where = TaskIndex(original.document, file).find(under)
        if isinstance(where, str):
            raise EditError(where)
        insertions = below(original, where, [new_item])
    elif section is not None:
        insertions = in_section(original, section, [new_item])
    else:
        insertions = in_file(original, [new_item])
    for insertion in insertions:
        # With blank lines only where it must be: else it would be text of the paragraph, or inside of HTML, above it.
        for gap, space in product((False, True), repeat=2):
            pending = PendingEdits(original)
            pending.insert(insertion._replace(gap=insertion.gap or gap, space=insertion.space or space))
            if pending.is_intended():
                return pending.data
    raise EditError("there is no place where this line would add one task and change nothing else", file=file)


def _new_task(text: str, statuses: Mapping[str, Status]) -> NewItem:
    """The task of that text; a box that is typed in front of it is taken for the task's own."""
    words = text.strip()
    if boxes := _OPEN_BOXES.match(words):
        words = words[boxes.end() :]
    if not words or _ONLY_A_BOX.fullmatch(words):
        raise EditError("a task needs some text")
    new_items = read_lines([_as_item(words, statuses)], statuses)
    alone = parse(f"- [ ] {new_items[0].text}".encode(), statuses).items
    if len(new_items) != 1 or new_items[0].status is not Status.TODO or len(alone) != 1:
        raise EditError("that text would not be read as one task")
    new_items[0].delimiter = ""  # of the list that it goes to, not as it was typed
    return new_items[0]


def _as_item(words: str, statuses: Mapping[str, Status]) -> str:
    """The list item that these words are, or with a box before them become."""
    typed = _BOXED.match(words)
    if typed is None or typed[2] not in statuses:
        return f"- [ ] {words}"
    return words if typed[1] else f"- {words}"


_MARKER = r"((?:[-+*]|[0-9]{1,9}[.)])[ \t]+)?"
_BOXED = re.compile(rf"{_MARKER}\[(.)\][ \t]+\S")
# What may go on as a link, `[ ](b)`, is none.
_OPEN_BOXES = re.compile(rf"(?:{_MARKER}(?:\[[ \t]*\][ \t]+(?=\S)|\[[ \t]+\](?=[^\s(\[:])))+")
_ONLY_A_BOX = re.compile(rf"{_MARKER}\[[ \t]*\]")
