"""Words that are nearly keys are named, and words that only have a colon are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.markdown.document import parse
from mdtodo.markdown.keys.near_keys import near_keys
from mdtodo.markdown.keys.read import read_keys
from tests.examples import examples

SAMPLES = sorted((Path(__file__).parent.parent / "samples").glob("*.md"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        # a slip
        ("a afer:build", "after"), ("a aftr:b,c", "after"), ("a fater:b", "after"), ("a afterr:b", "after"),
        ("a prioriy:high", "priority"), ("a prioirty:urgent", "priority"), ("a wroker:me", "worker"),
        ("a workr:me", "worker"), ("a needz:gpu", "needs"), ("a expnad:api", "expand"), ("a failde:2", "failed"),
        ("a rnu:tests", "run"), ("a lnae:fast", "lane"), ("a deu:2026-12-01", "due"), ("a Afer:build", "after"),
        # a blank
        ("Tests pass run: tests", "run"), ("a run:  tests", "run"), ("a\trun:\ttests", "run"), ("a\nrun: tests", "run"),
        ("run: tests", "run"), ("a after: b,c #x !high", "after"), ("a needs: docker due:2026-12-01 ^x", "needs"),
        ("a lane: fast 📅 2026-12-01", "lane"), ("a due: 2026-12-01 at noon", "due"), ("a est: 2h, b", "est"),
        ("a priority: high", "priority"), ("a done: 2026-11-21", "done"), ("a afer: build", "after"),
        # capitals
        ("a Run:tests", "run"), ("a AFTER:b", "after"), ("a Due: 2026-12-01", "due"), ("a Priority: High", "priority"),
        ("a Id:x", "id"),
        # synonyms
        ("a prio:1", "priority"), ("a prio: high", "priority"), ("a depends:b", "after"), ("a depends_on:b", "after"),
        ("a Depends-On:b", "after"), ("a blocked-by: b", "after"), ("a deadline: 2026-12-01", "due"),
        ("a estimate:8h", "est"), ("a timeout:5m", None),
    ],
)  # fmt: skip
def test_what_is_nearly_a_key_is_named_with_the_key_that_is_meant(text: str, key: str | None) -> None:
    assert [near.key for near in near_keys(text)] == [key]
    (problem,) = read_keys(text).problems
    assert problem.code == "suspected-key"
    assert problem.offset == near_keys(text)[0].start


ORDINARY = [
    "a test: x", "line:12", "node:fs", "rest:api", "a 12:30", "16:9", "http://x.y/run:z", "std::vector", "run::after",
    "C:\\run: x", "C:/Users", "me@run:x", "after@host:x", ":after: x", ":run:", "::run:: x", "note: x", "fix: run: it all",
    "feat: x", "chore(run): x", "feat(worker): retry", "urn:isbn:1", "set:x", "ets:new", "form:login", "need:x",
    "workers:4", "alter:x", "mailed:2", "filed:3", "say what it needs: docker", "before and after: screenshots",
    "Worker: retry", "worker: retry", "Run: npm", "Run: npm test", "a run: npm test", "a run:: x", "a run://x",
    "a run: \"x\"", "a run:'x'", "a after:“x”", "a depends:\"x\"", "After: x", "ID:42", "a ID:ab-1", "id: uuid",
    "needs: review", "due: soon", "a due: friday", "it must be done: yes", "Done: 3", "a after: x y", "a `run: tests`",
    "a [x](run:tests)", "a <run: tests>", "name: x", "key:value", "a run:", "a run: ", "a run:\nb", "(run: tests)",
    "a run : tests", "a afer :x", "to run: tests", "Priority: High / Low", "priority: high", "version: 2",
    "a deadline:soon", "a Timeout:5m", "timeout: 5m", "prio::x", "depends://x", "a failed: 2", "tests failed: 12",
    "a lan:x", "a dun:2026-12-01", "a rune:x", "a don:x", "the id: x", "sub:task", "a runs:tests", "property:high",
    "extend:x", "expect:x", "waiter:x", "a needs:", "a idd:x", "r:x", "a after:,", "a afer:1", "a Afer: b", "a due:2026-12-01",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_with_colons_are_words(text: str) -> None:
    assert near_keys(text) == []


def test_several_on_one_line_are_told_in_order_and_what_follows_them_counts_as_keys() -> None:
    found = near_keys("a run: tests after: build #x prio:high")
    assert [(near.start, near.end, near.key) for near in found] == [
        (2, 12, "run"), (13, 25, "after"), (29, 38, "priority"),
    ]  # fmt: skip


def test_no_word_of_the_samples_is_taken_for_a_key() -> None:
    """Files written as people write lists, with 962 tasks: at most one wrong finding in 1,000 tasks is allowed."""
    texts = [
        text
        for sample in SAMPLES
        for document in [parse(sample.read_bytes())]
        for text in [
            *(item.text for item in document.items),
            *(heading.text for heading in document.headings),
        ]
    ]
    assert len(texts) > 800
    assert [text for text in texts if near_keys(text)] == []


_PIECES = st.sampled_from(
    [
        "run",
        "after",
        "afer",
        "prio",
        ":",
        ": ",
        " ",
        "\t",
        "\n",
        "x",
        ",",
        '"',
        "`",
        "#x",
        "2026-12-01",
        "https://",
        "a",
        "📅 ",
    ]
)


@examples(300)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_a_near_key_is_a_whole_word_of_the_title_and_no_key(text: str) -> None:
    keys = read_keys(text)
    for near in near_keys(text):
        assert text[near.start : near.end].startswith(f"{near.name}:")
        assert text[near.start : near.end].endswith(near.value)
        assert not text[near.start - 1 : near.start].strip()
        assert all(token.end <= near.start or token.start >= near.end for token in keys.tokens)
        assert f"{near.name}:" in keys.title


@pytest.mark.parametrize("text", ["a run: x ", "afer:", "afer:x ", "run: ", "prio:high ", "run:\t\n"])
@pytest.mark.sample(2)
def test_long_lines_take_time_in_proportion(text: str) -> None:
    """A quadratic search would take minutes."""
    near_keys(text * 100_000)
