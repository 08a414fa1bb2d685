"""How long a run takes in the plan's order, beside first come, first served: the cases of benchmarks/schedule.py."""

from __future__ import annotations

import pytest

from benchmarks.schedule import SHAPES, SLOTS, fifo, graph, ours

#: Of 200 a shape in the benchmark, which takes longer.
GRAPHS = 25


@pytest.mark.parametrize("slots", SLOTS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.sample(5)
def test_the_schedule_is_never_more_than_one_percent_longer_than_first_come_first_served(
    shape: str, slots: int
) -> None:
    for number in range(GRAPHS):
        given = graph(shape, number, error=0.0)
        assert ours(given, slots) <= 1.01 * fifo(given, slots), number


def test_a_long_task_is_not_left_for_the_end() -> None:
    """With its own work not counted, a day's task goes after short ones that something waits for."""
    from benchmarks.schedule import Graph

    short = [[] for _ in range(8)]
    behind = [[number] for number in range(8)]
    minutes = [*([30] * 16), 480]
    given = Graph([*short, *behind, []], minutes, [float(one) for one in minutes])
    assert ours(given, 2) == 480
