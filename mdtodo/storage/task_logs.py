"""The captured output of tasks: where it is, and how long it is kept."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mdtodo.config.settings import Logs
    from mdtodo.git.repository import Repository
    from mdtodo.storage.state import StateStore


class Attempt(NamedTuple):
    """One attempt of a task in this clone. `outcome` is None while it goes on, or where nobody took it down;
    `written`: when it ended, or wrote something last, in Unix time; `path` of its output, None where it had none."""

    run: str
    number: int
    outcome: str | None
    written: float
    size: int = 0
    path: str | None = None


def attempts_of(repo: Repository, task_id: str) -> tuple[Attempt, ...]:
    """All that this clone knows of, the newest first."""
    from mdtodo.storage.state import StateStore

    with StateStore.open(repo, create=False) as state:
        rows = [row for row in state.history(task_id) if row.attempts]
    last: dict[str, int] = {}
    found: dict[tuple[str, int], Attempt] = {}
    for row in rows:
        last[row.run] = max(last.get(row.run, 0), row.attempts)
        found[row.run, row.attempts] = Attempt(row.run, row.attempts, row.outcome, row.finished or 0.0)
    for run, number, path in _logs_of(repo, task_id):
        with suppress(OSError):  # it was deleted just now
            stat, known = os.stat(path), found.get((run, number))
            # of one after which another came nothing was taken down but that: it had failed
            outcome = known.outcome if known else "failed" if number < last.get(run, 0) else None
            written = known.written if known else stat.st_mtime
            found[run, number] = Attempt(run, number, outcome, written, stat.st_size, path)
    return tuple(sorted(found.values(), key=lambda one: (one.written, one.number), reverse=True))


def last_log(
    repo: Repository, task_id: str, *, run: str | None = None, number: int | None = None
) -> str | None:
    """The path of the log of the task's last attempt in this clone, or of that with this number, or in the run whose id
    begins so; None if that printed nothing.

    Raises UsageError where there was no such attempt.
    """
    found = attempts_of(repo, task_id)
    fitting = [
        one for one in found if (run is None or one.run.startswith(run)) and number in (None, one.number)
    ]
    if fitting:
        return fitting[0].path
    if found:
        raise UsageError(
            f"{task_id} has no such attempt in this clone", hint=f"`mdtodo output {task_id} --list` shows all"
        )
    raise UsageError(
        f"{task_id} has no captured output in this clone",
        hint="`mdtodo run` captures it; clones do not share it",
    )


def follow(repo: Repository, task_id: str, write: Callable[[bytes], None]) -> bool:
    """Give the output of the attempt that goes on as it comes, and that of the attempts that follow it in the same run,
    until the task is over; False where it does not run."""
    from mdtodo.storage.state import StateStore

    with StateStore.open(repo, create=False) as state:
        if not _runs(state, task_id):
            return False
        active = {run for run, _, _ in state.active_runs()}
        read: dict[str, int] = {}
        while True:
            over = not _runs(state, task_id)  # asked first, so that what it wrote last is read after it
            for run, _, path in sorted(_logs_of(repo, task_id), key=lambda one: one[:2]):
                if run in active:
                    read[path] = _copy_rest(path, read.get(path, 0), write)
            if over:
                return True
            time.sleep(_PAUSE)


#: Seconds between two looks at a log that grows.
_PAUSE = 0.1


def _runs(state: StateStore, task_id: str) -> bool:
    """Whether a live worker has it, and has not come to a result, after which it keeps it until that has landed."""
    if all(lease.task_id != task_id or lease.claimed for lease in state.live_leases()):
        return False
    newest = next(iter(state.history(task_id, limit=1)), None)
    active = {run for run, _, _ in state.active_runs()}
    return newest is None or newest.run not in active or newest.outcome == "blocked"


def _copy_rest(path: str, start: int, write: Callable[[bytes], None]) -> int:
    """Give what the file has from there on; where it ends now."""
    with suppress(FileNotFoundError), open(path, "rb") as log:
        log.seek(start)
        while block := log.read(1 << 16):
            write(block)
            start += len(block)
    return start


def _logs_of(repo: Repository, task_id: str) -> Iterator[tuple[str, int, str]]:
    """Run, number and path of each log of the task."""
    name = re.compile(rf"{re.escape(task_id)}\.(\d{{1,9}})\.log", re.ASCII)
    for folder, _, names in os.walk(os.path.join(repo.common_dir, "mdtodo", "logs")):
        for one in names:
            if found := name.fullmatch(one):
                yield os.path.basename(folder), int(found[1]), os.path.join(folder, one)


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
