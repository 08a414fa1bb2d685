"""Short tasks are given to a pool process several at once: none may be held up, lost, or done twice by it."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING

import psutil
import pytest

from mdtodo.execution.executor import PREFETCH
from mdtodo.execution.local import pool
from mdtodo.execution.local.pool import LocalPool
from tests.execution.conftest import Bench
from tests.execution.local.conftest import family
from tests.execution.local.test_pool import gate, open_gate
from tests.processes import eventually, pid_in, runs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def brisk(own_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench on a pool that has seen nothing but short tasks, also where the machine is slow, all in one folder."""
    monkeypatch.setattr(pool, "ahead", lambda _mean: PREFETCH)
    for attempt in [own_bench.start(["true"]) for _ in range(20)]:
        own_bench.wait(attempt)
    return own_bench


def both_busy(bench: Bench) -> list[str]:
    """Both processes wait at a gate, `a` and `b`."""
    attempts = [bench.start(gate(bench, name)) for name in "ab"]
    for name in "ab":
        pid_in(bench.folder / f"{name}.pid")
    return attempts


def marks(folder: Path) -> Counter[str]:
    return Counter((folder / "marks").read_text().split())


def test_a_long_attempt_does_not_hold_up_short_ones_that_were_submitted_with_it(brisk: Bench) -> None:
    long = brisk.start(gate(brisk, "a"))
    short = [brisk.start(f"echo {number} >> marks") for number in range(30)]
    for attempt in short:
        assert brisk.ended(attempt).exit_code == 0
    assert not [event for event in brisk.events if event.attempt == long and event.ends]
    open_gate(brisk, "a")
    brisk.wait(long)
    assert marks(brisk.folder) == Counter(str(number) for number in range(30))


def test_an_attempt_that_waits_at_a_process_can_be_cancelled_and_never_begins(brisk: Bench) -> None:
    gates = both_busy(brisk)
    waiting = [brisk.start(f"echo {number} >> marks") for number in range(20)]
    brisk.pool.events(0.05)
    for attempt in waiting[::2]:
        brisk.pool.cancel(attempt)
    cancelled = [brisk.wait(attempt) for attempt in waiting[::2]]
    assert all(
        (event.kind, (event.result and event.result.interrupted)) == ("finished", True) for event in cancelled
    )
    for name in "ab":
        open_gate(brisk, name)
    for attempt in [*gates, *waiting[1::2]]:
        assert brisk.ended(attempt).exit_code == 0
    assert marks(brisk.folder) == Counter(str(number) for number in range(1, 20, 2))
    ends = Counter(event.attempt for event in brisk.events if event.ends)
    assert set(ends.values()) == {1}


def test_a_cancellation_that_meets_an_attempt_as_it_begins_ends_it(brisk: Bench) -> None:
    gates = both_busy(brisk)
    waiting = [brisk.start("trap '' TERM; sleep 60", grace=0.1) for _ in range(4)]
    brisk.pool.events(0.05)
    for name in "ab":
        open_gate(brisk, name)
    for attempt in waiting:
        brisk.pool.cancel(attempt)
    for attempt in [*gates, *waiting]:
        brisk.wait(attempt)
    assert all(event.result for event in brisk.events if event.ends)


@pytest.mark.parametrize("victim", ["a", "b"])
def test_an_attempt_that_a_killed_process_had_not_begun_is_done_once_by_another(
    brisk: Bench, victim: str
) -> None:
    gates = dict(zip("ab", both_busy(brisk), strict=True))
    for attempt in gates.values():
        brisk.wait(attempt, "started")
    waiting = [brisk.start(f"echo {number} >> marks") for number in range(16)]
    brisk.pool.events(0.05)
    os.kill(brisk.worker(pid_in(brisk.folder / f"{victim}.pid")), signal.SIGKILL)
    assert brisk.wait(gates[victim]).kind == "lost"
    for attempt in waiting:
        assert brisk.wait(attempt).kind == "finished"
    assert marks(brisk.folder) == Counter(str(number) for number in range(16))
    other = "ba"["ab".index(victim)]
    open_gate(brisk, other)
    assert brisk.wait(gates[other]).kind == "finished"


def test_the_end_of_the_pool_ends_attempts_that_wait_at_a_process(brisk: Bench) -> None:
    both_busy(brisk)
    for number in range(16):
        brisk.start(f"echo {number} >> marks")
    brisk.pool.events(0.05)
    brisk.pool.close()
    assert not (brisk.folder / "marks").exists()


def waits(worker: int) -> bool:
    """Whether it has no command, and nothing to do."""
    process = psutil.Process(worker)
    return not process.children() and process.status() == psutil.STATUS_SLEEPING


def test_an_unread_result_of_a_killed_process_is_not_done_again(brisk: Bench) -> None:
    attempts = [brisk.start(f"echo $PPID >> workers; echo {number} >> marks") for number in range(40)]
    brisk.events += brisk.pool.events(0)
    eventually(lambda: (brisk.folder / "marks").exists() and marks(brisk.folder).total() == 40)
    workers = {int(line) for line in (brisk.folder / "workers").read_text().split()}
    # A command has written its mark before its process has said that it ended: one killed in between proves nothing.
    eventually(lambda: all(waits(worker) for worker in workers))
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
        eventually(lambda worker=worker: not runs(worker))
    attempts += [brisk.start(f"echo {number} >> marks") for number in range(40, 50)]
    assert {brisk.wait(attempt).kind for attempt in attempts} == {"finished"}
    assert marks(brisk.folder) == Counter(str(number) for number in range(50))


def test_more_than_a_socket_holds_may_be_said_both_ways_at_once(brisk: Bench) -> None:
    (brisk.folder / "notes").write_text(f'{{"note": "{"x" * 8000}"}}\n' * 100)
    command = 'echo $MDTODO_TASK_ID >> marks; cat notes > "$MDTODO_OUTPUT"'
    task = {"id": "t", "title": "Title", "body": "y" * 200_000}
    attempts = [brisk.start(command, task=task) for _ in range(16)]
    for attempt in attempts:
        assert len(brisk.ended(attempt).notes) == 100
    assert set(marks(brisk.folder).values()) == {1}


def test_processes_that_are_expected_are_there_before_their_attempts(tmp_path: Path) -> None:
    with LocalPool(3) as own:
        bench = Bench(own, tmp_path)
        own.expect(2)
        waiting = eventually(lambda: len(there := family()) == 3 and there)
        workers = {process.pid for process in waiting}
        own.expect(2)
        attempts = [bench.start("exec sleep 60", grace=0.0) for _ in range(3)]
        used = [bench.worker(bench.wait(attempt, "started").pid or 0) for attempt in attempts]
        assert len(set(used) & workers) == 2
        assert len(set(used)) == 3
        for attempt in attempts:
            own.cancel(attempt)
            bench.ended(attempt)
    own.expect(2)  # after the end it means nothing
    assert family() == []


def test_a_pool_that_is_released_lets_go_of_who_is_idle_alone(brisk: Bench) -> None:
    bench = brisk
    kept = bench.start("exec sleep 60", grace=0.0)
    pid = bench.wait(kept, "started").pid or 0
    bench.do("true")
    before = {process.pid for process in family()}
    bench.pool.release()
    left = {pid, bench.worker(pid)}
    eventually(lambda: len({one for one in before if runs(one)} - left) == 1)  # who forks the others
    assert runs(pid)
    bench.pool.cancel(kept)
    assert bench.ended(kept).interrupted
    assert bench.do("echo again").tail == "again\n"  # another process takes the place of one that is gone
