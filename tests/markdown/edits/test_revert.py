"""What was made of tasks is taken back, byte by byte, or what of it can be where others have edited since."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.edits import AddNote, AddSubtasks, Edit, SetKey, SetStatus
from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.errors import InputError
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.edits.revert_diff import revert_edits
from mdtodo.markdown.keys.read import read_keys
from tests.examples import examples
from tests.markdown.documents import document, outline

ANY = frozenset(Status)
FILE = "TODO.md"


def lifted(before: str, after: str):
    return revert_edits(before.encode(), after.encode(), STATUS_CHARS, file=FILE)


def undone(before: str, after: str, now: str) -> tuple[str, list[str]]:
    """`now` with what made `after` of `before` taken back, and why some of it could not be."""
    edits = lifted(before, after)
    assert edits is not None
    applied = apply(now.encode(), edits, file=FILE, tolerant=True)
    return applied.data.decode(), [reason for _, reason in applied.missing]


@examples(150)
@given(st.integers(0, 10**9))
def test_whatever_edits_did_is_taken_back_byte_by_byte(seed: int) -> None:
    random = Random(seed)
    before = (outline if random.random() < 0.6 else document)(random)
    try:
        places = anchors(parse(before), FILE)
    except InputError:
        return
    edits: list[Edit] = []
    for place in random.sample(places, min(len(places), 3)):
        choices: list[Edit] = [
            SetStatus(place, random.choice(list(Status)), ANY),
            SetKey(place, "failed", random.choice(["1", "2", None])),
            AddNote(place, random.choice(["note", "[ ] no task", "some *words*"])),
            AddSubtasks(place, (random.choice(["- [ ] sub", "1. [ ] two"]),)),
        ]
        edits += random.sample(choices, random.randint(1, 4))
    after = apply(before, edits, file=FILE, tolerant=True).data
    back = revert_edits(before, after, STATUS_CHARS, file=FILE)
    if back is not None:
        assert apply(after, back, file=FILE).data == before
        assert apply(before, back, file=FILE, tolerant=True).data == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- [ ] a\n", "- [x] a\n"),
        ("- [X] a  \r\n", "- [ ] a  \r\n"),
        ("- [ ] a failed:2 !high\n", "- [x] a !high\n"),
        ("- [ ] a ✅ 2026-01-01 b ^end", "- [x] a b ^end"),
        ("- [ ] a", "- [x] a\n  - note"),
        (
            "- [ ] a\r\n- [ ] b\r\n",
            "- [ ] a\r\n  - [x] new\r\n    - seen\r\n  - note\r\n- [ ] b failed:1\r\n",
        ),
        ("- [ ] a\n\ntext\n", "- [ ] a\n\n  - note\n\ntext\n"),
        ("> 1. [ ] a\n", "> 1. [x] a\n>    - note\n"),
        ("\ufeff- [/]\ta\n  more\n", "\ufeff- [x]\ta failed:1\n  more\n"),
    ],
)
def test_edits_are_taken_back_to_the_exact_bytes(before: str, after: str) -> None:
    assert undone(before, after, after) == (before, [])
    assert undone(before, after, before) == (before, [])


def test_equal_tasks_are_told_apart_only_where_their_neighbours_are_what_they_were() -> None:
    before = "- [ ] p\n  - [ ] a\n- [ ] p\n  - [ ] a\n"
    after = "- [ ] p\n  - [ ] a\n- [x] p\n  - [x] a\n  - [ ] b\n"
    assert undone(before, after, after) == (before, [])
    now, missing = undone(before, after, before)
    assert now == before
    assert "2 tasks have that title" in missing[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- [ ] a\n", "- [x] b\n"),
        ("- [ ] a\n", "- [x] a\n\nText.\n"),
        ("- [ ] a\n- [ ] b\n", "- [x] a\n"),
        ("text\n", "other text\n"),
    ],
)
def test_a_change_that_is_more_than_the_edits_is_refused(before: str, after: str) -> None:
    assert lifted(before, after) is None


RUN = ("- [ ] a id:a failed:1\n- [ ] b\n", "- [x] a id:a\n  - note\n  - [ ] sub\n- [x] b\n")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (
            "# New\n\n* [x] b !high\n* [x] quite other words id:a due:2026-01-01\n    - note\n    - [ ] sub\n    - mine\n",
            "# New\n\n* [ ] b !high\n* [ ] quite other words id:a due:2026-01-01 failed:1\n    - mine\n",
        ),
        ("- [x] a id:a\n- [x] b\n", "- [ ] a id:a failed:1\n- [ ] b\n"),
        ("- [ ] a id:a failed:1\n  - note\n- [x] b\n", "- [ ] a id:a failed:1\n- [ ] b\n"),
    ],
)
def test_later_edits_stay_when_earlier_ones_are_taken_back(now: str, expected: str) -> None:
    assert undone(*RUN, now) == (expected, [])


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ("- [-] a id:a\n", "it is marked cancelled"),
        ("- [ ] a id:a failed:2\n", "it is marked todo"),
        ("- [x] a id:a\n  - [x] sub\n", "its subtask 'sub', which would be removed, was changed"),
        (
            "- [x] a id:a\n  - [ ] sub\n    - mine\n",
            "the text below '[ ] sub', which would be removed, was changed",
        ),
        ("- [x] a id:a\n  - note\n    more\n", "the text below 'note', which would be removed, was changed"),
        ("- [x] c\n", "no task has the id 'a', or that title below the same parents"),
    ],
)
def test_a_reversal_that_would_lose_later_text_is_refused(now: str, reason: str) -> None:
    result, missing = undone(*RUN, now + "- [x] b\n")
    assert result == now + "- [ ] b\n"
    assert missing == [reason]


def test_a_count_that_has_grown_since_is_refused() -> None:
    assert undone("- [ ] a\n", "- [ ] a failed:1\n", "- [ ] a failed:2\n") == (
        "- [ ] a failed:2\n",
        ["its key failed: was changed"],
    )


def test_titles_after_a_reversal_are_what_they_were() -> None:
    """Of a line with other words only the keys that are mdtodo's own change."""
    now, missing = undone("- [ ] a id:a failed:2\n", "- [x] a id:a\n", "- [x] b `c` id:a #t\n")
    assert missing == []
    assert read_keys(now[6:]).title == "b `c`"
