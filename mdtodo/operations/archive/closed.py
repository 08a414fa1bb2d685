"""Which tasks are closed for good, with all that is below them, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.task import State
from mdtodo.core.titles import title_and_id
from mdtodo.git.line_dates import line_dates

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.project.project import Project


class Refusals:
    """Why a task cannot go to an archive. `before`: in Unix time, when the last change of it must have been."""

    def __init__(self, project: Project, before: float | None) -> None:
        self._project, self._before = project, before
        self._dates: dict[str, list[float]] = {}

    def closed(self) -> list[Task]:
        """The closed top-level tasks."""
        return [task for task in self._project.tasks.values() if task.parent is None and task.status.closed]

    def reason(self, task: Task) -> str:
        """As part of a sentence; "" where it can go."""
        tasks = self._project.tasks
        if not task.status.closed:
            return "is not closed"
        if task.parent is not None:
            return f"is a subtask of {title_and_id(tasks[task.parent])}, with which it goes"
        for one in self._with_subtasks(task):
            if not one.status.closed:
                return f"has an open task below it: {title_and_id(one)}"
            if one.boxes_inside:
                return f"has a box below it that is unknown, in line {one.boxes_inside[0]}"
            if self._project.plan.states[one.id] is State.RUNNING:
                return "is running now"
        return "was changed since then" if self.too_new(task) else ""

    def too_new(self, task: Task) -> bool:
        """Whether it was done, or any line of it was changed, too lately."""
        return self._before is not None and self._changed(task) >= self._before

    def _changed(self, task: Task) -> float:
        """When: by `done:` where the line says it; else by the newest of its lines."""
        if task.done_on is not None:
            from datetime import datetime

            return datetime.fromisoformat(task.done_on).astimezone().timestamp()
        lines = self._lines(task.file)[task.line - 1 : self._end(task)]
        return max(lines, default=float("inf"))

    def _lines(self, file: str) -> list[float]:
        if file not in self._dates:
            from mdtodo.errors import GitError

            try:
                self._dates[file] = line_dates(self._project.repo, file)
            except GitError:
                self._dates[file] = []
        return self._dates[file]

    def _end(self, task: Task) -> int:
        """Its last line."""
        document = self._project.documents[task.file]
        item = next(one for one in document.items if one.line == task.line)
        text = document.data[: item.end].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return text.count(b"\n") + (not text.endswith(b"\n"))

    def _with_subtasks(self, task: Task) -> list[Task]:
        found = [task]
        for one in found:
            found += (self._project.tasks[name] for name in one.children)
        return found
