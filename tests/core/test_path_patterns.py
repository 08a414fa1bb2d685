"""Gitignore-style patterns, with git as the judge, on names that few people give."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core import path_patterns
from mdtodo.core.path_patterns import matcher

if TYPE_CHECKING:
    from tests.conftest import Checkout

ODD = [b"\n", b"\r", b"\r\n", b"\v", b"\f", b"\x1c", b"\xc2\x85", b"\xe2\x80\xa8", b"\xff", b"\xed\xa0\x80"]
PLACES = [
    b"src/a%sb/x.py",
    b"src/%s/x.py",
    b"src/x.py%s",
    b"%ssrc/x.py",
    b"src/d%s/e/x.py",
    b"a%s",
    b"b/y%s.py",
    b"[%s",
]
NAMES = [place.replace(b"%s", odd) for place in PLACES for odd in ODD]


@pytest.mark.parametrize(
    "patterns",
    [
        ["src/**/x.py"],
        ["/src/**"],
        ["src/"],
        ["**/x.py"],
        ["*.py"],
        ["a*"],
        ["a"],
        ["x.py"],
        ["src/*/x.py"],
        ["**/e/*"],
        ["b/y*.py"],
        ["[!b]*/**"],
        ["*.py", "!/b/*"],
        ["*.py\n"],
        ["[[a]"],
        ["[[]*"],
        ["a?"],
        ["a[!z]b/"],
        ["*\t"],
        ["*\u2028"],
        ["[[:cntrl:]]*", "[[:nothing:]"],
        ["[\\[]?"],
        ["\\"],
        ["!"],
        ["a\\"],
        ["[a-"],
        ["/"],
        ["\\[*", "[z-a]"],
        ["x.py", "**/d", "src/**/*.py"],
        ["src/**/*.py\n"],
        ["b/**/*.y"],
    ],
)
def test_names_match_as_git_matches_them(repo: Checkout, patterns: list[str]) -> None:
    repo.write(".git/info/exclude", "\n".join(patterns) + "\n")
    args = "check-ignore", "--no-index", "-z", "--stdin"
    ignored = repo.git_bytes(*args, stdin=b"\0".join(NAMES), check=False).split(b"\0")[:-1]
    matches = matcher(patterns)
    assert [name for name in NAMES if matches(os.fsdecode(name))] == ignored


_PIECES = [*"ab.- !#*?[]\\^{+|~", "\t", "\r", "\v", "\x1c", "\x85", "\u2028", "é", "\udcff"]
_NAMES = st.text(
    st.sampled_from([*(piece for piece in _PIECES if piece != "/"), "\n"]), min_size=1, max_size=4
)
_PATHS = st.lists(_NAMES.filter(lambda name: name not in (".", "..")), min_size=1, max_size=3).map("/".join)
_GLOBS = st.lists(
    st.sampled_from(
        [*_PIECES, "/", "/", "*", "**/", "/**", "[a-b]", "[!a]", "[]a]", "[[:alpha:]-]", "\\ ", "\\*", "[/a]"]
    ),
    min_size=1,
    max_size=5,
).map("".join)


def _has_a_meaning_of_its_own(pattern: str) -> bool:
    """What of gitignore does not hold in the configuration: git takes a return at the end of a line for its end, and
    what it thinks of `a**/b` depends on where in memory it stands (wildmatch.c compares two pointers)."""
    return pattern.endswith("\r") or re.search(r"[^/]\*\*+/|/\*\*+[^/*]|^\*\*+[^/*]", pattern) is not None


@given(st.data())
def test_random_patterns_match_as_git_matches_them(repo: Checkout, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(_PATHS, min_size=1, max_size=5, unique=True))
    paths = [path for path in drawn if not any(other.startswith(f"{path}/") for other in drawn)]
    copies = st.sampled_from(paths).map(
        lambda path: re.sub(r"([\\*?\[!# ])", r"\\\1", path).replace("\n", "?")
    )
    patterns = data.draw(st.lists(st.one_of(_GLOBS, copies), min_size=1, max_size=3))
    patterns = [one for one in patterns if not _has_a_meaning_of_its_own(one) and not one.startswith("!")]
    repo.write(".git/info/exclude", os.fsencode("\n".join([*patterns, ""])))
    names = [os.fsencode(path) for path in paths]
    args = "check-ignore", "--no-index", "-z", "--stdin"
    ignored = repo.git_bytes(*args, stdin=b"\0".join(names), check=False).split(b"\0")[:-1]
    matches = matcher(patterns)
    assert [name for name in names if matches(os.fsdecode(name))] == ignored, patterns


_USUAL_NAMES = st.sampled_from(
    ["a", "b.md", "a.md", ".md", "md", "TODO.md", "TODO.md\n", "a b.md", "é.md", "-.md", "_"]
)


@given(
    st.lists(
        st.sampled_from(["a", "b.md", "**/TODO.md", "a/**/*.md", "_/**/*.md", "TODO-2.md", "b.md/**/*.md"])
    ),
    st.lists(_USUAL_NAMES, min_size=1, max_size=4).map("/".join),
)
def test_usual_patterns_match_as_pathspec_matches_them(patterns: list[str], path: str) -> None:
    usual = path_patterns._usual_matcher(patterns)
    assert usual is not None
    assert usual(path) == path_patterns._matcher(patterns)(path)
