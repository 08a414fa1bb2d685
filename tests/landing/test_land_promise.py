"""Promises 2 and 4, for any three versions of a file: each gets its ticks, and not one other byte changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st

from mdtodo.git.repository import discover
from mdtodo.landing.land import land
from tests.examples import examples

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

NAMES = ["one", "two", "three", "four", "five"]
OTHER = [
    "",
    "Some text.",
    "## Heading",
    "\ttab\tx  ",
    "> quote",
    "`- [ ] one`",
    "\u2028",
    "| a |",
    "* [ ] note",
]


@st.composite
def versions(draw: DrawFn) -> str:
    """A file in which each task stands at most once, in any order and state, among other lines."""
    lines: list[str] = []
    for name in draw(st.permutations(NAMES))[: draw(st.integers(0, len(NAMES)))]:
        lines += ["", *draw(st.lists(st.sampled_from(OTHER), max_size=1))]
        box = draw(st.sampled_from("   x-"))
        keys = draw(st.sampled_from(["", " !high", " #tag est:2h", "  "]))
        lines += ["", f"- [{box}] {name}{keys}"]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return draw(st.sampled_from(["", "\ufeff"])) + end.join(lines) + draw(st.sampled_from(["", end]))


def ticked(text: str, names: list[str]) -> str:
    return re.sub(rf"(?m)^(\ufeff?- \[) (?=\] (?:{'|'.join(names)})\b)", r"\1x", text) if names else text


def has_open(text: str, name: str) -> bool:
    return ticked(text, [name]) != text


@examples(20, phases=[Phase.explicit, Phase.generate])  # each example runs git some twenty times
@given(data=st.data(), head=versions(), staged=versions(), disk=versions(), tracked=st.booleans())
def test_each_version_gets_its_ticks_and_nothing_else(everywhere, receipt, data, head, staged, disk, tracked):
    repo = everywhere
    repo.write("TODO.md", head)
    repo.git("add", "TODO.md")
    repo.git("commit", "-q", "--allow-empty", "-m", "Theirs", "--", "TODO.md")
    repo.write("TODO.md", staged)
    repo.git("add", "TODO.md")
    if not tracked:
        repo.git("rm", "-q", "--cached", "TODO.md")
    repo.write("TODO.md", disk)
    open_ones = [name for name in NAMES if has_open(disk, name)]
    names = data.draw(st.lists(st.sampled_from(open_ones), unique=True)) if open_ones else []
    others = repo.git("ls-files", "-s", "--", "other", "mine")
    before = repo.git("rev-parse", "HEAD")

    landing = land(discover(str(repo.root)), [receipt(repo, name) for name in names], run_id="r")

    expected = ticked(head, names)
    assert repo.head("TODO.md").decode() == expected
    assert repo.read("TODO.md").decode() == ticked(disk, names)
    if tracked:
        assert repo.index("TODO.md").decode() == ticked(staged, names)
    else:
        assert repo.git("ls-files", "TODO.md") == ""
    assert repo.git("ls-files", "-s", "--", "other", "mine") == others
    assert repo.read("mine") == b"unstaged\n"
    assert bool(landing.commits) == (expected != head)
    if landing.commits:
        assert repo.git("rev-parse", "HEAD^") == before
        assert repo.git("diff", "--name-only", "HEAD^", "HEAD") == "TODO.md"
    assert landing.committed == {f"id-{name}" for name in names if has_open(head, name)}
    assert landing.ticked == {f"id-{name}" for name in names}
    changed = set(repo.git("diff-files", "--name-only").splitlines())
    assert changed == {"mine"} | (
        {"TODO.md"} if tracked and ticked(disk, names) != ticked(staged, names) else set()
    )


@pytest.fixture
def everywhere(make_repo):
    """One repository for all examples, with a person's work in other files."""
    repo = make_repo(**{"TODO.md": "x\n", "other": "o\n", "mine": "base\n"})
    repo.write("other", "staged\n")
    repo.git("add", "other")
    repo.write("mine", "unstaged\n")
    return repo
