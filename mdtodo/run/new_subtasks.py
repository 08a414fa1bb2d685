"""Subtasks that processors write, in $MDTODO_OUTPUT or in the list itself: whether they may, and which come first."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import field
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from mdtodo.core.edits import AddNote, AddSubtasks
from mdtodo.core.results import Failure, Outcome
from mdtodo.core.titles import title_and_id
from mdtodo.errors import InputError
from mdtodo.landing.new_subtasks import ids_of, refusal, waits
from mdtodo.landing.parse_cache import ParsedFile, parse_cached
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.task_index import TaskIndex
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from dataclasses import dataclass

    from mdtodo.core.edits import Edit
    from mdtodo.core.results import Result
    from mdtodo.core.task import Anchor, Task
    from mdtodo.project.project import Project
    from mdtodo.run.observer import Observer
    from mdtodo.run.ready_queue import ReadyQueue

    FileStamp = tuple[int, int, int]
else:
    from mdtodo.core.light.dataclasses import dataclass

#: How deep subtasks may stand that were added in one run, each below one that was added in it too: where processors add
#: subtasks to their own subtasks without end, that is the end.
DEEPEST = 8


@dataclass(slots=True, eq=False, repr=False)
class NewSubtasks:
    """Those of one run. What stands in the list is a person's, or is there by what a processor did to the file: it is
    planned with, and never committed. `grown` are the files with such ones that are to be planned with."""

    queue: ReadyQueue
    observer: Observer
    grown: set[str] = field(default_factory=set)
    _ids: set[str] = field(default_factory=set)
    _made: list[Edit] = field(default_factory=list)
    _seen: dict[str, tuple[FileStamp, ParsedFile | None]] = field(default_factory=dict)
    _stamps: dict[str, FileStamp | None] | None = None

    @contextmanager
    def looking_once(self) -> Iterator[None]:
        """While results are taken that came together: what their processors did to a file shows at the first look."""
        self._stamps = {}
        try:
            yield
        finally:
            self._stamps = None

    def checked(self, project: Project, task: Task, result: Result) -> Result:
        """The result of an attempt; it has failed where it wrote subtasks that it may not, and none of them counts."""
        if self.queue.options.verify or not result.subtasks:
            return result
        if self.queue.nesting.get(task.id, 0) >= DEEPEST:
            why: str | None = (
                f"it wrote new subtasks, and is itself {DEEPEST} levels deep in new subtasks of this run"
            )
        else:
            why = refusal(project, task, result.subtasks, self._ids)
        if why is None:
            return self._before_check(project, task, result)
        if result.outcome is Outcome.FAILED:
            self.observer.say(f"{title_and_id(task)}: {why}")
            return result._replace(subtasks=())
        return result._replace(subtasks=(), error=why, failed_by=Failure.OUTPUT)

    def _before_check(self, project: Project, task: Task, result: Result) -> Result:
        """The same, where a processor in a clone wrote subtasks that come first: it runs again after these, so neither
        what it changed counts yet, nor what its check says of that."""
        worked = result._replace(exit_code=0, timed_out=False, error=None, failed_by=None, changes=None)
        ended = result.work_tail is not None or result.outcome is Outcome.DONE
        first = ended and not result.interrupted and self._written(project, task, worked)
        return worked if first else result

    def come_first(self, project: Project, task: Task, result: Result) -> tuple[str, ...]:
        """The lines of the subtasks that come first where it exited 0, whoever wrote them; none otherwise."""
        if result.outcome is not Outcome.DONE or self.queue.options.verify:
            return ()
        written = result.subtasks if self._written(project, task, result) else ()
        return written or self._in_the_list(project, task)

    def _written(self, project: Project, task: Task, result: Result) -> bool:
        return bool(result.subtasks) and waits(project, task, result.subtasks, self.queue.closed)

    def _in_the_list(self, project: Project, task: Task) -> tuple[str, ...]:
        """The open subtasks that stand below the task in its file by now, without those that this run has closed, and
        that are open there until it lands."""
        there = self._open_titles(project, task)
        if not there:
            return ()
        now = project.tasks.get(task.id, task)
        closed = Counter(project.tasks[one].title for one in now.children if self.queue.closed(one))
        new = Counter(there) - closed
        self.grown |= {task.file} if new else set()
        return tuple(f"- [ ] {title}" for title in new)

    def _open_titles(self, project: Project, task: Task) -> list[str]:
        """The titles of the open subtasks in the file as it is now; none where it is as it was planned with."""
        if (now := self._file_now(project, task.file)) is None:
            return []
        index, items = now.places.find(task.anchor), now.document.items
        if not isinstance(index, int):
            return []
        below = takewhile(lambda item: item.depth > items[index].depth, islice(items, index + 1, None))
        found = (item for item in below if item.parent == index and not item.status.closed)
        return [read_keys(item.text).title for item in found]

    def _file_now(self, project: Project, file: str) -> ParsedFile | None:
        """The file, read where it was written since it was read last; None where it is as it was planned with."""
        stamp = self._stamp(project, file)
        seen, like = self._seen.get(file, (None, None))
        if stamp is None or stamp == seen:
            return like
        planned = project.documents.get(file)
        try:
            data = files.read_once_settled(project.repo.root, file)
            if planned is not None and data == planned.data:
                like = None
            else:
                # boxes are mostly all that differs, and then nothing is read anew
                like = like or (ParsedFile(planned, TaskIndex(planned, file)) if planned else None)
                like = parse_cached(data, project.config.status, file, like)
        except InputError:
            return None
        self._seen[file] = stamp, like
        return like

    def _stamp(self, project: Project, file: str) -> FileStamp | None:
        if self._stamps is None:
            return _stamp(project, file)
        if file not in self._stamps:
            self._stamps[file] = _stamp(project, file)
        return self._stamps[file]

    def note(self, project: Project, edits: Sequence[Edit]) -> bool:
        """These edits are made from now on; whether there are new subtasks among them."""
        self._made += edits
        added = [edit for edit in edits if isinstance(edit, AddSubtasks)]
        self._ids |= ids_of((line for edit in added for line in edit.lines), project.config.status)
        return bool(added)

    def notes(self, anchor: Anchor) -> tuple[str, ...]:
        """What was noted below the task and may not be in its file yet."""
        noted = (edit for edit in self._made if isinstance(edit, AddNote))
        return tuple(edit.text for edit in noted if edit.anchor == anchor)

    def follow(self) -> None:
        """The files have all that was made so far, and are planned with as they are."""
        self._made, self.grown = [], set()

    def taken_up(self, project: Project) -> Project:
        """The project with the files that have grown as they are now, and with the edits of this run made in them."""
        contents = {}
        for file in self.grown:
            with suppress(InputError):  # it is planned with as it was
                contents[file] = files.read_once_settled(project.repo.root, file)
        own = [edit for edit in self._made if edit.anchor.file in contents]
        return project.with_contents(contents).with_edits(own) if contents else project


def _stamp(project: Project, file: str) -> FileStamp | None:
    try:
        now = os.stat(os.path.join(project.repo.root, file))
    except OSError:
        return None
    return now.st_ino, now.st_size, now.st_mtime_ns
