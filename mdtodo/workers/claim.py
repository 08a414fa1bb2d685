"""One claim on a remote: which ref it is, and what its object says of who has the task."""

from __future__ import annotations

import json
import os
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.digest import sha1
from mdtodo.markdown.anchors import derived_ids
from mdtodo.system import process_identity

if TYPE_CHECKING:
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository

#: Where claims are, on the remote.
CLAIMS = "refs/mdtodo/claims/"


class Claim(NamedTuple):
    """Who has a task, since when in Unix time by that machine's date, and for how many seconds after each sign of life.

    `process` is its identity as of `system.process_identity`, "" where the claim is to outlive it; `clone` tells the
    clones of one machine apart. `kept` says that the task has ended, and its tick is still to be pushed.
    """

    worker: str
    host: str
    run: str
    since: float
    lease: float
    process: str = ""
    clone: str = ""
    kept: bool = False

    @property
    def who(self) -> str:
        """For people: `ci-7 on build-2 (run 20261121T101500-3f2a91, since 2026-11-21 10:15 UTC)`."""
        when = f"{datetime.fromtimestamp(self.since, UTC):%Y-%m-%d %H:%M} UTC"
        name = self.worker if self.worker.startswith(self.host) else f"{self.worker} on {self.host}"
        return f"{name} (run {self.run}, since {when})"

    @property
    def has_ended(self) -> bool:
        """Whether its process has certainly ended, as only the machine that it ran on can say."""
        return bool(self.process) and process_identity.has_ended(self.process)

    def message(self) -> str:
        """The message of a new object for it: no two are equal."""
        told = {**self._asdict(), "nonce": os.urandom(16).hex()}
        return f"mdtodo claim: {json.dumps(self.worker)}\n\n{json.dumps(told, indent=1, sort_keys=True)}\n"


def own_claim(repo: Repository, worker: str, run_id: str, lease: float) -> Claim:
    """The claim of this process."""
    clone = str(sha1(os.fsencode(repo.common_dir), usedforsecurity=False).hexdigest())[:12]
    host = os.uname().nodename
    return Claim(worker, host, run_id, time.time(), lease, process_identity.current(), f"{host}:{clone}")


def read_claim(commit: bytes) -> Claim | None:
    """What the object says; None where it is none of ours. Somebody else wrote it, so no value is trusted."""
    try:
        told = json.loads(commit.partition(b"\n\n")[2].partition(b"\n\n")[2])
        worker, host, run, process, clone = (_line(told[name]) for name in _LINES)
        since, lease = _seconds(told["since"]), _seconds(told["lease"])
        return Claim(worker, host, run, since, lease, process, clone, bool(told["kept"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def claim_ref(task: Task) -> str:
    """The ref of the task's claim: by its explicit id, else by the whole hash that its id is the beginning of.

    Each clone with the same version of the file has the same name for it. One with another version may have another:
    then both run the task, and the second one's result finds the box closed.
    """
    if task.explicit_id is not None and task.id == task.explicit_id:
        return CLAIMS + (task.id if _PLAIN.fullmatch(task.id) else _digest(task.id))
    alone, among_equal = derived_ids(task.anchor)
    return CLAIMS + (alone if alone.startswith(task.id) else among_equal)


_LINES = ("worker", "host", "run", "process", "clone")
#: Of explicit ids those that any file system, and git, can have as a name, and that are no other one's with it.
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


def _digest(text: str) -> str:
    return str(sha1(text.encode(), usedforsecurity=False).hexdigest())


def _line(value: object) -> str:
    """A string on one line, without control characters: it is shown to people."""
    return "".join(char if char.isprintable() else " " for char in str(value))[:200]


def _seconds(value: object) -> float:
    """A number that a date can be made of."""
    number = float(str(value))
    if not 0 <= number < 1e11:
        raise ValueError(value)
    return number
