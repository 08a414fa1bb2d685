"""`every:7d`: how old a proof may become. What a line says of it."""

from __future__ import annotations

import pytest

from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.estimates_and_dates import parse_span
from mdtodo.markdown.keys.near_keys import near_keys
from mdtodo.markdown.keys.read import read_keys
from mdtodo.markdown.tasks import read_tasks

DAY = 24 * 60


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        ("7d", 7 * DAY), ("2w", 14 * DAY), ("12h", 720), ("1d12h", DAY + 720), ("90m", 90), ("1w2d3h4m", 9 * DAY + 184),
        ("every 7 days", 7 * DAY), ("every day", DAY), ("every 2 weeks", 14 * DAY), ("Every 12 hours", 720),
        ("", None), ("0d", None), ("0", None), ("7", None), ("d", None), ("7 d", None), ("1.5d", None), ("-7d", None),
        ("7D", None), ("7dd", None), ("1h2d", None), ("every", None), ("every month", None), ("every 0 days", None),
        ("every 3 months", None), ("every weekday", None), ("7x", None), ("٧d", None), ("99999999w", None),
    ],
)  # fmt: skip
def test_spans(value: str, minutes: int | None) -> None:
    assert parse_span(value) == minutes


@pytest.mark.parametrize(
    ("text", "title", "every"),
    [
        ("a every:7d", "a", "7d"),
        ("a every:1d12h, b", "a b", "1d12h"),
        ("a [every:: 12h]", "a", "12h"),
        ("a [every:: every 2 weeks]", "a", "2w"),
        ("a 🔁 every 7 days", "a", "7d"),
        ("a 🔁 every 7 days 📅 2026-12-01", "a", "7d"),
        ("a 🔁\ufe0f every week run:x", "a", "1w"),
        ("a 🔁every day ⏫", "a", "1d"),
        ("a 🆔 x 🔁 every 3 days", "a", "3d"),
        ("a 🔁 every 7 days ✅ 2026-11-30", "a", "7d"),
        ("`every:7d` is a key", "`every:7d` is a key", None),
        ("🔁 Retry", "🔁 Retry", None),
        ("every: one", "every: one", None),
    ],
)
def test_read(text: str, title: str, every: str | None) -> None:
    keys = read_keys(text)
    assert (keys.title, keys.every, keys.problems) == (title, every, ())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a 🔁 every week on Monday when done", "every week on Monday when done"),
        ("a 🔁 every week when done 🏁 delete", "every week when done"),
        ("a 🔁 every week on Monday, Friday 📅 2026-12-01", "every week on Monday, Friday"),
        ("a 🔁 every month", "every month"),
        ("a 🔁 every weekday run:x", "every weekday"),
        ("a every:monday", "monday"),
        ("a every:0d", "0d"),
    ],
)
def test_what_is_no_span_stays_in_the_title_with_a_warning(text: str, named: str) -> None:
    keys = read_keys(text)
    (problem,) = keys.problems
    assert (problem.code, problem.severity) == ("bad-every", "warning")
    assert problem.message.startswith(f"{named!r} is not a span of time")
    assert keys.every is None
    assert named in keys.title


def test_a_slip_and_other_names_are_named() -> None:
    for text in ("a evry:7d", "a Every:7d", "a every: 7d", "a repeat:2w", "a recur:12h"):
        assert [near.key for near in near_keys(text)] == ["every"], text
    for text in ("a very:7", "a ever:x", "a repeat:once", "a recur: daily", "a every: one"):
        assert near_keys(text) == [], text


def test_every_holds_for_a_section_and_for_subtasks_unless_they_say_otherwise() -> None:
    text = "# Nightly every:1d\n- [x] a\n- [x] b every:2w\n  - [x] c\n# Once\n- [x] d\n"
    tasks = read_tasks({"TODO.md": parse(text.encode())})
    assert {task.title: task.every for task in tasks} == {"a": "1d", "b": "2w", "c": "2w", "d": None}
