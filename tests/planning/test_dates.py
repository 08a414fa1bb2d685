"""Dates as people type them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date
from typing import TYPE_CHECKING

import pytest

from mdtodo.errors import UsageError
from mdtodo.planning.dates import local_today, read_date, with_dates

if TYPE_CHECKING:
    from collections.abc import Iterator

WEDNESDAY = date(2026, 11, 25)


@pytest.fixture(params=["UTC", "America/Santiago", "Pacific/Kiritimati"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-12-01", "2026-12-01"),
        ("2020-01-01", "2020-01-01"),
        ("today", "2026-11-25"),
        ("Tomorrow", "2026-11-26"),
        ("friday", "2026-11-27"),
        ("FRI", "2026-11-27"),
        ("wednesday", "2026-12-02"),
        ("thu", "2026-11-26"),
        ("+0d", "2026-11-25"),
        ("+10d", "2026-12-05"),
        ("+2w", "2026-12-09"),
        ("2w", "2026-12-09"),
        ("+1m", "2026-12-25"),
        ("+3m", "2027-02-25"),
        ("+1y", "2027-11-25"),
        ("in 2 weeks", "2026-12-09"),
        ("in-2-weeks", "2026-12-09"),
        ("next week", "2026-12-02"),
        ("next-month", "2026-12-25"),
    ],
)
def test_dates_and_words_for_days_are_read(zone: str, value: str, expected: str) -> None:
    assert read_date(value, WEDNESDAY) == expected


WORDS = "soon someday never may december noon week 12 2026 2026-12 2026-13-01 2026-02-30 12/11/2026"
SIGNS = "1.12.2026 31-12 dec-24 -1d +2 2x +2h +9999y +99999d \x00 \u0664d \U0001f4c5 $(date)"


@pytest.mark.parametrize(
    "value", [*WORDS.split(), *SIGNS.split(), "", "friday noon", "friday" * 99, "a" * 10_000]
)
def test_what_is_no_day_is_refused(value: str) -> None:
    with pytest.raises(
        UsageError, match="is not a valid date; write it like 2026-12-01, tomorrow, friday or"
    ):
        read_date(value, WEDNESDAY)


def test_days_after_the_end_of_a_month_or_year_are_right() -> None:
    assert read_date("+1m", date(2027, 1, 31)) == "2027-02-28"
    assert read_date("+1y", date(2028, 2, 29)) == "2029-02-28"
    assert read_date("tomorrow", date(2026, 12, 31)) == "2027-01-01"


def test_days_without_a_midnight_or_of_23_or_25_hours_count_as_days(zone: str) -> None:
    for today in (date(2026, 9, 5), date(2026, 4, 4), date(2026, 3, 28), date(2026, 10, 24)):
        following = date.fromordinal(today.toordinal() + 1)
        name = following.strftime("%A")
        assert {read_date(value, today) for value in ("tomorrow", "+1d", name)} == {following.isoformat()}


def test_today_is_the_local_date(zone: str) -> None:
    assert local_today().isoformat() == time.strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pay due:tomorrow", "Pay due:2026-11-26"),
        ("Pay tomorrow due:friday, !high", "Pay tomorrow due:2026-11-27, !high"),
        ("Pay [due:: next week]  on friday", "Pay [due:: 2026-12-02]  on friday"),
        ("Pay (due::+2w)", "Pay (due::2026-12-09)"),
        ("Pay \U0001f4c5 friday !high", "Pay \U0001f4c5 2026-11-27 !high"),
        ("Pay \U0001f4c5\ufe0f  +1w", "Pay \U0001f4c5\ufe0f  2026-12-02"),
        ("\U0001f4c5 Plan the meeting", "\U0001f4c5 Plan the meeting"),
        ("Pay \U0001f4c5 2026-12-01", "Pay \U0001f4c5 2026-12-01"),
        ("Say `due:tomorrow` and `\U0001f4c5 friday`", "Say `due:tomorrow` and `\U0001f4c5 friday`"),
        ("- [ ] boxed due:fri", "- [ ] boxed due:2026-11-27"),
        ("due:fri due:sat", "due:2026-11-27 due:2026-11-28"),
        ("due: friday", "due: friday"),
        ("Pay est:2d done:2026-01-01", "Pay est:2d done:2026-01-01"),
        ("Pay from:tomorrow due:fri", "Pay from:2026-11-26 due:2026-11-27"),
        ("Pay [start:: +2w] \U0001f6eb friday", "Pay [start:: 2026-12-09] \U0001f6eb 2026-11-27"),
        ("Merge from:main", "Merge from:main"),
    ],
)
def test_only_the_value_of_a_date_changes(text: str, expected: str) -> None:
    assert with_dates(text, WEDNESDAY) == expected


def test_the_library_is_imported_only_where_a_word_is_read() -> None:
    program = (
        "import sys; from datetime import date; from mdtodo.planning.dates import with_dates as w;"
        "w('a due:2026-12-01', date.today()); assert 'dateparser' not in sys.modules;"
        "w('a due:friday', date.today()); assert 'dateparser' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env=os.environ | {"PYTHONWARNINGS": "error"})


@pytest.mark.parametrize("word", ["friday", "tomorrow", "+1d", "+1y"])
def test_a_day_beyond_all_dates_is_refused(word: str) -> None:
    with pytest.raises(UsageError):
        read_date(word, date.max)
