"""The order of starting, the critical path, the work that is reckoned with, and lanes."""

from __future__ import annotations

import itertools
import random
from functools import cache

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mdtodo.config.load import load
from mdtodo.config.settings import DEFAULT
from mdtodo.core.task import Priority, Status, Task
from mdtodo.planning.graph import Graph
from mdtodo.planning.plan import plan
from mdtodo.planning.schedule import Lanes, chain, critical_path, order, ranks, sort_keys, work_minutes
from tests.examples import examples
from tests.planning.outlines import Oracle, forests, moderately, outline
from tests.timing import cpu_seconds, grows_linearly

Key = tuple[int, float, int, str]

ORDERS = [
    pytest.param("- a !low\n- b\n- c !high\n- d !critical", "d c b a", id="priority first"),
    pytest.param("- a\n- b\n- c after:b", "b a c", id="then the longest chain, in tasks"),
    pytest.param("- a\n- b\n- c\n- d after:b est:30\n- e after:c est:60", "c e b d a", id="then, in minutes"),
    pytest.param(
        "- a\n- b\n- c after:b est:30\n- d after:c est:45\n- e after:a est:60",
        "b c a e d",
        id="the whole chain counts",
    ),
    pytest.param(
        "- a\n- b\n- c after:a est:60\n- d after:b\n- e after:d", "a c b d e", id="minutes before tasks"
    ),
    pytest.param("- a est:1\n- b est:600\n- c after:a est:30", "b a c", id="its own work is part of it"),
    pytest.param("- a est:30\n- b est:20\n- c after:b est:20", "b a c", id="as what comes after it is"),
    pytest.param("- a est:30\n- b est:10\n- c after:b est:20", "b a c", id="of equal minutes, by tasks"),
    pytest.param("- a\n- b est:30\n- c est:60\n- d est:60", "c d b a", id="the longest first"),
    pytest.param("- a est:30 due:2026-01-01\n- b est:60", "b a", id="before the due date"),
    pytest.param("- a est:60\n- b est:60 due:2026-01-01", "b a", id="which decides where they are equal"),
    pytest.param(
        "- a #backend est:10\n- b #frontend est:30\n- c #backend est:60\n- d est:20",
        "c b d a",
        id="a category goes together only among equals",
    ),
    pytest.param("- a\n- b due:2026-02-01\n- c due:2026-01-01", "c b a", id="then the due date"),
    pytest.param("- a\n- b due:2026-01-01\n- c after:a", "a b c", id="the chain before the due date"),
    pytest.param("- a #backend\n- b #frontend\n- c #backend", "a c b", id="equals of a category go together"),
    pytest.param(
        "- x est:60\n- a #backend\n- b\n- c #backend after:x", "x a c b", id="also what gets ready later"
    ),
    pytest.param("- a\n- b #frontend\n- c\n- d #frontend", "a b d c", id="no category is none in common"),
    pytest.param("- a #backend\n- b #frontend\n- c #backend !low", "a b c", id="only equals go together"),
    pytest.param(
        "- x est:60\n- a #backend after:x\n- b #frontend\n- c\n- d #backend",
        "x a b c d",
        id="as of what is ready",
    ),
    pytest.param("- p\n  - a\n  - b\n- c", "a b c p", id="a parent after its subtasks; its own work is none"),
    pytest.param("1. a !low\n2. b !critical\n- c", "c a b", id="a list's order before priority"),
    pytest.param(
        "- a after:nobody\n- b\n- c after:d\n- d after:c", "b a c d", id="what can never run stands last"
    ),
    pytest.param(
        "- s\n- r\n- a after:b\n- b after:a\n- d after:r,a est:30\n- e after:d est:60\n- f after:s est:60",
        "r s f d e a b",
        id="a chain behind a cycle counts too",
    ),
    pytest.param("- [x] a\n- [-] b\n- [/] c", "c", id="only open tasks"),
]


def in_order(tasks: tuple[Task, ...]) -> tuple[str, ...]:
    return plan(tasks, DEFAULT).order


@pytest.mark.parametrize(("text", "expected"), ORDERS)
def test_tasks_are_ordered_by_priority_longest_chain_and_due_date(text: str, expected: str) -> None:
    assert " ".join(in_order(outline(text))) == expected


def test_files_come_before_lines() -> None:
    tasks = outline("- c\n- a", "b.md") + outline("- d\n- b", "a.md")
    assert in_order(tasks) == ("d", "b", "c", "a")


