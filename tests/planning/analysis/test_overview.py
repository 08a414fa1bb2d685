"""Figures of what is going on, worked by hand."""

from __future__ import annotations

import pytest

from mdtodo.config.load import load as configuration
from mdtodo.core.activity import Activity, EndedRun, InHand, LiveRun, Phase, Runner, RunnerState
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
    now = Activity(
        runs=(LiveRun("r", "w", 0.0, 4),),
        in_hand=(held("gone"), held("a"), held("e", Phase.RETRYING, run="other")),
        subtasks=3,
    )
    found = overview(plan(tasks, CONFIG, leased=frozenset({"a"})), CONFIG, runs, now)
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
    assert [one.task_id for one in found.in_hand] == ["a", "gone", "e"], "by phase, then as planned"
    assert found.phases == {"running": 2, "retrying": 1, "landing": 0}
    assert found.subtasks == 3


def test_what_is_taken_is_in_its_phase_and_ready_until_it_is_in_one() -> None:
    tasks = outline("\n".join(f"- {name} run:p lane:general" for name in "abcd"))
    in_hand = (held("a"), held("b", Phase.RETRYING), held("c", Phase.LANDING))
    now = Activity(runs=(LiveRun("r", "w", 0.0, 4),), in_hand=in_hand)
    found = overview(plan(tasks, CONFIG, leased=frozenset("abcd")), CONFIG, [], now)
    states = {name: count for name, count in found.states.items() if count}
    assert states == {"running": 1, "retrying": 1, "landing": 1, "ready": 1}
    assert found.lanes["general"][:3] == (1, 1, 1)
    assert found.load == Load(1, 0.25, None)


RUNNER = Runner("w", "here", 1, None, 0.0, 9.0, RunnerState.LIVE)


def test_runners_have_the_figures_of_their_runs_and_those_that_are_gone_of_their_names() -> None:
    runners = (
        RUNNER._replace(runs=frozenset("r")),
        RUNNER._replace(pid=2, runs=frozenset({"second"})),
        RUNNER._replace(pid=3, runs=frozenset({"before"}), state=RunnerState.GONE),
        RUNNER._replace(pid=4, host="there", runs=frozenset({"elsewhere"}), state=RunnerState.GONE),
    )
    past = [
        ran("a", "done", 2, 1),
        ran("b", "failed", 4, 2),
        ran("c", "deferred", 8, 3),
        ran("a", "done", 5, 0)._replace(run="before"),
        ran("a", "done", 7, 0)._replace(run="of nobody"),
    ]
    now = Activity(runners=runners, in_hand=(held("a"), held("b", Phase.LANDING), held("c", run="")))
    found = overview(plan((), CONFIG), CONFIG, past, now).runners
    assert [(one.runner.pid, *one[1:]) for one in found] == [
        (1, 2, 4, 2, 1, 19.0, 11 / 3),
        (2, 0, 0, 0, 0, 0.0, None),
        (4, 0, 0, 0, 0, 0.0, None),
    ]


def held(task: str, phase: Phase = Phase.RUNNING, run: str = "r") -> InHand:
    return InHand(task, "w", run or None, "p", 1, 5.0, None, phase)


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
    runs = [LiveRun(f"r{number}", "w", 0.0, slots) for number, (_, slots) in enumerate(busy)]
    tasks = [
        held(f"{one}", run=f"r{number}") for number, (count, _) in enumerate(busy) for one in range(count)
    ]
    rest = [held("x", phase, "r0") for phase in (Phase.RETRYING, Phase.LANDING)]
    assert load(runs, [*tasks, *rest]) == expected


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ([], None),
        ([EndedRun("r", 10.0, 14.0, 2, 4.0)], 0.5),
        ([EndedRun("idle", 10.0, 14.0, 2, 0.0), EndedRun("r", 10.0, 14.0, 4, 4.0)], 0.25),
        ([EndedRun("r", 10.0, 14.0, None, 4.0)], None),
        ([EndedRun("r", 10.0, 10.0, 2, 4.0)], None),
    ],
)
def test_the_efficiency_is_that_of_the_newest_run_that_ran_anything(
    ended: list[EndedRun], expected: float | None
) -> None:
    assert overview(plan((), CONFIG), CONFIG, [], Activity(ended=tuple(ended))).efficiency == expected
