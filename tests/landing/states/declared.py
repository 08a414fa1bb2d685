"""What a test of a state says about it: the table in docs/repositories.md is made of these declarations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Outcome(StrEnum):
    """What becomes of a run, as the table says it and as `Bench.expect_outcome` checks it."""

    LANDS = "lands"
    TICKS = "ticks"
    REFUSES = "exit 3"


@dataclass(frozen=True)
class Declared:
    """One line of the table."""

    group: str
    name: str
    outcome: Outcome
    clause: str


#: In the order of the tests.
STATES: list[Declared] = []


def declare(test: Callable[..., Any], line: Declared) -> None:
    """Put a line into the table, and tie it to its test."""
    STATES.append(line)
    test.states = {**getattr(test, "states", {}), line.name: line}  # type: ignore[attr-defined]


class Group:
    """The states of one kind: `group.lands("in a linked worktree", "…")` declares the test that follows."""

    def __init__(self, title: str) -> None:
        self.title = title

    def lands(self, name: str, clause: str = "") -> Callable[..., Any]:
        """HEAD gets one commit of one line; index and work tree get the same line."""
        return self._declare(name, Outcome.LANDS, clause)

    def ticks(self, name: str, clause: str) -> Callable[..., Any]:
        """HEAD does not have the task: it is ticked where it stands, and nothing is committed."""
        return self._declare(name, Outcome.TICKS, clause)

    def refuses(self, name: str, clause: str) -> Callable[..., Any]:
        """A sentence, exit 3, and nothing is changed."""
        return self._declare(name, Outcome.REFUSES, clause)

    def _declare(self, name: str, outcome: Outcome, clause: str) -> Callable[..., Any]:
        def tie(test: Callable[..., Any]) -> Callable[..., Any]:
            declare(test, Declared(self.title, name, outcome, clause))
            return test

        return tie
