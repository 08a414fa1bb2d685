"""The pool's promises under attack: deaths of every process in it, cancellation, queues, and the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from mdtodo.errors import MdtodoError
from mdtodo.execution.local import worker_handle
from mdtodo.execution.local.pool import LocalPool
from mdtodo.system.process import available_cpus
from tests.execution.conftest import Bench
from tests.execution.local.conftest import children, family
from tests.processes import DEADLINE, eventually, pid_in, runs

if TYPE_CHECKING:
    from pathlib import Path


def gate(bench: Bench, name: str) -> str:
    """A command that writes its process id to `name`.pid and waits until `name` is written to."""
    os.mkfifo(bench.folder / name)
    return f"echo $$ > {name}.pid; read line < {name}"


def open_gate(bench: Bench, name: str) -> None:
    """Let it go on. (A FIFO without a reader cannot be opened for writing.)"""

    def opened() -> int:
        try:
            return os.open(bench.folder / name, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return 0

    descriptor = eventually(opened)
    os.write(descriptor, b"go\n")
    os.close(descriptor)


def test_a_killed_pool_process_loses_its_attempt_and_nothing_else(own_bench: Bench) -> None:
    bench = own_bench
    other = bench.start(gate(bench, "other"))
    fled = "setsid sh -c 'echo $$ > fled; sleep 60' & env -i sleep 60 & echo $! > unmarked; "
    victim = bench.start(fled + "trap '' TERM; echo $$ > victim; sleep 60; sleep 60")
    leader, fled_pid, unmarked = (pid_in(bench.folder / name) for name in ("victim", "fled", "unmarked"))
    assert bench.wait(victim, "started").pid == leader
    heard = time.monotonic()
    eventually(lambda: time.monotonic() > heard + 0.2)
    os.kill(bench.worker(leader), signal.SIGKILL)
    event = bench.wait(victim)
    assert event.kind == "lost"
    assert event.message
    assert event.result is not None
    assert 0.2 < event.result.duration < time.monotonic() - heard + 1
    assert not runs(leader), "lost is told when nothing of it runs any more"
    assert not runs(fled_pid)
    assert not runs(unmarked)
    assert bench.do("echo again").tail == "again\n"
    open_gate(bench, "other")
    assert bench.ended(other).exit_code == 0


def test_every_process_of_the_pool_can_be_replaced(own_bench: Bench) -> None:
    bench = own_bench
    for _ in range(3):
        assert bench.do("echo alive").tail == "alive\n"
        for process in family():
            process.kill()
    assert bench.do("echo alive").tail == "alive\n"
    assert [event.kind for event in bench.events if event.ends] == ["finished"] * 4


def test_a_python_processor_dies_with_its_pool_process(own_bench: Bench) -> None:
    bench = own_bench
    (bench.folder / "sleeper.py").write_text("import time\ndef main(task): time.sleep(60)\n")
    attempt = bench.start(python="sleeper:main")
    pid = bench.wait(attempt, "started").pid or 0
    os.kill(bench.worker(pid), signal.SIGKILL)
    assert bench.wait(attempt).kind == "lost"
    assert not runs(pid)


_RUNNER = """
import json, sys
from mdtodo.execution.local.pool import LocalPool
pool = LocalPool(2)
pool.open()
for spec in json.load(sys.stdin):
    pool.submit(spec)
while True:
    for event in pool.events():
        print(event.kind, event.pid, flush=True)
