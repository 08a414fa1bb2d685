"""An attempt that a pool process carries out."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from mdtodo.core import codec
from mdtodo.system import process_identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.core.results import Result
    from mdtodo.core.task import Json
    from mdtodo.execution.local.spool import Spool
    from mdtodo.execution.processors.supervise import ProcessExit, Steps, Stop, Supervision


class Running:
    """An attempt, its steps, and its `Control`. Between two steps its `supervision` says when it can go on."""

    __slots__ = (
        "_has_room",
        "_late_start",
        "_send",
        "_spool",
        "_spool_descriptor",
        "attempt",
        "spec",
        "steps",
        "supervision",
    )

    def __init__(
        self, spec: Json, send: Callable[[Json], None], has_room: Callable[[], bool], spool: Spool
    ) -> None:
        self.spec = spec
        self.attempt = cast("str", spec["attempt"])
        self.steps: Steps | None = None
        self.supervision: Supervision | None = None
        self._send, self._has_room, self._spool = send, has_room, spool
        self._spool_descriptor = -1
        self._late_start: dict[str, object] = {}

    def go_on(self, came: ProcessExit | Exception | None) -> Supervision:
        """The next process that is to be watched over, given what became of the last one; StopIteration with the
        result when there is none."""
        assert self.steps is not None
        if isinstance(came, Exception):
            return self.steps.throw(came)
        return next(self.steps) if came is None else self.steps.send(came)

    def stop(self, stop: Stop) -> None:
        """End it."""
        if self.supervision is not None:
            self.supervision.stop(stop)

    def give_up(self) -> None:
        """Go on with none of its steps; its process is killed."""
        if self.supervision is not None:
            self.supervision.close()
        if self.steps is not None:
            self.steps.close()

    def end(self, result: Result) -> None:
        """It is over: write down what succeeded before the runner is told, which may be dead before it has read it."""
        finished = {"finished": self.attempt, "result": codec.named(result), **self._late_start}
        if result.exit_code == 0 and not result.interrupted:
            self._spool.write(self.spec, finished)
        elif self._spool_descriptor >= 0:
            self.spool("ended", {})
        self._send(finished)

    def started(self, pid: int, *, over: bool) -> None:
        """Tell the runner that the process group `pid` runs; if that is over already, together with its end."""
        if over:
            self._late_start = {"pid": pid}
        else:
            self._send({"started": self.attempt, "pid": pid})

    def progress(self, percent: float) -> None:
        """Tell it how far the processor says it is, unless it has not read for long."""
        # waiting for room in the socket would hold up timeouts and cancellations
        if self._has_room():
            self._send({"progress": self.attempt, "percent": percent})

    def spool(self, event: str, details: Json) -> None:
        """See `Control.spool`."""
        about = {event: self.attempt, "owner": process_identity.current(), **details}
        self._spool_descriptor = self._spool.write(self.spec, about)

    def touch_spool(self) -> None:
        """See `Control.touch_spool`."""
        if self._spool_descriptor >= 0:
            with suppress(OSError):
                os.utime(self._spool_descriptor)
