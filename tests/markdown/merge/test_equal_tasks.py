"""A merge never takes one of several equal tasks for another: what one side ticked stays on the line that it ticked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from mdtodo.markdown.merge import match
from mdtodo.markdown.merge.equal_tasks import NO_EQUALS
from mdtodo.markdown.merge.three_way import merge
from tests.examples import examples
from tests.markdown.identities import LINES, STEPS, Line, Stands, Step, edited, is_right, standing, text_of
from tests.markdown.versions import merge_file, merge_text

if TYPE_CHECKING:
    from collections.abc import Sequence

CASES = st.tuples(st.lists(LINES, min_size=1, max_size=7), STEPS, st.integers(0, 9), st.booleans())
Case = tuple["Sequence[Line]", "Sequence[Step]", int, bool]


def wrong_ticks(case: Case) -> list[str]:
    """One side ticks a task, the other edits: where the tick went to another line, as far as a reader could know."""
    start, steps, pick, swapped = case
    numbers = count(1)
    lines = [replace(line, who=next(numbers)) for line in start]
    after, _ = edited([lines, []], [step._replace(file=0) for step in steps], numbers)
    before, now = standing(lines), standing(after)
    if not before:
        return []
    task = sorted(before)[pick % len(before)]
    base, theirs = text_of(lines), text_of(after)
    ours = b"\n".join(
        line.replace(b"[ ]", b"[x]") if number == task else line
        for number, line in enumerate(base.split(b"\n"), 1)
    )
    sides = (theirs, ours) if swapped else (ours, theirs)
    made = merge(base, *sides, text_merge=merge_text)
    # None: the caller takes what git makes of it
    conflicts, data = (made.conflicts, made.data) if made else merge_file(base, *sides)
    if conflicts:
        return []
    assert data.replace(b"[x]", b"[ ]") == theirs
    everywhere = Counter(one.titles for one in before.values())
    was = base.split(b"\n")
    return [
        f"{task} at {number}: {base!r} {sides!r} {data!r}"
        for number, line in enumerate(data.split(b"\n"), 1)
        if b"[x]" in line
        and not is_right(before[task], now[number], before, now, everywhere)
        and not is_moved(before[task], now[number], before, now)
        and not is_moved_line(was[task - 1], theirs.split(b"\n")[number - 1], base, theirs)
    ]


def is_moved(was: Stands, ticked: Stands, before: dict[int, Stands], now: dict[int, Stands]) -> bool:
    """Whether nothing else has that title in either version: a reader sees a task that moved below another one."""
    counts = [sum(one.title == was.title for one in version.values()) for version in (before, now)]
    return (
        ticked.title == was.title and counts == [1, 1] and (ticked.run or was.run) == (was.run or ticked.run)
    )


def is_moved_line(was: bytes, ticked: bytes, base: bytes, theirs: bytes) -> bool:
    """Whether a reader sees the only line with these bytes at another place, whoever typed it."""
    return was == ticked and base.split(b"\n").count(was) == 1 == theirs.split(b"\n").count(was)


@examples(300)
@given(CASES)
def test_a_tick_never_goes_to_another_line(case: Case) -> None:
    assert wrong_ticks(case) == []


def test_the_model_sees_it_where_equal_tasks_are_paired_as_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "equal_tasks", lambda *_: NO_EQUALS)
    few = settings(max_examples=2000, database=None, derandomize=True, phases=[Phase.generate])
    assert find(CASES, lambda case: bool(wrong_ticks(case)), settings=few)


A, B = "# A\n- [ ] t\n", "# B\n- [ ] t\n"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        pytest.param(
            "- [ ] t run:a\n- [ ] t run:b\n- [ ] t run:c\n",
            "- [ ] t run:a\n- [x] t run:b\n- [ ] t run:c\n",
            "- [ ] t run:a\n- [ ] t run:c\n",
            None,
            id="deleted",
        ),
        pytest.param("- [ ] t\n" * 2, "- [ ] t\n- [x] t\n", "- [ ] t\n", None, id="one of two left"),
        pytest.param("- [ ] t\n", "- [x] t\n", "- [ ] t\n" * 2, None, id="copied"),
        pytest.param(A + B, A.replace(" ]", "x]") + B, B + A, B + A.replace(" ]", "x]"), id="sections swapped"),
        pytest.param(A + B, A.replace(" ]", "x]") + B, A, None, id="one of two sections left"),
        pytest.param(
            A + B, A + B.replace(" ]", "x]"), A + B + "# C\n- [ ] t\n", A + B.replace(" ]", "x]") + "# C\n- [ ] t\n",
            id="one more section",
        ),
        pytest.param("", A + B.replace(" ]", "x]"), B, None, id="one of two added by both"),
        pytest.param(
            "- [ ] u\n  - [ ] t\n",
            "- [ ] u\n  - [x] t\n",
            "- [ ] t\n  - [ ] t\n  - [ ] t\n",
            None,
            id="several below another one",
        ),
        pytest.param(
            "# A\n- [ ] u\n- [ ] u\n- [ ] u !high\n# A\n- [ ] u\n  - [ ] t\n",
            "# A\n- [x] u\n- [ ] u\n- [ ] u !high\n# A\n- [ ] u\n  - [ ] t\n",
            "# A\n- [ ] u\n- [ ] u\n- [ ] u !high\n  - [ ] t\n",
            None,
            id="nothing else fits together",
        ),
        pytest.param("", A + B.replace(" ]", "x]"), A + B, A + B.replace(" ]", "x]"), id="two added by both"),
    ],
)  # fmt: skip
def test_equal_tasks_are_told_apart_or_left_to_a_person(
    base: str, ours: str, theirs: str, result: str | None
) -> None:
    head = "# T\n\n"
    versions = [(head + one).encode() for one in (base, ours, theirs)]
    made = merge(*versions, text_merge=merge_text)
    assert made is not None
    assert bool(made.conflicts) == (result is None)
    if result is not None:
        assert made.data.decode() == head + result


def test_a_tick_is_no_proof_of_another_processor() -> None:
    versions = b"- [ ] t run:a\n", b"- [x] t run:a\n", b"- [ ] t run:b\n"
    made = merge(*versions, text_merge=merge_text)
    assert made is not None
    assert made.conflicts == 1
