"""What past runs come to, worked by hand, and what must hold of any."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.results import PastRun
from mdtodo.planning.analysis.statistics import RECENT, Estimate, Flaky, run_statistics, statistics
from tests.planning.outlines import moderately, outline


def ran(
    outcome: str,
    seconds: float = 1.0,
    attempts: int = 1,
    *,
    inputs: str | None = None,
    task: str = "t",
    at: float = 0,
) -> PastRun:
    return PastRun("r", task, "p", outcome, attempts, seconds, at, inputs)


def test_the_figures_are_those_worked_by_hand() -> None:
    found = run_statistics(
        [ran("done", 1), ran("failed", 4, 3), ran("deferred", 100), ran("done", 2), ran("skipped", 7)]
    )
    assert (found.runs, found.attempts, found.done, found.failed, found.deferred, found.skipped) == (
        5,
        7,
        2,
        1,
        1,
        1,
    )
    assert found.success_rate == 2 / 3
    assert (found.median, found.p95, found.total) == (2, 4, 114)
    assert found.last_outcome == "skipped"
    assert found.recent == (("done", 1), ("failed", 4), ("done", 2))


def test_the_95th_percentile_is_the_nearest_rank() -> None:
    of = {
        n: run_statistics([ran("done", second) for second in range(1, n + 1)]).p95
        for n in (1, 19, 20, 21, 100, 101)
    }
    assert of == {1: 1, 19: 19, 20: 19, 21: 20, 100: 95, 101: 96}


def test_a_figure_that_cannot_be_measured_is_none() -> None:
    found = run_statistics([ran("deferred"), ran("skipped")])
    assert (found.success_rate, found.median, found.p95, found.recent) == (None, None, None, ())


@moderately
@given(
    st.lists(
        st.builds(
            ran,
            st.sampled_from(["done", "failed", "deferred", "skipped"]),
            st.floats(0, 1e6),
            st.integers(1, 4),
            inputs=st.sampled_from([None, "a", "b"]),
            task=st.sampled_from(["t", "u"]),
            at=st.floats(0, 9),
        ),
        max_size=30,
    ),
    st.floats(0, 9),
)
def test_figures_of_any_runs_stay_within_their_bounds(runs: list[PastRun], since: float) -> None:
    found = statistics(runs, {}, since=since)
    assert sum(one.runs for one in found.processors.values()) == len(found.runs) <= len(runs)
    assert sum(one.runs for one in found.tasks.values()) == len(found.runs)
    for one in (*found.processors.values(), *found.tasks.values()):
        assert one.runs == one.done + one.failed + one.deferred + one.skipped <= one.attempts
        assert (one.success_rate is None) == (one.median is None) == (not one.done + one.failed)
        assert one.median is None or one.p95 is None or one.median <= one.p95 <= one.total
        assert len(one.recent) == min(RECENT, one.done + one.failed)
    for flaky in found.flaky:
        assert flaky.done > 0 < flaky.failed


FLAKY = [
    ([ran("done", inputs="a"), ran("failed", inputs="a"), ran("failed", inputs="a")], ("inputs", 1, 2)),
    ([ran("done", inputs="a"), ran("failed", inputs="b")], None),
    ([ran("done"), ran("failed")], None),
    ([ran("failed", attempts=3)], None),
    ([ran("done", attempts=3), ran("done", attempts=2), ran("done")], ("retry", 2, 3)),
    ([ran("done", inputs="a", attempts=2)], ("retry", 1, 1)),
    ([ran("deferred", inputs="a"), ran("failed", inputs="a")], None),
    ([ran("done", inputs="a", task="u"), ran("failed", inputs="a")], None),
]


def test_flaky_is_both_outcomes_though_nothing_was_changed() -> None:
    for runs, expected in FLAKY:
        wanted = () if expected is None else (Flaky("t", "p", *expected),)
        assert statistics(runs, {}).flaky == wanted, runs


def test_estimates_stand_beside_the_median_of_what_succeeded() -> None:
    tasks = {task.id: task for task in outline("- a est:120\n- b est:60\n- c\n- d est:0\n- [-] e est:9")}
    runs = [ran("done", seconds, task="a") for seconds in (3600, 7200, 5400)]
    runs += [ran("failed", 9, task="b"), ran("done", 9, task="c")]
    found = statistics(runs, tasks)
    assert found.estimates[:2] == (Estimate("a", 2, 1.5, 3), Estimate("b", 1, None, 0))
    assert [one.ratio for one in found.estimates[:2]] == [0.75, None]
    assert [one.task_id for one in found.estimates] == ["a", "b", "d"]
    assert all(one.ratio is None for one in found.estimates[2:])
