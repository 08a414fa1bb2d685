"""A line changed by words: nothing else changes, and what is changed back is what it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.edits import ChangeLine
from mdtodo.errors import EditError
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.keys.read import read_keys
from tests.examples import examples
from tests.markdown.edits.test_promise_bytes import DOCUMENTS

KEYS = st.tuples(
    st.sampled_from(["due", "priority", "id", "after", "est", "lane"]),
    st.sampled_from(["2026-12-24", "high", "name", "a,b", "2h", None]),
)
TAGS = st.tuples(st.sampled_from(["tag", "new", "back/end"]), st.booleans())
TITLES = st.none() | st.sampled_from(["New words", "`code` and *more*", "due:2026-01-01 no", "  ", "- [ ] x"])


def change(data: bytes, at: int, **words: object) -> tuple[bytes, ChangeLine]:
    """The bytes with these words on the line of that task; EditError where it cannot have them."""
    document = parse(data)
    edit = ChangeLine(anchors(document, "TODO.md")[at], **{"keys": (), **words})  # type: ignore[arg-type]
    applied = apply(data, [edit])
    if applied.missing:
        raise EditError(applied.missing[0][1])
    return applied.data, edit


@examples(400)
@given(DOCUMENTS, st.integers(0, 9), st.lists(KEYS, max_size=2), st.lists(TAGS, max_size=2), TITLES)
def test_only_the_line_changes(
    data: bytes, at: int, keys: list[tuple[str, str | None]], tags: list[tuple[str, bool]], title: str | None
) -> None:
    items = parse(data).items
    if not items:
        return
    at %= len(items)
    try:
        after, _ = change(data, at, keys=tuple(keys), tags=tuple(tags), title=title)
    except EditError:
        return
    item, now = items[at], parse(after).items[at]
    first, last = item.pieces[0].start, item.pieces[-1].end
    assert after[:first] == data[:first]
    assert after.endswith(
        data[last:].lstrip(b"\r\n")
    )  # the end of a last line that is left empty goes with it
    assert len(parse(after).items) == len(items)
    found = read_keys(now.text)
    assert title is None or found.title == " ".join(title.split())
    assert all((tag in found.tags) is there for tag, there in dict(tags).items())


@examples(400)
@given(DOCUMENTS, st.integers(0, 9), st.sampled_from(["key", "tag", "title"]))
def test_what_is_changed_back_is_what_it_was(data: bytes, at: int, what: str) -> None:
    items = parse(data).items
    if not items:
        return
    at %= len(items)
    keys = read_keys(items[at].text)
    # words that stand apart, or have several blanks between them, are together afterwards
    if what == "title" and (not keys.title or keys.title not in items[at].text):
        return
    there, back = {
        "key": ({"keys": (("due", "2026-12-24"),)}, {"keys": (("due", keys.due),)}),
        "tag": ({"tags": (("new", True),)}, {"tags": (("new", False),)}),
        "title": ({"title": "New words"}, {"title": keys.title}),
    }[what]
    try:
        changed, _ = change(data, at, **there)
        again, _ = change(changed, at, **back)
    except EditError:
        return
    assert again == data


@pytest.mark.parametrize(
    ("before", "words", "after"),
    [
        ("a", {"keys": (("due", "2026-12-24"),)}, "a due:2026-12-24"),
        ("a 📅 2026-01-01", {"keys": (("due", "2026-12-24"),)}, "a 📅 2026-12-24"),
        (
            "a ⏫ ^end",
            {"keys": (("due", "2026-12-24"),), "tags": (("t", True),)},
            "a ⏫ 📅 2026-12-24 #t ^end",
        ),
        ("a [est:: 1h]", {"keys": (("due", "2026-12-24"),)}, "a [est:: 1h] [due:: 2026-12-24]"),
        ("(A) a", {"keys": (("priority", "low"),)}, "(D) a"),
        ("a !high b", {"keys": (("priority", None),)}, "a b"),
        ("a #t, b #t", {"tags": (("t", False),)}, "a b"),
        ("(A) old #x words", {"title": "new"}, "(A) new #x"),
        ("#x !high", {"title": "new"}, "new #x !high"),
    ],
)
def test_a_change_is_written_as_the_line_is(before: str, words: dict[str, object], after: str) -> None:
    made, edit = change(f"- [x] {before}\r\n- [ ] z".encode(), 0, **words)
    assert made == f"- [x] {after}\r\n- [ ] z".encode()
    edit = edit._replace(becomes=anchors(parse(made), "TODO.md")[0])
    assert apply(made, [edit]) == (made, (), (edit,), ())


def test_all_is_changed_or_nothing() -> None:
    data = b"- [ ] a\n"
    with pytest.raises(EditError, match="cannot have the value 'soon'"):
        change(data, 0, keys=(("lane", "x"), ("due", "soon")), title="b")
    edit = ChangeLine(anchors(parse(data), "TODO.md")[0], (("lane", "x"), ("due", "soon")))
    assert apply(data, [edit], tolerant=True).data == data
