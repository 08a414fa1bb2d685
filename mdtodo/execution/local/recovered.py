"""What becomes of the attempts of a pool process that is dead."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mdtodo.core.results import Result
from mdtodo.execution.executor import AttemptEvent

if TYPE_CHECKING:
    from mdtodo.core.task import Json
    from mdtodo.execution.local.worker_handle import WorkerHandle


def recovered(
    worker: WorkerHandle, now: float, why: str, *, begun: bool, retried: set[str]
) -> tuple[list[AttemptEvent], list[Json]]:
    """What ended with it, and what is queued again: what it had not begun, and so, once, what is not known to have
    started; else it has timed out, or is lost. `begun`: whether it may have begun what it was given; `retried` are
    those that were queued again once, and more are put to them."""
    events: list[AttemptEvent] = []
    again: list[Json] = []
    at_work = worker.at_work
    for place, spec in enumerate(worker.specs):
        attempt = cast("str", spec["attempt"])
        one = worker.begun.get(attempt)
        ended = Result(None, duration=0.0 if one is None else round(now - one.at, 6))
        if attempt in worker.cancelled:
            events.append(AttemptEvent("finished", attempt, ended._replace(interrupted=True)))
        elif place >= at_work or worker.pid is None or not begun:
            again.append(spec)
        elif one is None and attempt not in retried:
            retried.add(attempt)
            again.append(spec)
        elif one is not None and one.overdue is not None and now >= one.overdue:
            events.append(AttemptEvent("finished", attempt, ended._replace(timed_out=True)))
        else:
            events.append(AttemptEvent("lost", attempt, ended._replace(error=why), why))
    return events, again
