"""Gitignore-style patterns, with git as the judge, on names that few people give."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mdtodo.patterns import matcher

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
    ],
)
def test_names_match_as_git_matches_them(repo: Checkout, patterns: list[str]) -> None:
    repo.write(".git/info/exclude", "\n".join(patterns) + "\n")
    args = "check-ignore", "--no-index", "-z", "--stdin"
    ignored = repo.git_bytes(*args, stdin=b"\0".join(NAMES), check=False).split(b"\0")[:-1]
    matches = matcher(patterns)
    assert [name for name in NAMES if matches(os.fsdecode(name))] == ignored
