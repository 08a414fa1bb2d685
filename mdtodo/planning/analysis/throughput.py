"""How many tasks an hour runs do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mdtodo.core.results import PastRun


def tasks_per_hour(runs: Sequence[PastRun], since: float | None = None) -> float | None:
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