"""


def runner(bench: Bench, *commands: str, **more: str) -> subprocess.Popen[str]:
    """A process of its own with a pool that runs these commands, all of them started."""
    specs = bench.folder / "specs"
    specs.write_text(json.dumps([bench.spec(command, **more) for command in commands]))
    pipe = subprocess.PIPE
    with specs.open() as given:
        process = subprocess.Popen(
            [sys.executable, "-c", _RUNNER],
            stdin=given,
            stdout=pipe,
            stderr=pipe,
            text=True,
            start_new_session=True,
        )
    assert process.stdout
    for _ in commands:
        assert process.stdout.readline().startswith("started")
    return process


@pytest.mark.parametrize("whole_group", [False, True])
def test_a_killed_runner_leaves_no_process_of_its_pool(tmp_path: Path, whole_group: bool) -> None:
    bench = Bench(LocalPool(1), tmp_path)
    stubborn = (
        "trap '' TERM; setsid sleep 60 & echo $! > fled; echo $$ > stubborn; while :; do sleep 60; done"
    )
    process = runner(bench, stubborn, "echo $$ > mild; exec sleep 60")
    pids = [pid_in(tmp_path / name) for name in ("stubborn", "mild", "fled")]
    pool = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    _, errors = process.communicate()
    eventually(lambda: not any(runs(pid) for pid in (*pids, *pool)))
    assert errors == ""


def test_a_python_processor_does_not_outlive_the_runner_and_the_whole_pool(tmp_path: Path) -> None:
    bench = Bench(LocalPool(1), tmp_path)
    (tmp_path / "sleeper.py").write_text(
        "import os, time\ndef main(task):\n    print(os.getpid(), file=open('pid', 'w'))\n    time.sleep(60)\n"
    )
    process = runner(bench, "", python="sleeper:main")
    pid = pid_in(tmp_path / "pid")
    family = [child for child in psutil.Process(process.pid).children(recursive=True) if child.pid != pid]
    for member in (process, *family):
        member.send_signal(signal.SIGSTOP)
    for member in (process, *family):
        member.kill()
    process.communicate()
    eventually(lambda: not runs(pid))


def test_ctrl_c_in_the_terminal_reaches_only_the_runner(tmp_path: Path) -> None:
    bench = Bench(LocalPool(1), tmp_path)
    process = runner(bench, gate(bench, "a"))
    leader = pid_in(tmp_path / "a.pid")
    groups = {os.getpgid(child.pid) for child in psutil.Process(process.pid).children(recursive=True)}
    assert process.pid not in groups
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=DEADLINE)
    assert errors.count("Traceback") == 1, "its own, of the KeyboardInterrupt"
    eventually(lambda: not runs(leader))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_to_the_pool_processes_end_no_attempt(own_bench: Bench, number: int) -> None:
    bench = own_bench
    attempt = bench.start(gate(bench, "a"))
    leader = bench.wait(attempt, "started").pid or 0
    worker = psutil.Process(bench.worker(leader))
    for process in (worker, worker.parent()):
        assert process is not None
        process.send_signal(number)
    assert bench.do("true").exit_code == 0
    open_gate(bench, "a")
    assert bench.ended(attempt).exit_code == 0


def hear_within(bench: Bench, seconds: float) -> None:
    """Wait for events, with a SIGALRM to come."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    bench.pool.events()


def test_a_second_ctrl_c_may_close_the_pool_amid_its_events(own_bench: Bench) -> None:
    def at_once(*_: object) -> None:
        own_bench.pool.close()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, at_once)
    try:
        attempt = own_bench.start("trap '' TERM; sleep 60; sleep 60")
        leader = own_bench.wait(attempt, "started").pid or 0
        with pytest.raises(KeyboardInterrupt):
            hear_within(own_bench, 0.1)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not runs(leader)
    own_bench.pool.close()
    assert not family()


def test_cancel_ends_the_tree_and_tells(own_bench: Bench) -> None:
    bench = own_bench
    attempt = bench.start("sleep 60 & echo $! > child; echo up; wait")
    child = pid_in(bench.folder / "child")
    bench.pool.cancel(attempt)
    event = bench.wait(attempt)
    assert event.kind == "finished"
    assert event.result is not None
    assert event.result.interrupted
    assert event.result.exit_code == -15
    assert event.result.tail == "up\n"
    eventually(lambda: not runs(child))
    bench.pool.cancel(attempt)
    bench.pool.cancel("unknown")
    assert bench.do("true").exit_code == 0


def is_there(bench: Bench, name: str) -> bool:
    return (bench.folder / name).exists()


def has_ended(bench: Bench, attempt: str) -> bool:
    bench.events += bench.pool.events(0)
    return any(event.ends for event in bench.events if event.attempt == attempt)


