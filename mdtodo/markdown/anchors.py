"""How a task is found again in another version of its file: by its id, else its titles, never its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mdtodo.core.digest import sha1
from mdtodo.core.task import Anchor
from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.markdown.document import Document
    from mdtodo.markdown.keys.read import Keys


def anchors(document: Document, file: str, keys: Sequence[Keys] | None = None) -> tuple[Anchor, ...]:
    """One for each task, in order; `keys` are those of each item, if they have been read already.

    The digest is `sha1("\\n".join(titles))` in hex, with the titles of the tasks around it, outermost first,
    and its own. Neither status nor keys nor place count, so they may change.
    """
    if keys is None:
        keys = [read_keys(item.text) for item in document.items]
    hashes: list[_Hash] = []
    seen: dict[str, int] = {}
    found: list[Anchor] = []
    for item, own in zip(document.items, keys, strict=True):
        title = own.title.encode()
        state: _Hash
        if item.parent is None:
            state = sha1(title, usedforsecurity=False)
        else:
            # The titles above are hashed already: to hash them again would take quadratic time in the depth.
            state = hashes[item.parent].copy()
            state.update(b"\n" + title)
        hashes.append(state)
        digest = state.hexdigest()
        nth = seen.get(digest, 0)
        seen[digest] = nth + 1
        found.append(Anchor(file, own.id, digest, nth))
    return tuple(found)


class _Hash(Protocol):
    def copy(self) -> _Hash: ...
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class TaskIndex:
    """The tasks of one version of a file, by what an anchor knows of them."""

    def __init__(self, document: Document, file: str, keys: Sequence[Keys] | None = None) -> None:
        self._document, self._file = document, file
        self._ids: dict[str, list[int]] = {}
        self._digests: dict[str, list[int]] = {}
        self._anchors = anchors(document, file, keys)
        for index, place in enumerate(self._anchors):
            self._digests.setdefault(place.digest, []).append(index)
            if place.explicit is not None:
                self._ids.setdefault(place.explicit, []).append(index)

    def __getitem__(self, index: int) -> Anchor:
        """The anchor of the task with that index."""
        return self._anchors[index]

    def find(self, anchor: Anchor) -> int | str:
        """The index of the one task that the anchor means, or why there is none, as a part of a sentence.

        A task whose id is not in the file is looked for by its titles, since a version without the id may be
        the older one; but never taken for a task that has another id.
        """
        if anchor.explicit is not None:
            named = self._ids.get(anchor.explicit, ())
            if len(named) > 1:
                places = ", ".join(f"{self._file}:{self._document.items[index].line}" for index in named)
                return f"{len(named)} tasks have the id {anchor.explicit!r}: {places}; give each its own id"
            if named:
                return named[0]
        alike = self._digests.get(anchor.digest, ())
        if anchor.nth >= len(alike):
            return self._why_not(anchor, len(alike))
        index = alike[anchor.nth]
        other = self._anchors[index].explicit
        # The same title with another id is another task, copied or new.
        if anchor.explicit is not None and other is not None:
            return f"no task has the id {anchor.explicit!r}, and the one with that title has the id {other!r}"
        return index

    @staticmethod
    def _why_not(anchor: Anchor, alike: int) -> str:
        if alike:
            return f"only {alike} of the tasks with that title are left"
        if anchor.explicit is not None:
            return f"no task has the id {anchor.explicit!r}, or that title below the same parents"
        return "no task has that title below the same parents any more"
