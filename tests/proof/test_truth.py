"""The model says of small histories what the rule says in words."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.proof.truth import NOTHING, Credit, Facts, Truth
from tests.proof.versions import Line, Version

TITLE = "six words are in this title"
TASK = Line(1, TITLE, run="a")
RECEIPT = Facts((Credit(1, "done", "a"),), run="r1")
REOPENED = Facts((Credit(1, "todo", "person"),), run="r2")


@dataclass
class Graph:
    """Commits of one task, each on top of the last unless parents are given."""

    truth: Truth = field(default_factory=Truth)

    def __call__(self, task: Line | None, facts: Facts = NOTHING, *parents: int, other: str = "") -> int:
        lines = ((task,) if task else ()) + ((Line(2, other),) if other else ())
        last = len(self.truth.commits) - 1
        above = parents or ((last,) if last >= 0 else ())
        number = len(self.truth.commits)
        return self.truth.add(f"{number}", above, Version({"TODO.md": lines}), "", "here", facts).number

    def proven(self) -> bool | None:
        return self.truth.verdicts(len(self.truth.commits) - 1)[1].proven


@pytest.fixture
def graph() -> Graph:
    """One open task."""
    made = Graph()
    made(TASK)
    return made


OPEN, DONE = TASK, TASK._replace(done=True)


@pytest.mark.parametrize(
    ("steps", "proven"),
    [
        pytest.param([(DONE, RECEIPT)], True, id="receipt"),
        pytest.param([(DONE, NOTHING)], False, id="hand"),
        pytest.param([(DONE, NOTHING), (DONE, RECEIPT)], True, id="receipt follows"),
        pytest.param([(DONE, NOTHING), (DONE, Facts(accepts=True))], True, id="accepted"),
        pytest.param([(DONE, RECEIPT), (OPEN, REOPENED), (DONE, RECEIPT)], True, id="again"),
        pytest.param(
            [(DONE, RECEIPT), (OPEN, REOPENED), (DONE, Facts(undoes="r2", run="r3"))], True, id="undone"
        ),
        pytest.param(
            [(DONE, NOTHING), (OPEN, REOPENED), (DONE, Facts(undoes="r2", run="r3"))],
            False,
            id="undone, hand",
        ),
        pytest.param([(DONE, RECEIPT), (OPEN, REOPENED), (DONE, NOTHING)], None, id="same tree"),
        pytest.param([(DONE, RECEIPT), (DONE._replace(run="b"), NOTHING)], False, id="another run"),
        pytest.param([(DONE._replace(run=None), NOTHING)], False, id="run taken away"),
        pytest.param([(DONE, RECEIPT), (None, NOTHING), (DONE, NOTHING)], None, id="added again"),
        pytest.param(
            [(DONE, RECEIPT), (DONE._replace(title=TITLE.replace("six", "few")), NOTHING)],
            True,
            id="reworded",
        ),
    ],
)
def test_one_branch(graph: Graph, steps: list[tuple[Line | None, Facts]], proven: bool | None) -> None:
    for task, facts in steps:
        graph(task, facts)
    assert graph.proven() is proven


def test_a_hand_tick_after_an_opening_is_forged(graph: Graph) -> None:
    graph(DONE, RECEIPT)
    graph(OPEN, REOPENED)
    graph(DONE, other="so that the tree is another one")
    assert graph.proven() is False


def test_a_merge_has_the_better_of_both_sides(graph: Graph) -> None:
    hand, run = graph(DONE, NOTHING, 0, other="x"), graph(DONE, RECEIPT, 0)
    graph(DONE, NOTHING, hand, run, other="x")
    assert graph.proven() is True


def test_a_side_that_a_merge_has_dropped_proves_nothing(graph: Graph) -> None:
    ours, theirs = graph(OPEN, NOTHING, 0, other="x"), graph(DONE, RECEIPT, 0)
    graph(OPEN, NOTHING, ours, theirs, other="x")
    graph(DONE, other="x")
    assert graph.proven() is False


def test_a_tick_that_one_side_has_opened_and_ticked_by_hand_is_in_doubt(graph: Graph) -> None:
    start = graph(DONE, RECEIPT)
    graph(OPEN, REOPENED, start)
    hand = graph(DONE, other="x")
    graph(DONE, NOTHING, hand, start, other="x")
    assert graph.proven() is None


def test_a_tick_that_no_parent_of_a_merge_has_is_forged(graph: Graph) -> None:
    one, other = graph(OPEN, NOTHING, 0, other="x"), graph(OPEN, NOTHING, 0, other="y")
    graph(DONE, NOTHING, one, other)
    assert graph.proven() is False


def test_equal_tasks_are_in_doubt(graph: Graph) -> None:
    truth = graph.truth
    twin = DONE._replace(uid=3)
    truth.add("1", (0,), Version({"TODO.md": (DONE, twin)}), "", "here", RECEIPT)
    assert {uid: one.proven for uid, one in truth.verdicts(1).items()} == {1: None, 3: None}
