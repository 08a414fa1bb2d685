"""Where the output of the attempts of a run is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.storage.state import folder

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository


class AttemptLogs:
    """A file for each attempt, in a folder for each run."""

    def __init__(self, repo: Repository, run_id: str) -> None:
        self._folder = os.path.join(folder(repo), "logs", run_id)
        inside = os.path.relpath(self._folder, repo.root)
        self._shown = self._folder if inside.startswith("..") else inside
        self._seen = ("", False)

    def path(self, task: Task, attempt: int) -> str:
        """Where the output of an attempt is captured."""
        return f"{self._folder}/{task.id}.{attempt}.log"

    def shown_path(self, task: Task, attempt: int) -> str:
        """The same, relative to the root where it is below it."""
        return f"{self._shown}/{task.id}.{attempt}.log"

    def note_absent(self, task: Task, attempt: int) -> None:
        """There is none of this attempt, whose result has come: that saves a look for a file that is not there."""
        self._seen = f"{task.id}.{attempt}.log", False

    def shown(self, task: Task, attempt: int) -> str | None:
        """The same, relative to the root where it is below it; None if there is none."""
        name = f"{task.id}.{attempt}.log"
        # asked twice in a row, for the journal and for the report
        if self._seen[0] != name:
            self._seen = name, os.path.exists(f"{self._folder}/{name}")
        return f"{self._shown}/{name}" if self._seen[1] else None
