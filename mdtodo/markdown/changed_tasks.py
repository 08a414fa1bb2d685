"""The tasks of a repository after a change of a part of one of its files.

What a task is called depends on the titles of all others, so where one of those that came or went is called as another
one is, all tasks are read anew; else those of the part alone.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from mdtodo.core.task import Anchor, Task
from mdtodo.markdown.tasks import ID_DIGITS, link, tasks_of_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from mdtodo.markdown.document import Document
    from mdtodo.markdown.reparse import Part


def changed_tasks(
    tasks: Collection[Task], file: str, before: Document, after: Document, part: Part
) -> tuple[Task, ...] | None:
    """What `read_tasks` makes of a repository that had these tasks, by file and line, where `before` was read in one of
    its files, and `after` is now. None where more than the tasks of the `part` may be called otherwise."""
    every = tuple(tasks)
    first = next((place for place, task in enumerate(every) if task.file == file), None)
    if first is None or not before.items:
        return None
    begin, end = first + part.begin, first + part.end
    new = _part_of(file, after, part, every[begin - part.lead : begin], every[end : end + part.trail])
    if not are_apart((every[begin:end], new), (*every[:begin], *every[end:])):
        return None
    rest = first + len(before.items)
    behind = every[end:rest]
    if behind and (lines := after.items[part.new_end].line - behind[0].line):
        behind = tuple([_moved(task, lines) for task in behind])
    return (*every[:begin], *new, *behind, *every[rest:])


def _part_of(
    file: str, document: Document, part: Part, lead: Sequence[Task], trail: Sequence[Task]
) -> list[Task]:
    """The tasks of the part, with the ids that they have if no other task is called so. `lead` and `trail` are those
    beside it, which are what they were."""
    first = part.begin - part.lead
    items = [
        item._replace(index=item.index - first, parent=None if item.parent is None else item.parent - first)
        for item in document.items[first : part.new_end + part.trail]
    ]
    alone = tasks_of_file(file, document._replace(items=tuple(items)))
    new = alone.anchors[len(lead) : len(items) - len(trail)]
    ids = [one.explicit or one.digest[:ID_DIGITS] for one in new]
    ids = [*[task.id for task in lead], *ids, *[task.id for task in trail]]
    return link(alone, ids)[len(lead) : len(items) - len(trail)]


def are_apart(versions: Iterable[Sequence[Task]], others: Sequence[Task]) -> bool:
    """Whether in no version one of them is called as another one of them, or of the others: by its titles or by its
    id."""
    begins = set[str]()
    for some in versions:
        digests = {task.anchor.digest for task in some}
        names = {task.anchor.explicit for task in some} - {None}
        if len(digests) < len(some) or len(names) < sum(task.anchor.explicit is not None for task in some):
            return False
        these = {name[:ID_DIGITS] for name in (*names, *digests) if name is not None}
        if len(these) < len(digests) + len(names):
            return False
        begins |= these
    anchors = list(map(_anchor_of, others))
    explicit = filter(None, map(_explicit_of, anchors))
    every = (map(_id_of, others), map(_digest_of, anchors), explicit)
    return all(begins.isdisjoint(map(_start_of, some)) for some in every)


_id_of, _anchor_of = map(itemgetter, map(Task._fields.index, ("id", "anchor")))
_digest_of, _explicit_of = map(itemgetter, map(Anchor._fields.index, ("digest", "explicit")))
_start_of = itemgetter(slice(ID_DIGITS))


def _moved(task: Task, lines: int) -> Task:
    values: list[Any] = list(task)  # `_replace` takes three times as long
    values[_LINE] += lines
    return Task._make(values)


_LINE = Task._fields.index("line")
