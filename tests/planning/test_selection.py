"""Which tasks of a plan are meant."""

from __future__ import annotations

import pytest

from mdtodo.config.load import load
from mdtodo.planning.plan import plan
from mdtodo.planning.selection import Selection
from tests.planning.outlines import outline

CONFIG = load(None, b'[processors.p]\nrun = "true"\n')


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
