"""Durations and sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config.load import load
from mdtodo.config.value_types import format_duration, format_size, parse_duration, parse_size
from mdtodo.errors import ConfigError
from tests.examples import examples

DURATIONS = [
    ("90s", 90),
    ("5m", 300),
    ("1h30m", 5400),
    ("2d", 172800),
    ("250ms", 0.25),
    ("1.5h", 5400),
    ("1d2h3m4s5ms", 93784.005),
    (" 5m ", 300),
    ("0s", 0),
    ("366d", 31622400),
]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_a_duration_is_read_in_all_its_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5",
        "m",
        "5x",
        "5m5h",
        "5m 5s",
        "-5m",
        "5m5m",
        "٥m",
        "1e3s",
        "inf",
        "367d",
        "1.s",
        "9999999999s",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_duration(text)


@examples(80)
@given(st.integers(0, 366 * 86_400_000))
def test_a_duration_is_shown_as_it_is_read(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(
    ("text", "size"), [("100MB", 10**8), ("1 GiB", 1 << 30), ("1.5kb", 1500), ("7b", 7), ("0.5KiB", 512)]
)
def test_a_size_is_read_and_shown_in_units(text: str, size: int) -> None:
    assert load(None, f"logs.size = '{text}'\n".encode()).logs.size == size
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize("value", ["'100'", "100", "'0MB'", "'-1MB'", "'1TBx'", "''", "'MB'", "true", "'9' "])
def test_what_is_no_size_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=r"`logs\.size`: must be"):
        load(None, f"logs.size = {value}\n".encode())
