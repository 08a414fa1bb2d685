"""What the history teaches: how often processors succeed, how long they take, which tasks are flaky, and what became
of estimates. Pure; every figure is measured, and one that cannot be is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.results import Outcome
from mdtodo.core.task import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.core.results import PastRun
    from mdtodo.core.task import Task

#: Runs that `RunStatistics.recent` holds.
RECENT = 20


class RunStatistics(NamedTuple):
    """Of some runs. `success_rate` is the share of `done` in done and failed; durations are seconds of those two, a
    run's attempts together. `p95` is the nearest rank: no more than 5 % of them took longer. `recent`: outcome
    and seconds of the newest of them, oldest first. `last_finished` in Unix time.
    """

    runs: int
    attempts: int
    done: int
    failed: int
    deferred: int
    skipped: int
    success_rate: float | None
    median: float | None
    p95: float | None
    total: float
    last_outcome: str | None
    last_finished: float | None
    recent: tuple[tuple[str, float], ...]


class Flaky(NamedTuple):
    """A task whose processor came to both outcomes though nothing was changed in between.

    `evidence` is `inputs`: `done` and `failed` runs with an equal digest of what was read; or `retry`: `done` runs
    that had failed before within the same run, `failed` times together.
    """

    task_id: str
    processor: str
    evidence: str
    done: int
    failed: int


class Estimate(NamedTuple):
    """An estimate beside the median of the task's successful runs, both in hours; None where there was none."""

    task_id: str
    planned: float
    measured: float | None
    runs: int

    @property
    def ratio(self) -> float | None:
        """Measured over planned."""
        return None if self.measured is None or not self.planned else self.measured / self.planned


class Statistics(NamedTuple):
    """All of it: by processor, by task and processor, in the order of names; `titles` by task id."""

    runs: tuple[PastRun, ...]
    processors: Mapping[str, RunStatistics]
    tasks: Mapping[tuple[str, str], RunStatistics]
    flaky: tuple[Flaky, ...]
    estimates: tuple[Estimate, ...]
    titles: Mapping[str, str]


def statistics(
    runs: Iterable[PastRun],
    tasks: Mapping[str, Task],
    *,
    processors: Sequence[str] = (),
    since: float | None = None,
) -> Statistics:
    """Of these runs, oldest first: of some processors, if named, and not finished before `since` (Unix time).

    `tasks` are those that the files have now; their estimates count.
    """
    chosen = tuple(
        one
        for one in runs
        if (not processors or one.processor in processors)
        and (since is None or (one.finished is not None and one.finished >= since))
    )
    by_processor: dict[str, list[PastRun]] = {}
    by_task: dict[tuple[str, str], list[PastRun]] = {}
    for one in chosen:
        by_processor.setdefault(one.processor, []).append(one)
        by_task.setdefault((one.task_id, one.processor), []).append(one)
    titles = {one.task_id: one.title for one in chosen if one.title}
    return Statistics(
        runs=chosen,
        processors={name: run_statistics(by_processor[name]) for name in sorted(by_processor)},
        tasks={key: run_statistics(those) for key, those in sorted(by_task.items())},
        flaky=tuple(found for key, those in sorted(by_task.items()) if (found := _flaky(*key, those))),
        estimates=_estimates(chosen, tasks.values()),
        titles=titles | {task_id: task.title for task_id, task in tasks.items()},
    )


def run_statistics(runs: Sequence[PastRun]) -> RunStatistics:
    """Of these runs, oldest first."""
    counts = {outcome: sum(one.outcome == outcome for one in runs) for outcome in Outcome}
    settled = [one for one in runs if one.outcome in (Outcome.DONE, Outcome.FAILED)]
    seconds = sorted(one.seconds for one in settled)
    return RunStatistics(
        runs=len(runs),
        attempts=sum(one.attempts for one in runs),
        done=counts[Outcome.DONE],
        failed=counts[Outcome.FAILED],
        deferred=counts[Outcome.DEFERRED],
        skipped=counts[Outcome.SKIPPED],
        success_rate=counts[Outcome.DONE] / len(settled) if settled else None,
        median=median(seconds),
        # `-(-a // b)` rounds up.
        p95=seconds[-(-len(seconds) * 95 // 100) - 1] if seconds else None,
        total=sum(one.seconds for one in runs),
        last_outcome=str(runs[-1].outcome) if runs else None,
        last_finished=runs[-1].finished if runs else None,
        recent=tuple((str(one.outcome), one.seconds) for one in settled[-RECENT:]),
    )


def median(values: Sequence[float]) -> float | None:
    """Of sorted values."""
    # Not `statistics.median`, whose module takes long to import.
    middle = len(values) // 2
    if not values:
        return None
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def _flaky(task_id: str, processor: str, runs: Sequence[PastRun]) -> Flaky | None:
    both: dict[str, list[int]] = {}
    for one in runs:
        if one.inputs is not None and one.outcome in (Outcome.DONE, Outcome.FAILED):
            both.setdefault(one.inputs, [0, 0])[one.outcome == Outcome.FAILED] += 1
    mixed = [(done, failed) for done, failed in both.values() if done and failed]
    if mixed:
        done, failed = (sum(column) for column in zip(*mixed, strict=True))
        return Flaky(task_id, processor, "inputs", done, failed)
    again = [one for one in runs if one.outcome == Outcome.DONE and one.attempts > 1]
    if again:
        return Flaky(task_id, processor, "retry", len(again), sum(one.attempts - 1 for one in again))
    return None


def _estimates(runs: Iterable[PastRun], tasks: Iterable[Task]) -> tuple[Estimate, ...]:
    """Of the tasks that have an estimate and were not cancelled, in the order of the files."""
    took: dict[str, list[float]] = {}
    for one in runs:
        if one.outcome == Outcome.DONE:
            took.setdefault(one.task_id, []).append(one.seconds / 3600)
    return tuple(
        Estimate(
            task.id, task.estimate / 60, median(sorted(took.get(task.id, ()))), len(took.get(task.id, ()))
        )
        for task in tasks
        if task.estimate is not None and task.status is not Status.CANCELLED
    )
