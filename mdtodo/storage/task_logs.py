"""The captured output of tasks: where it is, and how long it is kept."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.config.settings import Logs
    from mdtodo.git.repository import Repository
    from mdtodo.storage.state import StateStore


def last_log(repo: Repository, task_id: str) -> str | None:
    """The path of the log of the task's last attempt in this clone, None if that printed nothing.

    Raises UsageError where there was no attempt.
    """
    from mdtodo.storage.state import StateStore

    folder = os.path.join(repo.common_dir, "mdtodo", "logs")
    found: list[tuple[float, str]] = []
    for run, _, names in os.walk(folder):
        found += [
            (os.stat(os.path.join(run, name)).st_mtime, os.path.join(run, name))
            for name in names
            if name.startswith(f"{task_id}.")
        ]
    written, path = max(found, default=(0.0, None))
    with StateStore.open(repo, create=False) as state:
        last = next((entry for entry in state.history(task_id, limit=10) if entry.attempts), None)
    if last is not None and last.log is None and (last.finished or 0.0) >= written:
        return None
    if path is None:
        raise UsageError(
            f"{task_id} has no captured output in this clone",
            hint="`mdtodo run` captures it; clones do not share it",
        )
    return path


def prune(repo: Repository, state: StateStore, logs: Logs, *, keep: str) -> None:
    """Delete the output of whole runs, the oldest first, that are older than `logs.age` or too much for `logs.size`.

    Never that of the run `keep`, or of one that goes on. What cannot be deleted stays.
    """
    from shutil import rmtree

    found = sorted(_outputs(os.path.join(repo.common_dir, "mdtodo", "logs")))
    left = sum(one.size for one in found)
    too_old = time.time() - logs.age
    if left <= logs.size and (not found or found[0].written >= too_old):
        return
    # asked only where there is something to delete: each of them is looked up among the processes
    active = {keep, *(run for run, _, _ in state.active_runs())}
    for one in found:
        if (left > logs.size or one.written < too_old) and os.path.basename(one.folder) not in active:
            rmtree(one.folder, ignore_errors=True)
            left -= one.size


class _Output(NamedTuple):
    """The output of a run: when it last changed, its folder, its bytes."""

    written: float
    folder: str
    size: int


def _outputs(folder: str) -> Iterator[_Output]:
    try:
        with os.scandir(folder) as runs:
            for run in runs:
                if run.is_dir(follow_symlinks=False):
                    with os.scandir(run.path) as logs:
                        files = [log.stat(follow_symlinks=False) for log in logs]
                    written = max((one.st_mtime for one in files), default=run.stat().st_mtime)
                    yield _Output(written, run.path, sum(one.st_size for one in files))
    except OSError:  # somebody else deletes them at this moment
        return
