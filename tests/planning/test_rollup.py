"""Parents that close and open with their subtasks."""

from __future__ import annotations

import pytest

from mdtodo.config.load import load
from mdtodo.core.task import Status
from mdtodo.planning.plan import plan
from mdtodo.planning.rollup import closes, parents_to_close, parents_to_reopen
from tests.planning.outlines import outline

CONFIG = load(None, b'[processors.p]\nrun = "true"\n')


@pytest.mark.parametrize(
    ("text", "changed", "expected"),
    [
        ("- p\n  - a", {"a": Status.DONE}, ["p"]),
        ("- p\n  - a", {"a": Status.CANCELLED}, []),
        ("- p\n  - a\n  - [x] b", {"a": Status.CANCELLED}, ["p"]),
        ("- p\n  - a\n  - b", {"a": Status.DONE}, []),
        ("- p\n  - a\n  - b", {"a": Status.DONE, "b": Status.DONE}, ["p"]),
        ("- p run:p\n  - a", {"a": Status.DONE}, []),
        ("- p run:misspelt\n  - a", {"a": Status.DONE}, []),
        ("- p\n  - q\n    - a", {"a": Status.DONE}, ["q", "p"]),
        ("- [x] p\n  - a", {"a": Status.DONE}, []),
    ],
)
def test_parents_close_with_their_last_subtask(
    text: str, changed: dict[str, Status], expected: list[str]
) -> None:
    assert list(parents_to_close(plan(outline(text), CONFIG), changed)) == expected


def test_no_parent_closes_past_an_unknown_box() -> None:
    tasks = [
        task._replace(boxes_inside=(9,) if task.id == "q" else ()) for task in outline("- p\n  - q\n    - a")
    ]
    made = plan(tasks, CONFIG)
    assert parents_to_close(made, {"a": Status.DONE}) == ()
    assert made.blocked_by["q"] == ("a", "TODO.md:9")


def test_a_task_without_subtasks_is_closed_by_nothing() -> None:
    assert not closes(plan(outline("- a"), CONFIG), "a", {})


@pytest.mark.parametrize(
    ("text", "opened", "expected"),
    [
        ("- [x] p\n  - [x] a", ["a"], ["p"]),
        ("- [x] p\n  - [x] q\n    - [x] a", ["a"], ["q", "p"]),
        ("- [x] p run:p\n  - [x] a", ["a"], []),
        ("- [x] p run:misspelt\n  - [x] a", ["a"], []),
        ("- [x] p\n  - [x] q run:p\n    - [x] a", ["a"], []),
        ("- [-] p\n  - [x] a", ["a"], []),
        ("- [x] p\n  - [x] a", ["a", "p"], []),
    ],
)
def test_parents_open_with_their_first_subtask(text: str, opened: list[str], expected: list[str]) -> None:
    made = plan(outline(text), CONFIG)
    assert list(parents_to_reopen(made, dict.fromkeys(opened, Status.TODO))) == expected
