"""A result of the merge is read again, and counts only if it says what both sides said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.core.task import STATUS_CHARS
from mdtodo.markdown.merge.match import match
from mdtodo.markdown.merge.result import Result
from mdtodo.markdown.merge.verify import Verifier
from mdtodo.markdown.merge.version import read_versions
from tests.markdown.versions import merge_text

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        pytest.param(lambda lines: lines, set(), id="as it is"),
        pytest.param(lambda lines: [line for line in lines if b"] c" not in line], None, id="an untouched task lost"),
        pytest.param(lambda lines: [*lines, b"- [ ] c"], None, id="an untouched task doubled"),
        pytest.param(lambda lines: [line for line in lines if b"] x" not in line], {"x"}, id="a new task lost"),
        pytest.param(lambda lines: [*lines, b"- [ ] x"], {"x"}, id="a new task doubled"),
        pytest.param(
            lambda lines: [b"- [ ] c" if line == b"- [ ] b" else b"- [ ] b" if line == b"- [ ] c" else line for line in lines],
            {"k"},
            id="below another task",
        ),
    ],
)  # fmt: skip
def test_a_result_of_the_merge_is_read_again_before_it_counts(
    tamper: Callable[[list[bytes]], list[bytes]], fault: set[str] | None
) -> None:
    base, ours, theirs = (
        b"- [ ] a\n- [ ] b\n\ntext\n\n- [ ] c\n",
        b"- [x] a\n- [ ] b\n  - [ ] k\n\ntext\n\n- [ ] c\n",
        b"- [ ] a\n- [ ] b\n\ntext\n\n- [ ] c\n- [ ] x\n",
    )
    versions = read_versions(base, ours, theirs)
    matched = match(*versions, STATUS_CHARS)
    verifier = Verifier(versions, matched, STATUS_CHARS, lambda: merge_text(base, ours, theirs, "merge"))
    lines = tamper([b"- [x] a", b"- [ ] b", b"  - [ ] k", b"", b"text", b"", b"- [ ] c", b"- [ ] x"])
    names = {entity: next(versions[side].lines[at] for side, at in enumerate(one) if at is not None)[-1:].decode()
             for entity, one in enumerate(matched.entities)}  # fmt: skip
    places = {
        at: entity
        for at, line in enumerate(lines)
        for entity, name in names.items()
        if line.endswith(name.encode())
    }
    wrong = verifier.wrong_tasks(Result(list(lines), places, 0))
    assert (None if wrong is None else {names[entity] for entity in wrong}) == fault
