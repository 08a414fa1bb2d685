"""Messages that have not arrived everywhere yet: one file each in `mdtodo/messages`, deleted when it has.

So what a killed run had not sent is sent by the next one. Every process of the clone may add; only the one that has the
turn sends, all that is there. What changes a file is done under a lock that is held for an instant.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core import codec
from mdtodo.notify.message import TASKS
from mdtodo.storage.state import folder
from mdtodo.system.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mdtodo.git.repository import Repository

#: Seconds for which a message on tasks is kept open, for more of them.
OPEN = 1.0
#: Seconds after which a message is given up.
OLDEST = 3 * 86400.0
#: Messages that are kept; a server that is down for long would else fill the disk.
MOST = 1000
#: Seconds that a time may lie ahead before it is taken for one of a clock that was wrong.
_AHEAD = 7200.0


class Waiting(NamedTuple):
    """A message: its `id` is that of every attempt, so that who gets it twice can tell. `created` and `after`, before
    which it is not tried again, in Unix time; `to` are the keys of the destinations that do not have it yet."""

    id: str
    event: str
    created: float
    after: float
    to: tuple[str, ...]
    data: Mapping[str, Any]
    attempts: int = 0


class Outbox:
    """That of a clone. Every method raises OSError where the disk refuses."""

    def __init__(self, repo: Repository) -> None:
        self._folder = os.path.join(folder(repo), "messages")
        self._turn = Turn(os.path.join(self._folder, "turn"))
        self._open: dict[str, str] = {}

    def prepare(self) -> None:
        """Make the folder."""
        os.makedirs(self._folder, 0o700, exist_ok=True)

    def take_turn(self) -> bool:
        """Whether this process is the one that sends."""
        return self._turn.take()

    def give_back(self) -> None:
        """Let another one send."""
        self._turn.give_back()

    def add(self, event: str, data: Mapping[str, Any], to: Iterable[str]) -> str | None:
        """Keep a message, or add its tasks to one of this process that waits for more; its id, None where there are too
        many already."""
        with self._locked():
            if "tasks" in data and (known := self._open_one(event)) is not None:
                self._write(known._replace(data=_joined(known.data, data)))
                return known.id
            if len(self._names()) >= MOST:
                return None
            now = time.time()
            name = f"msg_{secrets.token_hex(12)}"
            self._write(Waiting(name, event, now, now + ("tasks" in data) * OPEN, tuple(to), data))
            self._open[event] = name
            return name

    def due(self, *, flush: bool) -> Waiting | None:
        """The oldest that is to be tried now; with `flush` one that was kept open, too. It is closed by that."""
        with self._locked():
            found = [one for one in self.waiting() if _is_due(one, flush=flush)]
            if not found:
                return None
            first = min(found, key=lambda one: one.created)
            first = first._replace(attempts=first.attempts + 1)
            self._write(first)
            return first

    def tried(self, one: Waiting, left: Iterable[str], pause: float) -> None:
        """It has arrived everywhere but at `left`, where it is tried again after so many seconds."""
        with self._locked():
            to = tuple(left)
            if to:
                self._write(one._replace(to=to, after=time.time() + pause))
            else:
                self.forget(one)

    def forget(self, one: Waiting) -> None:
        """It has arrived, or never will."""
        with suppress(FileNotFoundError):
            os.unlink(self._path(one.id))

    def waiting(self) -> list[Waiting]:
        """All of them, in no order; a file that is none is deleted."""
        found: list[Waiting] = []
        for name in self._names():
            path = os.path.join(self._folder, name)
            try:
                with open(path, "rb") as file:
                    found.append(codec.loads(Waiting, file.read()))
            except FileNotFoundError:
                continue
            except ValueError:
                with suppress(OSError):
                    os.unlink(path)
        return found

    def manual(self) -> frozenset[str] | None:
        """The tasks that were ready for a person when that was noted last; None where it never was."""
        try:
            with open(os.path.join(self._folder, "manual"), "rb") as file:
                return frozenset(map(str, json.loads(file.read())))
        except (OSError, ValueError, TypeError):
            return None

    def note_manual(self, names: Iterable[str]) -> None:
        """These are ready for a person now."""
        self._replace("manual", json.dumps(sorted(names)))

    def _open_one(self, event: str) -> Waiting | None:
        path = self._path(self._open.get(event, "none"))
        with suppress(OSError, ValueError), open(path, "rb") as file:
            one = codec.loads(Waiting, file.read())
            return one if one.attempts == 0 else None
        return None

    def _names(self) -> list[str]:
        try:
            return [name for name in os.listdir(self._folder) if name.endswith(".json")]
        except FileNotFoundError:
            return []

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, f"{os.path.basename(name)}.json")

    def _write(self, one: Waiting) -> None:
        self._replace(f"{one.id}.json", codec.dumps(one))

    def _replace(self, name: str, text: str) -> None:
        """Whole or not at all."""
        path = os.path.join(self._folder, name)
        part = f"{path}.{os.getpid()}"
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(text.encode())
            os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(part)
            raise

    @contextmanager
    def _locked(self) -> Iterator[None]:
        import fcntl

        with open(os.path.join(self._folder, "lock"), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _is_due(one: Waiting, *, flush: bool) -> bool:
    now = time.time()
    return one.after <= now or one.after > now + _AHEAD or (flush and one.attempts == 0)


def _joined(known: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    tasks = [*known["tasks"], *new["tasks"]]
    more = known["more"] + new["more"] + max(0, len(tasks) - TASKS)
    return {**known, "tasks": tasks[:TASKS], "more": more}
