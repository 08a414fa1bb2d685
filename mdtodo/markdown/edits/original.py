"""One version of a file, before it is edited."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.keys.write import favourite_dialect
from mdtodo.markdown.second_opinion import second_opinion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.task import Status
    from mdtodo.markdown.document import Document, Item
    from mdtodo.markdown.keys.read import Keys

#: Above this size in bytes mistune is not asked, as it takes five times as long as a parse.
OPINION_LIMIT = 100_000


class Original:
    """One version of a file, and what many sets of pending edits of it ask for."""

    def __init__(self, document: Document, statuses: Mapping[str, Status]) -> None:
        self.document = document
        self.statuses = statuses

    def keys(self, index: int) -> Keys:
        """Those of the task with that index."""
        return read_keys(self.document.items[index].text)

    @cached_property
    def children(self) -> list[list[Item]]:
        """The direct subtasks of each task."""
        below: list[list[Item]] = [[] for _ in self.document.items]
        for item in self.document.items:
            if item.parent is not None:
                below[item.parent].append(item)
        return below

    @cached_property
    def dialect(self) -> str | None:
        """The one that the file's keys are written in."""
        return favourite_dialect(
            token for item in self.document.items for token in read_keys(item.text).tokens
        )

    @cached_property
    def bullet(self) -> str:
        """The one for lists without a model: the first of the file's tasks."""
        return next((item.marker for item in self.document.items if not item.ordered), "-")

    @cached_property
    def agreed(self) -> bool:
        """Whether mistune sees the same tasks in it; without that, it has no say in what becomes of it."""
        return len(self.document.data) <= OPINION_LIMIT and agrees(self.document, self.statuses)


def agrees(document: Document, statuses: Mapping[str, Status]) -> bool:
    """Whether mistune finds the same tasks, with the same parents."""
    ours = [
        (item.line, item.char, None if item.parent is None else document.items[item.parent].line)
        for item in document.items
    ]
    # In `(?m)` a `^` matches after a line end, not behind a byte order mark.
    return second_opinion(document.data.removeprefix(b"\xef\xbb\xbf"), statuses) == tuple(ours)
