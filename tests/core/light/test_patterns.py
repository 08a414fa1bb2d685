"""A pattern is compiled when it is used, and does then what it always did."""

from __future__ import annotations

import re

import pytest

from mdtodo.core.light.patterns import lazy_pattern


def test_what_it_finds_is_what_the_pattern_finds() -> None:
    one, other = lazy_pattern(r"(a+)b", re.IGNORECASE), re.compile(r"(a+)b", re.IGNORECASE)
    for _ in range(2):
        assert one.findall("AAb ab b") == other.findall("AAb ab b")
        assert one.sub("-", "xAab") == "x-"
    assert one.pattern == other.pattern
    assert not one.fullmatch("b")


def test_a_lazy_pattern_is_not_compiled_before_it_is_used() -> None:
    broken = lazy_pattern("(")
    with pytest.raises(re.error):
        broken.search("x")
