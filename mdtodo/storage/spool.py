"""The spool of results: each pool process writes down what succeeded before it tells the runner.

A file for each pool process in `mdtodo/unread` of the git common directory, named `<run>.<pid>`, with a line of JSON
for each result. It is deleted with the end of its run; what a killed run leaves is taken up by the next call, so that a
task which was done is not run again because its result still lay in a socket.

Of a task with outputs it also says, before it begins, how they were then; while the attempt goes on, the file's time is
set again and again. So what it had written when it was killed can be told from what a person wrote after that.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mdtodo.git.repository import Repository


class SpooledResult(NamedTuple):
    """A result as the pool gives it; `attempt` counts from 1. `anchor` is that of the task as `receipts.codec` writes
    it, None from before there was that; `tree` as in a Receipt."""

    task_id: str
    attempt: int
    processor: str
    result: Mapping[str, Any]
    anchor: object = None
    tree: str | None = None


class SpooledAttempt(NamedTuple):
    """An attempt whose end was not written down. `owner` is the pool process; `outputs` is what
    `outputs.snapshot.adopt` needs; `last_sign`: when it was alive last, in Unix time."""

    task_id: str
    owner: str
    outputs: Mapping[str, Any]
    last_sign: float


def spool_folder(repo: Repository) -> str:
    """The folder of these files."""
    return os.path.join(repo.common_dir, "mdtodo", "unread")


def prepare(repo: Repository) -> None:
    """Make the folder; where that cannot be done, nothing is written down, and a kill costs more time."""
    with suppress(OSError):
        os.makedirs(spool_folder(repo), 0o700, exist_ok=True)


def of_dead_runs(repo: Repository, active: Collection[str]) -> dict[str, list[str]]:
    """The files of runs that are not `active`, by run."""
    try:
        names = sorted(os.listdir(spool_folder(repo)))
    except OSError:
        return {}
    found: dict[str, list[str]] = {}
    for name in names:
        run = name.rpartition(".")[0]
        if run not in active:
            found.setdefault(run, []).append(os.path.join(spool_folder(repo), name))
    return found


def read(path: str) -> list[SpooledResult]:
    """What a file holds; a line that was not written to its end is passed over."""
    found: list[SpooledResult] = []
    for said in _lines(path):
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            _, task_id, attempt = said["finished"].split("/")
            tree = said.get("tree")
            facts = str(said["processor"]), dict(said["result"]), said.get("anchor")
            found.append(
                SpooledResult(task_id, int(attempt), *facts, tree if isinstance(tree, str) else None)
            )
    return found


def unfinished_attempt(path: str) -> SpooledAttempt | None:
    """The attempt that the file's pool process was at last, if it has not come to an end."""
    last: SpooledAttempt | None = None
    with suppress(OSError):
        sign = os.stat(path).st_mtime
        # Whatever line follows `begun`, that attempt has come to its end.
        for said in _lines(path):
            last = None
            with suppress(ValueError, KeyError, TypeError, AttributeError):
                task_id = said["begun"].split("/")[1]
                last = SpooledAttempt(task_id, str(said["owner"]), dict(said["outputs"]), sign)
    return last


def is_other_worktree(path: str, root: str) -> bool:
    """Whether the file is of a run in another work tree, which is still there."""
    roots = {said.get("root", root) for said in _lines(path)} - {root}
    return any(isinstance(one, str) and os.path.isdir(one) for one in roots)


def _lines(path: str) -> Iterator[dict[str, Any]]:
    with suppress(OSError), open(path, "rb") as file:
        for line in file:
            with suppress(ValueError):
                said = json.loads(line)
                if isinstance(said, dict):
                    yield said


def delete(paths: Collection[str]) -> None:
    """Take files away, as far as that is possible."""
    for path in paths:
        with suppress(OSError):
            os.unlink(path)