WORK = [
    pytest.param("- a est:60", {"a": 60}, id="its estimate"),
    pytest.param("- a", {"a": 0}, id="none"),
    pytest.param("- p est:90\n  - a est:60\n  - b est:30", {"p": 0, "a": 60, "b": 30}, id="shared out"),
    pytest.param("- p est:90\n  - a est:60\n  - b", {"p": 30, "a": 60, "b": 0}, id="left over"),
    pytest.param("- p est:90\n  - [x] a est:60\n  - b", {"p": 30, "b": 0}, id="closed shares count"),
    pytest.param("- p est:60\n  - a est:90", {"p": 0, "a": 90}, id="never below nothing"),
    pytest.param("- p est:90\n  - q\n    - a est:60", {"p": 30, "q": 0, "a": 60}, id="shares further down"),
]


@pytest.mark.parametrize(("text", "expected"), WORK)
def test_the_work_of_a_task_is_its_estimate_less_that_of_its_subtasks(
    text: str, expected: dict[str, float]
) -> None:
    assert work_minutes(Graph(outline(text)), {}) == expected


MEASURED = load(
    None, b'[processors.p]\nrun = "true"\nmatch = { title = "^s" }\n[processors.q]\nrun = "true"\n'
)
EXPECTED = [
    pytest.param("- a est:30\n- b est:60", {"a": 7200}, {"a": 30, "b": 60}, id="estimates first"),
    pytest.param("- a run:q", {"a": 7200}, {"a": 120}, id="then its own past"),
    pytest.param(
        "- [x] a\n- b run:q\n- c run:q", {"a": 60, "b": 180}, {"b": 3, "c": 2}, id="then the median of all"
    ),
    pytest.param("- a run:q", {"gone": 60}, {"a": 1}, id="also of what is gone"),
    pytest.param("- a\n- b run:q", {"b": 60, "gone": 60}, {"a": 0, "b": 1}, id="none of a manual task"),
    pytest.param("- a", {"a": 60}, {"a": 0}, id="also where it had a processor once"),
    pytest.param("- a est:30", {"a": 60}, {"a": 30}, id="a manual task has its estimate"),
    pytest.param(
        "- [x] a same\n- [x] b same\n- c same\n- d same run:q",
        {"a": 60, "b": 180, "x": 6000, "y": 6000, "z": 6000},
        {"c": 2, "d": 100},
        id="before that of the same processor and title",
    ),
    pytest.param(
        "- p\n  - a run:q", {"x": 60}, {"p": 0, "a": 1}, id="none for what is ticked with its subtasks"
    ),
    pytest.param("- p run:q\n  - a run:q", {"x": 60}, {"p": 1, "a": 1}, id="but for a final check"),
    pytest.param("- a", {}, {"a": 0}, id="nothing was measured"),
]


@pytest.mark.parametrize(("text", "seconds", "minutes"), EXPECTED)
def test_the_length_of_a_task_is_its_estimate_or_that_of_past_runs(
    text: str, seconds: dict[str, float], minutes: dict[str, float]
) -> None:
    assert plan(outline(text), MEASURED, durations=seconds).minutes == minutes


def past(*minutes: float, run: str = "q") -> tuple[str, dict[str, float]]:
    """A sketch of done tasks that were estimated at an hour each, and their seconds."""
    names = [f"x{number}" for number in range(len(minutes))]
    sketch = "".join(f"- [x] {name} run:{run} est:60\n" for name in names)
    return sketch, dict(zip(names, (60 * one for one in minutes), strict=True))


CORRECTED = [
    pytest.param(past(6, 12, 24, 30, 600), "- a run:q est:60", {"a": 24}, id="by the median"),
    pytest.param(past(90, 90, 90, 90, 90), "- a run:q est:60", {"a": 90}, id="upwards"),
    pytest.param(past(6, 12, 24, 30), "- a run:q est:60", {"a": 60}, id="not by four"),
    pytest.param(
        past(6, 6, 6, 6, 6),
        "- a est:60\n- b run:p est:60",
        {"a": 60, "b": 60},
        id="of none but its processor",
    ),
    pytest.param(past(6, 6, 6, 6, 6), "- a run:q est:0", {"a": 0}, id="nothing stays nothing"),
    pytest.param(
        past(6, 6, 6, 6, 6),
        "- p run:q est:90\n  - a run:q est:60\n  - b",
        {"p": 3, "a": 6, "b": 0},
        id="what is left over",
    ),
    pytest.param(past(6, 6, 6, 6, 6), "- [-] c run:q est:60\n- a run:q", {"a": 6}, id="only estimates"),
]


@pytest.mark.parametrize(("done", "text", "minutes"), CORRECTED)
def test_estimates_are_corrected_by_what_those_of_their_processor_took(
    done: tuple[str, dict[str, float]], text: str, minutes: dict[str, float]
) -> None:
    made = plan(outline(done[0] + text), MEASURED, durations=done[1])
    assert made.minutes == pytest.approx(minutes)
    changed = any(made.tasks[name].estimate not in (None, 0, took) for name, took in minutes.items())
    assert bool(made.corrected) == changed


