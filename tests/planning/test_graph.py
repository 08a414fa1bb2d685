"""Waits, cycles and what gets free."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.core.task import Status, Task
from mdtodo.planning.graph import Graph, Tracker
from tests.planning.outlines import Oracle, forests, moderately, outline

if TYPE_CHECKING:
    import random

BLOCKED = [
    pytest.param("- a\n- b after:a", {"b": "a"}, id="after"),
    pytest.param("- [x] a\n- b after:a", {}, id="after what is done"),
    pytest.param("- [-] a\n- b after:a", {}, id="after what is cancelled"),
    pytest.param("- [/] a\n- b after:a", {"b": "a"}, id="after what is being done"),
    pytest.param("- a after:c,b\n- b\n- c", {"a": "c b"}, id="in the order written"),
    pytest.param("- a after:nobody", {"a": "nobody"}, id="unknown names block"),
    pytest.param("1. a\n2. b\n3. c", {"b": "a", "c": "b"}, id="an ordered list"),
    pytest.param("1. a\n2. [x] b\n3. c", {}, id="waits for the one before, not for all"),
    pytest.param("- p\n  - a\n  - b", {"p": "a b"}, id="a parent waits for its subtasks"),
    pytest.param("- p\n  - [x] a\n  - [-] b", {}, id="closed subtasks hold nobody up"),
    pytest.param(
        "- x\n- p after:x\n  - a\n    - b", {"p": "x a", "a": "x b", "b": "x"}, id="a subtree waits"
    ),
    pytest.param(
        "1. x\n2. p\n  1. a\n  2. b",
        {"p": "x a b", "a": "x", "b": "a x"},
        id="a subtree of an ordered item waits",
    ),
    pytest.param("- p\n  - [x] q\n    - a", {}, id="open below a ticked one"),
    pytest.param("- x\n- [x] a after:x", {}, id="a closed task waits for nothing"),
    pytest.param("- ~a\n- b after:~a", {"b": "~a"}, id="only explicit ids are names"),
]


@pytest.mark.parametrize(("text", "expected"), BLOCKED)
def test_a_task_is_blocked_by_what_its_waits_and_parents_wait_for(
    text: str, expected: dict[str, str]
) -> None:
    graph = Graph(outline(text))
    found = {task.id: graph.blockers(task.id) for task in graph.tasks}
    assert found == {name: tuple(expected.get(name, "").split()) for name in found}


def test_a_name_that_two_tasks_have_is_the_first_ones() -> None:
    graph = Graph(outline("- a id:same\n- b id:same\n- c after:same"))
    assert graph.blockers("c") == ("a",)


CYCLES = [
    pytest.param("- a after:b\n- b after:a", ["a b a"], id="two"),
    pytest.param("- a after:a", ["a a"], id="itself"),
    pytest.param("- a\n- b after:c\n- c after:d\n- d after:b", ["b c d b"], id="three, from the first"),
    pytest.param("- a after:c\n- b after:a\n- c after:b", ["a c b a"], id="in the direction of the waits"),
    pytest.param("- p\n  - a after:p", ["p a p"], id="a subtask after its parent"),
    pytest.param("- p after:a\n  - a", ["p a p"], id="a parent after its subtask"),
    pytest.param("- p after:b\n  - a\n    - b", ["p b a p"], id="a parent after what is deeper inside"),
    pytest.param("1. a after:b\n2. b", ["a b a"], id="against the list's order"),
    pytest.param("1. p\n  - a after:b\n2. b", ["p a b p"], id="through nesting and a list"),
    pytest.param("- a after:b\n- b after:a\n- c after:d\n- d after:c", ["a b a", "c d c"], id="two of them"),
    pytest.param("- a after:b\n- b after:a,c\n- c after:a", ["a b a"], id="one for each knot"),
    pytest.param("- a after:b\n- [x] b after:a", [], id="a closed task breaks it"),
    pytest.param("- p\n  - a\n  - b after:a", [], id="none"),
]


@pytest.mark.parametrize(("text", "paths"), CYCLES)
def test_each_cycle_is_told_as_its_shortest_path(text: str, paths: list[str]) -> None:
    graph = Graph(outline(text))
    assert [" ".join(path) for path in graph.cycles] == paths


def test_a_detour_through_a_parent_is_left_out() -> None:
    """Every way from v back to v passes p twice, and within lies p's own cycle."""
    graph = Graph(outline("- v after:x\n- p after:q\n  - c after:v\n  - x\n- q after:p"))
    assert graph.cycles == (("p", "q", "p"),)


