"""Which of the ticks that are followed a receipt is of, in the version in which it stands."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.archive_paths import is_archive
from mdtodo.errors import InputError
from mdtodo.markdown.anchors import anchors, derived_ids, place_digest
from mdtodo.markdown.document import parse
from mdtodo.proof.evidence import PROVING
from mdtodo.receipts.identity import is_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Anchor
    from mdtodo.proof.history import History
    from mdtodo.proof.state import Entry, FileState
    from mdtodo.proof.steps import Place
    from mdtodo.receipts.trailers import Trailer


class Named(NamedTuple):
    """A trailer, and the entry of a file, with the content of that, that it is of by its id."""

    path: str
    oid: str
    entry: Entry
    trailer: Trailer


class Names:
    """Anchors of versions, read where they are asked for, by the status characters and the archives of `config`."""

    def __init__(self, history: History, config: Config) -> None:
        self._history, self._statuses, self._archive = history, config.status, config.archive
        self._known: dict[tuple[str, str], dict[int, tuple[int, Anchor]]] = {}

    def trailers_of(
        self, path: str, file: FileState, entries: Iterable[Entry], trailers: Mapping[str, Trailer]
    ) -> list[tuple[Entry, Trailer]]:
        """Of these entries of a file those that one of the trailers, by their ids, is of."""
        lengths = sorted({len(name) for name in trailers if 6 < len(name) <= 40})
        found: list[tuple[Entry, Trailer]] = []
        left: list[Entry] = []
        for entry in entries:
            trailer = self._plainly(path, file, entry, trailers, lengths)
            if trailer is None:
                left.append(entry)
            else:
                found.append((entry, trailer))
        if left and len({trailer.task_id for _, trailer in found}) < len(trailers):
            known = self._read(path, file.oid)
            equal = ((entry, _among_equals(known.get(entry.at), trailers, lengths)) for entry in left)
            found += [(entry, trailer) for entry, trailer in equal if trailer is not None]
        return found

    def fitting(self, found: Sequence[Named]) -> Sequence[Named]:
        """Of what trailers are of, where one is of equal tasks of several files, those that it says to stand so; and of
        an archive none that one ends which says otherwise, as a task of a list may have the same id."""
        several = {name for name, count in Counter(one.trailer.task_id for one in found).items() if count > 1}
        fit = {one.trailer.task_id for one in found if one.trailer.task_id in several and self._fits(one)}
        return [
            one
            for one in found
            if (one.trailer.task_id not in fit and not self._spares(one)) or self._fits(one)
        ]

    def _spares(self, one: Named) -> bool:
        ends = one.trailer.outcome not in PROVING
        return ends and one.trailer.at is not None and is_archive(self._archive, one.path)

    def _fits(self, one: Named) -> bool:
        known = self._read(one.path, one.oid).get(one.entry.at)
        return known is not None and one.trailer.at == place_digest(known[1])

    def are_same(self, one: Place, other: Place) -> bool:
        """Whether two boxes of equal text, in two versions, are the same task."""
        here, there = (self._read(place.path, place.oid).get(place.box.at) for place in (one, other))
        if here is None or there is None or here[1].digest != there[1].digest:
            return False
        alone = here[1].alone and there[1].alone
        return alone or tuple(derived_ids(here[1])) == tuple(derived_ids(there[1]))

    def _plainly(
        self, path: str, file: FileState, entry: Entry, trailers: Mapping[str, Trailer], lengths: list[int]
    ) -> Trailer | None:
        """By its own id, or by titles that no other task of the file has."""
        if not entry.named:
            # all of the file at once: names mostly hold in the versions before, which then need not be read
            known = self._read(path, file.oid)
            for one in file.entries:
                if not one.named and one.at in known:
                    one.call(*known[one.at])
        if not entry.named:
            return None
        if entry.explicit is not None and entry.explicit in trailers:
            return trailers[entry.explicit]
        names = (entry.digest[:length] for length in lengths) if entry.alone else ()
        return next((trailers[name] for name in names if name in trailers), None)

    def _read(self, path: str, oid: str) -> dict[int, tuple[int, Anchor]]:
        """The anchors of a version by the places of their boxes, each with that of the outermost task around it."""
        if (known := self._known.get((path, oid))) is None:
            if len(self._known) >= _VERSIONS:
                self._known.clear()
            known = self._known[path, oid] = self._anchors(path, oid)
        return known

    def _anchors(self, path: str, oid: str) -> dict[int, tuple[int, Anchor]]:
        try:
            document = parse(self._history.content(oid), self._statuses, file=path)
        except InputError:
            return {}
        roots: list[int] = []
        for item in document.items:
            roots.append(item.box if item.parent is None else roots[item.parent])
        found = zip(document.items, roots, anchors(document, path), strict=True)
        return {item.box: (root, anchor) for item, root, anchor in found}


def _among_equals(
    known: tuple[int, Anchor] | None, trailers: Mapping[str, Trailer], lengths: list[int]
) -> Trailer | None:
    """By all that tells it from equal ones."""
    if known is None:
        return None
    for digest in derived_ids(known[1]):
        for name in (digest[:length] for length in lengths):
            if name in trailers and is_of(trailers[name], known[1]):
                return trailers[name]
    return None


#: Versions that are kept.
_VERSIONS = 8
