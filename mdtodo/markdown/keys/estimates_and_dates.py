"""The values of keys: lengths of time and dates. Pure text."""

from __future__ import annotations

import re


def parse_estimate(value: str) -> int | None:
    """Minutes of `8h`, `30m`, `2d`, `1d4h`, `1.5h`; None if it is none of these. A day has 8 hours."""
    found = _ESTIMATE.fullmatch(value)
    if not found or not value:
        return None
    days, days_part, hours, hours_part, minutes = (group or "" for group in found.groups())
    # In whole numbers: as a float `4.1h` is 245.99999999999997 minutes, and so none that an estimate can be.
    thousandths = (
        int(days + days_part.ljust(3, "0")) * 480
        + int(hours + hours_part.ljust(3, "0")) * 60
        + int(minutes or 0) * 1000
    )
    return thousandths // 1000 if thousandths % 1000 == 0 else None


def format_estimate(minutes: int) -> str:
    """The shortest way to write that many minutes, exactly: 720 is `1d4h`."""
    days, rest = divmod(minutes, 480)
    hours, rest = divmod(rest, 60)
    written = "".join(
        f"{number}{unit}" for number, unit in ((days, "d"), (hours, "h"), (rest, "m")) if number
    )
    return written or "0m"


def parse_span(value: str) -> int | None:
    """Minutes of `7d`, `2w`, `12h`, `1d12h`, `every 7 days`, `every week`; None if it is none of these, or nothing at
    all. A day has 24 hours."""
    if not (_SPAN.fullmatch(value) or _SPAN_IN_WORDS.fullmatch(value)):
        return None
    parts = _PARTS.findall(value)
    return sum(int(count or 1) * _MINUTES[unit[0].lower()] for count, unit in parts) or None


def is_date(value: str) -> bool:
    """Whether this is a date of the calendar, as YYYY-MM-DD."""
    # Not `date.fromisoformat`, which takes 20261201 and 2026-W49-2 too, and is an import that `check` can do without.
    found = _DATE.fullmatch(value)
    if not found:
        return False
    year, month, day = map(int, found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return year > 0 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]


_ESTIMATE = re.compile(
    r"(?:(\d{1,6})(?:\.(\d{1,3}))?d)?(?:(\d{1,6})(?:\.(\d{1,3}))?h)?(?:(\d{1,7})m)?", re.ASCII
)
_SPAN = re.compile(r"(?:\d{1,4}w)?(?:\d{1,5}d)?(?:\d{1,6}h)?(?:\d{1,7}m)?", re.ASCII)
#: As Obsidian Tasks writes them; months and years are of no fixed length.
SPAN_IN_WORDS = r"every(?:[ \t]+\d{1,4})?[ \t]+(?:week|day|hour)s?"
_SPAN_IN_WORDS = re.compile(SPAN_IN_WORDS, re.ASCII | re.IGNORECASE)
_PARTS = re.compile(r"(\d*)[ \t]*(weeks?|days?|hours?|[wdhm])(?![a-z])", re.ASCII | re.IGNORECASE)
_MINUTES = {"w": 7 * 24 * 60, "d": 24 * 60, "h": 60, "m": 1}
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
