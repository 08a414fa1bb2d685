"""One line of three versions, by the rules of its parts."""

from __future__ import annotations

import pytest

from mdtodo.core.task import STATUS_CHARS
from mdtodo.markdown.merge.line import merged_line


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        ("[x] a", "[ ] a", "[-] a", None),
        ("[x] a done:2026-01-02", "[ ] a", "[x] a done:2026-01-03", "[ ] a"),
        ("[-] a", "[ ] a", "[x] a", "[x] a"),
        ("[x] a", "[ ] a", "[/] a", "[/] a"),
        ("[ ] a failed:2", "[ ] a", "[ ] a failed:3", "[ ] a failed:3"),
        ("[ ] a failed:2", "[x] a failed:2 est:1h", "[ ] a failed:3", "[x] a est:1h"),
        ("[ ] a #x #y", "[ ] a #y", "[ ] a #x #y #z", "[ ] a #y #z"),
        ("[ ] a est:1h", "[ ] a", "[ ] a est:1h #z", "[ ] a #z"),
        ("[/] a worker:w", "[x] a worker:v", "[ ] a", "[x] a worker:v"),
        (None, "[ ] a est:1h", "[x] a due:2026-01-02", "[x] a est:1h due:2026-01-02"),
        (None, "[ ] a est:1h", "[ ] a est:2h", None),
        ("[ ]  a", "[x]  a", "[ ] a", "[x] a"),
        ("[ ] a run:t", "[x] a run:t", "[ ] a run:u", None),
        ("[ ] a run:t", "[x] a run:u", "[ ] a run:t est:1h", "[x] a run:u est:1h"),
        ("[ ] a", "[x] a", "[ ] a run:u", "[x] a run:u"),
        ("[ ] #x", "[ ] #y #x", "[x] #x w", "[x] #x w #y"),
    ],
)
def test_each_part_of_a_line_is_merged_by_its_rule(
    base: str | None, ours: str, theirs: str, result: str | None
) -> None:
    lines = [None if one is None else f"1. {one}".encode() for one in (base, ours, theirs, result)]
    assert merged_line(lines[0], lines[1] or b"", lines[2] or b"", STATUS_CHARS) == lines[3]
