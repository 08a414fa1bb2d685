"""A box ticked without reading the file again is what reading it again would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.edits import SetStatus
from mdtodo.core.task import STATUS_CHARS, WRITTEN_CHARS, Status
from mdtodo.errors import EditError
from mdtodo.landing import parse_cache
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import apply
from tests.examples import examples
from tests.fuzz.reading import alike
from tests.markdown.documents import document, soup

if TYPE_CHECKING:
    from random import Random

ANY = frozenset(Status)


def edits_for(data: bytes, random: Random) -> list[SetStatus]:
    found = anchors(parse(data), "TODO.md")
    statuses = list(Status)
    return [
        SetStatus(
            random.choice(found), random.choice(statuses), random.choice([ANY, frozenset({Status.TODO})])
        )
        for _ in range(random.randint(1, 3))
        if found
    ]


@examples(250)
@given(st.randoms(use_true_random=False), st.sampled_from([document, soup]))
def test_a_ticked_reading_is_what_parsing_again_finds(random, make):
    data = make(random)
    edits = edits_for(data, random)
    reading = parse_cache.parse_cached(data, STATUS_CHARS, "TODO.md")
    ticked = reading.ticked(edits, STATUS_CHARS)
    assert ticked is not None
    assert alike(ticked.parsed.document) == alike(parse(ticked.data))
    assert alike(reading.document) == alike(parse(data)), "the version before stays what it was"


@examples(120)
@given(st.randoms(use_true_random=False))
def test_the_bytes_of_a_ticked_reading_are_those_of_apply(random):
    data = document(random)
    edits = edits_for(data, random)
    if not edits:
        return
    applied = apply(data, edits, tolerant=True)
    ticked = parse_cache.parse_cached(data, STATUS_CHARS, "TODO.md").ticked(edits, STATUS_CHARS)
    assert ticked is not None
    assert (ticked.data, ticked.done, ticked.already, ticked.missing) == applied_fields(applied)


def applied_fields(applied):
    return applied.data, applied.done, applied.already, applied.missing


@pytest.mark.parametrize(
    ("line", "statuses"),
    [
        ("- [|] a | b\n  --- | ---\n", {"|": Status.TODO}),
        ("- [é] a\n", {"é": Status.TODO}),
        ("- [ ] a\n", {"x": Status.CANCELLED, "d": Status.DONE}),
    ],
)
def test_edits_that_a_reading_does_not_know_are_left_to_apply(line, statuses):
    known = {**STATUS_CHARS, **statuses}
    data = line.encode()
    edit = SetStatus(anchors(parse(data, known), "TODO.md")[0], Status.DONE)
    assert parse_cache.parse_cached(data, known, "TODO.md").ticked([edit], known) is None
    assert WRITTEN_CHARS[Status.DONE] == "x"
    try:
        made = apply(data, [edit], known)
    except EditError:
        return
    assert made.data == data.replace(b"[|]", b"[x]").replace("[é]".encode(), b"[x]")


@pytest.mark.parametrize("size", [0, 400_000])  # as large as 18,000 tasks
def test_a_version_that_differs_in_boxes_alone_from_the_last_one_is_not_parsed(monkeypatch, size):
    first = b"- [ ] one of two\n- [ ] two of two\n\n<!-- " + b"a" * size + b" -->\n\n"
    parse_cache.parse_cached(first, STATUS_CHARS, "boxes.md")
    with monkeypatch.context() as without:
        without.delattr(parse_cache, "parse")
        found = parse_cache.parse_cached(first.replace(b"[ ] two", b"[x] two"), STATUS_CHARS, "boxes.md")
    assert [item.status for item in found.document.items] == [Status.TODO, Status.DONE]
    assert (
        len(parse_cache.parse_cached(first + b"- [ ] three\n", STATUS_CHARS, "boxes.md").document.items) == 3
    )


def test_the_kept_readings_are_bounded():
    for number in range(1200):
        data = f"- [ ] task {number} {'a' * 2000}\n".encode()
        parse_cache.parse_cached(data, STATUS_CHARS, f"{number}/TODO.md")
    assert sum(len(key[1]) for key in parse_cache._parsed) == parse_cache._size <= parse_cache._KEPT
    huge = b"- [ ] " + b"a" * 600_000 + b"\n"
    parse_cache.parse_cached(huge, STATUS_CHARS, "TODO.md")
    assert all(key[1] != huge for key in parse_cache._parsed)
    for number in range(20):
        parse_cache.parse_cached(f"- [ ] {number}\n".encode(), STATUS_CHARS, "TODO.md")
    kept = {(key[0], data, key[1]) for key, versions in parse_cache._versions.items() for data in versions}
    assert kept == parse_cache._parsed.keys()
    assert (
        sum(key[0] == "TODO.md" and key[2] == tuple(STATUS_CHARS.items()) for key in kept)
        == parse_cache._VERSIONS
    )


def test_a_reading_with_other_statuses_is_another_one():
    data = b"- [y] a\n"
    assert parse_cache.parse_cached(data, STATUS_CHARS, "TODO.md").document.items == ()
    assert (
        len(parse_cache.parse_cached(data, {**STATUS_CHARS, "y": Status.DONE}, "TODO.md").document.items) == 1
    )
