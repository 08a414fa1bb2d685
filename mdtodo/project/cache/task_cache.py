"""The tasks of many files, without parsing again those that an earlier plan had: by git's id of each file's bytes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mdtodo.core.task import Anchor, Task
from mdtodo.errors import InputError
from mdtodo.markdown.tasks import FileTasks, tasks_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.project.cache.work_tree_ids import Content


def read_file_tasks(
    config: Config, content: Content, before: Mapping[str, Sequence[Task]]
) -> tuple[dict[str, FileTasks], list[InputError]]:
    """The tasks of each file, and why others cannot be read. `before` has those of files with these ids, as a plan had
    them."""
    by_file: dict[str, FileTasks] = {}
    unreadable: list[InputError] = []
    for file, oid in content.ids.items():
        if oid in before:
            by_file[file] = _unlinked(file, before[oid])
            continue
        try:
            by_file[file] = tasks_in(file, content.bytes_of(file), config.status)
        except InputError as error:
            unreadable.append(error)
    return by_file, unreadable


def _unlinked(file: str, tasks: Sequence[Task]) -> FileTasks:
    """Tasks of a plan as their file alone has them. The same bytes may be another file's by now."""
    index = {task.id: number for number, task in enumerate(tasks)}
    lists = list(range(len(tasks)))
    for number, task in enumerate(tasks):
        if task.previous is not None:
            lists[number] = lists[index[task.previous]]
    places = [
        (None if task.parent is None else index[task.parent], True, number)
        for task, number in zip(tasks, lists, strict=True)
    ]
    return FileTasks([_alone(file, task) for task in tasks], places, anchors_alone(file, tasks))


def anchors_alone(file: str, tasks: Sequence[Task]) -> list[Anchor]:
    """What all tasks of a file are called in it alone, whatever other files have."""
    named = Counter(task.explicit_id for task in tasks)
    return [_anchor_alone(file, task, named) for task in tasks]


def _alone(file: str, task: Task) -> Task:
    """The task without what joining its file with others has put to it."""
    values: list[Any] = list(task)  # `_replace` takes three times as long
    values[_FILE] = file
    values[_ID], values[_PARENT], values[_CHILDREN], values[_PREVIOUS] = "", None, (), None
    return Task._make(values)


def _anchor_alone(file: str, task: Task, named: Mapping[str | None, int]) -> Anchor:
    place: list[Any] = list(task.anchor)
    place[_FILE_OF_ANCHOR], place[_ELSEWHERE] = file, False
    place[_SHARED] = task.explicit_id is not None and named[task.explicit_id] > 1
    return Anchor._make(place)


_ID, _FILE, _PARENT, _CHILDREN, _PREVIOUS = map(
    Task._fields.index, ("id", "file", "parent", "children", "previous")
)
_FILE_OF_ANCHOR, _ELSEWHERE, _SHARED = map(Anchor._fields.index, ("file", "elsewhere", "shared"))
