"""Where the captured output of a task is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.errors import UsageError

if TYPE_CHECKING:
    from mdtodo.repo.git import Repository


def last_log(repo: Repository, task_id: str) -> str | None:
    """The path of the log of the task's last attempt in this clone, None if that printed nothing.

    Raises UsageError where there was no attempt.
    """
    import os

    from mdtodo.repo.state import State

    folder = os.path.join(repo.common_dir, "mdtodo", "logs")
    found: list[tuple[float, str]] = []
    for run, _, names in os.walk(folder):
        found += [
            (os.stat(os.path.join(run, name)).st_mtime, os.path.join(run, name))
            for name in names
            if name.startswith(f"{task_id}.")
        ]
    written, path = max(found, default=(0.0, None))
    with State.open(repo, create=False) as state:
        last = next((entry for entry in state.history(task_id, limit=10) if entry.attempt), None)
    if last is not None and last.log is None and last.finished >= written:
        return None
    if path is None:
        raise UsageError(
            f"{task_id} has no captured output in this clone",
            hint="`mdtodo run` captures it; clones do not share it",
        )
    return path
