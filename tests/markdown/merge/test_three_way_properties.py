"""A merge by task, whatever two people did to a list: nothing is lost, nothing doubled, statuses by the rules."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdtodo.core.task import STATUS_CHARS
from mdtodo.markdown.document import parse
from mdtodo.markdown.merge.three_way import merge
from mdtodo.markdown.merge.version import read_versions, tasks_at
from tests.markdown.documents import document
from tests.markdown.versions import changed, faults, merge_file, merge_text, outline, written

SEEDS = st.integers(0, 2**32)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(SEEDS)
def test_a_merge_of_two_peoples_work_keeps_every_task(seed: int) -> None:
    random = Random(seed)
    base = outline(random)
    ours, theirs = changed(random, base, "a"), changed(random, base, "b")
    versions = written(base), written(ours), written(theirs)
    merged = merge(*versions, text_merge=merge_text)
    if merged is None:
        return  # rare: the text merge has the word
    assert faults(base, ours, theirs, merged.data, conflicts=bool(merged.conflicts)) == []
    if merged.conflicts:
        assert merge_file(*versions)[0] > 0, "git has no conflict here"


@pytest.mark.parametrize("seed", [40015441, 30013522])
def test_what_one_side_says_stays_where_the_other_swapped_neighbours(seed: int) -> None:
    """One side put the task below another one and gave it keys, or cancelled it."""
    random = Random(seed)
    base = outline(random)
    ours, theirs = changed(random, base, "a"), changed(random, base, "b")
    merged = merge(written(base), written(ours), written(theirs), text_merge=merge_text)
    assert merged is not None
    assert (faults(base, ours, theirs, merged.data, conflicts=False), merged.conflicts) == ([], 0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SEEDS)
def test_a_change_of_one_side_is_the_result(seed: int) -> None:
    random = Random(seed)
    base = outline(random)
    data, other = written(base), written(changed(random, base, "a"))
    for ours, theirs in ((other, data), (data, other), (other, other)):
        merged = merge(data, ours, theirs, text_merge=merge_text)
        assert merged is not None
        assert (merged.data, merged.conflicts) == (other, 0)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(SEEDS)
def test_a_part_of_a_file_is_read_as_in_the_whole(seed: int) -> None:
    random = Random(seed)
    data = b"\n".join([document(random) for _ in range(3)])
    (version,) = read_versions(data)
    items = parse(data).items
    whole = {item.line - 1: (item.status, item.text) for item in items}
    parents = {i.line - 1: None if i.parent is None else items[i.parent].line - 1 for i in items}
    for _ in range(5):
        wanted = random.sample(range(len(version.lines)), 1)
        found = tasks_at(version, wanted, STATUS_CHARS)
        for line in wanted:
            assert (line in found) == (line in whole)
            if line in found:
                assert (found[line].status, found[line].text) == whole[line]
                assert found[line].parent == parents[line]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(SEEDS)
def test_any_markdown_is_merged_and_never_with_more_conflicts_than_git_has(seed: int) -> None:
    random = Random(seed)
    base = document(random)

    def side() -> bytes:
        lines = base.split(b"\n")
        for _ in range(random.randint(0, 4)):
            at = random.randrange(len(lines))
            way = random.random()
            if way < 0.4:
                lines[at] = lines[at].replace(b"[ ]", b"[x]") + random.choice([b"", b" failed:1", b" more"])
            elif way < 0.7:
                lines.insert(at, random.choice([b"- [ ] a", b"  - [x] b", b"text", b"", b"```", b"<div>"]))
            else:
                line = lines.pop(at)
                lines.insert(random.randrange(len(lines) + 1), line)
        return b"\n".join(lines)

    versions = base, side(), side()
    merged = merge(*versions, text_merge=merge_text)
    if merged is not None and merged.conflicts:
        conflicts, data = merge_file(*versions)
        assert conflicts or data.count(b"[") > max(one.count(b"[") for one in versions), "git doubles no task"
