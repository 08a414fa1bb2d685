"""What stands on a plan: the record that programs read, roll-up, and which tasks are meant."""

from __future__ import annotations

import json

import pytest

from mdtodo.config import load
from mdtodo.model import Status
from mdtodo.planning.plan import plan
from mdtodo.planning.record import task_record
from mdtodo.planning.rollup import closes, closing_parents, opening_parents
from mdtodo.planning.selection import Selection
from tests.planning.outlines import outline

CONFIG = load(None, b'[processors.p]\nrun = "true"\n')


def test_a_record_is_plain_and_complete() -> None:
    made = plan(
        outline("- ~x\n- [/] ~y #backend/api !high est:90 due:2026-01-01 after:z\n  - z run:p"), CONFIG
    )
    record = task_record(made, "~y")
    assert json.loads(json.dumps(record)) == record
    assert record == {
        "id": "~y",
        "explicit_id": None,
        "file": "TODO.md",
        "line": 2,
        "title": "~y",
        "status": "doing",
        "state": "doing",
        "priority": "high",
        "lane": "high",
        "category": "backend",
        "kind": "api",
        "tags": ["backend/api"],
        "needs": [],
        "worker": None,
        "after": ["z"],
        "blocked_by": ["z"],
        "estimate_hours": 1.5,
        "complexity": "simple",
        "due": "2026-01-01",
        "processor": None,
        "failures": 0,
        "parent": None,
        "children": ["z"],
        "section": [],
        "depth": 0,
    }
    assert task_record(made, "z")["processor"] == "p"
    assert task_record(made, "~x")["estimate_hours"] is None
    assert task_record(made, "~x")["complexity"] is None


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
    assert list(closing_parents(plan(outline(text), CONFIG), changed)) == expected


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
    assert list(opening_parents(made, dict.fromkeys(opened, Status.TODO))) == expected


BOARD = outline("- a #backend/api !high run:p\n- [x] b Fix the CSS\n- c #Ops/db", "todo/x.md") + outline(
    "- d after:a"
)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), "d a b c"),
        (Selection(statuses=("done",)), "b"),
        (Selection(states=("ready", "blocked")), "d a"),
        (Selection(priorities=("high", "low")), "a"),
        (Selection(categories=("backend",)), "a"),
        (Selection(categories=("backend/api", "frontend")), "a b"),
        (Selection(categories=("backend/db",)), ""),
        (Selection(tags=("#backend",)), "a"),
        (Selection(tags=("ops/DB",)), "c"),
        (Selection(tags=("op",)), ""),
        (Selection(files=("todo/x.md",)), "a b c"),
        (Selection(files=("todo",)), "a b c"),
        (Selection(files=("*.md",)), "d a b c"),
        (Selection(texts=("css",)), "b"),
        (Selection(statuses=("todo",), categories=("backend",), texts=("a",)), "a"),
        (Selection(statuses=("done",), categories=("backend",)), ""),
    ],
)
def test_a_selection_chooses_by_each_of_its_conditions(selection: Selection, expected: str) -> None:
    assert " ".join(task.id for task in selection.tasks(plan(BOARD, CONFIG))) == expected
