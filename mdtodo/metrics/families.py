"""Figures as the metric families of Prometheus, in its text format: the door to prometheus-client. Pure.

Names and labels are told in docs/metrics.md; none of them is an id, of a task, a run or a worker, since each new value
is a time series that is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from mdtodo import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from prometheus_client.core import Metric

    from mdtodo.metrics.figures import Figures, RunFigures
    from mdtodo.storage.totals import Totals

P = "project"


def families(clones: Sequence[Figures], run: RunFigures | None = None) -> list[Metric]:
    """All families of these clones, and those of a run, if there was one."""
    about = InfoMetricFamily("mdtodo_build", "The version of mdtodo.", value={"version": __version__})
    return [about, *_of_clones(clones), *([] if run is None else _of_run(run))]


def registry(made: Iterable[Metric]) -> CollectorRegistry:
    """A registry of its own that has just these families."""

    class Once(Collector):
        def collect(self) -> Iterable[Metric]:
            return made

    found = CollectorRegistry(auto_describe=False)
    found.register(Once())
    return found


def encoded(made: Iterable[Metric], accept: str = "") -> tuple[bytes, str]:
    """The families in the format that a client asks for by its header Accept, and its content type."""
    encode, kind = exposition.choose_encoder(accept)
    return encode(registry(made)), kind


def _of_clones(clones: Sequence[Figures]) -> list[Metric]:
    tasks = GaugeMetricFamily("mdtodo_tasks", "Tasks by state and priority.", labels=[P, "state", "priority"])
    workers = GaugeMetricFamily("mdtodo_workers", "Tasks that run now, by lane.", labels=[P, "lane"])
    capacity = GaugeMetricFamily(
        "mdtodo_lane_capacity", "Tasks of a lane that may run at once.", labels=[P, "lane"]
    )
    queue = GaugeMetricFamily("mdtodo_queue_tasks", "Tasks that are ready, by lane.", labels=[P, "lane"])
    runners = GaugeMetricFamily(
        "mdtodo_runners", "Processes that run tasks, by state; silent ones give no sign.", labels=[P, "state"]
    )
    for one in clones:
        for (state, priority), number in one.tasks.items():
            tasks.add_metric([one.project, state, priority], number)
        for lane, figures in one.lanes.items():
            workers.add_metric([one.project, lane], figures.active)
            capacity.add_metric([one.project, lane], figures.capacity)
            queue.add_metric([one.project, lane], figures.ready)
        for state, number in one.runners.items():
            runners.add_metric([one.project, state], number)
    return [tasks, workers, capacity, queue, runners, *_gauges(clones), *_counted(clones)]


_GAUGES: tuple[tuple[str, str, Callable[[Figures], float | None]], ...] = (
    (
        "mdtodo_queue_age_seconds",
        "How long the task that waits longest has been ready.",
        lambda one: one.queue_age,
    ),
    ("mdtodo_unlanded_results", "Results that have yet to land.", lambda one: one.unlanded),
    (
        "mdtodo_last_landed_timestamp_seconds",
        "When a result landed in a commit last.",
        lambda one: one.last_landed,
    ),
    ("mdtodo_last_run_timestamp_seconds", "When a run ended last.", lambda one: one.last_run),
)


def _gauges(clones: Sequence[Figures]) -> list[Metric]:
    found: list[Metric] = []
    for name, said, value_of in _GAUGES:
        family = GaugeMetricFamily(name, said, labels=[P])
        for one in clones:
            if (value := value_of(one)) is not None:
                family.add_metric([one.project], value)
        found.append(family)
    return found


def _counted(clones: Sequence[Figures]) -> list[Metric]:
    runs = CounterMetricFamily(
        "mdtodo_task_runs", "Results of tasks that ran in this clone, by outcome.", labels=[P, "outcome"]
    )
    durations = HistogramMetricFamily(
        "mdtodo_task_run_duration_seconds", "How long tasks took that were done or failed.", labels=[P]
    )
    takeovers = CounterMetricFamily(
        "mdtodo_lease_takeovers",
        "Leases that were taken over from whoever had not given them back.",
        labels=[P],
    )
    for one in clones:
        for outcome, number in one.totals.outcomes.items():
            runs.add_metric([one.project, outcome], number)
        durations.add_metric([one.project], _buckets(one.totals), one.totals.seconds)
        takeovers.add_metric([one.project], one.takeovers)
    return [runs, durations, takeovers]


def _buckets(totals: Totals) -> list[tuple[str, float]]:
    """Each with all that took no longer than its bound."""
    found: list[tuple[str, float]] = []
    number = 0
    for bound, count in totals.within.items():
        number += count
        found.append(("+Inf" if bound is None else f"{float(bound)}", number))
    return found


def _of_run(run: RunFigures) -> list[Metric]:
    found: list[Metric] = []
    for name, said, value in (
        ("mdtodo_run_exit_code", "The exit code of the last run that wrote this file.", run.exit_code),
        ("mdtodo_run_duration_seconds", "How long that run took.", run.seconds),
        ("mdtodo_run_finished_timestamp_seconds", "When that run ended.", run.finished),
    ):
        family = GaugeMetricFamily(name, said, labels=[P])
        family.add_metric([run.project], value)
        found.append(family)
    return found
