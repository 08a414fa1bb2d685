"""What became of tasks is taken back byte by byte, or what of it can be where others have edited since."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.edits import AddNote, AddSubtasks, Edit, SetKey, SetStatus
from mdtodo.core.task import STATUS_CHARS, Status
from mdtodo.errors import InputError
from mdtodo.landing.merge.merge_tasks import changes_between, merge_tasks
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.keys.read import read_keys
from tests.examples import examples
from tests.markdown.documents import document, outline

if TYPE_CHECKING:
    from mdtodo.git.session import GitSession

ANY = frozenset(Status)
FILE = "TODO.md"


def undone(git: GitSession, before: str, after: str, now: str) -> tuple[str, list[str]]:
    """`now` with what made `after` of `before` taken back, and why some of it could not be."""
    changes = changes_between(after.encode(), before.encode(), STATUS_CHARS, FILE)
    assert changes is not None
    wanted = {task: changes.old_places[task]._replace(title=None) for task in changes.tasks}
    merged = merge_tasks(git, changes, wanted, now.encode(), STATUS_CHARS, FILE, strict=True)
    return merged.data.decode(), list(merged.missed.values())


@examples(150)
@given(st.integers(0, 10**9))
def test_whatever_edits_did_is_taken_back_byte_by_byte(git: GitSession, seed: int) -> None:
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
    changes = changes_between(after, before, STATUS_CHARS, FILE)
    if changes is None:
        return
    wanted = {task: changes.old_places[task]._replace(title=None) for task in changes.tasks}
    for now in (after, before):
        merged = merge_tasks(git, changes, wanted, now, STATUS_CHARS, FILE, strict=True)
        assert (merged.data, merged.missed) == (before, {})


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
        ("- [ ] a\r\n- [ ] b\n", "- [x] a\r\n- [ ] b failed:1\n"),
    ],
)
def test_changes_are_taken_back_to_the_exact_bytes(git: GitSession, before: str, after: str) -> None:
    assert undone(git, before, after, after) == (before, [])
    assert undone(git, before, after, before) == (before, [])


def test_equal_tasks_are_told_apart_only_where_their_neighbours_are_what_they_were(git: GitSession) -> None:
    before = "- [ ] p\n  - [ ] a\n- [ ] p\n  - [ ] a\n"
    after = "- [ ] p\n  - [ ] a\n- [x] p\n  - [x] a\n  - [ ] b\n"
    assert undone(git, before, after, after) == (before, [])
    other = f"{before}- [ ] c\n"
    now, missing = undone(git, before, after, other)
    assert now == other
    assert "2 tasks have that title" in missing[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- [ ] a\n", "- [x] b\n"),
        ("- [ ] a\n", "- [x] a\n\nText.\n"),
        ("- [ ] a\n- [ ] b\n", "- [x] a\n"),
        ("text\n", "other text\n"),
        ("- [ ] a\n", "\ufeff- [x] a\n"),
        ("- [ ] a\n", "- [x] a\r\n"),
        ("- [ ] p\n  - [ ] s\n", "- [ ] p\n  - [ ] s\n  - [x] s\n"),
        ("- [ ] p\n  - [ ] s\n", "- [ ] p\n  - [x] s\n  - [ ] s\n"),
    ],
)
def test_a_change_of_more_than_tasks_that_can_be_told_is_none_of_tasks(before: str, after: str) -> None:
    assert changes_between(after.encode(), before.encode(), STATUS_CHARS, FILE) is None
    assert changes_between(before.encode(), after.encode(), STATUS_CHARS, FILE) is None


RUN = ("- [ ] a id:a failed:1\n- [ ] b\n", "- [x] a id:a\n  - note\n  - [ ] sub\n- [x] b\n")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (
            "# New\n\n* [x] b !high\n* [x] quite other words id:a due:2026-01-01\n    - note\n    - [ ] sub\n    - mine\n",
            "# New\n\n* [ ] b !high\n* [ ] quite other words id:a due:2026-01-01 failed:1\n    - mine\n",
        ),
        ("- [x] a id:a\n- [x] b\n", "- [ ] a id:a failed:1\n- [ ] b\n"),
        (
            "- [x] b\n  - [x] a id:a\n    - note\n    - [ ] sub\n    - mine\n",
            "- [ ] b\n  - [ ] a id:a failed:1\n    - mine\n",
        ),
        ("- [ ] a id:a failed:1\n  - note\n- [x] b\n", "- [ ] a id:a failed:1\n- [ ] b\n"),
        ("- [x] a id:a\n  - note\n  - [ ] sub\n- [ ] b\n", "- [ ] a id:a failed:1\n- [ ] b\n"),
    ],
)
def test_later_edits_stay_when_earlier_ones_are_taken_back(git: GitSession, now: str, expected: str) -> None:
    assert undone(git, *RUN, now) == (expected, [])


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ("- [-] a id:a\n", "it is marked cancelled"),
        ("- [ ] a id:a failed:2\n", "its key failed: was changed"),
        ("- [x] a id:a\n  - [x] sub\n", "its line, or what stands below it, was changed too"),
        ("- [x] a id:a\n  - [ ] sub\n    - mine\n", "its line, or what stands below it, was changed too"),
        ("- [x] a id:a\n  - note\n    more\n", "its line, or what stands below it, was changed too"),
        ("- [x] c\n", "no task has the id 'a', or that title below the same parents"),
    ],
)
def test_a_reversal_that_would_lose_later_text_is_refused(git: GitSession, now: str, reason: str) -> None:
    result, missing = undone(git, *RUN, now + "- [x] b\n")
    assert result == now + "- [ ] b\n"
    assert missing == [reason]


def test_a_count_that_has_grown_since_is_refused(git: GitSession) -> None:
    assert undone(git, "- [ ] a\n", "- [ ] a failed:1\n", "- [ ] a failed:2\n") == (
        "- [ ] a failed:2\n",
        ["its key failed: was changed"],
    )


def test_titles_after_a_reversal_are_what_they_were(git: GitSession) -> None:
    """Of a line with other words only the keys that are mdtodo's own change."""
    now, missing = undone(git, "- [ ] a id:a failed:2\n", "- [x] a id:a\n", "- [x] b `c` id:a #t\n")
    assert missing == []
    assert read_keys(now[6:]).title == "b `c`"


def test_a_task_of_which_other_files_have_equal_ones_is_taken_back_only_where_it_stood(
    git: GitSession,
) -> None:
    changes = changes_between(b"- [x] t\n", b"- [ ] t\n", STATUS_CHARS, FILE)
    assert changes is not None
    wanted = {0: changes.old_places[0]._replace(title=None, elsewhere=True)}
    now = b"# New\n\n- [x] t\n"
    merged = merge_tasks(git, changes, wanted, now, STATUS_CHARS, FILE, strict=True)
    assert merged.data == now
    assert "may be another one" in merged.missed[0]


def test_a_task_in_other_words_is_not_said_to_be_taken_back_where_the_merge_takes_another_one_for_it(
    git: GitSession,
) -> None:
    before = "- [ ] Write it run:x\n  - [ ] t run:y\n- [ ] t #tag\n"
    after = "- [ ] Write it run:x failed:1\n  - [ ] t run:y\n- [x] t #tag\n"
    now = "- [x] t, again #tag\n- [ ] Write it, again run:x failed:1\n  - [ ] t, again run:y\n"
    result, missing = undone(git, before, after, now)
    assert "[x] t, again" in result
    assert missing
