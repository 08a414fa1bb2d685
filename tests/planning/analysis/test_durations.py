"""Lengths as people write them."""

from __future__ import annotations

import pytest

from mdtodo.config.load import load
from mdtodo.planning.analysis.durations import (
    format_factor,
    format_minutes,
    format_seconds,
    format_task_duration,
)
from mdtodo.planning.plan import plan
from tests.planning.outlines import outline


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        *((0, "0m"), (1e-6, "<0.1s"), (0.2, "12s"), (0.005, "0.3s"), (2.5, "2m30s"), (5, "5m")),
        *((90, "1h30m"), (90.2, "1h30m"), (720, "1d4h"), (59.999, "1h00m")),
    ],
)
def test_an_estimate_is_shown_in_days_hours_and_minutes(minutes: float, text: str) -> None:
    assert format_minutes(minutes) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.02, "0.0s"), (0.4, "0.4s"), (12, "12s"), (185, "3m05s"), (7800, "2h10m")]
)
def test_a_time_is_shown_in_its_largest_units(value: float, text: str) -> None:
    assert format_seconds(value) == text


def test_an_estimate_has_days_of_eight_hours_and_the_clock_has_none() -> None:
    config = load(None, b'[processors.p]\nrun = "true"\n')
    tasks = outline("- a est:720 run:p\n- b run:p\n- c run:p\n- d\n- e est:5")
    made = plan(tasks, config, durations={"b": 43_200.0, "c": 30.0})
    assert [format_task_duration(made, name) for name in "abcde"] == ["1d4h", "12h00m", "30s", "", "5m"]


def test_a_corrected_estimate_is_time_on_the_clock() -> None:
    config = load(None, b'[processors.p]\nrun = "true"\n')
    done = "".join(f"- [x] x{number} run:p est:60\n" for number in range(5))
    made = plan(outline(done + "- a run:p est:360"), config, durations={f"x{n}": 7200.0 for n in range(5)})
    assert format_task_duration(made, "a") == "12h00m"


@pytest.mark.parametrize(
    ("value", "text"), [(0.4, "0.4"), (0.000281, "0.00028"), (1.26, "1.3"), (12.4, "12")]
)
def test_a_factor_has_two_digits(value: float, text: str) -> None:
    assert format_factor(value) == text
