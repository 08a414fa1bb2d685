"""Results that nobody may have read: each pool process writes down what succeeded before it tells the runner.

A file for each pool process in `mdtodo/unread` of the git common directory, named `<run>.<pid>`, with a line of JSON
for each result. It is deleted with the end of its run; what a killed run leaves is taken up by the next call, so that a
task which was done is not run again because its result still lay in a socket.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mdtodo.repo.git import Repository


class Unread(NamedTuple):
    """A result as the pool gives it; `attempt` counts from 1."""

    task_id: str
    attempt: int
    processor: str
    result: Mapping[str, Any]


def place(repo: Repository) -> str:
    """The folder of these files."""
    return os.path.join(repo.common_dir, "mdtodo", "unread")


def prepare(repo: Repository) -> None:
    """Make the folder; where that cannot be done, nothing is written down, and a kill costs more time."""
    with suppress(OSError):
        os.makedirs(place(repo), 0o700, exist_ok=True)


def left(repo: Repository, active: Collection[str]) -> dict[str, list[str]]:
    """The files of runs that are not `active`, by run."""
    try:
        names = sorted(os.listdir(place(repo)))
    except OSError:
        return {}
    found: dict[str, list[str]] = {}
    for name in names:
        run = name.rpartition(".")[0]
        if run not in active:
            found.setdefault(run, []).append(os.path.join(place(repo), name))
    return found


def read(path: str) -> list[Unread]:
    """What a file holds; a line that was not written to its end is passed over."""
    found: list[Unread] = []
    with suppress(OSError), open(path, "rb") as file:
        for line in file:
            with suppress(ValueError, KeyError, TypeError, AttributeError):
                said = json.loads(line)
                _, task_id, attempt = said["finished"].split("/")
                found.append(Unread(task_id, int(attempt), str(said["processor"]), dict(said["result"])))
    return found


def delete(paths: Collection[str]) -> None:
    """Take files away, as far as that is possible."""
    for path in paths:
        with suppress(OSError):
            os.unlink(path)
