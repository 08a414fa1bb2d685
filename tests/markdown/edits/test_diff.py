"""What was done to a file, lifted off two versions of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.edits import AddNote, AddSubtasks, SetKey, SetStatus
from mdtodo.core.task import Status
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.markdown.edits.apply import apply
from mdtodo.markdown.edits.diff import diff
from tests.examples import examples
from tests.markdown.documents import document, outline

if TYPE_CHECKING:
    from random import Random

BASE = b"# Plan\r\n\r\n- [ ] a run:x\r\n  - [ ] b\r\n- [ ] c failed:2\r\n\r\nText.\r\n"

TABLE = {
    "a tick": [("a", lambda a: SetStatus(a, Status.DONE))],
    "keys": [("c", lambda a: SetKey(a, "failed", None)), ("a", lambda a: SetKey(a, "done", "2026-01-02"))],
    "a note": [("a", lambda a: AddNote(a, "see *there*: [ ] 1. <b>"))],
    "subtasks": [("b", lambda a: AddSubtasks(a, ("- [ ] n run:y", "  - [ ] inner", "  - text", "- [ ] m")))],
    "all": [
        ("a", lambda a: SetStatus(a, Status.DONE)),
        ("a", lambda a: AddNote(a, "one")),
        ("a", lambda a: AddNote(a, "two")),
        ("a", lambda a: AddSubtasks(a, ("- [ ] more",))),
        ("c", lambda a: SetKey(a, "failed", "3")),
        ("b", lambda a: SetStatus(a, Status.CANCELLED)),
    ],
}


def edits_on(data: bytes, wanted):
    places = dict(
        zip(
            (item.text.split()[0] for item in parse(data).items), anchors(parse(data), "TODO.md"), strict=True
        )
    )
    return [make(places[name]) for name, make in wanted]


@pytest.mark.parametrize("wanted", TABLE.values(), ids=TABLE)
@pytest.mark.parametrize("data", [BASE, BASE.replace(b"\r", b""), BASE.removesuffix(b"\r\n\r\nText.\r\n")])
def test_edits_are_found_again_in_what_they_changed(data, wanted):
    edits = edits_on(data, wanted)
    after = apply(data, edits).data
    found = diff(data, after)
    assert found is not None
    assert apply(data, found).data == after
    other = data.replace(b"- [ ] c", b"- [ ] new\n- [ ] c").replace(b"Plan", b"Other plan")
    assert apply(other, found).data == apply(other, edits).data


def test_a_new_subtask_that_is_done_already_is_found():
    after = BASE.replace(b"  - [ ] b\r\n", b"  - [ ] b\r\n  - [x] n run:y\r\n")
    found = diff(BASE, after)
    assert [type(edit) for edit in found] == [AddSubtasks, SetStatus]
    assert apply(BASE, found).data == after


@pytest.mark.parametrize(
    "after",
    [
        BASE.replace(b"a run", b"another run"),
        BASE.replace(b"- [ ] c", b"- [ ] new\r\n- [ ] c"),
        BASE.replace(b"  - [ ] b\r\n", b""),
        BASE.replace(b"Text", b"Words"),
        BASE.replace(b"run:x", b"run:y"),
        BASE.replace(b"\r", b""),
        b"\xff",
        b"",
    ],
)
def test_a_change_that_no_edits_say_is_refused(after):
    assert diff(BASE, after) is None


def test_equal_versions_are_no_edits():
    assert diff(BASE, BASE) == ()


@examples(80)
@given(st.randoms(use_true_random=False), st.booleans())
def test_edits_of_any_document_are_found_again_or_refused(random: Random, nested: bool):
    """Whatever is lifted makes the same bytes again; ticks and keys always are."""
    data = (outline if nested else document)(random)
    places = anchors(parse(data), "TODO.md")
    simple, added = [], []
    for place in places:
        simple += [SetStatus(place, Status.DONE)] if random.random() < 0.4 else []
        simple += [SetKey(place, "failed", "1")] if random.random() < 0.2 else []
        added += [AddNote(place, "a note")] if random.random() < 0.2 else []
        added += [AddSubtasks(place, ("- [ ] new one run:x",))] if random.random() < 0.2 else []
    ticked = apply(data, simple, tolerant=True).data
    found = diff(data, ticked)
    assert found is not None
    assert apply(data, found).data == ticked
    after = apply(data, simple + added, tolerant=True).data
    found = diff(data, after)
    assert found is None or apply(data, found).data == after
