"""Documents to tasks: the keys of each line, what headings and parents hand down, and ids.

Pure. The order of the tasks is that of the files given, then of the lines.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from mdtodo.core.task import Anchor, Priority, Task
from mdtodo.markdown.anchors import Lines, anchors_of, derived_ids
from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.read import Keys, read_keys

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.core.task import Span, Status
    from mdtodo.markdown.document import Document, Item
    from mdtodo.markdown.unknown_boxes import UnknownBox
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Hexadecimal digits of a derived id, before it is lengthened.
ID_DIGITS = 7


class _Inherited(NamedTuple):
    """The keys that hold for whatever stands below, nearest first in the tuples."""

    priority: Priority | None = None
    lane: str | None = None
    worker: str | None = None
    due: str | None = None
    not_before: str | None = None
    every: str | None = None
    run: str | None = None
    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def under(self, keys: Keys) -> _Inherited:
        """These, unless `keys` say otherwise; tags, needs and waits add up."""
        if not keys.tokens:
            return self
        return _Inherited(
            priority=keys.priority or self.priority,
            lane=keys.lane or self.lane,
            worker=keys.worker or self.worker,
            due=keys.due or self.due,
            not_before=keys.not_before or self.not_before,
            every=keys.every or self.every,
            run=keys.run or self.run,
            tags=_merged(keys.tags, self.tags),
            needs=_merged(keys.needs, self.needs),
            after=_merged(keys.after, self.after),
        )


_NOTHING = _Inherited()


def read_tasks(files: Mapping[str, Document]) -> tuple[Task, ...]:
    """All tasks of these files, as one repository: ids are unique over all of them.

    Promises: a task's id does not depend on its status, its keys or its place; a derived id only on the
    titles of its parents and its own; of tasks that agree in these, on its file and its headings too, and of those
    that agree in all of that, on how many stand before it. Of several tasks with the same explicit id the first keeps
    it, and the others go by a derived one.
    """
    return join_files([tasks_of_file(file, document) for file, document in files.items()])


#: Of a task: its parent's number in the file, whether its list is ordered, and the number of that list.
_Place = tuple[int | None, bool, int]


class FileTasks(NamedTuple):
    """The tasks of one file without ids, parents, children and anchors; the place of each, and its anchor. `join_files`
    puts them together."""

    tasks: list[Task]
    places: list[_Place]
    anchors: Sequence[Anchor]


def tasks_of_file(file: str, document: Document) -> FileTasks:
    """What this file adds to the tasks of its repository, as a function of it alone."""
    return _with_anchors(file, *_without_anchors(file, document))


def tasks_in(file: str, data: bytes, statuses: Mapping[str, Status]) -> FileTasks:
    """The same of a file's bytes: of a large one the document, which is as much as its tasks, goes before all of them
    are made. Raises InputError for what is not UTF-8 text."""
    return _with_anchors(file, *_without_anchors(file, parse(data, statuses, file=file)))


def _without_anchors(file: str, document: Document) -> tuple[list[Task], list[_Place], Lines]:
    lines = Lines(document)
    tasks = _unlinked_tasks(file, document, lines)
    return tasks, [(item.parent, item.ordered, item.list_index) for item in document.items], lines


def _with_anchors(file: str, tasks: list[Task], places: list[_Place], lines: Lines) -> FileTasks:
    return FileTasks(tasks, places, anchors_of(lines, file))


def join_files(files: Sequence[FileTasks]) -> tuple[Task, ...]:
    """All tasks of these files, see `read_tasks`. What is given is used up: both would be twice as much."""
    places = [place for file in files for place in file.anchors]
    ids = _identify(places)
    known = _across(places)
    linked: list[Task] = []
    first = 0
    for file in files:
        linked += link(file, ids[first : first + len(file.tasks)], known)
        first += len(file.tasks)
    return tuple(linked)


class _Across(NamedTuple):
    """Digests and explicit ids that tasks of several files have."""

    digests: frozenset[str]
    names: frozenset[str]

    def seen(self, anchor: Anchor) -> Anchor:
        """The anchor, which says so."""
        if anchor.digest in self.digests:
            anchor = anchor._replace(elsewhere=True)
        return anchor._replace(shared=True) if anchor.explicit in self.names else anchor


_NO_OTHERS = _Across(frozenset(), frozenset())


def _across(places: Sequence[Anchor]) -> _Across:
    digests: dict[str, str] = {}
    names: dict[str, str] = {}
    found, named = set[str](), set[str]()
    for place in places:
        if digests.setdefault(place.digest, place.file) != place.file:
            found.add(place.digest)
        if place.explicit is not None and names.setdefault(place.explicit, place.file) != place.file:
            named.add(place.explicit)
    return _Across(frozenset(found), frozenset(named))


def _unlinked_tasks(file: str, document: Document, lines: Lines) -> list[Task]:
    """The document's tasks with everything but ids, parents, children and anchors; `lines` takes what those need."""
    heading_keys = [read_keys(heading.text) for heading in document.headings]
    own_waits: list[tuple[str, ...]] = []
    tasks = list(_tasks_alone(file, document, heading_keys, lines, own_waits))
    if not any(heading.after for heading in heading_keys):
        return tasks
    related = _related_ids(document.items, lines.ids)
    return [
        task._replace(after=_without(task.after, names, own)) if names else task
        for task, names, own in zip(tasks, related, own_waits, strict=True)
    ]


