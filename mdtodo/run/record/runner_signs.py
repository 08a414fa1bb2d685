"""What a run tells others of itself while it goes on: that it is alive, and what it has in hand."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING

from mdtodo.core.activity import InHand, Machine, Phase
from mdtodo.errors import MdtodoError
from mdtodo.storage.live.runners import SIGN

if TYPE_CHECKING:
    from dataclasses import dataclass

    from mdtodo.storage.state import StateStore
else:
    from mdtodo.core.light.dataclasses import dataclass

#: Seconds between two signs that have something to tell, so that many short tasks do not wait for them.
_PAUSE = 0.1


@dataclass(slots=True, eq=False, repr=False)
class RunnerSigns:
    """The signs of one run. `tell` writes what has changed since, or just a sign of life, when that is due; that it
    cannot be written stops no run. `machine` is what the run has measured last."""

    state: StateStore
    name: str
    run_id: str
    ttl: float
    machine: Machine = field(default_factory=Machine)
    _now: dict[str, InHand] = field(default_factory=dict)
    _told: dict[str, InHand] = field(default_factory=dict)
    _told_machine: Machine = field(default_factory=Machine)
    _told_at: float = field(default_factory=time.monotonic)

    def begin(self, task_id: str, processor: str | None, attempt: int, since: float) -> None:
        """An attempt has begun; `since` in Unix time."""
        self._now[task_id] = InHand(task_id, self.name, self.run_id, processor, attempt, since)

    def progress(self, task_id: str, percent: float) -> None:
        """Its processor says how far it is."""
        if task_id in self._now:
            self._now[task_id] = self._now[task_id]._replace(progress=max(0.0, min(100.0, percent)))

    def retry(self, task_id: str, processor: str, attempt: int) -> None:
        """That attempt has failed, and another one follows after a while."""
        one = InHand(task_id, self.name, self.run_id, processor, attempt, time.time(), phase=Phase.RETRYING)
        self._now[task_id] = one

    def end(self, task_id: str) -> None:
        """The task is over, whatever it came to."""
        self._now.pop(task_id, None)

    def seconds_until_due(self) -> float:
        """Until `tell` would write something."""
        has_news = self._now != self._told or self.machine != self._told_machine
        pause = _PAUSE if has_news else min(SIGN, self.ttl / 6)
        return max(0.0, self._told_at + pause - time.monotonic())

    def tell(self) -> None:
        """See above."""
        if self.seconds_until_due() > 0:
            return
        begun = [one for name, one in self._now.items() if self._told.get(name) != one]
        over = self._told.keys() - self._now.keys()
        with suppress(MdtodoError):
            self.state.sign(self.name, self.run_id, begun=begun, over=over, machine=self.machine)
        self._told, self._told_machine = dict(self._now), self.machine
        self._told_at = time.monotonic()
