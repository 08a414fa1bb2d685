"""Several attempts in one pool process: none may be taken for another, nor end with it, but for the process's death."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from mdtodo.execution.executor import PREFETCH
from mdtodo.execution.local import pool, workers
from mdtodo.execution.local.pool import LocalPool
from tests.execution.conftest import Bench
from tests.execution.local import test_pool
from tests.execution.local.test_pool import gate, open_gate, runner
from tests.processes import eventually, pid_in, runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Leaves a daemon of its own session whose parent is the pool process from its first moment on.
DAEMON = '(setsid sh -c "echo \\$\\$ > {name}; exec sleep 60" > /dev/null 2>&1 &); '


@pytest.fixture(autouse=True)
def _one_process_for_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "available_cpus", lambda: 1)
    monkeypatch.setattr(workers, "_PROCESSES", 1)


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Bench]:
    """A bench on a pool of four attempts at once, all in one process."""
    with LocalPool(4) as pool:
        yield Bench(pool, tmp_path)


def begun(bench: Bench, run: str, name: str) -> tuple[str, int]:
    """An attempt that has written its process id to a file of this name."""
    attempt = bench.start(run)
    return attempt, pid_in(bench.folder / name)


@pytest.mark.parametrize(
    ("jobs", "places"), [(1, [1]), (4, [4]), (9, [5, 4]), (20, [7, 7, 6]), (50, [8, 7, 7, 7, 7, 7, 7])]
)
def test_processes_carry_out_as_many_together_as_the_pool_may(
    tmp_path: Path, jobs: int, places: list[int]
) -> None:
    with LocalPool(jobs) as pool:
        bench = Bench(pool, tmp_path)
        attempts = [bench.start("exec sleep 60", grace=0.0) for _ in range(jobs + 1)]
        pids = [bench.wait(attempt, "started").pid or 0 for attempt in attempts[:-1]]
        by_worker = [bench.worker(pid) for pid in pids]
        assert sorted(map(by_worker.count, set(by_worker)), reverse=True) == places
        pool.events(0.1)
        assert not [event for event in bench.events if event.attempt == attempts[-1]]
        for attempt in attempts:
            pool.cancel(attempt)
        assert all(bench.ended(attempt).interrupted for attempt in attempts)


def test_few_attempts_have_a_process_each(tmp_path: Path) -> None:
    with LocalPool(20) as pool:
        bench = Bench(pool, tmp_path)
        attempts = [bench.start(gate(bench, name)) for name in "abc"]
        pids = [bench.wait(attempt, "started").pid or 0 for attempt in attempts]
        assert len({bench.worker(pid) for pid in pids}) == 3
        for name in "abc":
            open_gate(bench, name)


@pytest.mark.parametrize("how", ["cancel", "timeout"])
def test_one_that_is_ended_takes_its_daemons_along_and_nothing_of_others(crowd: Bench, how: str) -> None:
    stay, other = begun(crowd, DAEMON.format(name="daemon") + gate(crowd, "stay"), "stay.pid")
    kept = pid_in(crowd.folder / "daemon")
    over = crowd.start(DAEMON.format(name="left"))
    left = pid_in(crowd.folder / "left")
    assert crowd.ended(over).exit_code == 0
    fled = DAEMON.format(name="fled") + "trap '' TERM; echo $$ > up; while :; do sleep 60; done"
    timeout = 1.0 if how == "timeout" else 60.0
    victim = crowd.start(fled, timeout=timeout, grace=0.2)
    daemon, leader = (pid_in(crowd.folder / name) for name in ("fled", "up"))
    assert crowd.worker(leader) == crowd.worker(other) == crowd.worker(daemon) == crowd.worker(kept)
    if how == "cancel":
        crowd.pool.cancel(victim)
    result = crowd.ended(victim)
    assert (result.interrupted, result.timed_out) == (how == "cancel", how == "timeout")
    assert not runs(daemon)
    assert not runs(leader)
    assert all(map(runs, (other, kept, left)))
    open_gate(crowd, "stay")
    assert crowd.ended(stay).exit_code == 0
    for pid in (kept, left):
        os.kill(pid, signal.SIGKILL)


def test_what_has_run_alone_takes_along_also_what_bears_no_mark(crowd: Bench) -> None:
    fled = "(setsid env -i sh -c 'echo $$ > fled; exec sleep 60' > /dev/null 2>&1 &); "
    victim, _ = begun(crowd, fled + "echo $$ > up; sleep 60", "up")
    daemon = pid_in(crowd.folder / "fled")
    crowd.pool.cancel(victim)
    assert crowd.ended(victim).interrupted
    assert not runs(daemon)


def test_all_that_a_killed_process_carried_out_is_lost_and_the_rest_is_done_by_others(crowd: Bench) -> None:
    names = "abcd"
    attempts = [crowd.start(f"echo $$ > {name}; sleep 60; sleep 60") for name in names]
    leaders = [pid_in(crowd.folder / name) for name in names]
    for attempt in attempts:
        crowd.wait(attempt, "started")
    waiting = [crowd.start("true") for _ in range(6)]
    os.kill(crowd.worker(leaders[0]), signal.SIGKILL)
    assert {crowd.wait(attempt).kind for attempt in attempts} == {"lost"}
    assert not any(map(runs, leaders))
    assert [crowd.ended(attempt).exit_code for attempt in waiting] == [0] * 6


def test_a_killed_runner_leaves_nothing_of_attempts_that_shared_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = "from mdtodo.execution.local import workers\nworkers.available_cpus = lambda: 1\n"
    shared += "workers._PROCESSES = 1\npool = LocalPool(4)\n"
    monkeypatch.setattr(test_pool, "_RUNNER", test_pool._RUNNER.replace("pool = LocalPool(2)\n", shared))
    stubborn = DAEMON.format(name="fled") + "trap '' TERM; echo $$ > a; while :; do sleep 60; done"
    process = runner(Bench(LocalPool(1), tmp_path), stubborn, "echo $$ > b; exec sleep 60")
    pids = [pid_in(tmp_path / name) for name in ("a", "b", "fled")]
    (worker,) = {psutil.Process(pid).ppid() for pid in pids}
    process.kill()
    process.communicate()
    eventually(lambda: not any(runs(pid) for pid in (*pids, worker)))


def test_output_and_notes_of_each_are_its_own(crowd: Bench) -> None:
    run = (
        'echo $MDTODO_TASK_ID; echo "{\\"note\\": \\"$(cat | cut -c 9-12)\\"}" >> "$MDTODO_OUTPUT"; sleep 0.1'
    )
    tasks = [{"id": f"t{number:03}", "title": "Title"} for number in range(40)]
    attempts = [crowd.start(run, task=task, env={"MDTODO_TASK_ID": task["id"]}) for task in tasks]
    for attempt, task in zip(attempts, tasks, strict=True):
        result = crowd.ended(attempt)
        assert (result.tail, result.notes) == (f"{task['id']}\n", (task["id"],))


def test_what_stands_alone_has_a_process_to_itself_and_runs_beside_the_others(crowd: Bench) -> None:
    (crowd.folder / "mine.py").write_text(
        "import os, time\ndef main(task):\n    print(os.getpid(), file=open(task.id, 'w'))\n    time.sleep(60)\n"
    )
    commands = [begun(crowd, gate(crowd, name), f"{name}.pid") for name in "ab"]
    functions = [
        crowd.start(python="mine:main", grace=0.0, task={"id": name, "title": "Title"}) for name in "xy"
    ]
    pids = [pid for _, pid in commands] + [pid_in(crowd.folder / name) for name in "xy"]
    places = [crowd.worker(pid) for pid in pids]
    assert places[0] == places[1]
    assert len(set(places)) == 3
    for name in "ab":
        open_gate(crowd, name)
    assert all(crowd.ended(attempt).exit_code == 0 for attempt, _ in commands)
    for attempt in functions:
        crowd.pool.cancel(attempt)
        assert crowd.ended(attempt).interrupted


def test_no_more_than_the_capacity_run_also_where_there_are_processes_of_what_stood_alone(
    crowd: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These stay, and are given other attempts: together they have more places than may be taken."""
    monkeypatch.setattr(pool, "ahead", lambda _mean: PREFETCH)
    (crowd.folder / "mine.py").write_text("def main(task):\n    pass\n")
    held, _ = begun(crowd, gate(crowd, "a"), "a.pid")
    functions = [crowd.start(python="mine:main") for _ in range(2)]
    assert all(crowd.ended(attempt).exit_code == 0 for attempt in functions)
    attempts = [crowd.start("exec sleep 60", grace=0.0) for _ in range(12)]
    for attempt in attempts[:3]:
        crowd.wait(attempt, "started")
    crowd.events += crowd.pool.events(0.2)
    assert crowd.pool._workers.at_work == 4
    assert not [one for one in crowd.events if one.attempt in attempts[3:]]
    for attempt in reversed(attempts):
        crowd.pool.cancel(attempt)
    assert all(crowd.ended(attempt).interrupted for attempt in attempts)
    open_gate(crowd, "a")
    assert crowd.ended(held).exit_code == 0
