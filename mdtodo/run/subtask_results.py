"""What became of the subtasks of a task, as its own processor is told: it judges the whole by its parts."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core.results import EXPANDED, REWRITTEN
from mdtodo.core.task import Status, Subtask
from mdtodo.errors import GitError
from mdtodo.storage.run_history import newest_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from dataclasses import dataclass

    from mdtodo.core.results import PastRun, TaskRun
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.project.project import Project
    from mdtodo.receipts.log import Newest
    from mdtodo.run.new_subtasks import NewSubtasks
    from mdtodo.run.ready_queue import ReadyQueue
    from mdtodo.storage.state import StateStore
else:
    from mdtodo.core.light.dataclasses import dataclass

#: Receipts that say nothing of what became of a task.
_NO_OUTCOME = REWRITTEN | {EXPANDED, str(Status.DOING)}
_BULLET = re.compile(r"(?:[-+*]|[0-9]{1,9}[.)])[ \t]+(.*)")
#: GFM 2.4
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(slots=True, eq=False, repr=False)
class SubtaskResults:
    """Those that a run knows: of itself, of the journal, and of the receipts on the branch, which are read where a
    first task asks, for all of them at once. `done` is what this run has come to so far, by id."""

    queue: ReadyQueue
    state: StateStore
    new: NewSubtasks
    done: Mapping[str, TaskRun]
    _receipts: Newest | None = None
    _looked_up: set[str] = field(default_factory=set)

    def of(self, project: Project, task: Task) -> tuple[Subtask, ...]:
        """Of its subtasks, in their order."""
        return tuple(self._one(project, project.tasks[name]) for name in task.children)

    def _one(self, project: Project, child: Task) -> Subtask:
        own = self.done.get(child.id)
        past = None if own else self._past(project.repo, child.id)
        status = Status.DONE if self.queue.closed(child.id) else child.status
        outcome = str(own.outcome) if own else past.outcome if past else None
        metrics: Mapping[str, float] = own.metrics if own else past.metrics if past else {}
        notes = dict.fromkeys((*notes_in(child.body), *self.new.notes(child.anchor)))
        return Subtask(child.id, child.title, status, outcome, tuple(notes), dict(metrics))

    def _past(self, repo: Repository, task_id: str) -> PastRun | None:

        rows = self.state.history(task_id, limit=20)
        known = [one for one in rows if one.outcome not in _NO_OUTCOME]
        try:
            receipts, undone = self._newest(repo, task_id)
        except GitError:  # a history that git cannot read is no reason not to run
            return known[0] if known else None
        return newest_run(known, receipts.get(task_id), undone)

    def _newest(self, repo: Repository, task_id: str) -> Newest:
        if self._receipts is None or task_id not in self._looked_up:
            from mdtodo.receipts.log import newest

            self._looked_up |= {task_id, *self._wanted()}
            self._receipts = newest(repo, self._looked_up, without=_NO_OUTCOME)
        return self._receipts

    def _wanted(self) -> Iterator[str]:
        """The subtasks of all tasks that may ask: each walk through the history is a git process."""
        for task in self.queue.plan.tasks.values():
            if task.children and self.queue.accepts(task):
                yield from (name for name in task.children if name not in self.done)


def notes_in(body: str) -> Iterator[str]:
    """The bullets of a task's text, as plain text, further lines of each joined with it."""
    note: list[str] = []
    for line in [*body.split("\n"), ""]:
        bullet = _BULLET.match(line)
        if note and (bullet or not line[:1].isspace()):
            yield _ESCAPED.sub(r"\1", " ".join(note))
            note = []
        if bullet or note:
            note.append((bullet[1] if bullet else line).strip())
