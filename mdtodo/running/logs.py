"""Where the captured output of a task is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.errors import UsageError

if TYPE_CHECKING:
    from mdtodo.repo.git import Repository


def last_log(repo: Repository, task_id: str) -> str:
    """The path of the log of the task's last attempt in this clone; UsageError where there is none."""
    import os

    folder = os.path.join(repo.common_dir, "mdtodo", "logs")
    found: list[tuple[float, str]] = []
    for run, _, names in os.walk(folder):
        found += [
            (os.stat(os.path.join(run, name)).st_mtime_ns, os.path.join(run, name))
            for name in names
            if name.startswith(f"{task_id}.")
        ]
    if not found:
        raise UsageError(f"{task_id} has no captured output in this clone", hint="`mdtodo run` makes it")
    return max(found)[1]
