"""That a process is there which runs tasks again and again, also while it waits for more: for `status`."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mdtodo.errors import MdtodoError
from mdtodo.storage.live.runners import SIGN
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

    from mdtodo.git.repository import Repository


@dataclass(slots=True, eq=False, repr=False)
class Presence:
    """`name`, `ttl` and `can` as in `Runners.sign_on`. That the state cannot be written keeps nobody from working."""

    repo: Repository
    name: str
    ttl: float
    can: frozenset[str] | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Its runs, and the time between them, are those of one runner until the end of the context."""
        self._say(lambda state: state.sign_on(self.name, self.ttl, can=self.can, stays=True))
        try:
            yield
        finally:
            self._say(lambda state: state.sign_off(self.name))

    def wait(self, seconds: float, wait: Callable[[float], bool], stop: Event) -> bool:
        """What `wait` says, which is called again and again until it is true, `seconds` have passed or `stop` is set;
        with a sign of life in between."""
        end, step = time.monotonic() + seconds, min(SIGN, self.ttl / 6)
        self._say(lambda state: state.sign_on(self.name, self.ttl, can=self.can, stays=True))
        while not wait(max(0.0, min(step, end - time.monotonic()))):
            if stop.is_set() or time.monotonic() >= end:
                return False
            self._say(lambda state: state.sign(self.name))
        return True

    def _say(self, what: Callable[[StateStore], None]) -> None:
        with suppress(MdtodoError), StateStore.open(self.repo) as state:
            what(state)
