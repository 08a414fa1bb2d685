"""Which task of a version of a file does an anchor mean? By its id, its titles, and where those are not unique, what is
around it; never by its line.

`TaskIndex.find` is the one that answers: whatever brings a result, a person's word or an undo to a version of a file
asks it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mdtodo.core.digest import hexdigest
from mdtodo.core.task import Anchor
from mdtodo.core.titles import few
from mdtodo.errors import InputError
from mdtodo.markdown.anchors import ABOVE, Sections, anchors, keys_of, numbered
from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.read import read_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.task import Status
    from mdtodo.markdown.document import Document, Item


class Unclear(str):
    """Why a task cannot be told from equal ones, as a part of a sentence: it may well be there, so nothing is landed
    for it, and the result is kept. `indices` are the tasks that it may be."""

    indices: tuple[int, ...] = ()

    @classmethod
    def of(cls, indices: Sequence[int], reason: str) -> Unclear:
        """For that reason one of these."""
        made = cls(reason)
        made.indices = tuple(indices)
        return made


def _anchors_like(document: Document, file: str, anchor: Anchor) -> dict[int, Anchor] | None:
    """By index, the anchors of all tasks that have its explicit id, or its titles; of others as well. None where as
    much would have to be read for that as for all tasks."""
    items = document.items
    found = _items_like(items, anchor)
    if found is None:
        return None
    sections = Sections(document.headings)
    made: list[Anchor] = []
    for item in found:
        around = [item]
        while (parent := around[-1].parent) is not None:
            around.append(items[parent])
        digest = hexdigest("\n".join([read_keys(one.text).title for one in reversed(around)]).encode())
        beside = _title_beside(items, item, -1), _title_beside(items, item, 1)
        own, (section, above) = read_keys(item.text), sections[item.headings]
        said = keys_of(own) if own.tokens else ""
        made.append(Anchor(file, own.id, digest, 0, own.title, section, said + above, *beside))
    return dict(zip([item.index for item in found], numbered(made), strict=True))


def _items_like(items: Sequence[Item], anchor: Anchor) -> list[Item] | None:
    """Those with its title or its explicit id; None where these are many, or hard to tell from others."""
    # The words of a title stand in the line as they are, and so does an id.
    words = sorted((anchor.title or "").split(), key=len, reverse=True)
    if not words:
        return None
    word, name = words[0], anchor.explicit
    found = [item for item in items if word in item.text and all(one in item.text for one in words)]
    if name is not None:
        found = sorted({*found, *[item for item in items if name in item.text]})
    if len(found) * _FEW_READ > len(items):
        return None
    read = [(item, read_keys(item.text)) for item in found]
    found = [
        item for item, keys in read if keys.title == anchor.title or (name is not None and keys.id == name)
    ]
    return found if len(found) * _FEW_ALIKE < len(items) else None


#: One of so many tasks may have the words, and one of so many the title, where the others are not read.
_FEW_READ, _FEW_ALIKE = 10, 100


def _title_beside(items: Sequence[Item], item: Item, step: int) -> str:
    """The title of the next task in that direction below the same parent and the same headings, "" if there is none."""
    end = len(items) if step > 0 else -1
    for index in range(item.index + step, end, step):
        other = items[index]
        if (other.parent, other.headings) == (item.parent, item.headings):
            return read_keys(other.text).title
    return ""


class TaskIndex:
    """The tasks of one version of a file, by what an anchor knows of them. `known`: the anchors of all of them, where
    they have been read before."""

    def __init__(self, document: Document, file: str, known: Sequence[Anchor] = ()) -> None:
        self.document = document
        self.file = file
        # Of a file of equal tasks each may be asked for: what holds for all of them is found out once.
        self._twins: dict[str, dict[tuple[str, str | None], list[int]]] = {}
        self._unclears: dict[tuple[int, str], Unclear] = {}
        self._asked = 0
        self._anchors: Mapping[int, Anchor] = {}
        self._ids: dict[str, list[int]] = {}
        self._digests: dict[str, list[int]] = {}
        if known:
            self._remember(dict(enumerate(known)))

    def _read_all(self) -> None:
        if len(self._anchors) < len(self.document.items):
            self._remember(dict(enumerate(anchors(self.document, self.file))))

    def _read_for(self, anchor: Anchor) -> None:
        """Read the tasks that it may be; all of them for who asks for many."""
        if len(self._anchors) == len(self.document.items):
            return
        self._asked += 1
        like = _anchors_like(self.document, self.file, anchor) if self._asked <= _FEW else None
        if like is None:
            self._read_all()
        else:
            self._remember(like)

    def _remember(self, found: Mapping[int, Anchor]) -> None:
        self._anchors, self._ids, self._digests = found, {}, {}
        for index, place in found.items():
            self._digests.setdefault(place.digest, []).append(index)
            if place.explicit is not None:
                self._ids.setdefault(place.explicit, []).append(index)

    @classmethod
    def read(cls, data: bytes, statuses: Mapping[str, Status], file: str) -> TaskIndex | None:
        """That of these bytes; None where they cannot be read."""
        try:
            return cls(parse(data, statuses, file=file), file)
        except InputError:
            return None

    def __getitem__(self, index: int) -> Anchor:
        """The anchor of the task with that index."""
        self._read_all()
        return self._anchors[index]

    def find(self, anchor: Anchor) -> int | str:
        """The index of the one task that the anchor means, or why there is none, as a part of a sentence: Unclear where
        it may be there, and cannot be told from others.

        A task whose id is not in the file is looked for by its titles, since a version without the id may be
        the older one; but never taken for a task that has another id. Where its titles were unique, and are here,
        it may have moved. Where they were not, or are not, headings, keys and neighbours must be what they were
        (headings and keys where the equal ones are all in other files), and its file; and where tasks are equal in
        headings and keys too, all of these must stand as they stood.
        """
        self._read_for(anchor)
        named = self._ids.get(anchor.explicit, []) if anchor.explicit is not None else []
        if anchor.shared or len(named) > 1:
            return self._several(anchor.explicit, named)
        if named:
            return self._unless_changed(anchor, named[0])
        alike = self._digests.get(anchor.digest)
        if alike is None:
            return self._why_not(anchor)
        if anchor.file != self.file and (anchor.elsewhere or not anchor.alone):
            return self._unclear(alike)
        single = len(alike) == 1 and (anchor.alone or anchor.keys is None)
        if single and not anchor.elsewhere:
            return self._unless_changed(anchor, alike[0])
        if (
            single
        ):  # the only one of the file, where other files have equal ones, which may have taken its place
            found = alike[0] if self._is_twin(anchor, alike[0]) else self._unclear(alike)
        else:
            found = self._told_apart(anchor, alike)
        return found if isinstance(found, str) else self._unless_changed(anchor, found)

    def _several(self, name: str | None, named: Sequence[int]) -> Unclear:
        if len(named) > 1:
            what = f"{len(named)} tasks have the id {name!r}: {{}}; give each its own id"
        else:
            what = f"several tasks had the id {name!r} when they were read; give each its own id"
        return self._unclear_among(named, what)

    def _unless_changed(self, anchor: Anchor, index: int) -> int | str:
        """The task, unless it is another one by now: other words, another processor, another id."""
        here = self._anchors[index]
        if anchor.explicit is not None and here.explicit not in (None, anchor.explicit):
            # The same title with another id is another task, copied or new.
            return f"no task has the id {anchor.explicit!r}, and the one with that title has the id {here.explicit!r}"
        if anchor.title is not None and here.title != anchor.title:
            return f"the task with the id {anchor.explicit!r} says something else now: {here.title!r}"
        if anchor.title is not None and anchor.keys != here.keys:
            run, now = _run_of(anchor.keys), _run_of(here.keys)
            if run and now and run != now:
                return f"it has run:{now} now, and what was run is {run}"
        return index

    def _told_apart(self, anchor: Anchor, alike: Sequence[int]) -> int | Unclear:
        """Which of the tasks with its titles it is, by all that is around it."""
        twins = self._by_place(anchor.digest, alike).get((anchor.section, anchor.keys), [])
        here = self._anchors[twins[0]] if twins else None
        if here is None or here.twins != anchor.twins:
            return self._unclear(alike)
        if not anchor.twins and (here.before, here.after) != (anchor.before, anchor.after):
            return self._unclear(alike)
        if Counter(anchor.peers) - Counter(here.peers):
            return self._unclear(alike)
        return twins[anchor.twin]

    def _by_place(self, digest: str, alike: Sequence[int]) -> dict[tuple[str, str | None], list[int]]:
        """These tasks by their headings and keys."""
        if digest not in self._twins:
            self._twins[digest] = {}
            for at in alike:
                here = self._anchors[at]
                self._twins[digest].setdefault((here.section, here.keys), []).append(at)
        return self._twins[digest]

    def _is_twin(self, anchor: Anchor, index: int) -> bool:
        here = self._anchors[index]
        return here.section == anchor.section and here.keys == anchor.keys

    def _unclear(self, alike: Sequence[int]) -> Unclear:
        if len(alike) == 1:
            what = "several tasks had that title, and the one that is left, {}, may be another one"
        else:
            what = (
                f"{len(alike)} tasks have that title: {{}}; they, or what is around them, were changed in the meantime,"
                " so which one it was cannot be told; give each its own id"
            )
        return self._unclear_among(alike, what)

    def _unclear_among(self, indices: Sequence[int], reason: str) -> Unclear:
        """For that reason one of these, with their lines in place of `{}`."""
        key = (indices[0] if indices else -1, reason)
        if key not in self._unclears:
            self._unclears[key] = Unclear.of(indices, reason.replace("{}", self._lines(indices), 1))
        return self._unclears[key]

    def _lines(self, indices: Sequence[int]) -> str:
        return few([f"{self.file}:{self.document.items[index].line}" for index in indices], _SHOWN)

    @staticmethod
    def _why_not(anchor: Anchor) -> str:
        if anchor.explicit is not None:
            return f"no task has the id {anchor.explicit!r}, or that title below the same parents"
        return "no task has that title below the same parents any more"


#: So many tasks are asked for one by one, before all of the file are read.
_FEW = 5

#: So many places are named in a sentence.
_SHOWN = 5


def _run_of(keys: str | None) -> str | None:
    """The processor that the line names, its headings aside."""
    own = (keys or "").partition(ABOVE)[0]
    return next((line[4:] for line in own.split("\n") if line.startswith("run:")), None)
