"""The plan of a large repository after a change of few of its files, or of a part of a large one, from the plan that
was kept before.

What a task says depends on its file, and on tasks that are called alike. Where none that came, went or changed is
called as another one, all others are what they were; and what they wait for is judged anew where that is one of these.
Else there is no such plan, and the whole is made anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.errors import InputError
from mdtodo.project.cache.plan_columns import PlanColumns
from mdtodo.project.plan_inputs import Said, make_plan_to_keep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.markdown.document import Document
    from mdtodo.markdown.reparse import Part
    from mdtodo.project.cache.work_tree_ids import Content
    from mdtodo.project.plan_inputs import World

#: Of so many files one may have changed that is read as a whole; else all is made anew.
_FEW = 10


class PlanBefore(NamedTuple):
    """A kept plan of other bytes, which holds for the world as it is: git's ids of the files that it was made of, the
    `texts` of large ones; and `load` gives what it says of its tasks."""

    files: Mapping[str, str]
    texts: Mapping[str, bytes]
    said: Said
    marked: tuple[str, ...]
    load: Callable[[], Planned]


class Planned(NamedTuple):
    """Tasks by file and line, and what a plan says of them."""

    tasks: list[Task]
    columns: PlanColumns


class ChangedPlan(NamedTuple):
    """The plan of the files as they are now."""

    said: Said
    marked: tuple[str, ...]
    planned: Planned


class _Part(NamedTuple):
    """Both versions of a large file, and where they differ."""

    before: Document
    after: Document
    part: Part


class _Tasks(NamedTuple):
    """All tasks now, those that went or have changed, as they were, and those that came or have changed."""

    every: list[Task]
    old: list[Task]
    new: list[Task]


def changed_plan(before: PlanBefore, content: Content, config: Config, world: World) -> ChangedPlan | None:
    """The plan of these files; None where it has to be made of all of them."""
    ids, changed = content.ids, changed_files(content, before.files, before.texts)
    parts = _parts(before, content, config, changed) if changed else None
    if parts is None:
        return None
    was = before.load()
    tasks = _changed_tasks(was.tasks, parts, content, config, sorted(changed))
    if tasks is None:
        return None
    judged, around = _judged(tasks)
    made, said = make_plan_to_keep([*around, *judged.values()], config, world)
    columns = _with(was, PlanColumns.of(made), made.tasks, judged, tasks.every)
    marked = [
        file for file in ids if (_is_marked(content, file) if file in changed else file in before.marked)
    ]
    return ChangedPlan(_both(before.said, said), tuple(marked), Planned(tasks.every, columns))


def changed_files(content: Content, before: Mapping[str, str], texts: Mapping[str, bytes]) -> set[str]:
    """The few files that came, went or have other bytes, and those of which the `texts` were kept; empty where these
    are many, or the others come in another order: of several tasks with one id, that of the first file has it."""
    ids = content.ids
    changed = {file for file, _ in ids.items() ^ before.items()}
    if len(changed - texts.keys()) * _FEW > len(ids) or content.unreadable:
        return set()
    rest, was = ([file for file in some if file not in changed] for some in (ids, before))
    return changed if rest == was else set()


def _parts(
    before: PlanBefore, content: Content, config: Config, changed: AbstractSet[str]
) -> dict[str, _Part] | None:
    """Of the large files among these; None where of one more than a part has to be read. Before the tasks are loaded,
    which are as much again."""
    from mdtodo.markdown.document import parse
    from mdtodo.markdown.reparse import reparse_part

    found: dict[str, _Part] = {}
    for file in changed & before.texts.keys() & content.ids.keys():
        try:
            was = parse(before.texts[file], config.status, file=file)
            now, part = reparse_part(was, content.bytes_of(file), config.status, file=file)
        except InputError:
            return None
        if part is None:
            return None
        found[file] = _Part(was, now, part)
    return found


def _changed_tasks(
    was: list[Task], parts: dict[str, _Part], content: Content, config: Config, changed: Sequence[str]
) -> _Tasks | None:
    """The tasks now; None where a file cannot be read, or one that has changed is called as another one. The parts are
    used up."""
    from mdtodo.markdown.changed_tasks import are_apart

    tasks = _Tasks(was, [], [])
    for file in changed:
        found: _Tasks | None
        part = parts.pop(file, None)
        try:
            found = _of_part(tasks, file, part) if part else _of_file(tasks, file, content, config)
        except InputError:
            return None
        if found is None:
            return None
        tasks = found
    new = set(map(id, tasks.new))  # not by their ids, which another one may have
    others = [task for task in tasks.every if id(task) not in new]
    return tasks if are_apart((tasks.old, tasks.new), others) else None


def _of_file(tasks: _Tasks, file: str, content: Content, config: Config) -> _Tasks:
    """With those of the file, which may be gone, called as they are if no other task is called so."""
    from mdtodo.markdown.tasks import ID_DIGITS, link, tasks_in
    from mdtodo.planning.graph import in_order

    every, old, new = tasks
    begin = bisect_left(every, file, key=_file_of)
    end = bisect_right(every, file, lo=begin, key=_file_of)
    now: Sequence[Task] = ()
    if file in content.ids:
        alone = tasks_in(file, content.bytes_of(file), config.status)
        now = in_order(link(alone, [one.explicit or one.digest[:ID_DIGITS] for one in alone.anchors]))
    return _Tasks([*every[:begin], *now, *every[end:]], [*old, *every[begin:end]], [*new, *now])


def _of_part(tasks: _Tasks, file: str, changed: _Part) -> _Tasks | None:
    """With those of the part of the file that has changed; None where that tells nothing of the others."""
    from mdtodo.markdown.changed_tasks import changed_tasks

    every = changed_tasks(tasks.every, file, *changed)
    if every is None:
        return None
    first = bisect_left(tasks.every, file, key=_file_of)
    begin, end, new_end = (first + place for place in changed.part[:3])
    return _Tasks([*every], [*tasks.old, *tasks.every[begin:end]], [*tasks.new, *every[begin:new_end]])


def _file_of(task: Task) -> str:
    return task.file


def _judged(tasks: _Tasks) -> tuple[dict[str, Task], list[Task]]:
    """By id, the new tasks, those that wait for one of these or of the old ones, and all below them; and those around
    them, by which they are judged."""
    altered = (*tasks.old, *tasks.new)
    names, ids = {task.explicit_id for task in altered} - {None}, {task.id for task in altered}
    new = {task.id for task in tasks.new}
    judged: dict[str, Task] = {}
    for task in tasks.every:  # parents come before their subtasks
        waits = task.previous in ids or (task.after and not names.isdisjoint(task.after))
        if task.id in new or waits or task.parent in judged:
            judged[task.id] = task
    above = {task.id: task for task in _above(tasks.every, judged)}
    return judged, [*above.values(), *_awaited(tasks.every, {**judged, **above})]


def _above(every: Sequence[Task], judged: Mapping[str, Task]) -> Iterator[Task]:
    """The others that these stand in: what holds those up, holds these up."""
    wanted = {task.parent for task in judged.values()} - judged.keys() - {None}
    if not wanted:
        return
    for task in reversed(every):
        if task.id in wanted:
            wanted |= {task.parent} - judged.keys()
            yield task


def _awaited(every: Sequence[Task], waiting: Mapping[str, Task]) -> Iterator[Task]:
    """The others that these wait for, without what they wait for themselves."""
    names = set[str | None]().union(*[task.after for task in waiting.values()])
    before = {task.previous for task in waiting.values()} - {None}
    alone: dict[str, Any] = {
        "parent": None,
        "children": (),
        "previous": None,
        "after": (),
        "not_before": None,
    }
    for task in every:
        if task.id not in waiting and (task.id in before or (task.explicit_id and task.explicit_id in names)):
            yield task._replace(**alone, boxes_before=(), boxes_inside=())


def _with(
    before: Planned,
    made: PlanColumns,
    names: Mapping[str, Task],
    judged: Mapping[str, Task],
    every: Sequence[Task],
) -> PlanColumns:
    """The columns of all tasks: those from before, and of the judged ones those that were made now, by their names."""
    was = before.columns
    kinds = {kind: number for number, kind in enumerate(was.kinds)}
    numbers = [kinds.setdefault(kind, len(kinds)) for kind in made.kinds]
    rows = dict(
        zip(
            [task.id for task in before.tasks],
            zip(was.routes, was.states, was.blocked_by, strict=True),
            strict=True,
        )
    )
    for name, number, state, blocked_by in zip(names, made.routes, made.states, made.blocked_by, strict=True):
        if name in judged:
            rows[name] = numbers[number], state, blocked_by
    found = [rows[task.id] for task in every]
    return PlanColumns(
        list(kinds), [row[0] for row in found], [row[1] for row in found], [row[2] for row in found]
    )


def _both(before: Said, new: Said) -> Said:
    """What counts for either: more than what is asked for now does no harm."""
    return Said(
        before.today or new.today,
        tuple(sorted({*before.missing, *new.missing})),
        tuple(sorted({*before.deleted, *new.deleted})),
        tuple(sorted({*before.recipes, *new.recipes})),
    )


def _is_marked(content: Content, file: str) -> bool:
    return b"<<<<<<<" in content.bytes_of(file)
