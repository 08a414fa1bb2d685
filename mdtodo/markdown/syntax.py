"""What the keys of one task line, or of one heading, say. Pure text; where they stand is in `dialects`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mdtodo.markdown.dialects import (
    PRIORITIES,
    Token,
    end_with_leftover,
    find_keys,
    unknown_priorities,
    without_hard_breaks,
)
from mdtodo.model import Priority, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "Keys",
    "Problem",
    "Token",
    "format_estimate",
    "is_date",
    "parse_estimate",
    "read_keys",
    "write_key",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a key: a stable `code`, a sentence, and the offset of its first character.

    Codes: bad-date, bad-estimate, bad-failed, bad-id, duplicate-key, unknown-priority.
    """

    code: str
    message: str
    offset: int
    severity: Severity


@dataclass(frozen=True, slots=True)
class Keys:
    """What a line says. `title` is every word that is no key, with one blank between words.

    `tokens` holds every key in order, also the bad and the repeated ones; `estimate` is in minutes; dates are
    `YYYY-MM-DD` and exist in the calendar.
    """

    title: str
    tokens: tuple[Token, ...] = ()
    problems: tuple[Problem, ...] = ()
    tags: tuple[str, ...] = ()
    priority: Priority | None = None
    id: str | None = None
    after: tuple[str, ...] = ()
    estimate: int | None = None
    due: str | None = None
    needs: tuple[str, ...] = ()
    lane: str | None = None
    worker: str | None = None
    run: str | None = None
    expand: str | None = None
    failed: int = 0
    done: str | None = None


def read_keys(text: str) -> Keys:
    """The keys and the title of a task's first paragraph, or of a heading.

    Never raises, and takes linear time on any text. A key with a bad value is a problem and is not part of
    the title; of a repeated key the first good one wins. `tags`, `after` and `needs` add up.
    """
    tokens = find_keys(text)
    unknown = [
        _unknown_priority("!" + word, offset, Severity.WARNING) for offset, word in unknown_priorities(text)
    ]
    if not tokens:
        return Keys(_title(text, ()), problems=tuple(unknown))
    reading = _Reading()
    for token in tokens:
        reading.take(token)
    return Keys(
        title=_title(text, tokens),
        tokens=tuple(tokens),
        problems=(*unknown, *reading.problems),
        tags=tuple(reading.lists["tag"]),
        after=tuple(reading.lists["after"]),
        needs=tuple(reading.lists["needs"]),
        **reading.values,  # type: ignore[arg-type]
    )


def write_key(text: str, name: str, value: str | None, dialect: str | None = None) -> str:
    """The text with the key set, or removed where `value` is None: see `keywriting.key_splices`.

    `write_key(write_key(text, name, value), name, None) == text` wherever the text had no such key.
    """
    # `check` and `list` only read.
    from mdtodo.markdown.keywriting import key_splices, spliced

    return spliced(text, key_splices(text, name, value, dialect))


def parse_estimate(value: str) -> int | None:
    """Minutes of `8h`, `30m`, `2d`, `1d4h`, `1.5h`; None if it is none of these. A day has 8 hours."""
    found = _ESTIMATE.fullmatch(value)
    if not found or not value:
        return None
    days, days_part, hours, hours_part, minutes = (group or "" for group in found.groups())
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


def is_date(value: str) -> bool:
    """Whether this is a date of the calendar, as YYYY-MM-DD."""
    found = _DATE.fullmatch(value)
    if not found:
        return False
    year, month, day = map(int, found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return year > 0 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]


_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ESTIMATE = re.compile(
    r"(?:(\d{1,6})(?:\.(\d{1,3}))?d)?(?:(\d{1,6})(?:\.(\d{1,3}))?h)?(?:(\d{1,7})m)?", re.ASCII
)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_COUNT = re.compile(r"\d{1,6}", re.ASCII)


class _Reading:
    """Collects the values of tokens that come in order."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.lists: dict[str, dict[str, None]] = {"tag": {}, "after": {}, "needs": {}}
        self.problems: list[Problem] = []

    def take(self, token: Token) -> None:
        if token.name in self.lists:
            self._add(token)
            return
        field = "estimate" if token.name == "est" else token.name
        value = _READERS[token.name](token.value)
        if value is None:
            self.problems.append(_bad_value(token))
        elif field in self.values:
            message = f"{token.name} stands here a second time; the first one holds"
            self.problems.append(Problem("duplicate-key", message, token.start, Severity.WARNING))
        else:
            self.values[field] = value

    def _add(self, token: Token) -> None:
        if token.name == "tag":
            self.lists["tag"][token.value] = None
            return
        pieces = [piece.strip() for piece in token.value.split(",")]
        self.lists[token.name].update((piece, None) for piece in pieces if piece)
        if token.name == "needs":
            return
        # A bad name still counts, so that the task waits instead of running too early.
        for piece in pieces:
            if piece and not _ID.fullmatch(piece):
                message = f"{_quoted(piece)} can be no id, so this waits for ever"
                self.problems.append(Problem("bad-id", message, token.start, Severity.ERROR))


def _priority(value: str) -> Priority | None:
    word = PRIORITIES.get(value.lower())
    return Priority(word) if word else None


def _id(value: str) -> str | None:
    return value if _ID.fullmatch(value) else None


def _minutes(value: str) -> int | None:
    return parse_estimate(value.replace(" ", ""))


def _date(value: str) -> str | None:
    return value if is_date(value) else None


def _count(value: str) -> int | None:
    return int(value) if _COUNT.fullmatch(value) else None


_READERS: dict[str, Callable[[str], object]] = {
    "priority": _priority,
    "id": _id,
    "est": _minutes,
    "due": _date,
    "done": _date,
    "failed": _count,
    "lane": str,
    "worker": str,
    "run": str,
    "expand": str,
}


def _bad_value(token: Token) -> Problem:
    if token.name == "priority":
        return _unknown_priority(token.value, token.start, Severity.ERROR)
    code, message = {
        "id": ("bad-id", "can be no id: letters, digits, '.', '_' and '-', the first a letter or a digit"),
        "est": ("bad-estimate", "is no estimate; write it like 30m, 8h, 2d or 1d4h"),
        "due": ("bad-date", "is no date of the calendar; write it like 2026-12-01"),
        "done": ("bad-date", "is no date of the calendar; write it like 2026-12-01"),
        "failed": ("bad-failed", "is no number of failed runs"),
    }[token.name]
    return Problem(code, f"{_quoted(token.value)} {message}", token.start, Severity.ERROR)


def _unknown_priority(word: str, offset: int, severity: Severity) -> Problem:
    from difflib import get_close_matches

    nearest = get_close_matches(word[:40].lower(), [*Priority], n=1, cutoff=0.0)[0]
    message = f"unknown priority {_quoted(word)}; did you mean '{nearest}'?"
    return Problem("unknown-priority", message, offset, severity)


def _quoted(value: str) -> str:
    """A value as it may stand in a sentence: short, and nothing that a terminal would obey."""
    return repr(value if len(value) <= 40 else value[:40] + "…")


def _title(text: str, tokens: Sequence[Token]) -> str:
    """The words between the tokens; a comma or semicolon that belonged to a key goes with it."""
    text = without_hard_breaks(text)
    pieces: list[str] = []
    at = 0
    for token in tokens:
        pieces.append(text[at : token.start])
        at = end_with_leftover(text, token)
    pieces.append(text[at:])
    return " ".join(" ".join(pieces).split())
