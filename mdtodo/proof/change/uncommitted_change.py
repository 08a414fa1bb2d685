"""What is not committed yet did beside ticking boxes: beside HEAD, and in a merge beside all of its parents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mdtodo.core.task import Status
from mdtodo.git.diff_tree import FileChange
from mdtodo.git.files.tree_files import from_commit, from_index, from_work_tree
from mdtodo.git.files.worktree_files import find, specs_like
from mdtodo.git.position import head_position
from mdtodo.git.repository import calling_index, list_files, read_blobs
from mdtodo.proof.change.in_range import Change, settings_at, signers_changed, version_of
from mdtodo.proof.change.settings_changes import settings_changes
from mdtodo.proof.change.task_changes import TaskChanges, task_changes
from mdtodo.proof.change.trace import Trace
from mdtodo.proof.history import History
from mdtodo.proof.judge import changes_between, merged_heads
from mdtodo.proof.rules import Rules
from mdtodo.proof.steps import of_files
from mdtodo.proof.ticks import Unproven
from mdtodo.system.files import read_inside

_T = TypeVar("_T")

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.git.files.tree_files import TodoFiles
    from mdtodo.git.repository import Repository
    from mdtodo.proof.change.settings_changes import Settings


class Uncommitted(NamedTuple):
    """The TODO files and the settings that a commit would have, and all files that differ from HEAD."""

    content: TodoFiles
    settings: Settings
    changes: Sequence[FileChange]
    staged: bool


def uncommitted_change(repo: Repository, now: Uncommitted) -> tuple[Config, Change, TodoFiles]:
    """What it did beside HEAD, by which configuration that is judged, and which are the TODO files by that. In a merge
    only what it did beside each of its parents. Raises ConfigError where the configuration of HEAD is broken."""
    head = head_position(repo).commit
    settings = settings_at(repo, head)
    rules = Rules(settings.config)
    if rules.config.proof == "off":
        return rules.config, Change([], TaskChanges([], [], [])), now.content
    if rules.config.files_and_archives != now.settings.config.files_and_archives:
        patterns = rules.config.files_and_archives
        content = from_index(repo, patterns) if now.staged else from_work_tree(repo, find(repo, patterns))
        now = now._replace(content=content)
    first = _beside(repo, rules, now, head, settings)
    for other in merged_heads(repo):
        first = _both(first, _beside(repo, rules, now, other, settings_at(repo, other)))
    return rules.config, first, now.content


def _beside(repo: Repository, rules: Rules, now: Uncommitted, parent: str, before: Settings) -> Change:
    settings = settings_changes(before, now.settings)
    path = before.config.signers
    if path and _signers(repo, path, staged=now.staged) != _bytes(read_blobs(repo, [f"{parent}:{path}"])):
        settings.append(signers_changed(path))
    there = from_commit(repo, parent, rules.config.files_and_archives)
    tasks = _tasks(repo, rules, now, there, ())
    if tasks.removed and not now.staged:
        # somebody may have moved them to a file that git does not know yet
        others = [
            path for path in list_files(repo, *specs_like(now.content.ids)) if path not in now.content.ids
        ]
        tasks = _tasks(repo, rules, now, there, others)
    if tasks.removed:
        tasks = tasks._replace(removed=_not_done(repo, rules, tasks.removed, there, parent))
    return Change(settings, tasks)


def _not_done(
    repo: Repository, rules: Rules, removed: list[Task], there: TodoFiles, parent: str
) -> list[Task]:
    """Those that were not done first, as far as this clone's journal knows."""
    from mdtodo.proof.journal import in_journal

    asked = {
        task: Unproven(task.file, task.line, task.id, rules.processor_of(task) or "", 0, None, None)
        for task in removed
    }
    data = there.bytes_of({task.file: None for task in removed})
    done = in_journal(repo, rules, data, list(asked.values()), parent)
    return [task for task, one in asked.items() if one not in done]


def _tasks(
    repo: Repository, rules: Rules, now: Uncommitted, there: TodoFiles, untracked: Sequence[str]
) -> TaskChanges:
    todo = changes_between(there, now.content)
    known = {one.path for one in todo}
    with History(repo) as history:
        for files in (now.content, there):
            for path, data in version_of(files, todo).data.items():
                history.know(files.ids[path], data)
        others = [one for one in of_files(now.changes) if one.path not in known]
        if not now.staged:
            others = _on_disk(repo, history, others, untracked)
        changes = [*todo, *others]
        traced = Trace(history, rules.characters(Status.DONE, Status.CANCELLED), changes).uncommitted(changes)
        return task_changes(
            history, rules, version_of(there, changes), version_of(now.content, changes), traced
        )


def _on_disk(
    repo: Repository, history: History, changes: Sequence[FileChange], untracked: Sequence[str]
) -> list[FileChange]:
    """Other markdown files with what the disk has of them."""
    before = {os.fsdecode(one.path): one.before for one in changes}
    read = from_work_tree(repo, dict.fromkeys([*before, *untracked]))
    for path, oid in read.ids.items():
        history.know(oid, read.data[path])
    paths = dict.fromkeys([*before, *read.ids])
    after = {path: (b"100644", oid) for path, oid in read.ids.items()}
    return [FileChange(os.fsencode(path), before.get(path), after.get(path)) for path in paths]


def _signers(repo: Repository, path: str, *, staged: bool) -> bytes:
    """The content of the file of signers, without regard to how its lines end."""
    if staged:
        return _bytes(read_blobs(repo, [f":{path}"], calling_index()))
    return (read_inside(repo.root, path) or b"").replace(b"\r\n", b"\n")


def _bytes(found: dict[str, bytes | None]) -> bytes:
    return b"".join(data or b"" for data in found.values()).replace(b"\r\n", b"\n")


def _both(one: Change, other: Change) -> Change:
    """What both say."""
    settings = _common(one.settings, other.settings, lambda change: change.path)
    removed = _common(one.tasks.removed, other.tasks.removed, lambda task: task.title)
    rerouted = _common(
        one.tasks.rerouted, other.tasks.rerouted, lambda found: (found.task.file, found.task.line)
    )
    ticks = _common(one.tasks.ticks, other.tasks.ticks, lambda tick: (tick.task.file, tick.at))
    return Change(
        settings,
        TaskChanges(removed, rerouted, ticks, frozenset(one.tasks.fresh) & frozenset(other.tasks.fresh)),
    )


def _common(one: Sequence[_T], other: Sequence[_T], key: Callable[[_T], object]) -> list[_T]:
    there = {key(found) for found in other}
    return [found for found in one if key(found) in there]
