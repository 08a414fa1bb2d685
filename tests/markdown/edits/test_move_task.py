"""A task moved: all of its lines go along, nothing else changes, and moved back the file is what it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.task import STATUS_CHARS
from mdtodo.errors import EditError
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.blank_lines import BLANKS
from mdtodo.markdown.edits.move_across import plain_subtree, put_task, remove_task, text_to_put
from mdtodo.markdown.edits.move_task import Target, below_it, move_task
from tests.examples import examples
from tests.fuzz.editing import words
from tests.markdown.edits.test_promise_bytes import DOCUMENTS


def moved(data: bytes, index: int, **target: object) -> bytes:
    return move_task(parse(data), index, Target(**target), STATUS_CHARS).data  # type: ignore[arg-type]


PLACES = st.tuples(st.sampled_from(["under", "before", "section", "top", "end"]), st.integers(0, 9))


def target(data: bytes, place: tuple[str, int]) -> dict[str, object]:
    """The place, among those that the document has."""
    kind, number = place
    document = parse(data)
    if kind == "section":
        titles = [heading.text for heading in document.headings]
        return {"section": titles[number % len(titles)] if titles else "none", "top": number % 2 == 0}
    if kind in ("under", "before"):
        return {kind: number % len(document.items)}
    return {"top": kind == "top"}


@examples(600)
@given(DOCUMENTS, st.integers(0, 9), PLACES)
def test_no_word_is_lost_and_no_other_task_moves(data: bytes, at: int, place: tuple[str, int]) -> None:
    before = parse(data)
    if not before.items:
        return
    at %= len(before.items)
    try:
        made = moved(data, at, **target(data, place))
    except EditError:
        return
    after = parse(made)
    assert words(made) == words(data)
    assert made.startswith(b"\xef\xbb\xbf") is data.startswith(b"\xef\xbb\xbf")
    inside = {before.items[index].text.strip() for index in below_it(before, at)}
    left = [item.text for item in before.items if item.text.strip() not in inside]
    assert [item.text for item in after.items if item.text.strip() not in inside] == left


BODIES = st.sampled_from(
    ["", "", "", "text", "```\n  code\n\n- [ ] code\n```", "a\n\nb", "- note\n  more", "> said\n>\n> more"]
)


@st.composite
def outlines(draw: st.DrawFn) -> bytes:
    """Lists of one style: bullets or numbers, tight or loose, by blanks or tabs, in a quote or not, any line end."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    quote = draw(st.sampled_from(["", "", "> "]))
    marker = draw(st.sampled_from(["- ", "* ", "{}. ", "{}) ", "1. ", "-\t"]))
    quote = "" if marker[-1] == "\t" else quote  # where a tab leads to depends on what is before it
    gap = draw(st.sampled_from(["", "", "\n"]))
    tabs = draw(st.booleans()) and not quote and "{" not in marker  # nor to where a longer number does
    names = iter(range(99))

    def items(depth: int, first: int) -> list[str]:
        made = []
        for number in range(first, first + draw(st.integers(1, 3))):
            head = marker.format(number)
            indent = "\t" if tabs or head[-1] == "\t" else " " * len(head)
            body = draw(BODIES).replace("\n", f"\n{indent}")
            parts = [f"{head}[ ] t{next(names)}", *([indent + body] if body else [])]
            if depth < 2 and draw(st.integers(0, 2)) == 0:
                below = "\n".join(items(depth + 1, 1)).replace("\n", f"\n{indent}")
                parts.append(indent + below)
            made.append("\n".join(parts))
        return [f"\n{gap}".join(made)]

    text = "\n".join(items(0, draw(st.sampled_from([1, 1, 8]))))
    text = "\n".join(
        quote + line.rstrip(" ") if line.strip() else quote.rstrip() for line in text.split("\n")
    )
    end = draw(st.sampled_from(["", "\n", "\n\n# End\n\ntext\n"]))
    return (draw(st.sampled_from(["", "\ufeff", "# Top\n\n"])) + text + end).replace("\n", newline).encode()


@examples(600)
@given(outlines(), st.integers(0, 20), st.integers(0, 20), st.sampled_from(["before", "under"]))
def test_there_and_back_gives_the_same_bytes(data: bytes, at: int, other: int, kind: str) -> None:
    document = parse(data)
    at, other = at % len(document.items), other % len(document.items)
    item, inside = document.items[at], below_it(document, at)
    siblings = [one for one in document.items if (one.parent, one.headings) == (item.parent, item.headings)]
    # what is left of a list of two does not say how it goes on, and no tab leads to where spaces do
    if other in inside or len(siblings) < 3 or (kind == "under" and b"\t" in data):
        return
    try:
        made = moved(data, at, **{kind: other})
    except EditError:
        return
    after = parse(made)
    titles = [one.text for one in after.items]
    place = siblings.index(item)
    if place + 1 < len(siblings):
        back: dict[str, object] = {"before": titles.index(siblings[place + 1].text)}
    elif item.parent is not None:
        back = {"under": titles.index(document.items[item.parent].text)}
    else:
        back = {"section": "Top"} if b"# Top" in data else {}
    assert moved(made, titles.index(item.text), **back) == data
    again = {kind: titles.index(document.items[other].text)}
    assert moved(made, titles.index(item.text), **again) == made


