"""What the keys of one task line, or of one heading, say. Pure text; where they stand is in `dialects`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mdtodo.core.names import is_name
from mdtodo.core.task import Priority, Severity
from mdtodo.markdown.keys.dialects import (
    PRIORITIES,
    Token,
    end_with_punctuation,
    find_keys,
    rules_of_recurrence,
    unknown_priorities,
    without_hard_breaks,
)
from mdtodo.markdown.keys.estimates_and_dates import is_date, parse_estimate, parse_span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NamedTuple
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class Problem(NamedTuple):
    """Something wrong with a key: a stable `code`, a sentence, and the offset of its first character.

    Codes: bad-date, bad-estimate, bad-every, bad-failed, bad-id, duplicate-key, suspected-key, unknown-priority.
    """

    code: str
    message: str
    offset: int
    severity: Severity


class Keys(NamedTuple):
    """What a line says. `title` is every word that is no key, with one blank between words.

    A tuple, as there is one for each of many thousand lines. `tokens` holds every key in order, also the repeated
    ones; `estimate` is in minutes; `every` is a span such as `7d`; dates are `YYYY-MM-DD` and exist in the calendar.
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
    not_before: str | None = None
    every: str | None = None
    needs: tuple[str, ...] = ()
    lane: str | None = None
    worker: str | None = None
    run: str | None = None
    expand: str | None = None
    failed: int = 0
    done: str | None = None


@lru_cache(4096)
def read_keys(text: str) -> Keys:
    """The keys and the title of a task's first paragraph, or of a heading.

    Never raises, and takes linear time on any text. A key with a bad value is a problem, and its word stays in
    the title; of a repeated key the first good one wins. `tags`, `after` and `needs` add up.
    """
    found = find_keys(text)
    problems = [
        _unknown_priority("!" + word, offset, Severity.WARNING)
        for offset, word in (unknown_priorities(text) if "!" in text else ())
    ]
    problems += _rules(text) if not text.isascii() else []
    # Most colons are those of keys, and to search costs a seventh of all this.
    if ":" in text and text.count(":") > sum([text.count(":", token.start, token.end) for token in found]):
        problems += _suspected(text)
    if not found:
        return Keys(_title(text, ()), problems=tuple(problems))
    values: dict[str, Any] = {}
    tokens = [token for token in found if _add_value(token, values, problems)]
    for name in ("tags", "after", "needs"):
        if name in values:
            values[name] = tuple(values[name])
    return Keys(_title(text, tokens), tuple(tokens), tuple(problems), **values)


_PRIORITIES = {word: Priority(meaning) for word, meaning in PRIORITIES.items()}
_COUNT = re.compile(r"\d{1,6}", re.ASCII)


def _add_value(token: Token, values: dict[str, Any], problems: list[Problem]) -> bool:
    """Put what the token says under the name of its field in `Keys`, with lists as the keys of a dict; False where it
    says nothing."""
    name = token.name
    if name == "tag":
        values.setdefault("tags", {})[token.value] = None
    elif name in ("after", "needs"):
        _add_values(token, values.setdefault(name, {}), problems)
    elif (value := _READERS[name](token.value)) is None:
        problems.append(_bad_value(token))
        return False
    elif (field := FIELDS.get(name, name)) in values:
        if field == "not_before":  # of a start and a day for it the later one counts
            values[field] = max(values[field], value)
            return True
        message = f"{name} appears a second time; the first one counts"
        problems.append(Problem("duplicate-key", message, token.start, Severity.WARNING))
    else:
        values[field] = value
    return True


def _add_values(token: Token, values: dict[str, None], problems: list[Problem]) -> None:
    for piece in token.value.split(","):
        name = piece.strip()
        if name:
            # A bad name still counts, so that the task waits instead of running too early.
            values[name] = None
            if token.name == "after" and not is_name(name):
                message = f"{_quoted(name)} is not a valid id, so this task can never start"
                problems.append(Problem("bad-id", message, token.start, Severity.ERROR))


