"""A pool process as the runner sees it: what it was given, when it last said something, and its end."""

from __future__ import annotations

import os
import signal
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, cast

from mdtodo.execution.processors import process_tree
from mdtodo.execution.processors.spec import IDENTIFYING_VARIABLES, stands_alone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.task import Json
    from mdtodo.execution.local.channel import Channel

#: Seconds that a pool process has, beyond an attempt's grace, to end what was cancelled, before it is
#: killed itself.
_PATIENCE = 3.0
#: Seconds beyond timeout and grace that a pool process has to end an attempt, before that is done from here.
_TIMEOUT_PATIENCE = 5.0
#: The share of the silence that is put up with after which a pool process is asked for a sign of life.
_PING_AFTER = 1 / 4


class Begun(NamedTuple):
    """An attempt that runs: its process group, since when, and after which moment its timeout was not kept."""

    group: int
    at: float
    overdue: float | None


@dataclass(slots=True, eq=False)
class WorkerHandle:
    """A pool process as the runner sees it; `pid` is known once it is up. It carries out the first of its `specs`, in
    so many `places` at once, of which `begun` are those that are known to have started. `last_seen` is when it last
    said something, or was given work."""

    channel: Channel
    places: int = 1
    pid: int | None = None
    specs: deque[Json] = field(default_factory=deque)
    begun: dict[str, Begun] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    return_asked: bool = False
    last_seen: float = field(default_factory=monotonic)
    _kill_at: dict[str, float] = field(default_factory=dict)
    _pinged: bool = False

    @property
    def room(self) -> int:
        """How many attempts such as its first one it carries out at once."""
        return 1 if self.places > 1 and self.specs and stands_alone(self.specs[0]) else self.places

    @property
    def at_work(self) -> int:
        """How many it carries out, or is about to."""
        return min(len(self.specs), self.room)

    @property
    def kill_at(self) -> float | None:
        """When it is killed itself, unless what was cancelled has ended by then."""
        return min(self._kill_at.values(), default=None)

    @property
    def overdue(self) -> float | None:
        """After which moment a timeout was not kept."""
        return min((one.overdue for one in self.begun.values() if one.overdue is not None), default=None)

    def holds(self, attempt: object) -> int | None:
        """The place of an attempt among its specs."""
        return next((place for place, spec in enumerate(self.specs) if spec["attempt"] == attempt), None)

    def started(self, attempt: str, group: int) -> None:
        """An attempt runs."""
        place, overdue = self.holds(attempt), None
        timeout = None if place is None else self.specs[place].get("timeout")
        if place is not None and isinstance(timeout, int | float):
            overdue = monotonic() + timeout + _grace(self.specs[place]) + _TIMEOUT_PATIENCE
        self.begun[attempt] = Begun(group, monotonic(), overdue)

    def mark_alive(self) -> None:
        """It gave a sign of life, or has none to give as it had no work."""
        self.last_seen, self._pinged = monotonic(), False

    def check_silence(self, silence: float) -> float:
        """Ask it for a sign of life if it was silent for long; the moment at which it is to be looked at again."""
        if not self._pinged and monotonic() >= self.last_seen + silence * _PING_AFTER:
            self._pinged = True
            try:
                self.channel.send({"sign": True})
            except OSError:
                self._kill_at[""] = monotonic()
        # Its own clock says nothing: a process that was stopped (SIGSTOP) is alive for the system, and silent for ever.
        silent = self.last_seen + silence * (1 if self._pinged else _PING_AFTER)
        return min(moment for moment in (silent, self.overdue) if moment is not None)

    def finish(self, attempt: str) -> None:
        """Strike out an attempt that is over."""
        if (place := self.holds(attempt)) is not None:
            del self.specs[place]
        self.begun.pop(attempt, None)
        self._kill_at.pop(attempt, None)
        self.cancelled.discard(attempt)
        for spec in islice(self.specs, self.at_work) if self.cancelled else ():
            if spec["attempt"] in self.cancelled:  # it came too late to be dropped
                self._kill_at.setdefault(spec["attempt"], monotonic() + _grace(spec) + _PATIENCE)

    def cancel(self, attempt: str) -> None:
        """Tell it to end or drop an attempt; a second time, at once. If it does not, it is killed itself."""
        place = self.holds(attempt)
        if place is not None and place < self.room:
            grace = 0.0 if attempt in self._kill_at else _grace(self.specs[place])
            self._kill_at[attempt] = monotonic() + grace + _PATIENCE
        self.cancelled.add(attempt)
        try:
            self.channel.send({"cancel": attempt})
        except OSError:
            self._kill_at[attempt] = monotonic()

    def ask_to_return(self) -> None:
        """Ask for what it has not begun, as another one has nothing to do."""
        if len(self.specs) > self.room and not self.return_asked:
            self.return_asked = True
            try:
                self.channel.send({"back": True})
            except OSError:
                return  # it is dead, which the next reading shows

    def end(self) -> None:
        """Kill it, unless it is dead already; what it has said can be read still."""
        if self.pid is not None and not self.channel.ended:
            _kill(self.pid)

    def kill(self) -> None:
        """Kill the processes of its attempts, once it is dead itself: nobody is left to end them gently."""
        if self.pid is None:
            return
        process_tree.kill_groups(*(one.group for one in self.begun.values()))
        given = [
            cast("Mapping[str, str]", spec.get("env") or {}) for spec in islice(self.specs, self.at_work)
        ]
        marks = [{name: env[name] for name in IDENTIFYING_VARIABLES if name in env} for env in given]
        if whole := [found for found in marks if len(found) == len(IDENTIFYING_VARIABLES)]:
            process_tree.kill_by_environment(*whole)


def _grace(spec: Json) -> float:
    grace = spec.get("grace")
    return float(grace) if isinstance(grace, int | float) else 0.0


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
