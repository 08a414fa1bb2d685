"""The TODO files of the repository, their tasks, and the plan made of them, at one moment.

Reading it starts no process but `git ls-files`, and imports nothing heavy: `check` and `list` stand on it.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from mdtodo.config.load import load
from mdtodo.core.archive_paths import archive_patterns
from mdtodo.core.titles import few, title_and_id
from mdtodo.errors import GitError, InputError, UsageError
from mdtodo.git.files import worktree_files
from mdtodo.git.files.work_tree_stats import WorkTreeStats
from mdtodo.project.cache.work_tree_ids import CACHE_FROM_FILES, read_all, read_new
from mdtodo.project.deleted_tasks import DeletedTasks
from mdtodo.project.plan_inputs import World, make_plan
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from dataclasses import dataclass

    from mdtodo.config.settings import Config
    from mdtodo.core.edits import Edit
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.markdown.document import Document
    from mdtodo.markdown.keys.read import Problem
    from mdtodo.planning.plan import Plan
    from mdtodo.project.cache.work_tree_ids import Content
    from mdtodo.storage.state import StateStore
else:
    from mdtodo.core.light.dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateSummary:
    """What a clone remembers of its tasks, by id: which a live worker has, and how many seconds each took."""

    leased: frozenset[str] = frozenset()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, state: StateStore) -> StateSummary:
        """From an open state."""
        leased = frozenset(lease.task_id for lease in state.live_leases())
        return cls(leased, state.durations())


NO_STATE = StateSummary()

#: Characters of an id that are enough, if no other id begins so.
MIN_ID_PREFIX = 4

#: Bytes of files in all from which on it pays to remember what was made of them.
CACHE_FROM_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Project:
    """The repository's tasks as the work tree says them, and the plan. `unreadable` files are left out.

    `available`: whether a recipe can be carried out here, None where it does not matter. `marked` are the files with
    what may be a conflict marker, None where that is not known.
    """

    repo: Repository
    config: Config
    documents: Mapping[str, Document]
    plan: Plan
    state_summary: StateSummary = field(default_factory=lambda: NO_STATE)
    unreadable: tuple[InputError, ...] = ()
    available: Callable[[str], bool] | None = None
    deleted: DeletedTasks | None = None
    marked: tuple[str, ...] | None = None

    @property
    def tasks(self) -> Mapping[str, Task]:
        """By id, in the order of files and lines."""
        return self.plan.tasks

    def find(self, name: str) -> Task:
        """The task with this id, or with an id that begins so: `MIN_ID_PREFIX` characters or more that fit no other.

        Raises UsageError where there is none, or several: it says which.
        """
        if name in self.tasks:
            return self.tasks[name]
        return self._the_one(name, self._beginning(name))

    def find_titled(self, name: str) -> Task:
        """The same, or else the open task whose title has these words, whole, in any order and any case.

        Raises UsageError where nothing fits, and where several tasks do, by their ids or by their titles.
        """
        if name in self.tasks:
            return self.tasks[name]
        titled = self._titled(name)
        still_open = [task for task in titled if not task.status.closed]
        found = {task.id: task for task in (*self._beginning(name), *still_open)}
        if not found and titled:
            raise UsageError(f"no open task matches {name!r}; closed: {_listed(titled)}", hint="use its id")
        return self._the_one(name, list(found.values()), by_title=True)

    def _titled(self, title_words: str) -> list[Task]:
        from mdtodo.planning.selection import title_has

        return [task for task in self.tasks.values() if title_has(task.title, title_words)]

    def _beginning(self, name: str) -> list[Task]:
        if len("".join(name.split())) < MIN_ID_PREFIX:
            self._refuse_archived(name)
            raise too_short(name)
        return [task for task in self.tasks.values() if task.id.startswith(name)]

    def _the_one(self, name: str, found: Sequence[Task], *, by_title: bool = False) -> Task:
        if len(found) == 1:
            return found[0]
        if found:
            what = repr(name) if by_title else f"the id {name!r}"
            hint = "use its id" if by_title else "type more of it"
            raise UsageError(f"{what} matches {len(found)} tasks: {_listed(found)}", hint=hint)
        self._refuse_archived(name)
        also = ", and no open task has it in its title" if by_title else ""
        titled = [] if by_title else self._titled(name)
        raise UsageError(
            f"no task has the id {name!r}{also}{_nearest(name, self.tasks)}",
            hint=f"in titles: {_listed(titled)}" if titled else "`mdtodo list` shows the ids",
        )

    def _refuse_archived(self, name: str) -> None:
        """Raise UsageError where a task of an archive has this id, or one that begins so."""
        archives = worktree_files.find(self.repo, archive_patterns(self.config.archive))
        if not archives or all(archive in self.documents for archive in archives):
            return
        every = read_project(
            self.repo, self.config, paths=archives, summary=self.state_summary, tolerant=True
        )
        enough = len(name) >= MIN_ID_PREFIX
        for task in every.tasks.values():
            if task.file in archives and (task.id == name or (enough and task.id.startswith(name))):
                raise UsageError(
                    f"{title_and_id(task)} is archived: {task.file}:{task.line}",
                    hint=f"`mdtodo verify {task.id}` and `mdtodo prove {task.id}` run its processor there; "
                    "to change it, move its lines back to a TODO file",
                )

    def problems(self, task: Task) -> tuple[Problem, ...]:
        """What is wrong with the keys on the task's line, or nearly right."""
        from mdtodo.markdown.keys.read import read_keys

        items = self.documents[task.file].items
        return next((read_keys(item.text).problems for item in items if item.line == task.line), ())

    def conflicts(self) -> list[tuple[str, int]]:
        """The files that git left conflict markers in, each with the line of the first one."""
        names = self.documents if self.marked is None else self.marked
        return [(file, lines[0]) for file in names if (lines := self.documents[file].conflicts)]

    def with_edits(self, edits: Iterable[Edit]) -> Project:
        """The project as it would be with those of these edits made that can be; nothing is written."""
        from mdtodo.markdown.edits.apply import apply

        by_file: dict[str, list[Edit]] = {}
        for edit in edits:
            by_file.setdefault(edit.anchor.file, []).append(edit)
        contents: dict[str, bytes] = {}
        for file, wanted in by_file.items():
            there = self.documents[file]
            made = apply(there.data, wanted, self.config.status, file=file, tolerant=True, document=there)
            contents[file] = made.data
        return self.with_contents(contents)

    def with_contents(self, contents: Mapping[str, bytes]) -> Project:
        """The project as it would be with these bytes in these of its files; nothing is written."""
        from mdtodo.project.documents import ChangedDocuments

        changed, tasks = self._read_anew(contents)
        deleted = self.deleted or DeletedTasks(self.repo, self.config)
        world = World(self.state_summary.leased, self.state_summary.seconds, self.available, deleted)
        documents = ChangedDocuments(self.documents, changed)
        if tasks is None:
            from mdtodo.markdown.tasks import read_tasks

            tasks = read_tasks(documents)
        return replace(
            self, documents=documents, plan=make_plan(tasks, self.config, world), marked=self._marked(changed)
        )

    def _read_anew(
        self, contents: Mapping[str, bytes]
    ) -> tuple[dict[str, Document], tuple[Task, ...] | None]:
        """What these bytes say, and all tasks, where what is not in them tells these."""
        from mdtodo.markdown.changed_tasks import changed_tasks
        from mdtodo.markdown.document import parse
        from mdtodo.markdown.reparse import reparse_part

        changed: dict[str, Document] = {}
        tasks: tuple[Task, ...] | None = tuple(self.tasks.values())
        for file, data in contents.items():
            if file not in self.documents:
                changed[file], tasks = parse(data, self.config.status, file=file), None
                continue
            before = self.documents[file]
            changed[file], part = reparse_part(before, data, self.config.status, file=file)
            if tasks is not None:
                tasks = part and changed_tasks(tasks, file, before, changed[file], part)
        return changed, tasks

    def _marked(self, changed: Mapping[str, Document]) -> tuple[str, ...] | None:
        if self.marked is None:
            return None
        here = [file for file, document in changed.items() if document.conflicts]
        return (*[file for file in self.marked if file not in changed], *here)


