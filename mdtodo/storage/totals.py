"""How many results there ever were, and how long they took: of the rows that are there, and of those that were deleted.

So a counter of them never falls. What is deleted is added to the `counters` of the state, in the same transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.storage.rows import integer, real

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.storage.database import Database
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Upper bounds of seconds, by which results are counted.
BOUNDS = (0.1, 0.5, 1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200)
#: What counts as a run of a processor.
COUNTED = (Outcome.DONE, Outcome.FAILED, Outcome.DEFERRED, Outcome.SKIPPED, Outcome.CACHED)
_TIMED = (Outcome.DONE, Outcome.FAILED)
_BOUND = "CASE " + " ".join(f"WHEN seconds <= {bound} THEN {bound}" for bound in BOUNDS) + " ELSE -1 END"
#: A rollup, and what a person said, are no runs.
_RAN = "(attempt > 0 OR outcome = 'cached')"
_GROUPED = f"SELECT outcome, {_BOUND}, count(*), sum(seconds) FROM results WHERE {_RAN}"  # noqa: S608  # of constants
_ADD = "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
_PREFIX = "total "


class Totals(NamedTuple):
    """Results by outcome; those that were done or failed, by the smallest of `BOUNDS` that they fit, None for longer
    ones; and their `seconds` together."""

    outcomes: Mapping[str, int]
    within: Mapping[float | None, int]
    seconds: float


def totals(database: Database) -> Totals:
    """All that this state has ever counted, since it began with the receipts that git had."""
    kept = database.read("SELECT name, value FROM counters WHERE name LIKE ?", (f"{_PREFIX}%",))
    found = {str(name): integer(value) for name, value in kept}
    for name, value in _figures(database, "", ()).items():
        found[name] = found.get(name, 0) + value
    return Totals(
        outcomes={one.value: found.get(f"{_PREFIX}{one}", 0) for one in COUNTED},
        within={bound: found.get(_within(bound), 0) for bound in (*BOUNDS, None)},
        seconds=found.get(f"{_PREFIX}milliseconds", 0) / 1000,
    )


def delete_results(database: Database, where: str, values: Sequence[object]) -> int:
    """Delete these results, which are over, and count them from now on; how many they were."""
    with database.writing("deleted") as db:
        for name, value in _figures(database, f" AND {where}", values).items():
            db.execute(_ADD, (name, value))
        return db.execute(f"DELETE FROM results WHERE {where}", values).rowcount  # noqa: S608


def _figures(database: Database, where: str, values: Sequence[object]) -> dict[str, int]:
    found: dict[str, int] = {}

    def add(name: str, value: int) -> None:
        found[name] = found.get(name, 0) + value

    for outcome, bound, number, seconds in database.read(f"{_GROUPED}{where} GROUP BY 1, 2", values):
        add(f"{_PREFIX}{outcome}", integer(number))
        if outcome in _TIMED:
            add(_within(None if real(bound) < 0 else real(bound)), integer(number))
            add(f"{_PREFIX}milliseconds", round(1000 * real(seconds)))
    return found


def _within(bound: float | None) -> str:
    return f"{_PREFIX}within {'more' if bound is None else f'{bound:g}'}"
