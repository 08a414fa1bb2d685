"""Where the sections of a file are, and which top-level tasks stand under which headings, each with its lines."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.edits.list_items import LINE_END
from mdtodo.markdown.edits.subtree import start_of

if TYPE_CHECKING:
    from mdtodo.markdown.document import Document, Item

    #: Headings as they are written, outermost first.
    Path = tuple[str, ...]


class Section(NamedTuple):
    """A heading of the file itself: its level, where it starts, and the headings above it, with its own as the last."""

    level: int
    start: int
    path: Path


class Outline:
    """That of one version of a file."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def sections(self) -> list[Section]:
        """In the order of the file."""
        found: list[Section] = []
        above: list[Section] = []
        for number, heading in enumerate(self.document.headings):
            raw = self._raw[number]
            if heading.item is not None or raw.startswith((">", "-", "*", "+")):
                continue  # it holds in what it stands in
            above = [one for one in above if one.level < heading.level]
            path = (*(above[-1].path if above else ()), raw)
            above.append(Section(heading.level, self._starts[heading.line - 1], path))
            found.append(above[-1])
        return found

    def path(self, item: Item) -> Path:
        """The headings that a task stands under."""
        return tuple(self._raw[number] for number in item.headings)

    def text(self, item: Item) -> str:
        """The lines of a task and of all that is below it, as they are."""
        return self.document.data[start_of(self.document, item) : item.end].decode()

    @cached_property
    def tasks(self) -> dict[tuple[Path, str], list[int]]:
        """The numbers of the top-level tasks, by their headings and their lines, whatever the line ends are."""
        found: dict[tuple[Path, str], list[int]] = {}
        for item in self.document.items:
            if item.parent is None:
                found.setdefault((self.path(item), plain(self.text(item))), []).append(item.index)
        return found

    @cached_property
    def _starts(self) -> list[int]:
        data = self.document.data
        return [0, *(one.end() for one in LINE_END.finditer(data)), len(data)]

    @cached_property
    def _raw(self) -> list[str]:
        """The lines of each heading, without the blanks around them."""
        return [self._lines(one.line, one.text.count("\n") + 1) for one in self.document.headings]

    def _lines(self, line: int, number: int) -> str:
        starts, data = self._starts, self.document.data
        first = data[starts[line - 1] : starts[line]].removeprefix(b"\xef\xbb\xbf").strip()
        end = line if first.startswith(b"#") else min(line + number, len(starts) - 1)  # else it is underlined
        return plain(data[starts[line - 1] : starts[end]].removeprefix(b"\xef\xbb\xbf").decode()).strip()


def plain(text: str) -> str:
    """With plain line ends, and none at the end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