def _suspected(text: str) -> list[Problem]:
    from mdtodo.markdown.keys.near_keys import near_keys, sentence

    return [
        Problem("suspected-key", sentence(near), near.start, Severity.WARNING) for near in near_keys(text)
    ]


def _rules(text: str) -> list[Problem]:
    return [
        Problem("bad-every", f"{_quoted(words)} {_NO_SPAN}", offset, Severity.WARNING)
        for offset, words in rules_of_recurrence(text)
    ]


_NO_SPAN = "is not a span of time, so it is part of the title; write it like every:7d, 12h or 2w"


@lru_cache(1024)
def _minutes(value: str) -> int | None:
    return parse_estimate(value.replace(" ", ""))


@lru_cache(1024)
def _date(value: str) -> str | None:
    return value if is_date(value) else None


@lru_cache(256)
def _span(value: str) -> str | None:
    """As it is written in `every:7d`."""
    if parse_span(value) is None:
        return None
    words = value.split()
    return value if len(words) == 1 else f"{words[1] if len(words) > 2 else 1}{words[-1][0].lower()}"


#: The fields of `Keys` that are called otherwise than their keys.
FIELDS = {"est": "estimate", "from": "not_before"}
_READERS: dict[str, Callable[[str], object]] = {
    "priority": lambda value: _PRIORITIES.get(value.lower()),
    "id": lambda value: value if is_name(value) else None,
    "est": _minutes,
    "due": _date,
    "from": _date,
    "every": _span,
    "done": _date,
    "failed": lambda value: int(value) if _COUNT.fullmatch(value) else None,
    "lane": str,
    "worker": str,
    "run": str,
    "expand": str,
}


def _bad_value(token: Token) -> Problem:
    if token.name == "priority":
        return _unknown_priority(token.value, token.start, Severity.ERROR)
    code, message = {
        "id": (
            "bad-id",
            "is not a valid id: use letters, digits, '.', '_' and '-', the first a letter or a digit",
        ),
        "est": ("bad-estimate", "is not a valid estimate; write it like 30m, 8h, 2d or 1d4h"),
        **dict.fromkeys(
            ("due", "from", "done"), ("bad-date", "is not a valid date; write it like 2026-12-01")
        ),
        "every": ("bad-every", _NO_SPAN),
        "failed": ("bad-failed", "is not a number of failed runs"),
    }[token.name]
    # `from:friday` and `every:day` may be words all the same
    word = token.name == "every" or (token.name == "from" and not token.value[0].isdecimal())
    severity = Severity.WARNING if word else Severity.ERROR
    return Problem(code, f"{_quoted(token.value)} {message}", token.start, severity)


def _unknown_priority(word: str, offset: int, severity: Severity) -> Problem:
    message = f"unknown priority {_quoted(word)}; did you mean '{_nearest_priority(word[:40].lower())}'?"
    return Problem("unknown-priority", message, offset, severity)


@lru_cache(64)
def _nearest_priority(word: str) -> str:
    if (known := PRIORITIES.get(word.lstrip("!"))) is not None:  # `!highest`, which only `priority:` takes
        return known
    from difflib import get_close_matches

    return str(get_close_matches(word, [*Priority], n=1, cutoff=0.0)[0])


def _quoted(value: str) -> str:
    """A value as it may stand in a sentence: short, and nothing that a terminal would obey."""
    return repr(value if len(value) <= 40 else value[:40] + "…")


def _title(text: str, tokens: Sequence[Token]) -> str:
    """The words between the tokens; a comma or semicolon that belonged to a key goes with it."""
    text = without_hard_breaks(text)
    if not tokens:
        return " ".join(text.split())
    pieces: list[str] = []
    at = 0
    for token in tokens:
        pieces.append(text[at : token.start])
        at = end_with_punctuation(text, token)
    pieces.append(text[at:])
    return " ".join(" ".join(pieces).split())