def test_edges_are_the_waits_of_the_tasks_themselves() -> None:
    graph = Graph(outline("1. x\n2. p\n  - [x] a\n  - b after:a"))
    assert tuple(graph.edges) == (("p", "x"), ("p", "a"), ("p", "b"), ("b", "a"))
    assert [graph.is_awaited(name) for name in "xpab"] == [True, False, True, True]


def test_long_chains_and_deep_nesting_need_no_stack() -> None:
    count = 10_000
    chain = [
        Task(f"t{i}", f"t{i}", "TODO.md", i + 1, "", Status.TODO, after=(f"t{(i + 1) % count}",))
        for i in range(count)
    ]
    assert len(Graph(chain).cycles[0]) == count + 1
    nest = [
        Task(f"t{i}", None, "TODO.md", i + 1, "", Status.TODO, parent=f"t{i - 1}" if i else None, depth=i)
        for i in range(count)
    ]
    tracker = Tracker(Graph(nest))
    assert tracker.ready() == (f"t{count - 1}",)


@moderately
@given(forests())
def test_blockers_are_what_the_rules_say(tasks: tuple[Task, ...]) -> None:
    graph, oracle = Graph(tasks), Oracle(tasks)
    for task in tasks:
        blockers = graph.blockers(task.id)
        assert len(set(blockers)) == len(blockers)
        assert set(blockers) == oracle.blockers(task.id)


@moderately
@given(forests(), st.randoms())
def test_the_tracker_agrees_with_a_fresh_look_after_every_close(
    tasks: tuple[Task, ...], chance: random.Random
) -> None:
    tracker, oracle = Tracker(Graph(tasks)), Oracle(tasks)
    assert list(tracker.ready()) == oracle.ready()
    names = list(oracle.tasks)
    chance.shuffle(names)
    for name in names:
        before = oracle.ready()
        assert tracker.close(name, Status.TODO) == ()
        freed = tracker.close(name, chance.choice([Status.DONE, Status.CANCELLED]))
        oracle.closed.add(name)
        assert list(tracker.ready()) == oracle.ready()
        assert list(freed) == [one for one in oracle.ready() if one not in before]
        assert tracker.close(name, Status.DONE) == ()


@moderately
@given(forests(unknown=False))
def test_there_is_a_cycle_exactly_where_something_can_never_run(tasks: tuple[Task, ...]) -> None:
    oracle = Oracle(tasks)
    stuck = oracle.tasks.keys() - oracle.closed - oracle.runnable()
    assert bool(Graph(tasks).cycles) == bool(stuck)


@moderately
@given(forests())
def test_every_cycle_is_real_and_told_once(tasks: tuple[Task, ...]) -> None:
    graph, oracle = Graph(tasks), Oracle(tasks)
    for path in graph.cycles:
        assert path[0] == path[-1]
        assert path[0] == min(path, key=graph.index.__getitem__)
        assert len(set(path)) == len(path) - 1
        assert all(oracle.leads(one, other) for one, other in itertools.pairwise(path)), path
        assert not oracle.runnable().intersection(path)
        assert not oracle.closed.issuperset(path)


@moderately
@given(forests(), st.randoms())
def test_the_order_in_which_tasks_are_given_makes_no_difference(
    tasks: tuple[Task, ...], chance: random.Random
) -> None:
    shuffled = list(tasks)
    chance.shuffle(shuffled)
    one, other = Graph(tasks), Graph(shuffled)
    assert one.cycles == other.cycles
    assert [*one.edges] == [*other.edges]
    assert one.topological_order == other.topological_order


@moderately
@given(forests(6))
def test_each_knot_of_cycles_is_told_as_one_path(tasks: tuple[Task, ...]) -> None:
    """As networkx finds them among starts and ends."""
    graph = Graph(tasks)
    waits = networkx.DiGraph(dict(enumerate(graph.open_waits)))
    knots = [
        component
        for component in networkx.strongly_connected_components(waits)
        if len(component) > 1 or any(waits.has_edge(node, node) for node in component)
    ]
    assert graph.cyclic == frozenset().union(*knots)
    for path in graph.cycles:
        assert any({graph.index[name] for name in path} <= {node // 2 for node in knot} for knot in knots), (
            path
        )
    assert len(graph.cycles) == len(knots)
