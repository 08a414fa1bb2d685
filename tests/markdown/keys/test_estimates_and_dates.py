"""Estimates and dates as keys hold them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.markdown.keys.estimates_and_dates import format_estimate, is_date, parse_estimate


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        ("8h", 480), ("30m", 30), ("2d", 960), ("1d4h", 720), ("1d4h30m", 750), ("0m", 0), ("90m", 90),
        ("1.5h", 90), ("1.1h", 66), ("0.5d", 240), ("999999d", 479999520),
        ("", None), ("h", None), ("8", None), ("4h1d", None), ("-1h", None), ("1h1h", None), ("1.001h", None),
        ("１h", None), ("8h ", None), ("1w", None), ("1.h", None),
    ],
)  # fmt: skip
def test_an_estimate_is_read_in_minutes(value: str, minutes: int | None) -> None:
    assert parse_estimate(value) == minutes


@given(st.integers(0, 10**7))
def test_estimates_are_written_exactly(minutes: int) -> None:
    assert parse_estimate(format_estimate(minutes)) == minutes


@given(st.dates().map(str))
def test_every_date_of_the_calendar_is_one(date: str) -> None:
    assert is_date(date)


@pytest.mark.parametrize(
    "date", ["2026-2-1", "2026-00-01", "2026-01-00", "1900-02-29", "0000-01-01", "٢٠٢٦-01-01"]
)
def test_a_date_that_is_not_in_the_calendar_is_none(date: str) -> None:
    assert not is_date(date)
