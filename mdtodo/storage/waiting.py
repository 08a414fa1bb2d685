"""Results from clones that are proven and could not land yet: one file each in `mdtodo/waiting`, until a run lands it.

They are no entries of the journal, since landing one may need another look at it, which only a run can take.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core import codec
from mdtodo.core.results import Result
from mdtodo.core.task import Anchor  # noqa: TC001  # the codec looks it up
from mdtodo.storage.state import folder
from mdtodo.system import files

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository


class WaitingResult(NamedTuple):
    """Of one task: the result of an attempt in a clone, which has `changes`; `branch` is where a person finds
    them, at the commit `tip`."""

    task_id: str
    anchor: Anchor
    run: str
    attempt: int
    processor: str
    result: Result = Result(None)
    branch: str | None = None
    tip: str | None = None
    reason: str = ""


def keep(repo: Repository, one: WaitingResult) -> None:
    """Write it down, in place of an earlier one of that task. Raises OSError."""
    files.keep(_path(repo, one.task_id), codec.dumps(one).encode())


def find(repo: Repository, task_id: str) -> WaitingResult | None:
    """The one of this task; None where there is none, or it cannot be read."""
    try:
        with open(_path(repo, task_id), "rb") as file:
            return codec.loads(WaitingResult, file.read())
    except (OSError, ValueError):
        return None


def forget(repo: Repository, task_id: str) -> None:
    """It has landed, or counts no longer."""
    with suppress(OSError):
        os.unlink(_path(repo, task_id))


def waiting(repo: Repository) -> list[WaitingResult]:
    """All of them."""
    try:
        names = sorted(os.listdir(_folder(repo)))
    except OSError:
        return []
    found = (find(repo, name.removesuffix(".json")) for name in names if name.endswith(".json"))
    return [one for one in found if one is not None]


def _folder(repo: Repository) -> str:
    return os.path.join(folder(repo), "waiting")


def _path(repo: Repository, task_id: str) -> str:
    # ids have no other characters; what has is none, and leads nowhere
    return os.path.join(_folder(repo), f"{re.sub(r'[^A-Za-z0-9._-]', '_', task_id)}.json")
