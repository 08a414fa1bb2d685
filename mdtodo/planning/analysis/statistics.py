"""What the history teaches: how often processors succeed, how long they take, which tasks are flaky, and what became
of estimates. Pure; every figure is measured, and one that cannot be is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mdtodo.core.results import Outcome
from mdtodo.core.task import Status
from mdtodo.planning.analysis.metric_series import metric_series
from mdtodo.planning.schedule import median

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mdtodo.core.results import PastRun
    from mdtodo.core.task import Task
    from mdtodo.planning.analysis.metric_series import MetricSeries
    from mdtodo.planning.plan import Plan

K = TypeVar("K")

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
    """All of it: `whole`, in `groups` if asked for (None: of no group), by processor, by task and processor, in the
    order of names; `titles` by task id. `per_hour`: see `throughput`."""

    runs: tuple[PastRun, ...]
    whole: RunStatistics
    per_hour: float | None
    processors: Mapping[str, RunStatistics]
    groups: Mapping[str | None, RunStatistics]
    tasks: Mapping[tuple[str, str], RunStatistics]
    flaky: tuple[Flaky, ...]
    estimates: tuple[Estimate, ...]
    metrics: tuple[MetricSeries, ...]
    titles: Mapping[str, str]


def lane_of(plan: Plan | None) -> Callable[[PastRun], str | None]:
    """The lane that the task of a run is in now; None for one that is no longer there."""
    tasks = plan.tasks if plan is not None else {}
    return lambda one: tasks[one.task_id].lane if one.task_id in tasks else None


def category_of(plan: Plan | None) -> Callable[[PastRun], str | None]:
    """The category that it has now; None for one that has none, or is no longer there."""
    routes = plan.routes if plan is not None else {}
    return lambda one: routes[one.task_id].category if one.task_id in routes else None


def statistics(
    runs: Iterable[PastRun],
    tasks: Mapping[str, Task],
    *,
    processors: Sequence[str] = (),
    since: float | None = None,
    group_of: Callable[[PastRun], str | None] | None = None,
) -> Statistics:
    """Of these runs, oldest first: of some processors, if named, and not finished before `since` (Unix time).

    `tasks` are those that the files have now; their estimates count. `group_of` says what to group runs by.
    """
    chosen = tuple(
        one
        for one in runs
        if (not processors or one.processor in processors)
        and (since is None or (one.finished is not None and one.finished >= since))
    )
    titles = {one.task_id: one.title for one in chosen if one.title}
    by_task = _grouped(chosen, lambda one: (one.task_id, one.processor))
    return Statistics(
        runs=chosen,
        whole=run_statistics(chosen),
        per_hour=_tasks_per_hour(chosen, since),
        processors=_each(_grouped(chosen, lambda one: one.processor)),
        groups=_each(_grouped(chosen, group_of)) if group_of is not None else {},
        tasks=_each(by_task),
        flaky=tuple(found for key, those in by_task.items() if (found := _flaky(*key, those))),
        estimates=_estimates(chosen, tasks.values()),
        metrics=metric_series(chosen),
        titles=titles | {task_id: task.title for task_id, task in tasks.items()},
    )


def _grouped(runs: Iterable[PastRun], key_of: Callable[[PastRun], K]) -> dict[K, list[PastRun]]:
    """By their keys, in order; None comes last."""
    found: dict[K, list[PastRun]] = {}
    for one in runs:
        found.setdefault(key_of(one), []).append(one)
    return {key: found[key] for key in sorted(found, key=lambda key: (key is None, key))}


def _each(groups: Mapping[K, Sequence[PastRun]]) -> dict[K, RunStatistics]:
    return {key: run_statistics(those) for key, those in groups.items()}


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
        median=median(seconds) if seconds else None,
        # `-(-a // b)` rounds up.
        p95=seconds[-(-len(seconds) * 95 // 100) - 1] if seconds else None,
        total=sum(one.seconds for one in runs),
        last_outcome=str(runs[-1].outcome) if runs else None,
        last_finished=runs[-1].finished if runs else None,
        recent=tuple((str(one.outcome), one.seconds) for one in settled[-RECENT:]),
    )


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
    medians = {task_id: (median(those), len(those)) for task_id, those in took.items()}
    return tuple(
        Estimate(task.id, task.estimate / 60, *medians.get(task.id, (None, 0)))
        for task in tasks
        if task.estimate is not None and task.status is not Status.CANCELLED
    )


def _tasks_per_hour(runs: Sequence[PastRun], since: float | None = None) -> float | None:
    """Tasks done in an hour in which runs went on, each from its start to its last result; time of several at once
    counts once, and none before `since` (Unix time). None where that cannot be known."""
    spans = _spans(runs)
    if spans is None:
        return None
    seconds = _covered((begin if since is None else max(begin, since), end) for begin, end in spans)
    done = sum(one.outcome == Outcome.DONE for one in runs)
    return done / seconds * 3600 if seconds > 0 else None


def _spans(runs: Iterable[PastRun]) -> list[tuple[float, float]] | None:
    """Start and end of each run, in Unix time; None where that of one is not known."""
    by_run: dict[str, list[PastRun]] = {}
    for one in runs:
        by_run.setdefault(one.run, []).append(one)
    found = []
    for run, those in by_run.items():
        ends = [one.finished for one in those if one.finished is not None]
        if len(ends) < len(those) or (start := _start(run, max(ends), those)) is None:
            return None
        found.append((start, max(ends)))
    return found


def _start(run: str, end: float, tasks: Sequence[PastRun]) -> float | None:
    """When a run began: as its name says, within half a second, or with its first processor. When that was is not known
    where several tasks have one time, that of their commit."""
    from datetime import UTC, datetime

    first = min((one.finished or 0.0) - one.seconds for one in tasks)
    try:
        named = datetime.strptime(run[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp() + 0.5
    except ValueError:
        return first if len(tasks) == 1 else None
    if named > end + 1:  # of a clock that was wrong
        return first if len(tasks) == 1 else None
    return min(named, first)


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds in any of them."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
