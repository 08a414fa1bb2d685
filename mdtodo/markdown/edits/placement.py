"""New list items at their place: which ways there are to put them, and the bytes that come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from mdtodo.markdown.edits.list_items import ListStyle, NewItem, render

if TYPE_CHECKING:
    from collections.abc import Sequence


class Placement(NamedTuple):
    """How an insertion may be tried: with a blank line before it (which ends an HTML block) or after it (else
    text goes on with its paragraph), and at another place than after the last child.
    """

    gap: bool = False
    space: bool = False
    place: Literal["below", "end", "first"] = "below"


PLACEMENTS = tuple(
    Placement(gap, space, place)
    for place in ("below", "end", "first")
    for gap, space in ((False, False), (False, True), (True, False), (True, True))
)


class Insertion(NamedTuple):
    """Lines to be put at an offset, below the task `parent`, which has `depth` tasks around it.

    `gap` asks for a blank line before, `space` for one after. `heading` is the one that must be right above.
    """

    at: int
    parent: int | None
    depth: int
    items: Sequence[NewItem]
    style: ListStyle
    newline: bytes
    gap: bool = False
    space: bool = False
    heading: int | None = None

    @property
    def has_bullets(self) -> bool:
        """Whether some of the lines are bullets of plain text."""
        pending = list(self.items)
        while pending:
            item = pending.pop()
            if item.status is None:
                return True
            pending += item.children
        return False

    def text(self, data: bytes, *, boxed: bool) -> bytes:
        """What is put there, line ends included; `boxed` as in `list_items.render`."""
        blank = self.style.prefix.rstrip(b" \t")
        lines = render(self.items, self.style, boxed=boxed)
        block = self.newline.join([*[blank] * self.gap, *lines, *[blank] * self.space])
        if self.at == len(data) and data[-1:] not in (b"\n", b"\r"):
            return self.newline + block if data.strip(b"\xef\xbb\xbf") else block + self.newline
        return block + self.newline