def _tasks_alone(
    file: str,
    document: Document,
    heading_keys: Sequence[Keys],
    lines: Lines,
    own_waits: list[tuple[str, ...]],
) -> Iterator[Task]:
    items = document.items
    boxes_before, boxes_inside = _boxes_around(document) if document.unknown_boxes else ({}, {})
    sections = _Sections(heading_keys)
    below: list[_Inherited] = []  # what the tasks around the one at hand hand down
    for item in items:
        # not kept: the keys of a large file are as much as its tasks
        own = read_keys(item.text)
        lines.add(item, own)
        own_waits.append(own.after)
        del below[item.depth :]
        effective = _handed_down(item, items, below, heading_keys).under(own)
        # What a parent runs proves the parent; its subtasks have processors of their own.
        below.append(effective._replace(run=None) if effective.run else effective)
        yield Task(
            id="",
            explicit_id=own.id,
            file=file,
            line=item.line,
            title=own.title,
            status=item.status,
            priority=effective.priority or Priority.MEDIUM,
            own_lane=effective.lane,
            tags=effective.tags,
            needs=effective.needs,
            worker=effective.worker,
            after=effective.after,
            estimate=own.estimate,
            due=effective.due,
            not_before=effective.not_before,
            every=effective.every,
            own_run=effective.run,
            expand=own.expand,
            failures=own.failed,
            done_on=own.done,
            section=sections[item.headings],
            depth=item.depth,
            body=_text(document, item.body + item.notes),
            opening=_text(document, item.body) if item.notes else None,
            boxes_before=boxes_before.get(item.index, ()),
            boxes_inside=boxes_inside.get(item.index, ()),
        )


class _Sections(dict[tuple[int, ...], tuple[str, ...]]):
    """The titles of headings, by their indices: one tuple for all tasks below them."""

    def __init__(self, heading_keys: Sequence[Keys]) -> None:
        self._keys = heading_keys

    def __missing__(self, headings: tuple[int, ...]) -> tuple[str, ...]:
        made = self[headings] = tuple([self._keys[index].title for index in headings])
        return made


def _handed_down(
    item: Item, items: Sequence[Item], below: Sequence[_Inherited], heading_keys: Sequence[Keys]
) -> _Inherited:
    """What the item's headings and parent say, of which `below` has the latter last; `run` comes from the headings
    alone, also below a parent."""
    parent = None if item.parent is None else items[item.parent]
    handed = _NOTHING if item.parent is None else below[-1]
    known = set(parent.headings) if parent else set()
    for index in item.headings:
        if index not in known:
            handed = handed.under(heading_keys[index])
        elif heading_keys[index].run:
            handed = handed._replace(run=heading_keys[index].run)
    return handed


def _related_ids(items: Sequence[Item], ids: Sequence[str | None]) -> list[set[str]]:
    """For each item the ids of its own, of the tasks around it and of those inside: what a heading asks all
    of its section to wait for, these cannot."""
    named: list[set[str]] = [set() for _ in items]
    for item, name in zip(items, ids, strict=True):
        if item.parent is not None:
            named[item.index] |= named[item.parent]
        if name:
            named[item.index].add(name)
    for item in reversed(items):
        if item.parent is not None:
            named[item.parent] |= named[item.index]
    return named


