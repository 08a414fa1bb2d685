"""A pool process as the runner sees it: what it was given, when it last said something, and its end."""

from __future__ import annotations

import os
import signal
from collections import deque
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, cast

from mdtodo.execution.processors import process_tree

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
_IDENTIFYING_VARIABLES = ("MDTODO_TASK_ID", "MDTODO_RUN_ID", "MDTODO_ATTEMPT")


@dataclass(slots=True, eq=False)
class WorkerHandle:
    """A pool process as the runner sees it; `pid` is known once it is up. The first of its `specs` is the one
    it carries out, with `group` once that has started, at `began`; after `overdue` its timeout was not kept.
    `last_seen` is when it last said something, or was given work."""

    channel: Channel
    pid: int | None = None
    specs: deque[Json] = field(default_factory=deque)
    group: int | None = None
    began: float | None = None
    kill_at: float | None = None
    cancelled: set[str] = field(default_factory=set)
    return_asked: bool = False
    overdue: float | None = None
    last_seen: float = field(default_factory=monotonic)
    _pinged: bool = False

    def started(self, group: int) -> None:
        """Its first attempt runs."""
        self.group, self.began = group, monotonic()
        timeout = self.specs[0].get("timeout") if self.specs else None
        if isinstance(timeout, int | float):
            self.overdue = monotonic() + timeout + _grace(self.specs[0]) + _TIMEOUT_PATIENCE

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
                self.kill_at = monotonic()
        # Its own clock says nothing: a process that was stopped (SIGSTOP) is alive for the system, and silent for ever.
        silent = self.last_seen + silence * (1 if self._pinged else _PING_AFTER)
        return min(moment for moment in (silent, self.overdue) if moment is not None)

    def finish(self, attempt: str) -> None:
        """Strike out an attempt that is over."""
        if self.specs and self.specs[0]["attempt"] == attempt:
            self.specs.popleft()
            self.group = self.began = self.kill_at = self.overdue = None
            if self.specs and self.specs[0]["attempt"] in self.cancelled:  # it came too late to be dropped
                self.kill_at = monotonic() + _grace(self.specs[0]) + _PATIENCE
        else:
            self.specs = deque(spec for spec in self.specs if spec["attempt"] != attempt)
        self.cancelled.discard(attempt)

    def cancel(self, attempt: str) -> None:
        """Tell it to end or drop an attempt; a second time, at once. If it does not, it is killed itself."""
        if self.specs[0]["attempt"] == attempt:
            grace = 0.0 if self.kill_at is not None else _grace(self.specs[0])
            self.kill_at = monotonic() + grace + _PATIENCE
        self.cancelled.add(attempt)
        try:
            self.channel.send({"cancel": attempt})
        except OSError:
            self.kill_at = monotonic()

    def ask_to_return(self) -> None:
        """Ask for what it has not begun, as another one has nothing to do."""
        if len(self.specs) > 1 and not self.return_asked:
            self.return_asked = True
            try:
                self.channel.send({"back": True})
            except OSError:
                return  # it is dead, which the next reading shows

    @property
    def seconds(self) -> float:
        """For how long its first attempt has run; 0 for one that is not known to have started."""
        return 0.0 if self.began is None else round(monotonic() - self.began, 6)

    def end(self) -> None:
        """Kill it, unless it is dead already; what it has said can be read still."""
        if self.pid is not None and not self.channel.ended:
            _kill(self.pid)

    def kill(self) -> None:
        """Kill the processes of its attempt, once it is dead itself: nobody is left to end them gently."""
        if not self.specs or self.pid is None:
            return
        if self.group is not None:
            process_tree.kill_group(self.group)
        env = cast("Mapping[str, str]", self.specs[0].get("env") or {})
        if all(name in env for name in _IDENTIFYING_VARIABLES):
            process_tree.kill_by_environment({name: env[name] for name in _IDENTIFYING_VARIABLES})


def _grace(spec: Json) -> float:
    grace = spec.get("grace")
    return float(grace) if isinstance(grace, int | float) else 0.0


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
