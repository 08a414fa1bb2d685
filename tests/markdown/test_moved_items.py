"""The items behind a part that was read anew are, one by one and together, what a whole parse finds."""

from __future__ import annotations

import pytest

from mdtodo.markdown.document import Document, Item, parse
from mdtodo.markdown.moved_items import MovedItems
from mdtodo.markdown.reparse import reparse

BEFORE = b"".join(b"\n## Part %d\n\n- [ ] Write %d\n  - [ ] Below\n    Text.\n" % (n, n) for n in range(30))
#: With no list more: those of a part that was read anew may have other numbers than in a whole parse.
AFTER = BEFORE.replace(b"Write 7\n", b"Write 7\n- [ ] One more\n- [x] And another\n")


@pytest.fixture
def whole() -> tuple[Item, ...]:
    return tuple(parse(AFTER).items)


@pytest.fixture
def moved() -> Document:
    return reparse(parse(BEFORE), AFTER)


def test_items_behind_a_change_are_moved_only_when_they_are_asked_for(moved: Document) -> None:
    items = moved.items
    assert isinstance(items, MovedItems)
    assert items[-1] is not items[-1]
    assert list(items)[-1] is items[-1]


def test_each_item_behind_a_change_is_what_a_parse_finds(moved: Document, whole: tuple[Item, ...]) -> None:
    assert len(moved.items) == len(whole)
    for index in range(-len(whole), len(whole)):
        assert moved.items[index] == whole[index]
    for index in (len(whole), -len(whole) - 1):
        with pytest.raises(IndexError):
            moved.items[index]


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(slice(0, 3), id="before"),
        pytest.param(slice(12, 30), id="across"),
        pytest.param(slice(40, None), id="behind"),
        pytest.param(slice(-2, 1000), id="last"),
        pytest.param(slice(30, 10), id="none"),
        pytest.param(slice(None, None, -7), id="backwards"),
        pytest.param(slice(None), id="all"),
    ],
)
def test_a_part_of_the_items_is_that_of_a_parse(
    moved: Document, whole: tuple[Item, ...], part: slice
) -> None:
    assert moved.items[part] == whole[part]


def test_moved_items_equal_a_tuple_of_the_same(moved: Document, whole: tuple[Item, ...]) -> None:
    assert moved.items == whole
    assert whole == moved.items
    assert moved.items == reparse(parse(BEFORE), AFTER).items
    assert moved.items != parse(BEFORE).items


def test_a_change_of_what_was_changed_is_read_as_if_it_were_new(moved: Document) -> None:
    data = AFTER.replace(b"Write 20\n", b"Write 20\n- [ ] Yet another\n").replace(b"Write 3\n", b"Write\n")
    assert reparse(moved, data) == parse(data)
