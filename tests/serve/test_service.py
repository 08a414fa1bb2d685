"""Answers that are kept: as long as they hold, and no more of them than is bounded."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from mdtodo.serve.service import BYTES, LINES, Answers, ServerLog


class Snapshot:
    """As much of one as an answer needs."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_an_answer_holds_for_the_very_snapshots_that_it_was_made_of() -> None:
    answers, one, other = Answers(), Snapshot("one"), Snapshot("other")
    kept: Any = [one, other]
    answers.put("tasks", kept, b"both")
    assert answers.get("tasks", kept) == b"both"
    assert answers.get("tasks", kept[:1]) is None
    assert answers.get("plan", kept) is None
    anew: Any = [Snapshot("one"), other]
    assert answers.get("tasks", anew) is None


def test_no_answer_keeps_what_was_read_before() -> None:
    answers, old = Answers(), Snapshot("one")
    gone = weakref.ref(old)
    for number in range(10):
        given: Any = [old]
        answers.put(f"query {number}", given, b"x")
    now: Any = [Snapshot("one")]
    answers.put("another", now, b"y")
    del old, given
    gc.collect()
    assert gone() is None


def test_of_too_many_the_one_that_was_asked_for_longest_ago_goes() -> None:
    answers = Answers()
    given: Any = [Snapshot("one")]
    for number in range(4):
        answers.put(number, given, b"x" * (BYTES // 3))
        answers.get(0, given)
    assert [answers.get(number, given) is not None for number in range(4)] == [True, False, True, True]


def test_the_log_has_its_newest_lines() -> None:
    log = ServerLog()
    for number in range(LINES + 5):
        log.write("happened", number_of_it=number, nothing=None)
    assert len(log.lines()) == LINES
    assert [one["number_of_it"] for one in log.lines(LINES + 3)] == [LINES + 3, LINES + 4]
    assert "nothing" not in log.lines()[0]
