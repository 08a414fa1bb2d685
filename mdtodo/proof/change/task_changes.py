"""What a change did to tasks beside ticking them: to open ones, and to what is to prove those that stand."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.archive_paths import is_archive
from mdtodo.core.task import Status
from mdtodo.planning.inline_block import INLINE, inline_processor
from mdtodo.proof.line_map import title_of
from mdtodo.proof.names import Names
from mdtodo.proof.state import Entry, FileState
from mdtodo.proof.ticks import Tick, tasks_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mdtodo.core.task import Task
    from mdtodo.proof.change.trace import Key, Traced
    from mdtodo.proof.history import History
    from mdtodo.proof.rules import Rules
    from mdtodo.proof.ticks import Version


class Reroute(NamedTuple):
    """A task that stands there, and what proved it before the change and after it: a processor, None for nothing."""

    task: Task
    before: str
    after: str | None


class TaskChanges(NamedTuple):
    """Open tasks that are gone, as they were; those that something else is to prove now; and ticks of such tasks,
    with the processor that they had before. `fresh` are ticks that were none of a task before, as in a comment;
    `routed` are those of tasks that had a processor before."""

    removed: list[Task]
    rerouted: list[Reroute]
    ticks: list[Tick]
    fresh: Collection[Key] = frozenset()
    routed: Collection[Key] = frozenset()


def task_changes(
    history: History, rules: Rules, before: Version, after: Version, traced: Traced
) -> TaskChanges:
    """Between two versions of the TODO files that a change has changed."""
    there, here = _tasks(before, rules), _tasks(after, rules)
    pairs = [(key, task, there.get(traced.before.get(key, _NOWHERE))) for key, task in here.items()]
    removed = _removed(there, here, after, traced, rules)
    if removed and traced.receipts:
        names = Names(history, rules.config)
        removed = {key: task for key, task in removed.items() if not _has_receipt(names, before, key, traced)}
    fresh = frozenset(
        key
        for key, task, was in pairs
        if task.status is Status.DONE and (was is None or was.status is not Status.DONE)
    )
    routed = frozenset(key for key, _, was in pairs if key in fresh and was and rules.processor_of(was))
    rerouted, ticks = list(_rerouted(rules, pairs)), list(_ticks(rules, pairs, traced))
    return TaskChanges(list(removed.values()), rerouted, ticks, fresh, routed)


_NOWHERE = ("", -1)
_Pair = tuple["Key", "Task", "Task | None"]


def _tasks(version: Version, rules: Rules) -> dict[Key, Task]:
    """By the places of their boxes."""
    return {(task.file, item.box): task for item, task in tasks_of(version, rules)}


def _removed(
    there: Mapping[Key, Task], here: Mapping[Key, Task], after: Version, traced: Traced, rules: Rules
) -> dict[Key, Task]:
    """Open tasks that do not stand in a TODO file any more, and are not closed in any other. An open one in an archive
    is in no list."""
    archive = rules.config.archive
    closed = rules.characters(Status.DONE, Status.CANCELLED)
    here = {
        key: task for key, task in here.items() if task.status.closed or not is_archive(archive, task.file)
    }
    kept = {
        key: here[key].title if key in here else title_of(box.text).decode(errors="surrogateescape")
        for key, box in traced.boxes.items()
        if key in here or (box.char in closed and key[0] not in after.ids)
    }
    stand = {traced.before[key] for key in kept if key in traced.before}
    unproven = set(_ticked_elsewhere(there, here, traced, rules))
    came = [(key, title) for key, title in kept.items() if key not in traced.before]
    new = Counter(title for _, title in came)
    # a tick that nothing need prove is no task that something had to
    unjudged = Counter(title for key, title in came if _is_unjudged(key, here, traced, rules))
    found: dict[Key, Task] = {}
    for key, task in there.items():
        if task.status.closed or is_archive(archive, task.file) or key in traced.closed:
            continue
        if key in stand and key not in unproven:
            continue
        left = new[task.title] - (unjudged[task.title] if rules.processor_of(task) else 0)
        if left > 0:
            # among equal ones nobody can tell which is which: one that came is one that went
            new[task.title] -= 1
            continue
        found[key] = task
    return found


def _is_unjudged(key: Key, here: Mapping[Key, Task], traced: Traced, rules: Rules) -> bool:
    """Whether a box is ticked, and nothing is to prove that."""
    done = traced.boxes[key].char in rules.characters(Status.DONE)
    return done and (key not in here or rules.processor_of(here[key]) is None)


def _ticked_elsewhere(
    there: Mapping[Key, Task], here: Mapping[Key, Task], traced: Traced, rules: Rules
) -> Iterator[Key]:
    """Open tasks with a processor that were ticked in a file that is no TODO file: nobody judges that tick."""
    done = rules.characters(Status.DONE)
    for key, was in traced.before.items():
        task = there.get(was)
        if (
            key not in here
            and task is not None
            and traced.boxes[key].char in done
            and rules.processor_of(task)
        ):
            yield was


def _has_receipt(names: Names, before: Version, key: Key, traced: Traced) -> bool:
    """Whether a receipt in the change proves the task, which was then removed in the commit of its tick."""
    path, at = key
    entry = Entry(0, at)
    return bool(names.trailers_of(path, FileState(before.ids[path], [entry]), [entry], traced.receipts))


def _rerouted(rules: Rules, pairs: Iterable[_Pair]) -> Iterator[Reroute]:
    for _, task, was in pairs:
        old = rules.processor_of(was) if was is not None else None
        if was is None or old is None:
            continue
        new = rules.processor_of(task)
        if new != old or (INLINE in (was.own_run, task.own_run) and _block(was) != _block(task)):
            yield Reroute(task, old, new)


def _block(task: Task) -> object:
    found = inline_processor(task)
    return found and found.run


def _ticks(rules: Rules, pairs: Iterable[_Pair], traced: Traced) -> Iterator[Tick]:
    """Those that what proved their task before must prove, as another change could have made that easier."""
    for key, task, was in pairs:
        new = rules.processor_of(task)
        if task.status is not Status.DONE or (new is not None and (was is None or was.status is Status.DONE)):
            continue
        old = rules.processor_of(was) if was is not None else None
        old = old or (traced.named.get(key) if new is None else None)
        if old is not None and old != new:
            yield Tick(task, old, key[1])
