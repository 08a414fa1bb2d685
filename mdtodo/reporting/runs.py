"""Runs, a line each, and as JSON."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.planning.analysis.durations import format_seconds
from mdtodo.reporting.json_documents import iso, print_json
from mdtodo.reporting.table import print_listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.storage.run_history import KnownRun


def print_runs(runs: Sequence[KnownRun], *, colored: bool) -> None:
    """A table: start, length, results, success, use of the jobs, worker, run, newest commit."""
    names = ("started", "took", "results", "success", "used", "worker", "run", "commits")
    print_listing(
        names,
        map(_cells, runs),
        right=("took", "success", "used"),
        folded=("results",),
        colored=colored,
    )


def _cells(run: KnownRun) -> tuple[str, ...]:
    began = "-" if run.started is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started))
    over = run.started is not None and run.finished is not None
    took = format_seconds(max(0.0, run.finished - run.started)) if over else "-"  # type: ignore[operator]
    results = ", ".join(f"{count} {word}" for word, count in sorted(run.counts.items(), key=_rank))
    commits = run.commits[0][:10] if run.commits else "-"
    more = f" +{len(run.commits) - 1}" if len(run.commits) > 1 else ""
    rates = (_percent(run.success_rate), _percent(run.utilization))
    return began, took, results, *rates, run.worker or "-", run.run, commits + more


_ORDER = [outcome.value for outcome in Outcome]


def _rank(item: tuple[str, int]) -> int:
    return _ORDER.index(item[0]) if item[0] in _ORDER else len(_ORDER)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def print_runs_json(runs: Iterable[KnownRun]) -> None:
    """`{"version": 1, "runs": [RUN, ...]}`."""
    print_json({"version": 1, "runs": [run_document(run) for run in runs]})


def run_document(run: KnownRun) -> dict[str, object]:
    """A run in JSON."""
    return {
        "id": run.run,
        "worker": run.worker,
        "started": iso(run.started, "milliseconds"),
        "finished": iso(run.finished, "milliseconds"),
        "counts": {outcome: run.counts[outcome] for outcome in _ORDER},
        "success_rate": run.success_rate,
        "jobs": run.jobs,
        "utilization": run.utilization,
        "commits": run.commits,
    }