def read_config(repo: Repository) -> Config:
    """The configuration in the root of the work tree, validated."""
    return load(*worktree_files.read_configuration(repo.root))


def read_project(
    repo: Repository,
    config: Config,
    *,
    paths: Sequence[str] = (),
    summary: StateSummary | None = None,
    tolerant: bool = False,
    settled: bool = False,
    past: bool = False,
) -> Project:
    """Every TODO file, read, parsed and planned.

    `paths` (relative to the root) come on top of the configured patterns. A file that
    cannot be read as markdown raises InputError; if `tolerant`, it is left out and named in `unreadable`.
    `settled`: for who goes by it; one that somebody is writing is waited for. `past`: for who asks for the order; a
    clone without a state reads in git how long tasks took.
    """
    read = files.read_once_settled if settled else files.read
    stats = WorkTreeStats(repo.root)
    names = dict.fromkeys([*worktree_files.find(repo, config.task_files, stats=stats), *paths])
    summary = read_state_summary(repo, past=past) if summary is None else summary
    available, deleted = _available(repo, config), DeletedTasks(repo, config)
    world = World(summary.leased, summary.seconds, available, deleted)
    content = _contents(repo, names, read, stats)
    documents: Mapping[str, Document]
    marked: tuple[str, ...] | None = None
    if len(names) >= CACHE_FROM_FILES or sum(map(len, content.data.values())) >= CACHE_FROM_BYTES:
        from mdtodo.project.large import read_large

        made, documents, more = read_large(repo, config, content, world, ordered=past, graph=settled)
        marked = documents.marked
    else:
        from mdtodo.markdown.tasks import read_tasks

        documents, more = _parsed(content, config)
        made = make_plan(read_tasks(documents), config, world)
    unreadable = (*content.unreadable, *more)
    if unreadable and not tolerant:
        raise unreadable[0]
    return Project(repo, config, documents, made, summary, unreadable, available, deleted, marked)


