"""Closed tasks taken out of their lists, with all that is below them, and put into the archive of their folder."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.archive_paths import archive_of
from mdtodo.core.edits import ArchiveSubtree, TakeSubtree
from mdtodo.core.receipt import Receipt
from mdtodo.core.results import ARCHIVED
from mdtodo.core.titles import title_and_id
from mdtodo.git.position import head_position
from mdtodo.git.repository import read_blobs
from mdtodo.git.session import GitSession
from mdtodo.landing.policy import refuse_half_done_operation
from mdtodo.landing.recovery.land_recorded import land_recorded, record
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.edits.outline import Outline, plain
from mdtodo.operations.archive.closed import Refusals
from mdtodo.operations.archive.versions import versions_of
from mdtodo.operations.edit.change import RefusedChangeError, refuse_consequences
from mdtodo.planning.dates import local_today
from mdtodo.storage.state import StateStore
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.edits import Edit
    from mdtodo.core.task import Task
    from mdtodo.landing.land import Landing
    from mdtodo.operations.archive.versions import Key, Versions
    from mdtodo.project.project import Project


class Archiving(NamedTuple):
    """What is to go to archives, and is not written yet. `tasks` are the top-level ones, each with its edits; `left`
    says of others why they stay; `contents`: of each file the bytes now, None for no file, and then. `year` is the one
    that archives are named after."""

    project: Project
    tasks: tuple[tuple[Task, tuple[Edit, ...]], ...]
    left: tuple[str, ...]
    contents: Mapping[str, tuple[bytes | None, bytes]]
    year: int

    @property
    def number(self) -> int:
        """How many tasks go, those that are below others included."""
        return sum(1 + _below(self.project, task) for task, _ in self.tasks)

    @property
    def rows(self) -> list[tuple[Task, str]]:
        """Each of the tasks with the archive that it goes to."""
        archive = self.project.config.archive
        return [(task, archive_of(archive, task.file, self.year)) for task, _ in self.tasks]


def prepare(
    project: Project, names: Sequence[str], *, before: float | None = None, year: int | None = None
) -> Archiving:
    """The closed top-level tasks with all that is below them; of those that are named, or else of all. `before`: in
    Unix time, those in which nothing was changed since then; `year`: by default that of the local date.

    Raises UsageError where a name fits none or several tasks, and RefusedChangeError where one that was named cannot
    go, or an archive cannot be where it should.
    """
    year = year or local_today().year
    named = list(dict.fromkeys(project.find(name).id for name in names))
    refusals = Refusals(project, before)
    tasks = [project.tasks[name] for name in named] or refusals.closed()
    reasons = {task.id: refusals.reason(task) for task in tasks}
    if wrong := [f"{title_and_id(project.tasks[name])} {reasons[name]}" for name in named if reasons[name]]:
        raise RefusedChangeError(f"nothing was archived: {'; '.join(wrong)}")
    may = [task for task in tasks if not reasons[task.id]]
    found: list[tuple[Task, tuple[Edit, ...]]] = []
    left = [f"{title_and_id(t)} {reasons[t.id]}" for t in tasks if reasons[t.id] and not refusals.too_new(t)]
    contents: dict[str, tuple[bytes | None, bytes]] = {}
    # Asked once: what another one archives meanwhile is in the list of one HEAD, and in the archive of the next.
    head = head_position(project.repo).commit or "HEAD"
    for file in dict.fromkeys(task.file for task in may):
        one = _File(project, file, [task for task in may if task.file == file], contents, year, head)
        found += one.edits([put for _, (put, _) in found])
        left += one.left
        contents = one.contents
    if named and left:
        raise RefusedChangeError(f"nothing was archived: {'; '.join(left)}")
    if found:
        changed = {path: new for path, (_, new) in contents.items() if path in project.documents}
        refuse_consequences(project, project.with_contents(changed), found[0][0])
    return Archiving(project, tuple(found), tuple(left), contents, year)


def land(archiving: Archiving) -> Landing:
    """Write it, through the journal, in one commit. Raises GitError where there can be none now."""
    project = archiving.project
    refuse_half_done_operation(project.repo, instead="")
    with StateStore.open(project.repo) as state, GitSession(project.repo) as git:
        by = git.committer_email()
        receipts = [
            Receipt(task.id, task.title, ARCHIVED, "person", 0, 0.0, 0, edits, by=by)
            for task, edits in archiving.tasks
        ]
        recorded = record(project.repo, state, "archive", receipts, commit=True)
        return land_recorded(project.repo, state, recorded, project.config, git=git, keep=lambda *_: False)


class _File:
    """The tasks of one file. `contents` is what other files have made of archives, and then of these as well."""

    def __init__(
        self,
        project: Project,
        file: str,
        tasks: Sequence[Task],
        contents: Mapping[str, tuple[bytes | None, bytes]],
        year: int,
        head: str,
    ) -> None:
        self.project, self.file, self.tasks, self.head = project, file, tasks, head
        self.contents = dict(contents)
        self.left: list[str] = []
        self.archive = archive_of(project.config.archive, file, year)

    def edits(self, before: Sequence[Edit]) -> list[tuple[Task, tuple[Edit, ...]]]:
        """Those of the tasks that can go, after those `before` of other files; the others are `left`."""
        project, file = self.project, self.file
        there = versions_of(project.repo, project.config, file, project.documents[file], self.head)
        tasks = {task.line: task for task in self.tasks}
        items = [(item, tasks[item.line]) for item in there.here.document.items if item.line in tasks]
        known = [(task, there.key(item)) for item, task in items]
        kept = [(task, key) for task, key in known if there.is_committed(key)]
        self._leave(known, kept, "is not in HEAD and the index as it stands here: commit it first")
        edits = self._edits_of(there, kept, Counter(self._archived()) + self._keys_of(before))
        return self._possible(edits) if edits else []

    def _edits_of(
        self, there: Versions, tasks: Sequence[tuple[Task, Key]], put: Counter[Key]
    ) -> list[tuple[Task, tuple[Edit, ...]]]:
        going = Counter(key for _, key in tasks)
        found: list[tuple[Task, tuple[Edit, ...]]] = []
        for task, key in tasks:
            text, (path, plain_text) = there.text(key), key
            item = there.here.document.items[there.here.tasks[key][0]]
            left = len(there.here.tasks[key]) - going[key]
            place = task.anchor._replace(file=self.archive)
            converted = text != there.here.text(item)
            found.append(
                (
                    task,
                    (
                        ArchiveSubtree(place, text, path, put[key], converted),
                        TakeSubtree(task.anchor, plain_text, path, left),
                    ),
                )
            )
            put[key] += 1
        return found

    def _archived(self) -> dict[Key, int]:
        """How many equal tasks the archive has in HEAD."""
        name = f"{self.head}:{self.archive}"
        data = read_blobs(self.project.repo, [name])[name]
        outline = Outline(parse(data or b"", self.project.config.status, file=self.archive))
        return {key: len(items) for key, items in outline.tasks.items()}

    def _keys_of(self, edits: Sequence[Edit]) -> Counter[Key]:
        """How many equal tasks these edits put into the archive."""
        puts = [one for one in edits if isinstance(one, ArchiveSubtree) and one.anchor.file == self.archive]
        return Counter((one.headings, plain(one.archived)) for one in puts)

    def _possible(self, edits: list[tuple[Task, tuple[Edit, ...]]]) -> list[tuple[Task, tuple[Edit, ...]]]:
        """Those that can be made in both files, of which the bytes are kept then."""
        _refuse_place(self.project, self.archive)
        statuses, source = self.project.config.status, self.project.documents[self.file].data
        now = self.contents[self.archive] if self.archive in self.contents else self._archive_now()
        for _ in range(len(edits) + 1):
            puts, takes = [pair[0] for _, pair in edits], [pair[1] for _, pair in edits]
            put = apply(now[1], puts, statuses, file=self.archive, tolerant=True)
            took = apply(source, takes, statuses, file=self.file, tolerant=True)
            refused = dict((*put.missing, *took.missing))
            if not refused:
                break
            self.left += [
                f"{title_and_id(task)}: {refused[one]}"
                for task, pair in edits
                for one in pair
                if one in refused
            ]
            edits = [(task, pair) for task, pair in edits if refused.keys().isdisjoint(pair)]
        if edits:
            self.contents |= {self.archive: (now[0], put.data), self.file: (source, took.data)}
        return edits

    def _archive_now(self) -> tuple[bytes | None, bytes]:
        data = files.read_optional(self.project.repo.root, self.archive)
        return data, data or b""

    def _leave(
        self, known: Sequence[tuple[Task, Key]], kept: Sequence[tuple[Task, Key]], reason: str
    ) -> None:
        ids = {task.id for task, _ in kept}
        self.left += [f"{title_and_id(task)} {reason}" for task, _ in known if task.id not in ids]


def _refuse_place(project: Project, path: str) -> None:
    """Raises RefusedChangeError where there can be no archive: an archive is a file of this repository itself."""
    root, parts = project.repo.root, path.split("/")
    for number in range(1, len(parts) + 1):
        full = os.path.join(root, *parts[:number])
        if os.path.islink(full):
            raise RefusedChangeError("is a symlink, so it can be no archive", file="/".join(parts[:number]))
        if number < len(parts) and os.path.lexists(os.path.join(full, ".git")):
            raise RefusedChangeError("is another repository", file="/".join(parts[:number]))
    if path in project.documents:
        raise RefusedChangeError("is a TODO file, so it can be no archive", file=path)


def _below(project: Project, task: Task) -> int:
    return sum(1 + _below(project, project.tasks[name]) for name in task.children)