@pytest.mark.parametrize(
    ("before", "index", "place", "after"),
    [
        ("- [ ] a\n- [ ] b\n- [ ] c\n", 2, {"top": True}, "- [ ] c\n- [ ] a\n- [ ] b\n"),
        ("- [ ] a\n- [ ] b", 1, {"before": 0}, "- [ ] b\n- [ ] a"),
        ("\ufeff- [ ] a\r\n- [ ] b\r\n", 1, {"top": True}, "\ufeff- [ ] b\r\n- [ ] a\r\n"),
        ("1. [ ] a\n2. [ ] b\n3. [ ] c\n", 0, {"before": 2}, "1. [ ] b\n2. [ ] a\n3. [ ] c\n"),
        ("1. [ ] a\n1. [ ] b\n", 0, {}, "1. [ ] b\n1. [ ] a\n"),
        ("3. [ ] a\n7. [ ] b\n9. [ ] c\n", 0, {"before": 2}, "7. [ ] b\n9. [ ] a\n9. [ ] c\n"),
        (
            "9. [ ] a\n   b\n\n- [ ] c\n  d\n",
            1,
            {"before": 0},
            "9. [ ] c\n   d\n10. [ ] a\n    b\n",
        ),
        ("2. [ ] a\n3. [ ] b\n\n- [ ] c\n", 0, {"under": 2}, "2. [ ] b\n\n- [ ] c\n  1. [ ] a\n"),
        (
            "- [ ] a\n  ```\n    code\n\n  ```\n- [ ] b\n",
            0,
            {"under": 1},
            "- [ ] b\n  - [ ] a\n    ```\n      code\n\n    ```\n",
        ),
        ("- [ ] a\nlazy\n- [ ] b\n", 0, {"under": 1}, "- [ ] b\n  - [ ] a\nlazy\n"),
        ("> - [ ] a\n>   text\n\n- [ ] b\n", 0, {"under": 1}, "- [ ] b\n  - [ ] a\n    text\n"),
        (
            "- [ ] a\n\t- [ ] b\n\t\t- [ ] c\n- [ ] d\n",
            1,
            {"before": 3},
            "- [ ] a\n- [ ] b\n\t- [ ] c\n- [ ] d\n",
        ),
        ("# A\n- [ ] a\n# B\n# C\n* [ ] c\n", 0, {"section": "B"}, "# A\n# B\n\n- [ ] a\n\n# C\n* [ ] c\n"),
        ("# A\n- [ ] a\n# C\n* [ ] c\n", 0, {"section": "C", "top": True}, "# A\n# C\n* [ ] a\n* [ ] c\n"),
    ],
)
def test_a_task_is_written_as_its_new_neighbours_are(
    before: str, index: int, place: dict[str, object], after: str
) -> None:
    assert moved(before.encode(), index, **place).decode() == after


@pytest.mark.parametrize(
    ("before", "index", "place", "sentence"),
    [
        ("- [ ] a\n  - [ ] b\n", 0, {"under": 1}, "below itself"),
        ("- [ ] a\n  - [ ] b\n", 0, {"before": 1}, "below itself"),
        ("- [ ] a\n", 0, {"under": 0}, "below itself"),
        ("- - [ ] a\n- [ ] b\n", 0, {"under": 1}, "on the line of another list item"),
        ("- [ ] a\n", 0, {"section": "None"}, "no heading is called 'None'"),
    ],
)
def test_what_cannot_be_is_refused(before: str, index: int, place: dict[str, object], sentence: str) -> None:
    with pytest.raises(EditError, match=re.escape(sentence)):
        moved(before.encode(), index, **place)


@examples(300)
@given(
    outlines(),
    outlines(),
    st.integers(0, 20),
    st.integers(0, 20),
    st.sampled_from(["before", "under", "end"]),
)
def test_another_file_gets_the_lines_and_gives_them_back(
    data: bytes, other: bytes, at: int, place: int, kind: str
) -> None:
    source, there = parse(data), parse(other)
    at, place = at % len(source.items), place % len(there.items)
    text = plain_subtree(source, at)
    try:
        put = put_task(there, text, Target(**({} if kind == "end" else {kind: place})), STATUS_CHARS)
        left = remove_task(source, at, STATUS_CHARS)
    except EditError:
        return
    assert words(put.data) == words(other) + words(text.encode())
    assert words(left) + words(text.encode()) == words(data)
    newline = b"\r\n" if b"\r\n" in other else b"\n"
    assert put.data.count(b"\n") == put.data.count(newline)
    siblings = [one for one in there.items if one.list_index == there.items[place].list_index]
    if kind != "before" or len(siblings) <= 2:
        return
    back = remove_task(parse(put.data), put.number, STATUS_CHARS)
    if back != other:  # a blank line that it needed behind it may part what is left of the list, so it stays
        assert _filled(back) == _filled(other)
        assert back.count(b"\n") == other.count(b"\n") + 1


def _filled(data: bytes) -> list[bytes]:
    return [line for line in data.splitlines() if line.strip(BLANKS)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b" 10. \t[x] b\n", id="the tab leads further"),
        pytest.param(b" - [/] b\n  |-\n", id="a table"),
        pytest.param(b"   - [x] a\n    -\n", id="an underline"),
        pytest.param(b"  1. [ ] a\n    1. b\n", id="another item"),
    ],
)
def test_lines_that_would_be_something_else_at_the_margin_do_not_go_to_another_file(data: bytes) -> None:
    document = parse(data)
    with pytest.raises(EditError, match="same task"):
        text_to_put(document, 0, STATUS_CHARS)


def test_lines_without_a_task_are_not_put() -> None:
    with pytest.raises(EditError, match="same task"):
        put_task(parse(b"- [ ] a\n"), "10. \t[x] b\n", Target(), STATUS_CHARS)


def test_no_text_becomes_a_byte_order_mark() -> None:
    with pytest.raises(EditError, match="byte order mark"):
        remove_task(parse(b"- [ ] t\n\n\xef\xbb\xbfmore\n"), 0, STATUS_CHARS)
