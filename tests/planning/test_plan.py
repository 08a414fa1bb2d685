"""States, and what a plan says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from mdtodo.config.load import load
from mdtodo.config.settings import DEFAULT, Config
from mdtodo.core.task import State, Status, Task
from mdtodo.planning.plan import plan
from tests.planning.outlines import Oracle, forests, moderately, outline

CONFIG = load(None, b'max_failures = 2\n[processors.p]\nrun = "true"\n')
NO_ROLLUP = replace(CONFIG, rollup=False)

STATES = [
    pytest.param("- [x] a run:p", "a:done", id="done"),
    pytest.param("- [-] a run:p", "a:cancelled", id="cancelled"),
    pytest.param("- [/] a run:p failed:9", "a:doing", id="doing, whatever else"),
    pytest.param("- a run:p", "a:ready", id="ready"),
    pytest.param("- a", "a:manual", id="a person's"),
    pytest.param("- a run:q", "a:manual", id="an unknown processor is none"),
    pytest.param("- a run:p\n- b run:p after:a", "a:ready b:blocked", id="blocked"),
    pytest.param("- a\n- b after:a", "a:manual b:blocked", id="blocked before manual"),
    pytest.param("- a run:p failed:1", "a:ready", id="failed once"),
    pytest.param("- a run:p failed:2", "a:failed", id="failed too often"),
    pytest.param("- x\n- a run:p failed:2 after:x", "x:manual a:failed", id="failed before blocked"),
    pytest.param("- p\n  - [x] a\n  - [-] b", "p:ready a:done b:cancelled", id="a parent to be rolled up"),
    pytest.param("- p run:q\n  - [x] a", "p:manual a:done", id="not in place of an unknown processor"),
    pytest.param("- p\n  - [-] a", "p:manual a:cancelled", id="not if all were cancelled"),
    pytest.param("- p run:p\n  - [-] a", "p:ready a:cancelled", id="but with a processor"),
    pytest.param("- x\n- p after:x\n  - [x] a", "x:manual p:blocked a:done", id="not while it waits"),
    pytest.param("- p run:p\n  - a run:p", "p:blocked a:ready", id="the parent's proof comes last"),
    pytest.param("- a run:p after:b\n- b run:p after:a", "a:blocked b:blocked", id="in a cycle"),
    pytest.param("- a run:p after:nobody", "a:blocked", id="behind an unknown name"),
]


def states(tasks: tuple[Task, ...], config: Config, leased: frozenset[str] = frozenset()) -> str:
    found = plan(tasks, config, leased=leased).states
    return " ".join(f"{name}:{state.value}" for name, state in found.items())


@pytest.mark.parametrize(("text", "expected"), STATES)
def test_each_task_has_the_state_that_follows_from_its_box_and_waits(text: str, expected: str) -> None:
    assert states(outline(text), CONFIG) == expected


def test_without_rollup_a_parent_is_a_persons() -> None:
    assert states(outline("- p\n  - [x] a"), NO_ROLLUP) == "p:manual a:done"


def test_a_lease_shows_before_all_but_a_closed_box() -> None:
    tasks = outline("- [x] a\n- [/] b\n- c failed:9\n- d after:c\n- e")
    expected = "a:done b:running c:running d:running e:manual"
    assert states(tasks, CONFIG, frozenset("abcd")) == expected


def test_a_plan_holds_everything_by_file_and_line() -> None:
    tasks = outline("- b #backend\n- a after:b,x", "b.md") + outline("- c after:d\n- d after:c", "a.md")
    found = plan(tasks, DEFAULT)
    assert list(found.tasks) == list(found.routes) == list(found.blocked_by) == ["c", "d", "b", "a"]
    assert found.routes["b"].category == "backend"
    assert found.blocked_by["a"] == ("b", "x")
    assert found.cycles == (("c", "d", "c"),)
    assert found.critical_path == ("b",)


@moderately
@given(forests())
def test_ready_means_open_and_not_waiting(tasks: tuple[Task, ...]) -> None:
    oracle = Oracle(tasks)
    found = plan(tasks, CONFIG).states
    free = {State.READY, State.MANUAL}
    by_nature = {task.id for task in tasks if task.status is not Status.TODO}
    assert {name for name, state in found.items() if state in free} == set(oracle.ready()) - by_nature
    for name, state in found.items():
        assert (state is State.BLOCKED) == (name not in by_nature and bool(oracle.blockers(name)))


@given(forests())
@moderately
def test_what_a_task_blocks_is_what_says_it_is_blocked_by_it(tasks: tuple[Task, ...]) -> None:
    made = plan(tasks, CONFIG)
    pairs = {(name, other) for name, others in made.blocks.items() for other in others}
    waits = ((other, name) for name, others in made.blocked_by.items() for other in others)
    assert pairs == {(name, other) for name, other in waits if name in made.tasks}