def test_a_timeout_does_not_cut_the_grace_of_a_cancellation(own_bench: Bench) -> None:
    bench = own_bench
    for seconds in (1, 4, 16):  # a busy machine may take longer to come to the cancellation
        script = f"trap 'sleep {seconds + 0.2}; echo clean; exit 4' TERM; echo $$ > up-{seconds}; "
        attempt = bench.start(script + "while :; do sleep 0.05; done", timeout=float(seconds), grace=DEADLINE)
        eventually(lambda at=attempt, name=f"up-{seconds}": is_there(bench, name) or has_ended(bench, at))
        bench.pool.cancel(attempt)
        result = bench.ended(attempt)
        if not result.timed_out:
            break
    assert (result.interrupted, result.timed_out) == (True, False)
    assert (result.exit_code, result.tail.split()[-1]) == (4, "clean")


def test_a_second_cancel_kills_at_once(own_bench: Bench) -> None:
    bench = own_bench
    attempt = bench.start("trap '' TERM; echo $$ > up; while :; do sleep 60; done", grace=2 * DEADLINE)
    pid_in(bench.folder / "up")
    bench.pool.cancel(attempt)
    bench.pool.cancel(attempt)
    assert bench.ended(attempt).interrupted, "before the grace is over"


def test_cancel_takes_an_attempt_from_the_queue(own_bench: Bench) -> None:
    bench = own_bench
    running = [bench.start(gate(bench, name)) for name in "ab"]
    waiting = [bench.start("touch never"), bench.start("true")]
    bench.pool.cancel(waiting[0])
    result = bench.ended(waiting[0])
    assert (result.interrupted, result.exit_code) == (True, None)
    for name in "ab":
        open_gate(bench, name)
    for attempt in (*running, waiting[1]):
        bench.wait(attempt)
    assert not (bench.folder / "never").exists()


def test_a_cancelled_attempt_that_has_not_begun_never_begins(tmp_path: Path) -> None:
    with LocalPool(1) as pool:
        bench = Bench(pool, tmp_path)
        attempt = bench.start("touch begun; trap '' TERM; sleep 60; sleep 60", grace=2 * DEADLINE)
        pool.cancel(attempt)
        assert bench.ended(attempt).interrupted
        assert not (tmp_path / "begun").exists()
        assert bench.do("true").exit_code == 0


def test_cancel_does_not_undo_an_end(own_bench: Bench) -> None:
    bench = own_bench
    attempt = bench.start(gate(bench, "a"))
    leader = psutil.Process(bench.wait(attempt, "started").pid)
    worker = leader.ppid()
    os.kill(worker, signal.SIGSTOP)
    open_gate(bench, "a")
    eventually(lambda: leader.status() == psutil.STATUS_ZOMBIE)
    bench.pool.cancel(attempt)
    os.kill(worker, signal.SIGCONT)
    result = bench.ended(attempt)
    assert (result.exit_code, result.interrupted) == (0, False)