def test_parents_tell_nothing_of_estimates() -> None:
    parents = "".join(f"- p{n} run:q est:60\n  - [x] s{n}\n" for n in range(5))
    seconds = {f"p{n}": 60.0 for n in range(5)}
    assert plan(outline(parents + "- a run:q est:60"), MEASURED, durations=seconds).corrections == {}


def test_past_runs_count_in_the_order() -> None:
    tasks = outline("- a\n- b\n- c after:a est:60\n- d after:b run:q")
    assert plan(tasks, MEASURED, durations={"d": 7200.0}).order == ("b", "d", "a", "c")


PATHS = [
    pytest.param("- a est:30\n- b est:60\n- c after:a est:60", "a c", id="the longest in minutes"),
    pytest.param("- a\n- b\n- c after:b", "b c", id="else in tasks"),
    pytest.param("- a est:30\n- b est:30", "a", id="of equals the first"),
    pytest.param("- p\n  - a est:30\n  - b est:60\n- c after:p est:10", "b p c", id="through a parent"),
    pytest.param("- x est:10\n- p after:x\n  - a est:30", "x a p", id="into a subtree"),
    pytest.param("- a est:30\n- b after:a,nobody est:600", "a", id="only what can run"),
    pytest.param("- a after:b est:600\n- b after:a\n- c", "c", id="no cycles"),
    pytest.param("- [x] a est:600", "", id="nothing is open"),
]


@pytest.mark.parametrize(("text", "expected"), PATHS)
def test_the_critical_path_is_the_longest_chain(text: str, expected: str) -> None:
    assert " ".join(plan(outline(text), DEFAULT).critical_path) == expected


def chains(oracle: Oracle) -> dict[str, tuple[float, int]]:
    """The chain of work that begins with each open task, by its definition; needs a forest without cycles."""
    minutes = work_minutes(Graph(tuple(oracle.tasks.values())), {})

    @cache
    def after_end(name: str) -> tuple[float, int]:
        task = oracle.tasks[name]
        waiting = {other for other in oracle.tasks if name in oracle.waits(other)} | {task.parent or name}
        return max((through(other) for other in waiting - oracle.closed - {name}), default=(0.0, 0))

    def through(name: str) -> tuple[float, int]:
        more, tasks = after_end(name)
        return more + minutes[name], tasks + (not oracle.tasks[name].children)

    return {name: through(name) for name in oracle.tasks if name not in oracle.closed}


@moderately
@given(forests(unknown=False))
def test_the_order_is_the_best_choice_at_every_step(tasks: tuple[Task, ...]) -> None:
    oracle = Oracle(tasks)
    runnable = oracle.runnable()
    planned = plan(tasks, DEFAULT)
    assert sorted(planned.order) == sorted(set(oracle.tasks) - oracle.closed)
    if len(runnable) < len(planned.order):
        return
    keys = {name: _key(oracle.tasks[name], chain) for name, chain in chains(oracle).items()}
    now = oracle.ready()
    assert [name for name in planned.order if name in now] == together(now, keys, oracle)
    for name in planned.order:
        ready = oracle.ready()
        assert keys[name] == min(keys[one] for one in ready)
        assert name in ready
        oracle.closed.add(name)


def together(ready: list[str], keys: dict[str, Key], oracle: Oracle) -> list[str]:
    """By key; equals in file order, but each takes those of its category with it."""
    left = sorted(ready, key=lambda name: (keys[name], list(oracle.tasks).index(name)))
    found: list[str] = []
    while left:
        first = left.pop(0)
        tags = oracle.tasks[first].tags
        more = [one for one in left if tags and keys[one] == keys[first] and oracle.tasks[one].tags == tags]
        left = [one for one in left if one not in more]
        found += [first, *more]
    return found


def _key(task: Task, chain: tuple[float, int]) -> Key:
    return task.priority.rank, -chain[0], -chain[1], task.due or "9"


@moderately
@given(forests())
def test_tasks_that_can_run_come_first_in_an_order_that_can_be_run(tasks: tuple[Task, ...]) -> None:
    oracle = Oracle(tasks)
    runnable = oracle.runnable()
    planned = in_order(tasks)
    for name in planned[: len(runnable)]:
        assert not oracle.blockers(name)
        oracle.closed.add(name)
    assert runnable.isdisjoint(planned[len(runnable) :])
    assert len(planned) == len(set(planned))


def test_a_parent_that_only_waits_to_be_ticked_is_a_path_of_its_own() -> None:
    """Also where another may begin and never end: its subtask waits for it."""
    graph = Graph(outline("- a\n  - b after:a\n- p\n  - [x] d"))
    assert critical_path(graph, {}) == ("p",)


