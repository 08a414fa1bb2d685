"""What a task is called in a version of its file: its id, its titles, and where those are not unique, what is around
it. Which task an anchor means in another version, `task_index` says.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from mdtodo.core.digest import hexdigest, sha1
from mdtodo.core.task import Anchor
from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.markdown.document import Document, Heading, Item
    from mdtodo.markdown.keys.read import Keys

#: The keys that mdtodo writes: they may change while a result is under way.
WRITTEN_KEYS = frozenset({"failed", "done", "worker", "id"})

#: Before the keys of a heading.
ABOVE = "\0"

#: So many equal tasks under other headings, or with other keys, are looked at again.
_PEERS = 32


class Lines:
    """What anchors need of each task and its keys, in columns, and of the headings of the file: so neither keys nor
    document, which are as much as the tasks, need be kept for them."""

    __slots__ = ("depths", "headings", "ids", "parents", "said", "sections", "titles")

    def __init__(self, document: Document) -> None:
        self.sections = Sections(document.headings)
        self.titles: list[str] = []
        self.ids: list[str | None] = []
        self.said: list[str] = []
        self.parents: list[int | None] = []
        self.depths: list[int] = []
        self.headings: list[tuple[int, ...]] = []

    def add(self, item: Item, own: Keys) -> None:
        """The next task."""
        self.titles.append(own.title)
        self.ids.append(own.id)
        self.said.append(keys_of(own) if own.tokens else "")
        self.parents.append(item.parent)
        self.depths.append(item.depth)
        self.headings.append(item.headings)


def anchors(document: Document, file: str, keys: Sequence[Keys] | None = None) -> tuple[Anchor, ...]:
    r"""One for each task, in order; `keys` are those of each item, if they have been read already.

    The digest is `sha1("\n".join(titles))` in hex, with the titles of the tasks around it, outermost first,
    and its own. Neither status nor keys nor place count, so they may change. Equal tasks of other files are not
    known here, see `markdown.tasks`.
    """
    lines = Lines(document)
    for item in document.items:
        lines.add(item, read_keys(item.text) if keys is None else keys[item.index])
    return tuple(anchors_of(lines, file))


def anchors_of(lines: Lines, file: str) -> list[Anchor]:
    """The same, where the keys have been read line by line."""
    found: list[Anchor] = []
    for title, name, said, headings, digest, (before, after) in zip(
        lines.titles,
        lines.ids,
        lines.said,
        lines.headings,
        _digests(lines),
        _neighbours(lines),
        strict=True,
    ):
        section, above = lines.sections[headings]
        found.append(Anchor(file, name, digest, 0, title, section, said + above, before, after))
    return numbered(found)


class _Hash(Protocol):
    def copy(self) -> _Hash: ...
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


def _digests(lines: Lines) -> Iterator[str]:
    hashes: list[_Hash] = []  # of the tasks around the one at hand
    for depth, text in zip(lines.depths, lines.titles, strict=True):
        title = text.encode()
        state: _Hash
        del hashes[depth:]
        if not hashes:
            state = sha1(title, usedforsecurity=False)
        else:
            # The titles above are hashed already: to hash them again would take quadratic time in the depth.
            state = hashes[-1].copy()
            state.update(b"\n" + title)
        hashes.append(state)
        yield state.hexdigest()


class Sections(dict[tuple[int, ...], tuple[str, str]]):
    """The titles and the keys of headings, by their indices."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._headings = headings

    def __missing__(self, headings: tuple[int, ...]) -> tuple[str, str]:
        keys = [read_keys(self._headings[index].text) for index in headings]
        # Apart from what the line itself says: of that `run:` counts more.
        said = "".join(f"{ABOVE}{keys_of(one)}" for one in keys if one.tokens)
        self[headings] = "\n".join(one.title for one in keys), said
        return self[headings]


def keys_of(keys: Keys) -> str:
    """Those that mdtodo does not write, a line each."""
    said = [f"{token.name}:{token.value}\n" for token in keys.tokens if token.name not in WRITTEN_KEYS]
    return said[0] if len(said) == 1 else "".join(sorted(said))


def _neighbours(lines: Lines) -> Iterator[tuple[str, str]]:
    """The titles of the tasks before and after each one below the same parent and the same headings."""
    titles = lines.titles
    last: dict[tuple[int | None, tuple[int, ...]], int] = {}
    before, after = [""] * len(titles), [""] * len(titles)
    for at, place in enumerate(zip(lines.parents, lines.headings, strict=True)):
        if (previous := last.get(place)) is not None:
            before[at], after[previous] = titles[previous], titles[at]
        last[place] = at
    return zip(before, after, strict=True)


def numbered(found: list[Anchor]) -> list[Anchor]:
    """With what each needs to be told from those that are equal to it."""
    equal = _grouped([one.digest for one in found])
    for alike in equal:
        counts: Counter[str] = Counter()
        for at in alike:
            found[at] = found[at]._replace(nth=counts[found[at].section], alone=False)
            counts[found[at].section] += 1
        _tell_apart(found, alike)
    for named in _grouped([one.explicit for one in found]):
        for at in named if found[named[0]].explicit is not None else ():
            found[at] = found[at]._replace(shared=True)
    return found


def _grouped(values: Sequence[object]) -> list[list[int]]:
    """The places of values that are there several times, by value."""
    # most often there is none, which a set finds out at once
    if len(set(values)) == len(values):
        return []
    places: dict[object, list[int]] = {}
    for at, value in enumerate(values):
        places.setdefault(value, []).append(at)
    return [those for those in places.values() if len(those) > 1]


def _tell_apart(found: list[Anchor], alike: Sequence[int]) -> None:
    """Of tasks with the same titles: the numbers of those with the same headings and keys, and what the others have."""
    kinds = {at: _short(f"{found[at].section}\0{found[at].keys}", 8) for at in alike}
    for same in _grouped(list(kinds.values())):
        twins = [alike[place] for place in same]
        digest = _short("".join(f"{found[at].before}\0{found[at].after}\0" for at in twins), 12)
        for number, at in enumerate(twins):
            found[at] = found[at]._replace(twin=number, twins=digest)
    shared: dict[str, tuple[str, ...]] = {}
    for at, kind in kinds.items():
        if kind not in shared:
            # one tuple for all of a kind: a file of nothing but equal tasks would hold the square of them
            others = (other for other in kinds.values() if other != kind)
            shared[kind] = tuple(islice(others, _PEERS))
        found[at] = found[at]._replace(peers=shared[kind])


def _short(text: str, digits: int) -> str:
    return _sha1(text)[:digits]


def place_digest(anchor: Anchor) -> str:
    """What `at=` in a receipt says (12 hex digits): file, headings, keys, and the place among equal tasks."""
    parts = anchor.file, anchor.section, anchor.keys or "", f"{anchor.nth}{anchor.twins}"
    return _short("\0".join(parts), 12)


def derived_ids(anchor: Anchor) -> tuple[str, str]:
    """What derived ids of the task begin with (40 hex digits): where its titles are unique in the repository, and where
    they are not."""
    text = f"{anchor.digest}\n{anchor.file}\n{anchor.section}" + (f"\n{anchor.nth + 1}" if anchor.nth else "")
    return anchor.digest, _sha1(text)


def _sha1(text: str) -> str:
    # a name of a file may hold bytes that are no UTF-8
    return hexdigest(text.encode("utf-8", "surrogateescape"))
