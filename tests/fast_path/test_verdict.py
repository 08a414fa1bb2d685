"""Where the fast path finds nothing wrong with a file, the check finds nothing either."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.codes import CODES, GATE, OF_CLONE
from mdtodo.fast_path.blocks import UnsureError
from mdtodo.fast_path.memory import File, Memory
from mdtodo.fast_path.verdict import facts_of, look_between
from mdtodo.git.repository import discover
from mdtodo.operations.check.check import check
from tests.examples import TIMES
from tests.fast_path.both import CONFIG, MEMORY, facts
from tests.fast_path.test_blocks import SAMPLES
from tests.fast_path.texts import nearly_right

if TYPE_CHECKING:
    from tests.conftest import Checkout


def findings(repo: Checkout, data: bytes) -> list[str]:
    repo.write("TODO.md", data)
    return [one.code for one in check(discover(str(repo.root)), CONFIG).findings]


def test_nothing_is_found_in_what_is_surely_right(repo: Checkout) -> None:
    certain = 0
    for path in SAMPLES:
        data = path.read_bytes()
        if facts(data):
            certain += 1
            assert not findings(repo, data), path
    assert certain > len(SAMPLES) * 0.4


@pytest.mark.chance
@pytest.mark.parametrize("seed", range(TIMES))
def test_nothing_is_found_in_random_files_that_are_surely_right(repo: Checkout, seed: int) -> None:
    random, certain = Random(seed), 0
    for _ in range(400):
        data = nearly_right(random)
        if facts(data):
            certain += 1
            # of a change, ticks among them, `look_at_change` has to be sure
            assert {*findings(repo, data)} <= ELSEWHERE, data
    assert certain > 15


WRONG = {
    "bad-date": "- [ ] a due:2026-02-30\n",
    "bad-estimate": "- [ ] a est:soon\n",
    "bad-every": "- [ ] a every:0d\n",
    "bad-failed": "- [ ] a failed:often\n",
    "bad-id": "- [ ] a id:-b\n",
    "conflict-marker": "<<<<<<< a\n=======\n- [ ] a\n>>>>>>> b\n",
    "cycle": "- [ ] a id:a after:b\n- [ ] b id:b after:a\n",
    "duplicate-id": "- [ ] a id:a\n- [ ] b id:a\n",
    "duplicate-key": "- [ ] a est:1h\n  est:2h\n",
    "duplicate-title": "- [ ] a run:test\n- [ ] a\n",
    "empty-box": "- [ ]\n",
    "empty-title": "- [ ] est:1h\n",
    "epic-without-subtasks": "- [ ] a est:3d\n",
    "suspected-key": "- [ ] a prio:high\n",
    "ticked-parent": "- [x] a\n  - [ ] b\n",
    "unknown-box": "- [~] a\n",
    "unknown-id": "- [ ] a after:b\n",
    "unknown-lane": "# A lane:fast\n\n- [ ] a\n",
    "unknown-pattern": "- [ ] a expand:b\n",
    "unknown-priority": "- [ ] a !hihg\n",
    "unknown-processor": "- [ ] a run:nothing\n",
}
#: What no single file with this configuration can have.
ELSEWHERE = {*GATE, *OF_CLONE, "missing-key", "never-expires", "open-in-archive", "unknown-in-shallow-clone"}


def test_each_code_is_tried() -> None:
    assert {*WRONG} == {*CODES} - ELSEWHERE


@pytest.mark.parametrize("code", WRONG)
def test_what_is_wrong_is_not_sure(repo: Checkout, code: str) -> None:
    assert code in findings(repo, WRONG[code].encode())
    assert facts(WRONG[code].encode()) is None


SURE = [
    "# Release !high\n\n- [ ] Tests pass id:tests\n- [ ] Build id:build after:tests, #ci\n  - [ ] wheel est:1h due:2026-12-01\n",
    "- [ ] a after:b\n- [ ] b id:b\n",
    "- [x] a\n  - [x] b\n- [ ] c\n  - [x] d\n",
    "- [ ] Note: see https://a.b/c, at 12:30 (or `x:y`)\n- [ ] [a](http://b) `c` **d:** e!\n",
    "- [ ] a est:5d\n  - [ ] b est:30m run:lint every:2w from:2026-01-02 needs:gpu,tpu worker:one failed:3\n",
    "## A\n- [ ] test run:test\n## B\n- [ ] test run:test\n",
    "- [ ] a 📅 2026-12-01\n- [ ] std::b ✅ c (R)\n- [x] d ⏳ 2026-01-02 ✅ 2026-02-01\n",
    "- [ ] été 🎉 ✔ a\n- [x] b done:2026-02-28 priority:low lane:high\n",
]


@pytest.mark.parametrize("text", SURE)
def test_usual_keys_are_sure(repo: Checkout, text: str) -> None:
    assert facts(text.encode()) is not None
    assert not findings(repo, text.encode())


UNSURE = [
    "# A after:b\n- [ ] c\n- [ ] b id:b\n", "- [ ] a !important\n", "- [ ] Needs: a\n", "- [ ] a run:inline\n",
]  # fmt: skip


@pytest.mark.parametrize("text", UNSURE)
def test_other_spellings_are_not(text: str) -> None:
    assert facts(text.encode()) is None


def _file(ids: str, outside: str) -> File:
    return File(b"1", frozenset(ids), frozenset(outside))


@pytest.mark.parametrize(
    ("text", "others", "sure"),
    [
        ("- [ ] a after:b\n", [_file("b", "")], True),
        ("- [ ] a after:b\n", [_file("c", "")], False),
        ("- [ ] a id:b\n", [_file("b", "")], False),
        ("- [ ] a\n", [_file("", "b")], False),
        ("- [ ] a id:b\n", [_file("", "b")], True),
        ("- [ ] a id:a\n", [_file("b", "c"), _file("c", "b")], True),  # they were like this before
        ("- [ ] a id:a after:b\n", [_file("b", "a")], False),
    ],
)
def test_ids_of_other_files_count(text: str, others: list[File], *, sure: bool) -> None:
    files = {b"%d.md" % number: file for number, file in enumerate(others)}
    memory = Memory(MEMORY.configuration, [], MEMORY.processors, MEMORY.lanes, files, matches=True)
    try:
        look_between(memory, {b"TODO.md": facts_of(text.encode(), memory)})
    except UnsureError:
        assert not sure
    else:
        assert sure
