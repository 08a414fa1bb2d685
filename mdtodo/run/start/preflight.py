"""Whether a task is still as it was planned, right before it starts: a person may have closed it meanwhile."""

from __future__ import annotations

import os
from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core.task import Status
from mdtodo.errors import InputError
from mdtodo.landing.parse_cache import ParsedFile, parse_cached
from mdtodo.markdown.task_index import TaskIndex
from mdtodo.project.documents import bytes_of
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from dataclasses import dataclass

    from mdtodo.core.task import Task
    from mdtodo.project.project import Project

    FileStamp = tuple[int, int, int]
else:
    from mdtodo.core.light.dataclasses import dataclass


#: What has become of a box, in a sentence.
_CHANGED = {
    Status.TODO: "it was reopened in the meantime",
    Status.DONE: "it was ticked in the meantime",
    Status.DOING: "it was started in the meantime",
    Status.CANCELLED: "it was cancelled in the meantime",
}


@dataclass(slots=True, eq=False, repr=False)
class Preflight:
    """Looks at a file again only when its inode, size or time of change is another one.

    `expected` is the status that the boxes of tasks must show; `claimed`: or that they are begun.
    """

    project: Project
    expected: Status = Status.TODO
    claimed: bool = False
    _stamps: dict[str, FileStamp | None] = field(default_factory=dict)
    _read: dict[str, ParsedFile | None] = field(default_factory=dict)
    _current: dict[str, FileStamp | None] = field(default_factory=dict)
    _planned: dict[str, FileStamp | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for file in self.project.documents:
            # the stamp before the bytes: what is saved in between has another one, and is looked at again
            self._stamps[file] = self._stamp(file)
            if files.read_optional(self.project.repo.root, file) != bytes_of(self.project.documents, file):
                self._stamps[file] = None
        self._planned = dict(self._stamps)

    def is_stale(self) -> bool:
        """Whether a file is no longer the one that was planned on."""
        return any(self._stamp(file) != stamp for file, stamp in self._planned.items())

    def check(self, tasks: Iterable[Task]) -> dict[str, str | None]:
        """Why each should not start, as part of a sentence, by id; None where nothing speaks against it."""
        self._current.clear()
        return {task.id: self._reason(task) for task in tasks}

    def _reason(self, task: Task) -> str | None:
        if task.id not in self.project.tasks:
            return None  # a processor of this run made it, and it has not landed yet
        if task.file not in self._current:
            # a program that saves by renaming leaves no file for a moment: no reason to give up its tasks
            files.await_back(self.project.repo.root, task.file)
            self._current[task.file] = self._stamp(task.file)
        stamp = self._current[task.file]
        if stamp != self._stamps.get(task.file):
            # the one from before the reading, as in `__post_init__`
            self._stamps[task.file] = stamp
            self._read[task.file] = self._reread(task.file)
        if task.file not in self._read:
            return None
        found = self._read[task.file]
        if found is None:
            return "its file can no longer be read"
        index = found.places.find(task.anchor)
        if isinstance(index, str):
            return index
        status = found.document.items[index].status
        if status is Status.DOING and (self.claimed or task.status is Status.DOING):
            return None
        return None if status is self.expected else _CHANGED[status]

    def _stamp(self, file: str) -> FileStamp | None:
        return files.stamp(os.path.join(self.project.repo.root, file))

    def _reread(self, file: str) -> ParsedFile | None:
        """Boxes are mostly all that others change: then what was read before says where the tasks are."""
        statuses, planned = self.project.config.status, self.project.documents.get(file)
        like = self._read.get(file)
        if like is None and planned is not None:
            like = ParsedFile(planned, TaskIndex(planned, file))
        try:
            data = files.read_once_settled(self.project.repo.root, file)
            return parse_cached(data, statuses, file, like)
        except InputError:
            return None
