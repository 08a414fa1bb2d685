"""The documents of a large repository, and of one that would be changed: who lists tasks needs none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdtodo.core.task import Status
    from mdtodo.markdown.document import Document
    from mdtodo.project.cache.work_tree_ids import Content


class Documents(Mapping[str, "Document"]):
    """Files, each read and parsed when it is first asked for. They parse: that was tried before, with the same bytes.

    `marked` are those with what may be a conflict marker.
    """

    def __init__(
        self, content: Content, names: Iterable[str], statuses: Mapping[str, Status], marked: tuple[str, ...]
    ) -> None:
        self._content, self._names = content, dict.fromkeys(names)
        self._statuses = statuses
        self._parsed: dict[str, Document] = {}
        self.marked = marked

    def __getitem__(self, file: str) -> Document:
        if file not in self._parsed:
            from mdtodo.markdown.document import parse

            self._parsed[file] = parse(self.bytes_of(file), self._statuses, file=file)
        return self._parsed[file]

    def bytes_of(self, file: str) -> bytes:
        """The bytes of a file, which is not parsed for that."""
        if file not in self._names:
            raise KeyError(file)
        return self._content.bytes_of(file)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, file: object) -> bool:
        return file in self._names


def bytes_of(documents: Mapping[str, Document], file: str) -> bytes:
    """The bytes of one of them, which is parsed for that only if there is no other way."""
    return documents.bytes_of(file) if isinstance(documents, Documents) else documents[file].data


class ChangedDocuments(Mapping[str, "Document"]):
    """Documents of which some are others; the rest stays unread where it is."""

    def __init__(self, before: Mapping[str, Document], changed: Mapping[str, Document]) -> None:
        self._before, self._changed = before, changed

    def __getitem__(self, file: str) -> Document:
        return self._changed[file] if file in self._changed else self._before[file]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._before, *self._changed]))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, file: object) -> bool:
        return file in self._changed or file in self._before