def test_a_pool_process_that_does_not_answer_is_killed(
    own_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mdtodo.execution.local.worker_handle._PATIENCE", 0.2)
    bench = own_bench
    attempt = bench.start("echo $$ > up; sleep 60", grace=0.1)
    leader = pid_in(bench.folder / "up")
    os.kill(bench.worker(leader), signal.SIGSTOP)
    bench.pool.cancel(attempt)
    assert bench.ended(attempt).interrupted
    assert not runs(leader)
    assert bench.do("true").exit_code == 0


def test_a_stopped_pool_process_keeps_no_timeout_but_the_runner_does(
    own_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_handle, "_TIMEOUT_PATIENCE", 0.5)
    attempt = own_bench.start("sleep 60 & echo $! > child; wait", timeout=0.3, grace=0.2)
    leader = own_bench.wait(attempt, "started").pid or 0
    child = pid_in(own_bench.folder / "child")
    worker = own_bench.worker(leader)
    os.kill(worker, signal.SIGSTOP)
    event = own_bench.wait(attempt)
    assert event.kind == "finished"
    assert event.result is not None
    assert event.result.timed_out
    assert not any(map(runs, (worker, leader, child)))
    assert own_bench.do("true").exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize("stopped", ["worker", "both"])
def test_a_pool_process_that_gives_no_sign_of_life_is_given_up(tmp_path: Path, stopped: str) -> None:
    with LocalPool(1, silence=2.0) as pool:
        bench = Bench(pool, tmp_path)
        attempt = bench.start(gate(bench, "a"), timeout=None)
        leader = bench.wait(attempt, "started").pid or 0
        assert pool.events(4.0) == [], "what takes long gives signs"
        next_one = bench.start("true")
        for pid in (bench.worker(leader), *([leader] if stopped == "both" else [])):
            os.kill(pid, signal.SIGSTOP)
        event = bench.wait(attempt)
        assert (event.kind, event.message) == ("lost", "its pool process gave no sign of life for 2 s")
        assert not runs(leader)
        assert bench.ended(next_one).exit_code == 0


@pytest.mark.slow
def test_a_stopped_process_that_forks_the_others_ends_the_wait(tmp_path: Path) -> None:
    with LocalPool(1, silence=2.0) as pool:
        bench = Bench(pool, tmp_path)
        assert bench.do("true").exit_code == 0
        (fork_server,) = children()
        (worker,) = (one.pid for one in fork_server.children())
        os.kill(fork_server.pid, signal.SIGSTOP)
        os.kill(worker, signal.SIGKILL)
        event = bench.wait(bench.start("true"))
        assert (event.kind, event.message) == ("failed", "no pool process could be started")


def test_an_attempt_that_is_submitted_twice_is_carried_out_once(own_bench: Bench) -> None:
    bench = own_bench
    spec = bench.spec("echo once >> count")
    for _ in range(3):
        bench.pool.submit(spec)
    bench.wait(spec["attempt"])
    bench.pool.submit(spec)
    bench.do("true")
    assert (bench.folder / "count").read_text() == "once\n"
    assert len([event for event in bench.events if event.attempt == spec["attempt"] and event.ends]) == 1


def test_no_more_attempts_run_than_the_capacity_and_all_of_them_run(tmp_path: Path) -> None:
    with LocalPool(3) as pool:
        bench = Bench(pool, tmp_path)
        script = (
            f"{sys.executable} -S -c 'import os; os.mkdir(str(os.getpid()))" + "; print(len(os.listdir()))"
        )
        script += "; os.rmdir(str(os.getpid()))'"
        work = tmp_path / "work"
        work.mkdir()
        attempts = [bench.start(script, cwd=str(work)) for _ in range(24)]
        beside = [int(str(bench.ended(attempt).tail)) for attempt in attempts]
        assert max(beside) <= 3
        running = 0
        for event in bench.events:
            running += {"started": 1, "finished": -1}.get(event.kind, 0)
            assert 0 <= running <= 3
        assert pool.capacity == 3


def test_events_of_an_attempt_come_in_order_and_end_once(own_bench: Bench) -> None:
    bench = own_bench
    attempts = [bench.start("true") for _ in range(60)]
    for attempt in attempts:
        bench.wait(attempt)
    for attempt in attempts:
        assert [event.kind for event in bench.events if event.attempt == attempt] == ["started", "finished"]


def test_events_wait_as_long_as_they_are_told(own_bench: Bench) -> None:
    pool = own_bench.pool
    assert pool.events() == [], "nothing is under way"
    begun = time.monotonic()
    assert pool.events(0.2) == []
    assert time.monotonic() - begun > 0.15
    own_bench.wait(own_bench.start(gate(own_bench, "a")), "started")
    threading.Timer(0.1, pool.wake).start()
    assert pool.events() == [], "woken"


def test_a_signal_handler_can_wake_the_pool(own_bench: Bench) -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: own_bench.pool.wake())
    try:
        attempt = own_bench.start(gate(own_bench, "a"))
        own_bench.wait(attempt, "started")
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        assert own_bench.pool.events() == []
    finally:
        signal.signal(signal.SIGALRM, before)
    own_bench.pool.cancel(attempt)
    own_bench.wait(attempt)