def _boxes_around(document: Document) -> tuple[dict[int, tuple[int, ...]], dict[int, tuple[int, ...]]]:
    """The lines of unknown boxes by the task that follows them in their ordered list, and by the one around them."""
    inside: dict[int, list[int]] = {}
    waited_for: dict[int, deque[UnknownBox]] = {}
    for box in document.unknown_boxes:
        if box.parent is not None:
            inside.setdefault(box.parent, []).append(box.line)
        if box.ordered:
            waited_for.setdefault(box.list_index, deque()).append(box)
    before: dict[int, list[int]] = {}
    for item in document.items if waited_for else ():
        boxes = waited_for.get(item.list_index)
        while boxes and boxes[0].before <= item.index:
            before.setdefault(item.index, []).append(boxes.popleft().line)
    return _tuples(before), _tuples(inside)


def _tuples(lines: Mapping[int, list[int]]) -> dict[int, tuple[int, ...]]:
    return {index: tuple(found) for index, found in lines.items()}


def _text(document: Document, lines: tuple[Span, ...]) -> str:
    if not lines:
        return ""
    data = document.data
    return "\n".join(data[span.start : span.end].decode() for span in lines).strip("\n")


def link(given: FileTasks, ids: Sequence[str], across: _Across = _NO_OTHERS) -> list[Task]:
    """The tasks of a part with these ids, parents, children, anchors and the task before each in its ordered list. What
    is given is used up."""
    tasks = given.tasks
    children: dict[int, list[str]] = {}
    for (parent, _, _), name in zip(given.places, ids, strict=True):
        if parent is not None:
            children.setdefault(parent, []).append(name)
    # By the number of the list: items of another list may stand in between.
    last_of_list: dict[int, str] = {}
    for at, (parent, ordered, number) in enumerate(given.places):
        values: list[Any] = list(tasks[at])  # `_replace` takes three times as long
        values[_ID], values[_PARENT] = ids[at], None if parent is None else ids[parent]
        values[_PREVIOUS] = last_of_list.get(number) if ordered else None
        last_of_list[number] = ids[at]
        if at in children:
            values[_CHILDREN] = tuple(children[at])
        anchor = given.anchors[at]
        values[_ANCHOR] = across.seen(anchor) if across.digests or across.names else anchor
        tasks[at] = Task._make(values)  # in its place, so that there are never two of each
    return tasks


_ID, _PARENT, _CHILDREN, _PREVIOUS, _ANCHOR = map(
    Task._fields.index, ("id", "parent", "children", "previous", "anchor")
)


def _identify(places: Sequence[Anchor]) -> list[str]:
    """An id for each anchor: explicit, else the shortest unique prefix of its hash, of seven digits or
    more."""
    explicit = {place.explicit for place in places if place.explicit}
    equal = Counter(place.digest for place in places)
    taken: set[str] = set()
    hashes: list[str | None] = []
    for place in places:
        if place.explicit and place.explicit not in taken:
            taken.add(place.explicit)
            hashes.append(None)
        else:
            hashes.append(derived_ids(place)[1] if equal[place.digest] > 1 else place.digest)
    short = _shortened([digest for digest in hashes if digest], explicit)
    return [
        short[digest] if digest else place.explicit or ""
        for digest, place in zip(hashes, places, strict=True)
    ]


def _shortened(digests: Sequence[str], taken: Iterable[str | None]) -> dict[str, str]:
    """Each digest's shortest prefix of at least ID_DIGITS that no other digest starts with, and nobody
    else has."""
    short: dict[str, str] = {}
    reserved = set(taken)
    pending, digits = list(digests), ID_DIGITS
    while pending:
        groups: dict[str, list[str]] = {}
        for digest in pending:
            groups.setdefault(digest[:digits], []).append(digest)
        pending = []
        for prefix, group in groups.items():
            # Whole digests are taken as they are, so it ends also where somebody writes one as an id.
            if (len(group) == 1 and prefix not in reserved) or digits >= len(group[0]):
                short.update((digest, prefix) for digest in group)
            else:
                pending += group
        digits += 1
    return short


def _without(names: tuple[str, ...], others: Container[str], own: tuple[str, ...]) -> tuple[str, ...]:
    kept = frozenset(own)
    return tuple([name for name in names if name in kept or name not in others])


def _merged(own: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    # The same tuple where nothing is added: by that `Graph` sees that a task has no waits of its own.
    return own if not more else more if not own else tuple(dict.fromkeys(own + more))
