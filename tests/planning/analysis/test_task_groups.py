"""How far groups of tasks are, worked by hand, and what must hold of any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from mdtodo.config.load import load
from mdtodo.planning.analysis.task_groups import GROUPS, task_groups
from mdtodo.planning.plan import plan
from tests.planning.outlines import forests, moderately, outline

if TYPE_CHECKING:
    from mdtodo.core.task import Task

CONFIG = load(None, None)

SKETCH = """
- p est:480 #big
  - [x] a est:120 #ci
  - b est:120 #ci #CI !high
- c @ada @Bob
- [-] d est:60 #ci @bob
- e est:30 !low
"""
#: open, closed, hours, no estimate
FOUND = [
    ("priority", {"high": (1, 0, 2, 0), "medium": (2, 2, 4, 1), "low": (1, 0, 0.5, 0)}),
    ("tag", {"big": (1, 0, 4, 0), "ci": (1, 2, 2, 0), None: (2, 0, 0.5, 1)}),
    ("assignee", {"ada": (1, 0, None, 1), "Bob": (1, 1, None, 1), None: (3, 1, 6.5, 0)}),
    ("file", {"TODO.md": (4, 2, 6.5, 1)}),
    ("section", {None: (4, 2, 6.5, 1)}),
]


@pytest.mark.parametrize(("by", "groups"), FOUND)
def test_groups_have_what_is_open_closed_and_left(by: str, groups: dict[str | None, object]) -> None:
    found = task_groups(plan(outline(SKETCH), CONFIG), by)
    assert {name: tuple(one) for name, one in found.items()} == groups
    assert list(found) == list(groups)


def test_what_a_parent_is_estimated_at_is_no_missing_estimate_of_its_subtasks() -> None:
    made = plan(outline("- p est:60\n  - a\n    - b\n- q\n  - c\n- [x] d"), CONFIG)
    (one,) = task_groups(made, "file").values()
    assert (one.open, one.hours, one.no_estimate) == (5, 1, 1)
    assert one.percent == pytest.approx(100 / 6)


def test_nothing_is_left_of_what_is_closed() -> None:
    (one,) = task_groups(plan(outline("- [x] a\n- [-] b est:60"), CONFIG), "file").values()
    assert (one.percent, one.hours) == (100, 0)


def test_no_tasks_make_no_groups() -> None:
    assert all(task_groups(plan((), CONFIG), by) == {} for by in GROUPS)


@moderately
@given(forests())
def test_each_task_is_in_some_group_and_no_hour_counts_twice(tasks: tuple[Task, ...]) -> None:
    made = plan(tasks, CONFIG)
    whole = sum(one.hours or 0 for one in task_groups(made, "file").values())
    for by in GROUPS:
        found = task_groups(made, by).values()
        assert sum(one.open + one.closed for one in found) >= len(tasks)
        assert all(0 <= one.percent <= 100 and one.no_estimate <= one.open for one in found)
        if by in ("section", "category", "priority"):
            assert sum(one.open + one.closed for one in found) == len(tasks)
            assert sum(one.hours or 0 for one in found) == pytest.approx(whole)
