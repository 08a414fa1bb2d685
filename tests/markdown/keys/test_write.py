"""Keys written into a line, in its dialect."""

from __future__ import annotations

import pytest

from mdtodo.errors import EditError
from mdtodo.markdown.keys.write import write_key


@pytest.mark.parametrize(
    ("text", "name", "value", "written"),
    [
        ("a", "failed", "1", "a failed:1"),
        ("a  ", "failed", "1", "a failed:1  "),
        ("a ^x", "failed", "1", "a failed:1 ^x"),
        ("a ^x \t", "failed", "1", "a failed:1 ^x \t"),
        ("^x", "failed", "1", "failed:1 ^x"),
        ("a  \nb", "failed", "1", "a failed:1  \nb"),
        ("a\\\nb", "failed", "1", "a failed:1\\\nb"),
        ("a \\\nb", "failed", "1", "a failed:1 \\\nb"),
        ("a\\\\\nb", "failed", "1", "a\\\\ failed:1\nb"),
        ("a\\", "failed", "1", "a\\ failed:1"),
        ("a\nb ^x", "failed", "1", "a failed:1\nb ^x"),
        ("a `b\nc` d\ne", "failed", "1", "a `b\nc` d failed:1\ne"),
        ("a [b\nc](d)", "failed", "1", "a [b\nc](d) failed:1"),
        ("a [b][c\nd]", "failed", "1", "a [b][c\nd] failed:1"),
        ("a <!-- b\nc -->\nd", "failed", "1", "a <!-- b\nc --> failed:1\nd"),
        ("a <b c=\nd>", "failed", "1", "a <b c=\nd> failed:1"),
        # replacing keeps form and place
        ("a failed:1 b", "failed", "2", "a failed:2 b"),
        ("a failed:x b", "failed", "2", "a failed:x b failed:2"),
        ("a failed:x failed:1 b", "failed", "2", "a failed:x failed:2 b"),
        ("a 📆 2026-01-01 b", "due", "2026-01-02", "a 📆 2026-01-02 b"),
        ("a 🗓\ufe0f 2026-01-01", "due", "2026-01-02", "a 🗓\ufe0f 2026-01-02"),
        ("a est:8h, b", "est", "2d", "a est:2d, b"),
        ("a est:60m", "est", "1h", "a est:60m"),
        ("(A) a", "priority", "low", "(D) a"),
        ("!high a", "priority", "low", "!low a"),
        ("priority:high a", "priority", "low", "priority:low a"),
        ("a ⏫ b", "priority", "low", "a 🔽 b"),
        ("a ⏬", "priority", "low", "a ⏬"),
        ("a [priority::  high ] b", "priority", "low", "a [priority::  low ] b"),
        ("a 📅2026-01-01 b", "due", "2026-01-02", "a 📅2026-01-02 b"),
        ("a ^x", "id", "y", "a ^y"),
        ("a after:b c after:d", "after", "e", "a after:e c"),
        # a new key takes the form of the line
        ("a 📅 2026-01-01", "done", "2026-01-02", "a 📅 2026-01-01 ✅ 2026-01-02"),
        ("a [due:: 2026-01-01]", "done", "2026-01-02", "a [due:: 2026-01-01] [completion:: 2026-01-02]"),
        ("a (due:: 2026-01-01)", "after", "b,c", "a (due:: 2026-01-01) (dependsOn:: b,c)"),
        ("a due:2026-01-01", "done", "2026-01-02", "a due:2026-01-01 done:2026-01-02"),
        ("a 📅 2026-01-01", "failed", "1", "a 📅 2026-01-01 failed:1"),
        ("a 📅 2026-01-01", "priority", "high", "a 📅 2026-01-01 ⏫"),
        ("a #b", "priority", "high", "a #b !high"),
        ("a 📆 2026-01-01", "done", "2026-01-02", "a 📆 2026-01-01 ✅ 2026-01-02"),
        ("a 📆 2026-01-01\nb", "id", "c", "a 📆 2026-01-01 🆔 c\nb"),
        ("#b ⏫", "id", "c", "#b ⏫ id:c"),  # 🆔 would be a word: there is no title
        # removing
        ("a failed:1", "failed", None, "a"),
        ("a failed:1 b", "failed", None, "a b"),
        ("failed:1 a", "failed", None, "a"),
        ("a failed:1, b", "failed", None, "a b"),
        ("failed:1 failed:2 a", "failed", None, "a"),
        ("a failed:1 ^x", "failed", None, "a ^x"),
        ("a  failed:1  b", "failed", None, "a   b"),
        ("a failed:x", "failed", None, "a failed:x"),
        ("a 🗓\ufe0f 2026-01-01 b", "due", None, "a b"),
        ("a\nfailed:1", "failed", None, "a"),
        ("a\nfailed:1\nb", "failed", None, "a\nb"),
        ("a failed:1\\\nb", "failed", None, "a\\\nb"),
        ("a🔺b", "priority", None, "ab"),
        ("a", "failed", None, "a"),
    ],
)
def test_a_key_is_written_in_the_dialect_of_its_line(
    text: str, name: str, value: str | None, written: str
) -> None:
    if (text, name) == ("a🔺b", "priority"):
        with pytest.raises(EditError):  # "a b" would become "ab"
            write_key(text, name, value)
    else:
        assert write_key(text, name, value) == written


def test_the_file_s_dialect_counts_where_the_line_has_none() -> None:
    assert write_key("a", "done", "2026-01-02", "emoji") == "a ✅ 2026-01-02"
    assert write_key("a", "done", "2026-01-02", "dataview") == "a [completion:: 2026-01-02]"
    assert write_key("a due:2026-01-01", "done", "2026-01-02", "emoji") == "a due:2026-01-01 done:2026-01-02"
    assert write_key("a", "worker", "w", "emoji") == "a worker:w"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("worker", "a b"), ("worker", "a\nb"), ("worker", ""), ("worker", "a,"), ("id", "-x"), ("id", "ä"),
        ("due", "soon"), ("failed", "x"), ("priority", "hgih"), ("run", ":x"), ("after", ","), ("tag", "x"),
        ("nonsense", "x"), ("estimate", "8h"),
    ],
)  # fmt: skip
def test_a_value_that_no_key_can_say_is_refused(name: str, value: str) -> None:
    with pytest.raises(EditError):
        write_key("a", name, value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a 🆔 id:b c", "id"),  # 🆔 would take the next word
        ("(A) (B) a", "priority"),  # (B) would be the first word
    ],
)
def test_a_value_that_would_be_read_as_something_else_is_refused(text: str, name: str) -> None:
    with pytest.raises(EditError):
        write_key(text, name, None)
