"""Dates as people type them: `tomorrow`, `friday`, `+2w`. What is written is always YYYY-MM-DD."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from mdtodo.errors import UsageError
from mdtodo.markdown.keys.estimates_and_dates import is_date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.markdown.keys.write import Splice

_COUNT = re.compile(r"(?:\+|in )?(\d{1,4}) ?(d|w|m|y|days?|weeks?|months?|years?)", re.ASCII)
# `2m` is two months here; dateparser would read two minutes.
_UNITS = {"d": "days", "w": "weeks", "m": "months", "y": "years"}
_BETWEEN_WORDS = re.compile(r"(?<=\w)[-_](?=\w)")
# Only letters reach dateparser, which would read `12/11` as a day and `5` as a month.
_WORDS = re.compile(r"[a-z]+(?: [a-z]+){0,3}")
#: The keys that take a day for which there is a word.
_DAYS = ("due", "from")


def local_today() -> date:
    """The date where the person is."""
    return datetime.now().astimezone().date()


def read_date(value: str, today: date) -> str:
    """YYYY-MM-DD of a date, of a day's name (the next such day after today), or of so many days, weeks, months or years
    from today: `friday`, `tomorrow`, `next week`, `+2w`.

    Raises UsageError for anything else, also for what could be meant in two ways, as `12/11`.
    """
    if is_date(value):
        return value
    found = _relative(" ".join(_BETWEEN_WORDS.sub(" ", value.casefold()).split()), today)
    if found is None:
        raise UsageError(
            f"{value[:40]!r} is not a valid date; write it like 2026-12-01, tomorrow, friday or +2w"
        )
    return found.isoformat()


def with_dates(text: str, today: date) -> str:
    """The text of a task with each day of `due:` and `from:` as YYYY-MM-DD; every other character stays.

    Raises UsageError where such a value is no date. A word behind the sign of a date that is none belongs to the title,
    and so does `from:main`.
    """
    from mdtodo.markdown.keys.write import apply_splices

    splices = sorted([*_key_dates(text, today), *_emoji_dates(text, today)])
    return apply_splices(text, splices)


def _key_dates(text: str, today: date) -> Iterator[Splice]:
    from mdtodo.markdown.keys.dialects import find_keys
    from mdtodo.markdown.keys.write import Splice

    for token in find_keys(text):
        if token.name in _DAYS and not is_date(token.value):
            start = text.rindex(token.value, token.start, token.end)
            yield Splice(start, start + len(token.value), read_date(token.value, today))


def _emoji_dates(text: str, today: date) -> Iterator[Splice]:
    if text.isascii():
        return
    from mdtodo.markdown.keys.dialects import EMOJI, Ranges
    from mdtodo.markdown.keys.inline import verbatim_ranges
    from mdtodo.markdown.keys.write import Splice

    signs = "|".join(sign for sign, name in EMOJI.items() if name in _DAYS)
    code = Ranges(verbatim_ranges(text))
    for found in re.finditer(rf"(?:{signs})[\ufe0e\ufe0f]?[ \t]*([\w+-]+)", text):
        if is_date(found[1]) or not code.free(found.start(), found.end()):
            continue
        try:
            yield Splice(found.start(1), found.end(1), read_date(found[1], today))
        except UsageError:
            continue


def _relative(words: str, today: date) -> date | None:
    if counted := _COUNT.fullmatch(words):
        return _parsed(f"in {counted[1]} {_UNITS[counted[2][0]]}", today, "relative-time")
    if not _WORDS.fullmatch(words):
        return None
    found = _parsed(words, today, "relative-time")
    # The relative parser knows `tomorrow` and no `friday`, the absolute one the reverse.
    if found is None and " " not in words:
        return _parsed(words, today, "absolute-time")
    return found


def _parsed(words: str, today: date, parser: str) -> date | None:
    """By dateparser; from noon, so that no change of clocks makes a day of it. A month is no day."""
    from dateparser.date import DateDataParser

    settings = {
        "PARSERS": [parser],
        "PREFER_DATES_FROM": "future",
        "RELATIVE_BASE": datetime.combine(today, time(12)),
        # Without it `noon` has the period "day".
        "RETURN_TIME_AS_PERIOD": True,
    }
    try:
        found = DateDataParser(languages=["en"], settings=settings).get_date_data(words)
    except OverflowError:  # after the year 9999
        return None
    if found.date_obj is None or (parser == "absolute-time" and found.period != "day"):
        return None
    day: date = found.date_obj.date()
    return day
