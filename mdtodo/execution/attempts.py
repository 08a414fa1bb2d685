"""How often a task was tried in a run, and how long that took."""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds of the longest pause between two attempts.
_LONGEST = 366 * 86400.0


@dataclass(slots=True, eq=False, repr=False)
class Attempts:
    """How often a task was tried in this run, and how long that took together.

    A processor that has added subtasks runs once more when they are done: `earlier` attempts, and `earlier_seconds`,
    were before that, and `seconds` are those since then. `started`: when the first one did, in Unix time.
    """

    count: int = 0
    seconds: float = 0.0
    earlier: int = 0
    earlier_seconds: float = 0.0
    started: float | None = None

    @property
    def now(self) -> int:
        """How many of them were made since the new subtasks were done; all, where there were none."""
        return self.count - self.earlier

    def time_left(self, timeout: float | None, budget: float | None) -> float | None:
        """Seconds for the next attempt: as configured, but no more than is left of the budget of the task."""
        limits = [timeout] if timeout is not None else []
        limits += [budget - self.seconds] if budget is not None else []
        return max(0.0, min(limits)) if limits else None

    def begin_again(self) -> None:
        """The new subtasks are done."""
        self.earlier, self.earlier_seconds = self.count, self.earlier_seconds + self.seconds
        self.seconds = 0.0


def pause(delay: float, backoff: float, count: int) -> float:
    """Seconds between the attempt `count` and the next one; a year where they are beyond all reckoning."""
    try:
        return min(delay * backoff ** (count - 1), _LONGEST)
    except OverflowError:
        return _LONGEST if delay else 0.0
