"""The plan of a large repository after a change of few of its files, from the plan that was kept before.

What a task says, and what it waits for, depends on its file, and on tasks of others that are called alike, or that one
waits for. Where none of the changed files has such a one that another file knows of, all other tasks are what they
were; else there is no such plan, and the whole is made anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.errors import InputError
from mdtodo.project.cache.plan_columns import PlanColumns
from mdtodo.project.plan_inputs import Said, make_plan_to_keep

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.project.cache.work_tree_ids import Content
    from mdtodo.project.plan_inputs import World

#: Of so many files one may have changed; else all is made anew.
_FEW = 10


class PlanBefore(NamedTuple):
    """A kept plan of other bytes, which holds for the world as it is: git's ids of the files that it was made of, its
    tasks by file and line, and what it says of them."""

    files: Mapping[str, str]
    said: Said
    marked: tuple[str, ...]
    tasks: list[Task]
    columns: PlanColumns


class ChangedPlan(NamedTuple):
    """The same of the files as they are now."""

    said: Said
    marked: tuple[str, ...]
    tasks: list[Task]
    columns: PlanColumns


def changed_plan(before: PlanBefore, content: Content, config: Config, world: World) -> ChangedPlan | None:
    """The plan of these files, with the one from before used up; None where it has to be made of all of them."""
    ids, changed = content.ids, changed_files(content, before.files)
    if not changed:
        return None
    old = [task for task in before.tasks if task.file in changed]
    others = [task for task in before.tasks if task.file not in changed]
    new = _read(content, config, [file for file in ids if file in changed])
    if new is None or not _are_alone(old, new, others):
        return None
    awaited = _awaited(new, others)
    made, said = make_plan_to_keep([*awaited, *new], config, world)
    of_new = PlanColumns.of(made)
    columns = _with_kinds(before.columns, of_new)
    rows = zip(made.tasks.values(), of_new.routes, of_new.states, of_new.blocked_by, strict=True)
    by_file = {file: list(found) for file, found in groupby(rows, key=lambda row: row[0].file)}
    tasks = before.tasks
    for file in changed:
        _put(file, by_file.get(file, ()), tasks, columns)
    marked = [
        file for file in ids if (_is_marked(content, file) if file in changed else file in before.marked)
    ]
    return ChangedPlan(_both(before.said, said), tuple(marked), tasks, columns)


def changed_files(content: Content, before: Mapping[str, str]) -> set[str]:
    """The few files that came, went or have other bytes; empty where these are many, or the others come in another
    order: of several tasks with one id, that of the first file has it."""
    ids = content.ids
    changed = {file for file, _ in ids.items() ^ before.items()}
    if len(changed) * _FEW > len(ids) or content.unreadable:
        return set()
    rest, was = ([file for file in some if file not in changed] for some in (ids, before))
    return changed if rest == was else set()


def _read(content: Content, config: Config, files: Sequence[str]) -> list[Task] | None:
    """The tasks of these files, called as they are if no other task is called so; None where one cannot be read."""
    from mdtodo.markdown.tasks import ID_DIGITS, link, tasks_in

    found: list[Task] = []
    for file in files:
        try:
            alone = tasks_in(file, content.bytes_of(file), config.status)
        except InputError:
            return None
        found += link(alone, [one.explicit or one.digest[:ID_DIGITS] for one in alone.anchors])
    return found


def _are_alone(old: Sequence[Task], new: Sequence[Task], others: Sequence[Task]) -> bool:
    """Whether none of the changed tasks is called as one of the others, and none of these waits for it."""
    from mdtodo.markdown.changed_tasks import are_apart

    names = {task.explicit_id for task in (*old, *new)} - {None}
    waits = {task.after for task in others if task.after}
    return all(map(names.isdisjoint, waits)) and are_apart((old, new), others)


def _awaited(new: Sequence[Task], others: Sequence[Task]) -> list[Task]:
    """Those of the others that new ones wait for, without what they wait for themselves."""
    names = set[str]().union(*[task.after for task in new])
    alone: dict[str, Any] = {
        "parent": None,
        "children": (),
        "previous": None,
        "after": (),
        "not_before": None,
    }
    found = [task for task in others if task.explicit_id in names] if names else ()
    return [task._replace(**alone, boxes_before=(), boxes_inside=()) for task in found]


def _with_kinds(columns: PlanColumns, more: PlanColumns) -> PlanColumns:
    """The columns, and in place of the other ones' numbers of routes those in them."""
    kinds = {kind: number for number, kind in enumerate(columns.kinds)}
    numbers = [kinds.setdefault(kind, len(kinds)) for kind in more.kinds]
    more.routes[:] = [numbers[number] for number in more.routes]
    return columns._replace(kinds=list(kinds))


def _put(
    file: str,
    rows: Collection[tuple[Task, int, str, tuple[str, ...]]],
    tasks: list[Task],
    columns: PlanColumns,
) -> None:
    """These tasks in the place of those of the file."""
    place = slice(
        bisect_left(tasks, file, key=lambda task: task.file),
        bisect_right(tasks, file, key=lambda task: task.file),
    )
    every: tuple[list[Any], ...] = tasks, columns.routes, columns.states, columns.blocked_by
    for number, column in enumerate(every):
        column[place] = [row[number] for row in rows]


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
