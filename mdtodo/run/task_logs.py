"""Where the output of a run's attempts is captured."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mdtodo.storage.state import folder

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository


@dataclass(slots=True, eq=False, repr=False)
class TaskLogs:
    """The logs of one run, by task and attempt. A `shown` path is relative to the root where it is below it."""

    _folder: str
    _shown: str
    _seen: tuple[str, bool] = ("", False)

    @classmethod
    def of(cls, repo: Repository, run_id: str) -> TaskLogs:
        """Those of this run; none is made."""
        logs = os.path.join(folder(repo), "logs", run_id)
        inside = os.path.relpath(logs, repo.root)
        return cls(logs, logs if inside.startswith("..") else inside)

    def path(self, task_id: str, attempt: int) -> str:
        """Where the output of an attempt is captured."""
        return f"{self._folder}/{task_id}.{attempt}.log"

    def shown_path(self, task_id: str, attempt: int) -> str:
        """The same, as it is shown."""
        return f"{self._shown}/{task_id}.{attempt}.log"

    def shown(self, task_id: str, attempt: int) -> str | None:
        """The same; None if there is none."""
        name = f"{task_id}.{attempt}.log"
        # asked twice in a row, for the journal and for the report
        if self._seen[0] != name:
            self._seen = name, os.path.exists(f"{self._folder}/{name}")
        return f"{self._shown}/{name}" if self._seen[1] else None