@moderately
@given(forests(7))
def test_no_chain_is_longer_than_the_critical_path(tasks: tuple[Task, ...]) -> None:
    graph, oracle = Graph(tasks), Oracle(tasks)
    minutes = work_minutes(graph, {})
    runnable = oracle.runnable()
    found = critical_path(graph, minutes)
    assert set(found) <= runnable
    assert bool(found) == bool(runnable)
    for one, other in itertools.pairwise(found):
        assert one in oracle.waits(other) or oracle.tasks[one].parent == other
    waits = networkx.DiGraph()
    for name in runnable:
        waits.add_edge("before all", name, weight=minutes[name])
    for one, other in itertools.permutations(runnable, 2):
        if one in oracle.waits(other) or oracle.tasks[one].parent == other:
            waits.add_edge(one, other, weight=minutes[other])
    assert sum(minutes[name] for name in found) == networkx.dag_longest_path_length(waits)


@moderately
@given(forests(), st.randoms())
def test_the_plan_is_the_same_however_the_tasks_come(tasks: tuple[Task, ...], chance: random.Random) -> None:
    shuffled = list(tasks)
    chance.shuffle(shuffled)
    one, other = plan(tasks, DEFAULT), plan(shuffled, DEFAULT)
    assert (one.order, one.critical_path, one.blocked_by) == (
        other.order,
        other.critical_path,
        other.blocked_by,
    )
    assert list(one.tasks) == list(other.tasks)
    assert one.states == other.states


def test_ranks_say_which_of_the_ready_tasks_is_next() -> None:
    graph = Graph(outline("- a\n- b\n- c !high after:b\n- [x] d"))
    found = ranks(graph, {}, {})
    assert found == {"c": 0, "b": 1, "a": 2}
    assert order(graph, found) == ("b", "c", "a")


def many(count: int) -> list[Task]:
    chance = random.Random(count)
    names = [f"t{number}" for number in range(count)]
    return [
        Task(
            id=name,
            explicit_id=name,
            file="TODO.md",
            line=number + 1,
            title="Write the tests of the database service that people use every day",
            status=Status.TODO,
            after=tuple({names[chance.randrange(number)] for _ in range(2)}) if number else (),
            priority=chance.choice(list(Priority)),
            estimate=chance.choice([None, 30, 480]),
        )
        for number, name in enumerate(names)
    ]


def test_ten_thousand_tasks_with_twenty_thousand_waits_are_planned_in_linear_time() -> None:
    def seconds(count: int) -> float:
        tasks = many(count)
        return cpu_seconds(lambda: plan(tasks, DEFAULT))

    assert sum(len(task.after) for task in many(10_000)) > 19_900
    assert grows_linearly(seconds, 1_000, 10_000)


class LanesNeverOverflow(RuleBasedStateMachine):
    """Whatever is started and finished, caps and `jobs` hold, and room is given where there is room."""

    def __init__(self) -> None:
        super().__init__()
        self.caps = {"critical": 2, "general": 1}
        self.lanes = Lanes(self.caps, 3)
        self.running: list[str] = []

    @rule(lane=st.sampled_from(["critical", "general", "unheard-of"]))
    def start(self, lane: str) -> None:
        room = len(self.running) < 3 and self.running.count(lane) < self.caps.get(lane, 1)
        assert self.lanes.may_start(lane) == room
        if room:
            self.lanes.start(lane)
            self.running.append(lane)
        else:
            with pytest.raises(ValueError, match="no room"):
                self.lanes.start(lane)

    @precondition(lambda self: self.running)
    @rule(chance=st.randoms())
    def finish(self, chance: random.Random) -> None:
        self.lanes.finish(self.running.pop(chance.randrange(len(self.running))))

    @invariant()
    def counts_hold(self) -> None:
        for lane in ("critical", "general", "unheard-of"):
            assert self.lanes.active(lane) == self.running.count(lane) <= self.lanes.capacity(lane)


TestLanes = LanesNeverOverflow.TestCase
TestLanes.settings = examples(25, stateful_step_count=20)


def test_lanes_refuse_what_cannot_be() -> None:
    lanes = Lanes({"low": 50}, 2)
    assert (lanes.capacity("low"), lanes.capacity("unheard-of")) == (2, 1)
    with pytest.raises(ValueError, match="nothing is running"):
        lanes.finish("low")
    with pytest.raises(ValueError, match="at least 1"):
        Lanes({}, 0)


@moderately
@given(forests())
def test_the_chain_that_is_shown_is_the_one_that_decides(tasks: tuple[Task, ...]) -> None:
    graph = Graph(tasks)
    minutes = work_minutes(graph, {})
    for name, standing in sort_keys(graph, minutes).items():
        path = chain(graph, minutes, name)
        assert path[0] == name
        assert sum(minutes[one] for one in path) == -standing.minutes
