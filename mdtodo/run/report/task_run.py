"""What became of one task, as the report of its run says it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from mdtodo.config.value_types import format_duration
from mdtodo.core.results import Outcome, TaskRun, signal_name

if TYPE_CHECKING:
    from mdtodo.core.results import Result
    from mdtodo.core.task import Task
    from mdtodo.execution.attempts import Attempts


def task_run(
    task: Task,
    outcome: Outcome,
    result: Result,
    attempts: Attempts | None,
    *,
    processor: str | None,
    log: str | None,
    reason: str = "",
) -> TaskRun:
    """The line of a task that is over now. `attempts`: None where none was made; `reason`: what a person is told."""
    return TaskRun(
        id=task.id,
        title=task.title,
        file=task.file,
        line=task.line,
        outcome=outcome,
        processor=processor,
        attempts=attempts.count if attempts else 0,
        duration=round(attempts.seconds + attempts.earlier_seconds, 3) if attempts else None,
        exit_code=result.exit_code if attempts or outcome is Outcome.CACHED else None,
        log=log,
        tail=result.tail,
        reason=reason,
        failure=result.failure if outcome is Outcome.FAILED else result.failed_by,
        started=_iso(attempts.started if attempts else None),
        finished=_iso(time.time() if attempts and attempts.started else None),
        metrics=result.metrics,
    )


def failure(result: Result, timeout: float | None = None) -> str:
    """Why an attempt failed, in a few words; `timeout` in seconds, if it had one."""
    if result.timed_out:
        return "timed out" + (f" after {format_duration(timeout)}" if timeout else "")
    if result.error:
        return result.error
    code = result.exit_code
    if code is not None and code < 0:
        return f"killed by {signal_name(-code)}"
    return f"exit {code}"


def _iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    seconds, part = divmod(int(moment * 1000), 1000)
    return f"{_whole_seconds(seconds)}.{part:03}+00:00"


@lru_cache(maxsize=2)
def _whole_seconds(seconds: int) -> str:
    """Hundreds of short tasks begin and end in the same second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
