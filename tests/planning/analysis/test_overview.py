"""Figures of what is going on, worked by hand."""

from __future__ import annotations

import pytest

from mdtodo.config.load import load as configuration
from mdtodo.core.results import PastRun
from mdtodo.planning.analysis.overview import Load, load, overview
from mdtodo.planning.plan import plan
from tests.planning.outlines import outline

CONFIG = configuration(None, b'[processors.p]\nrun = "true"\n[lanes]\nlow = 2\n')


def ran(task: str, outcome: str, seconds: float, at: float) -> PastRun:
    return PastRun("r", task, "p", outcome, 1, seconds, at)


def test_the_overview_counts_states_and_lanes() -> None:
    tasks = outline(
        "- a !low run:p\n- b run:p\n  - [x] c #backend/api\n- d lane:odd\n- e run:p after:b lane:odd"
    )
    runs = [
        ran("a", "done", 2, 10),
        ran("a", "failed", 4, 11),
        ran("a", "skipped", 9, 12),
        ran("gone", "done", 1, 13),
    ]
    found = overview(plan(tasks, CONFIG, leased=frozenset({"a"})), CONFIG, runs, {"a", "gone"})
    assert found.total == 5
    assert found.priorities == {"critical": 0, "high": 0, "medium": 4, "low": 1}
    assert found.statuses == {"todo": 4, "done": 1, "doing": 0, "cancelled": 0}
    states = {name: count for name, count in found.states.items() if count}
    assert states == {"done": 1, "running": 1, "ready": 1, "manual": 1, "blocked": 1}
    assert (found.categories["backend"], found.categories["none"], found.categories["frontend"]) == (1, 4, 0)
    assert (found.processed, found.completed, found.failed) == (4, 2, 1)
    assert found.lanes["low"] == (1, 2, 0, 3, 1, 1, 3.0, 12)
    assert found.lanes["medium"] == (0, 20, 1, 0, 0, 0, None, None)
    assert found.lanes["odd"] == (0, 1, 0, 0, 0, 0, None, None)
    assert sum(found.categories.values()) == sum(found.priorities.values()) == sum(found.states.values()) == 5


@pytest.mark.parametrize(
    ("busy", "expected"),
    [
        ([], Load(0, None, None)),
        ([(1, 4)], Load(1, 0.25, None)),
        ([(5, 4)], Load(1, 1.0, None)),
        ([(4, 4), (0, 4)], Load(2, 0.5, 0.0)),
        ([(2, 4), (1, 2)], Load(2, 0.5, 1.0)),
        ([(3, 4), (1, 4)], Load(2, 0.5, 0.5)),
        ([(3, 4), (1, None)], Load(2, None, None)),
    ],
)
def test_the_load_is_the_share_of_busy_places(busy: list[tuple[int, int | None]], expected: Load) -> None:
    assert load(busy) == expected
