"""Exit codes and output to one exit code."""

from __future__ import annotations

import pytest

from mdtodo.recipes.catalogue import Way
from mdtodo.recipes.verdict import explanation, output_patterns, summary, verdict

WAY = Way("tool", ("*",), ("tool",), "get it")
FULL = WAY._replace(
    retry_pattern="L",
    checked_pattern="P",
    failure_pattern="F",
    nothing_pattern="E",
    nothing_codes=(5,),
    success_codes=(3,),
)


@pytest.mark.parametrize(
    ("way", "code", "matched", "end"),
    [
        (WAY, 0, "", 0),
        (WAY, 1, "", 1),
        (WAY, 5, "", 5),
        (WAY, 3, "", 3),
        (WAY, 75, "", 1),
        (WAY, 77, "", 1),
        (WAY, 127, "", 127),
        (WAY, 137, "", 137),
        (FULL, 0, "P", 0),
        (FULL, 0, "", 77),
        (FULL, 0, "PF", 1),
        (FULL, 0, "PL", 0),
        (FULL, 0, "PE", 0),
        (FULL, 3, "P", 0),
        (FULL, 3, "", 77),
        (FULL, 3, "PF", 1),
        (FULL, 5, "P", 77),
        (FULL, 1, "P", 1),
        (FULL, 1, "PF", 1),
        (FULL, 1, "PL", 75),
        (FULL, 2, "E", 77),
        (FULL, 75, "", 1),
        (FULL, 77, "", 1),
        (FULL, 75, "L", 75),
        (FULL._replace(unproven_pattern="N"), 0, "N", 77),
        (FULL._replace(unproven_pattern="N"), 0, "NP", 0),
        (FULL._replace(unproven_pattern="N"), 0, "", 0),
        (FULL._replace(unproven_pattern="N"), 0, "F", 1),
        (FULL._replace(unproven_pattern="N"), 1, "N", 1),
        (WAY._replace(unproven_pattern="N"), 0, "N", 77),
        (WAY._replace(unproven_pattern="N"), 0, "", 0),
        (WAY._replace(nothing_codes=(75, 77)), 75, "", 77),
        (WAY._replace(nothing_codes=(75, 77)), 77, "", 77),
    ],
)
def test_the_verdict_of_one_command_follows_from_its_code_and_words(
    way: Way, code: int, matched: str, end: int
) -> None:
    assert verdict(way, code, set(matched)) == end


@pytest.mark.parametrize(
    ("verdicts", "end"),
    [
        ([0], 0),
        ([0, 0], 0),
        ([0, 77], 0),
        ([77, 77], 77),
        ([], 77),
        ([0, 75], 75),
        ([77, 75], 75),
        ([0, 2, 1], 2),
        ([75, 1], 1),
        ([77, 9, 75], 9),
        ([0, 143], 143),
    ],
)
def test_the_verdict_of_all_commands_follows_from_that_of_each(verdicts: list[int], end: int) -> None:
    assert summary(verdicts) == end


def test_the_sentence_of_a_verdict_says_what_the_tool_did() -> None:
    assert explanation(WAY, 0, ()) is None
    assert explanation(WAY, 1, ()) is None
    assert explanation(FULL, 1, {"F"}) == "tool exited 0, but its own output reports a problem"
    assert "tried again" in str(explanation(WAY, 75, ()))
    assert explanation(WAY, 77, ()) == "tool found nothing to check"


def test_only_the_words_that_a_way_names_are_looked_for() -> None:
    assert output_patterns(WAY) == []
    assert output_patterns(FULL) == ["L", "P", "F", "E"]
