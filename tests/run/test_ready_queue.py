"""What is handed to the pool, and when: in advance only where no promise depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdtodo.config.load import load
from mdtodo.core.results import Outcome
from mdtodo.execution.executor import BACKLOG, PREFETCH, ahead
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.plan import plan
from mdtodo.run.ready_queue import ReadyQueue
from mdtodo.run.run_options import Options

if TYPE_CHECKING:
    from mdtodo.core.task import Task

CONFIG = """
[processors.ok]
run = "true"
match = { title = "." }
[lanes]
narrow = 2
wide = 40
"""


def ready_queue(text: str, jobs: int, options: Options | None = None) -> ReadyQueue:
    config = load(None, CONFIG.encode())
    return ReadyQueue(
        plan(read_tasks({"TODO.md": parse(text.encode())}), config), config, options or Options(), jobs
    )


def tasks(count: int, keys: str = "") -> str:
    return "".join(f"- [ ] task {number} {keys}\n" for number in range(count))


def hand_over(queue: ReadyQueue) -> list[Task]:
    """All that may be handed over now."""
    found: list[Task] = []
    while (task := queue.startable(0.0)) is not None:
        found.append(task)
    return found


def finish(queue: ReadyQueue, task: Task, seconds: float) -> None:
    queue.attempts[task.id].seconds = seconds
    queue.finish(task, Outcome.DONE)


def brisk(
    text: str, jobs: int, options: Options | None = None, *, seconds: float = 0.005
) -> tuple[ReadyQueue, list[Task]]:
    """A queue whose first `jobs` tasks took so long, and what it hands over next."""
    queue = ready_queue(text, jobs, options)
    first = hand_over(queue)
    assert len(first) == jobs, "of what nothing is known, no more than can run"
    for task in first:
        finish(queue, task, seconds)
    return queue, hand_over(queue)


@pytest.mark.parametrize("keys", ["", "lane:wide"])
def test_short_tasks_are_handed_over_in_advance(keys: str) -> None:
    """Also beyond the cap of a lane that more can run in than `jobs`: no more than that run."""
    _, handed = brisk(tasks(4 * PREFETCH, keys), 2)
    assert len(handed) == 2 * PREFETCH


@pytest.mark.parametrize(
    ("seconds", "each"), [(0.0, PREFETCH), (0.1, 10), (0.4, 2), (0.6, 1), (BACKLOG, 1), (3600.0, 1)]
)
def test_what_is_handed_over_in_advance_takes_a_second_at_most(seconds: float, each: int) -> None:
    _, handed = brisk(tasks(4 * PREFETCH), 2, seconds=seconds)
    assert len(handed) == 2 * each == 2 * ahead(seconds)


@pytest.mark.parametrize(
    ("text", "jobs", "limit", "count"),
    [
        ("", 4, None, 0),
        (tasks(3), 4, None, 3),
        (tasks(9), 4, None, 4),
        (tasks(9), 4, 2, 2),
        (tasks(9), 4, 0, 0),
        (tasks(9, "lane:narrow"), 4, None, 2),
        (tasks(9, "lane:narrow") + "- [ ] one\n- [ ] waits after:never\n", 9, None, 3),
    ],
)
def test_as_many_tasks_may_begin_as_are_handed_over_first(
    text: str, jobs: int, limit: int | None, count: int
) -> None:
    queue = ready_queue(text, jobs, Options(limit=limit))
    assert queue.may_begin == count
    assert len(hand_over(queue)) == count


def test_a_narrow_lane_holds_what_is_handed_over_and_no_other() -> None:
    text = tasks(5) + tasks(20, "lane:narrow !low") + "- [ ] other\n"
    queue, handed = brisk(text, 3)
    lanes = [task.lane for task in handed]
    assert (lanes.count("narrow"), lanes.count("medium")) == (2, 3)
    finish(queue, next(task for task in handed if task.lane == "narrow"), 0.001)
    assert [task.lane for task in hand_over(queue)] == ["narrow"]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        pytest.param(tasks(50), Options(fail_fast=True), id="one that fails is to stop the next"),
        pytest.param(
            "- [ ] urgent !critical after:id1\n- [ ] a id:id1 !high\n" + tasks(50), Options(), id="awaited"
        ),
    ],
)
def test_no_task_is_handed_over_ahead_of_one_that_could_come_first(text: str, options: Options) -> None:
    queue = ready_queue(text, 2, options)
    for seconds in (0.001, 0.001, 0.001):
        handed = hand_over(queue)
        assert len(queue.running) == 2
        finish(queue, handed[-1], seconds)


@given(st.data(), st.integers(1, 5), st.integers(1, 6))
def test_caps_hold_at_every_instant(data: st.DataObject, jobs: int, cap: int) -> None:
    """Whatever takes how long: of a lane with a cap below `jobs` never more than that are handed over, and
    while tasks are long never more than can run."""
    lanes = data.draw(st.lists(st.sampled_from(["one", "other", "lane"]), min_size=1, max_size=60))
    config = load(None, f"{CONFIG}one = {cap}\n".encode())
    text = "".join(f"- [ ] task {number} lane:{lane}\n" for number, lane in enumerate(lanes))
    queue = ReadyQueue(plan(read_tasks({"TODO.md": parse(text.encode())}), config), config, Options(), jobs)
    took = 0.0
    over = 0
    running: list[Task] = []
    while True:
        room = max(0, jobs - len(running))
        handed = hand_over(queue)
        running += handed
        if not running:
            break
        assert not over or ahead(took / over) > 1 or len(handed) <= room
        counts = {lane: sum(task.lane == lane for task in running) for lane in lanes}
        assert counts.get("one", 0) <= (cap if cap < jobs else jobs * PREFETCH)
        assert counts.get("other", 0) <= (1 if jobs > 1 else PREFETCH), "an unknown lane takes one"
        task = running.pop(data.draw(st.integers(0, len(running) - 1)))
        seconds = data.draw(st.sampled_from([0.001, 10.0]))
        took, over = took + seconds, over + 1
        finish(queue, task, seconds)
    assert len(queue.outcomes) == len(lanes)


@pytest.mark.parametrize(("limit", "expected"), [(None, 6), (5, 3), (2, 0)])
def test_what_comes_next_is_free_and_not_begun_and_within_the_limit(limit: int | None, expected: int) -> None:
    text = tasks(8) + "- [ ] waits id:waits after:last\n- [ ] last id:last run:none\n"
    queue = ready_queue(text, 2, Options(limit=limit))
    started = hand_over(queue)
    following = queue.upcoming(20)
    assert [task.title for task in following] == [f"task {number}" for number in range(2, 2 + expected)]
    assert not {task.id for task in following} & {task.id for task in started}
    assert queue.upcoming(1) == following[:1]
