"""Lines of one version in the version before it: what stands where, and what cannot be told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.proof.line_map import boxes_of, change_between, is_reworded, normalized
from tests.timing import cpu_seconds, grows_linearly

ONE_AND_TWO = "# A\n- [x] one run:a\n- [ ] two run:a\n"

#: Before, after, and for each box after it the line that it was, with its status character; None for none.
CHANGES = [
    pytest.param(ONE_AND_TWO, "# A\n- [x] one run:a\n- [x] two run:a\n", ["x one", "  two"], id="tick"),
    pytest.param(ONE_AND_TWO, "# B\n\n- [x] two run:a\n- [x] one run:a\n", ["  two", "x one"], id="moved"),
    pytest.param(ONE_AND_TWO, "# A\n- [x] two run:a\n", ["  two"], id="one-went"),
    pytest.param(ONE_AND_TWO, "- [x] new run:a\n" + ONE_AND_TWO, [None, "x one", "  two"], id="one-came"),
    pytest.param(ONE_AND_TWO, ONE_AND_TWO.replace("one", "uno"), [None, "  two"], id="another-word"),
    pytest.param(
        "- [x] one two three four five run:a\n",
        "- [x] one two three four six run:a\n",
        ["x one two three four five"],
        id="reworded",
    ),
    pytest.param(
        "- [x] one two three four five run:a\n",
        "- [x] one two three four six run:b\n",
        [None],
        id="reworded-with-another-processor",
    ),
    pytest.param(
        "- [x] one run:a id:n\n", "- [x] another thing run:a id:n\n", [None], id="an-id-keeps-nothing"
    ),
    pytest.param(
        "# A\n- [x] t\n# B\n- [ ] t\n", "# B\n- [x] t\n", ["  t"], id="equal-ones-of-which-one-went"
    ),
    pytest.param(
        "- [x] t\n- [ ] t\n", "- [x] u\n- [x] t\n- [x] t\n- [x] t\n", [None] * 4, id="more-equal-ones"
    ),
    pytest.param(
        "# A\n- [x] t\n# B\n- [ ] t\n", "# B\n- [x] t\n# A\n- [x] t\n", ["  t", "x t"], id="headings-swapped"
    ),
    pytest.param("- [ ] p\n  - [ ] c\n", "- [x] p\n  - [x] c failed:2\n", ["  p", "  c"], id="keys-of-ours"),
    pytest.param(
        "1. [ ] a\n2) [x] b\n> - [ ] c\n",
        "1. [x] a\n2) [x] b\n> - [x] c\n",
        ["  a", "x b", "  c"],
        id="kinds",
    ),
    pytest.param(
        "- [x] do\n  one run:a\n- [ ] do\n  two run:a\n",
        "- [x] do\n  two run:a\n- [ ] do\n  one run:a\n",
        ["  do two", "x do one"],
        id="on-two-lines",
    ),
    pytest.param("- [x] do\n  one\n", "- [x] do\n  quite another thing\n", [None], id="another-second-line"),
    pytest.param("- [ ] do\n  one run:a\n", "- [x] do one\n  run:a\n", ["  do one"], id="wrapped"),
    pytest.param("- [ ] one\n", "\ufeff- [x] one\n", ["  one"], id="byte-order-mark"),
    pytest.param("-\n  [ ] one\n", "-\n  [x] one\n", ["  one"], id="marker-on-a-line-of-its-own"),
    pytest.param("-  \n  [ ] one\n", "-  \n  [x] one\n", ["  one"], id="blanks-behind-a-marker-alone"),
    pytest.param(
        "-\n  \n  [ ] one\n", "-\n  \n  [x] one\n", ["  one"], id="a-blank-line-that-the-item-goes-on"
    ),
    pytest.param(">1.\n>    \n>    [ ] a\n", ">1.\n>    \n>    [x] a\n", ["  a"], id="the-same-in-a-quote"),
    pytest.param("- [ ] \x0cone\n", "- [x] \x0cone\n", ["  one"], id="a-form-feed-before-the-text"),
    pytest.param(
        "- [ ] one\n\x0btwo\n", "- [x] one\n\x0btwo\n", ["  one \x0btwo"], id="a-line-that-a-tab-begins"
    ),
    pytest.param(
        "- [\\]]: /u\n  [ ] one\n", "- [\\]]: /u\n  [x] one\n", ["  one"], id="a-bracket-in-a-label"
    ),
    pytest.param("- [a]: /u\n  [ ] one\n", "- [a]: /u\n  [x] one\n", ["  one"], id="after-a-definition"),
]


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES)
def test_each_box_is_where_it_was(before: str, after: str, expected: list[str | None]) -> None:
    new, old = after.encode(), before.encode()
    change = change_between(new, old)
    there = {box.at: box for box in boxes_of(old)}
    assert [_was(change, box.at, there) for box in boxes_of(new)] == expected


def _was(change, at, there) -> str | None:  # type: ignore[no-untyped-def]
    if at < change.start:
        was = there[at]
    elif at >= change.new_end:
        was = there[at + change.shift]
    else:
        was = change.boxes[at]
    return (
        None
        if was is None
        else f"{was.char.decode()} {was.text.decode().partition(' run:')[0].partition(' id:')[0]}"
    )


def test_a_tick_and_what_mdtodo_writes_is_plain() -> None:
    assert change_between(b"- [x] a\n- [-] b done:2026-01-01\n", b"- [ ] a failed:1\n- [ ] b\n").plain
    assert not change_between(b"- [x] a b\n", b"- [ ] a\n").plain


def test_line_ends_make_no_difference() -> None:
    assert normalized(b"- [x] a\r\n- [ ] b\r") == b"- [x] a\n- [ ] b\n"


lines = st.lists(
    st.sampled_from(
        [b"- [ ] a", b"- [x] a", b"- [x] b run:x", b"  - [ ] c", b"# H", b"", b"text", b"- [x] d"]
    ),
    max_size=8,
)


@given(lines, lines)
def test_what_did_not_change_is_where_the_shift_says(new_lines: list[bytes], old_lines: list[bytes]) -> None:
    new, old = b"\n".join(new_lines), b"\n".join(old_lines)
    change = change_between(new, old)
    assert new[: change.start] == old[: change.start]
    assert new[change.new_end :] == old[change.old_end :]
    assert {box.at for box in change.new} == set(change.boxes)
    taken = [box.at for box in change.boxes.values() if box is not None]
    assert len(taken) == len(set(taken)), "no line becomes two"


@pytest.mark.parametrize(
    ("new", "old", "same"),
    [
        ("a b c d e run:x", "a b c d f run:x", True),
        ("a b c d run:x", "a b c e run:x", False),
        ("a b run:x", "a run:x", True),
        ("a b c run:x", "a run:x", False),
        ("a run:y", "a run:x", False),
        ("run:x", "run:x", False),
    ],
)
def test_four_of_five_words_and_the_processor_stay(new: str, old: str, same: bool) -> None:
    assert is_reworded(new.encode(), old.encode()) is same


@pytest.mark.parametrize("unit", ["-  \n  ", "1. \n\n ", ">-\n>\n> ", "- "])
def test_markers_without_a_text_are_read_in_linear_time(unit: str) -> None:
    assert grows_linearly(lambda size: cpu_seconds(lambda: boxes_of(unit.encode() * size)), 300, 3000)
