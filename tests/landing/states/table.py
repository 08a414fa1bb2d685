"""The table of docs/repositories.md, made of what the tests here declare: `python -m tests.landing.states.table`."""

from __future__ import annotations

from importlib import import_module
from itertools import groupby
from pathlib import Path

from tests.landing.states.declared import STATES

#: In the order of the page.
MODULES = ("test_head", "test_checkouts", "test_content", "test_index", "test_names", "test_around")
PAGE = Path(__file__).parents[3] / "docs" / "repositories.md"

_INTRODUCTION = """\
# Where a run works

mdtodo ticks a box in three places: in HEAD's version of the TODO file, in the index's, and in the work tree's, each
time one line, and nothing else. This page says what happens in every state of a repository that we could
think of. It is generated from the tests in `tests/landing/states`. Each line is one of them, and each test compares
HEAD, index, work tree, status and refs before and after.

| outcome | meaning |
| --- | --- |
| lands | exit 0: one commit that changes one line, on top of HEAD; the same line changes in index and work tree; whatever is staged, changed or untracked stays as it was |
| ticks | exit 0: HEAD does not have the task, so there is nothing to commit; it is ticked where it is |
| exit 3 | a message; HEAD, index and work tree are as they were |
"""


def page() -> str:
    """The whole page."""
    for name in MODULES:
        import_module(f"tests.landing.states.{name}")
    parts = [_INTRODUCTION]
    for group, lines in groupby(STATES, key=lambda line: line.group):
        rows = [f"| {line.name} | {line.outcome} | {line.clause} |" for line in lines]
        parts.append(
            "\n".join(
                [f"## {group}", "", "| state | outcome | what happens |", "| --- | --- | --- |", *rows, ""]
            )
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