def read_state_summary(repo: Repository, *, past: bool = False) -> StateSummary:
    """What this clone's state says of its tasks; without a state, and none is made, nothing, or, for the `past`, what
    receipts say."""
    import os

    if not os.path.exists(os.path.join(repo.common_dir, "mdtodo", "state.db")):
        return _landed_summary(repo) if past else NO_STATE
    from mdtodo.storage.state import StateStore

    with StateStore.open(repo, create=False) as state:
        return StateSummary.of(state)


def _landed_summary(repo: Repository) -> StateSummary:
    from mdtodo.storage.run_history import landed_durations

    try:
        return StateSummary(seconds=landed_durations(repo))
    except GitError:  # a history that git cannot read is no reason to show no plan
        return NO_STATE


def _contents(
    repo: Repository, names: Collection[str], read: Callable[[str, str], bytes], stats: WorkTreeStats
) -> Content:
    """The files; of many only those that may have changed are read, but by who waits for those that are written."""
    if len(names) >= CACHE_FROM_FILES and read is files.read:
        return read_new(repo, names, stats)
    return read_all(repo, names, read)


def _parsed(content: Content, config: Config) -> tuple[dict[str, Document], list[InputError]]:
    from mdtodo.markdown.document import parse

    documents: dict[str, Document] = {}
    unreadable: list[InputError] = []
    for file, data in content.data.items():
        try:
            documents[file] = parse(data, config.status, file=file)
        except InputError as error:
            unreadable.append(error)
    return documents, unreadable


def _available(repo: Repository, config: Config) -> Callable[[str], bool] | None:
    """Whether a recipe can be carried out in this work tree, where the configuration lets kinds choose one."""
    if config.recipes != "auto":
        return None
    from mdtodo.recipes.detect import Tree, availability

    return availability(Tree(repo.root))


def too_short(name: str) -> UsageError:
    """For fewer than `MIN_ID_PREFIX` characters that are no whole id."""
    return UsageError(
        f"{name!r} is too short: unless it is a whole id, at least {MIN_ID_PREFIX} characters are needed",
        hint="`mdtodo list` shows the ids",
    )


def _listed(tasks: Sequence[Task]) -> str:
    return few([f"{task.id} ({task.file}:{task.line} {task.title[:40]})" for task in tasks], 8, apart=True)


def _nearest(name: str, known: Iterable[str]) -> str:
    from mdtodo.core.names import nearest

    near = nearest(name, known, 0.6)
    return f"; did you mean {near!r}?" if near else ""