def test_the_pool_closes_quickly_and_may_be_closed_twice(tmp_path: Path) -> None:
    pool = LocalPool(2)
    pool.close()
    pool.open()
    pool.open()
    bench = Bench(pool, tmp_path)
    bench.do("true")
    bench.start("trap '' TERM; echo $$ > up; while :; do sleep 600; done", grace=600.0)
    bench.start("echo $$ > other; sleep 600")
    bench.start("touch never")
    leaders = [pid_in(tmp_path / name) for name in ("up", "other")]
    members = family()
    begun = time.monotonic()
    pool.close()
    assert time.monotonic() - begun < DEADLINE, "nothing of the grace"
    pool.close()
    assert not any(runs(pid) for pid in leaders)
    assert not any(runs(process.pid) for process in members)
    assert not family()
    assert not (tmp_path / "never").exists()
    with pytest.raises(RuntimeError):
        pool.submit(bench.spec("true"))
    pool.wake()
    assert all(event.kind != "lost" for event in pool.events(0))


def test_an_idle_pool_closes_at_once_and_leaves_no_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patience in ("pool._CLOSE_PATIENCE", "pool._DRAIN_PATIENCE", "forkserver._STOP_PATIENCE"):
        monkeypatch.setattr(f"mdtodo.execution.local.{patience}", 2 * DEADLINE)
    before = sorted(os.listdir("/proc/self/fd"))
    with LocalPool(2) as pool:
        bench = Bench(pool, tmp_path)
        for attempt in [bench.start("true") for _ in range(8)]:
            bench.wait(attempt)
        assert {process.cwd() for process in family()} == {"/"}
        begun = time.monotonic()
    assert time.monotonic() - begun < DEADLINE, "no patience was needed"
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_descriptors_do_not_grow_with_attempts(own_bench: Bench) -> None:
    bench = own_bench
    (bench.folder / "nothing.py").write_text("def main(task): pass\n")
    counts = []
    for _ in range(2):
        for _ in range(5):
            bench.do("true"), bench.do(["no-such-command"]), bench.do(python="nothing:main")
            bench.do("sleep 60", timeout=0.05, grace=0.1)
        workers = [w for n in children() for w in n.children()]
        counts.append(sum(worker.num_fds() for worker in workers))
    assert counts[0] == counts[1]


def test_the_pool_works_while_the_runner_has_threads(own_bench: Bench) -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=stop.wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            attempt = own_bench.start("sleep 60")
            pid = own_bench.wait(attempt, "started").pid or 0
            os.kill(own_bench.worker(pid), signal.SIGKILL)
            assert own_bench.wait(attempt).kind == "lost"
        assert own_bench.do("true").exit_code == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_modules_of_the_repository_do_not_break_the_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "socket", "subprocess", "select", "mdtodo"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')\n")
    monkeypatch.chdir(tmp_path)
    with LocalPool(1) as pool:
        assert Bench(pool, tmp_path).do("echo well").tail == "well\n"


def test_a_relative_pythonpath_means_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "mine.py").write_text("def main(task): print('found')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "src")
    with LocalPool(1) as pool:
        assert Bench(pool, tmp_path).do(python="mine:main").tail == "found\n"


def test_a_python_that_is_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(MdtodoError, match="the pool of processes could not be started"):
        LocalPool(1).open()


def test_a_python_that_cannot_work_fails_the_queued_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with LocalPool(1) as pool:
        bench = Bench(pool, tmp_path)
        events = [bench.wait(attempt) for attempt in (bench.start("true"), bench.start("true"))]
    assert [event.kind for event in events] == ["failed", "failed"]
    assert events[0].message == "no pool process could be started"
    assert all(event.result and event.judged(event.result).never_began for event in events)


@pytest.mark.parametrize("up", [True, False])
def test_where_no_more_processes_can_be_had_those_that_are_there_do_it_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, up: bool
) -> None:
    """As at a limit of the system: the process that should fork another one dies of it."""
    with LocalPool(3) as pool:
        bench = Bench(pool, tmp_path)
        if up:
            assert bench.do("true").exit_code == 0
        else:
            pool.expect(1)
        monkeypatch.setattr(pool._fork_server, "fork", lambda _connection: None)
        attempts = [bench.start("echo $PPID") for _ in range(12)]
        assert len({bench.ended(attempt).tail for attempt in attempts}) == 1
        assert {bench.wait(attempt).kind for attempt in attempts} == {"finished"}


def test_as_many_processes_as_cores_by_default() -> None:
    assert LocalPool().capacity == available_cpus() >= 1
