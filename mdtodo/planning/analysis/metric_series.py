"""What processors have measured, over their runs. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.core.results import PastRun

#: Values that `MetricSeries.recent` holds.
RECENT = 20


class MetricSeries(NamedTuple):
    """One metric of one processor: its `last` value, the `lowest` and the `highest` of `runs`, and the `recent` ones,
    oldest first."""

    processor: str
    name: str
    runs: int
    last: float
    lowest: float
    highest: float
    recent: tuple[float, ...]


def metric_series(runs: Iterable[PastRun]) -> tuple[MetricSeries, ...]:
    """All of these runs, oldest first; by processor and name."""
    values: dict[tuple[str, str], list[float]] = {}
    for one in runs:
        for name, value in one.metrics.items():
            values.setdefault((one.processor, name), []).append(value)
    return tuple(
        MetricSeries(*key, len(those), those[-1], min(those), max(those), tuple(those[-RECENT:]))
        for key, those in sorted(values.items())
    )
