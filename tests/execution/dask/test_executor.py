"""Attempts on a cluster of real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.results import Outcome
from mdtodo.errors import MdtodoError
from mdtodo.execution.dask.address import read_address
from mdtodo.execution.dask.connection import Connection
from mdtodo.execution.dask.executor import DaskExecutor
from mdtodo.execution.executor import ExecutorGoneError
from mdtodo.git.repository import discover
from tests.processes import eventually, pid_in, runs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Checkout
    from tests.execution.dask.conftest import Bench

_SLEEP = 'echo $$ > "$PIDS/$MDTODO_TASK_ID"; exec sleep 1000'


def test_an_attempt_has_the_commit_and_nothing_else_of_the_checkout(bench: Bench) -> None:
    bench.repo.write("uncommitted", "x")
    result = bench.result("cat file; ls; exit 3")
    assert (result.exit_code, result.outcome) == (3, Outcome.FAILED)
    assert bench.log() == b"hello\nTODO\nfile\n"
    assert result.tail == "hello\nTODO\nfile\n"


def test_events_come_as_it_goes_on(bench: Bench) -> None:
    attempt = bench.start(
        'echo "progress: 40" >> "$MDTODO_OUTPUT"; while [ ! -e go ]; do sleep 0.05; done', timeout=60
    )
    assert bench.wait("started", attempt).pid
    bench.executor.cancel(attempt)
    assert bench.wait("finished", attempt).result.interrupted


def test_a_timeout_is_kept_there(bench: Bench) -> None:
    assert bench.result("sleep 1000", timeout=0.3).timed_out


def test_a_long_output_comes_whole_and_one_beyond_all_bounds_as_at_home(bench: Bench) -> None:
    assert bench.result("head -c 6000000 /dev/zero | tr '\\0' x").exit_code == 0
    assert bench.log() == b"x" * 6_000_000
    bench.result("head -c 3000000 /dev/zero | tr '\\0' x", log_limit=1_000_000)
    assert len(bench.log()) <= 1_000_000
    assert b"bytes" in bench.log()


def test_declared_outputs_come_back_and_all_else_is_nothing(bench: Bench) -> None:
    outputs = {"declared": ["made", "tool", "file"], "without": [], "ticks": True}
    run = "echo 1 > made; printf '#!/bin/sh\\n' > tool; chmod +x tool; rm file; echo 2 > other"
    result = bench.result(run, outputs=outputs)
    assert sorted(one[0] for one in result.outputs["held"]) == ["file", "made", "tool"]
    assert bench.repo.status() == [" D file", "?? made", "?? tool"]
    assert bench.repo.read("made") == b"1\n"
    assert os.access(bench.repo.root / "tool", os.X_OK)


def test_an_output_that_a_person_has_changed_meanwhile_stays_theirs(bench: Bench) -> None:
    bench.repo.write("file", "mine\n")
    result = bench.result("echo theirs > file", outputs={"declared": ["file"], "without": [], "ticks": True})
    assert list(result.outputs["theirs"]) == ["file"]
    assert not result.outputs["held"]
    assert bench.repo.read("file") == b"mine\n"


def test_the_next_commit_is_sent_as_well(bench: Bench) -> None:
    bench.result("true")
    bench.repo.commit("Next", file="next\n")
    bench.result("cat file")
    assert bench.log() == b"next\n"


def test_many_short_ones_each_end_once(bench: Bench) -> None:
    attempts = [bench.start(f"exit {number % 3}") for number in range(100)]
    for attempt in attempts:
        bench.wait("finished", attempt)
    ended = [one for one in bench.events if one.ends]
    assert sorted(one.attempt for one in ended) == sorted(attempts)
    assert [one.result.exit_code for one in sorted(ended, key=lambda one: attempts.index(one.attempt))] == [
        number % 3 for number in range(100)
    ]


def test_what_is_queued_can_be_cancelled(bench: Bench, tmp_path: Path) -> None:
    bench.executor.submit(bench.spec("true"))
    attempts = [bench.start("sleep 1000") for _ in range(8)]
    for _ in range(4):
        eventually(lambda: bench.executor.events(0.05) or True)
    for attempt in attempts:
        bench.executor.cancel(attempt)
    for attempt in attempts:
        assert bench.wait("finished", attempt).result.interrupted


def test_what_says_local_runs_here(bench: Bench) -> None:
    bench.result("pwd", local=True, commit=None)
    assert bench.log().decode().strip() == str(bench.repo.root)


def test_needs_are_resources_and_what_no_worker_has_is_named(bench: Bench) -> None:
    assert bench.executor.capacity == 4
    assert bench.executor.unmet(frozenset({"gpu"})) is None
    assert "tpu" in (bench.executor.unmet(frozenset({"gpu", "tpu"})) or "")
    attempts = [bench.start("sleep 0.2", needs=["gpu"]) for _ in range(3)]
    assert all(bench.wait("finished", attempt).result.exit_code == 0 for attempt in attempts)


def test_a_worker_that_dies_loses_its_attempt_and_dask_does_not_run_it_again(
    own_cluster, bench_on, tmp_path
) -> None:
    bench = bench_on(own_cluster)
    begun = tmp_path / "begun"
    attempt = bench.start(f"echo x >> {begun}; exec sleep 1000", needs=["gpu"])
    bench.wait("started", attempt)
    killed = own_cluster.workers[1]
    own_cluster.workers.append(own_cluster.start_worker("--resources", "gpu=1"))
    eventually(lambda: bench.executor.capacity == 6)
    os.kill(killed.pid, signal.SIGKILL)
    lost = bench.wait("lost", attempt)
    assert "its worker was lost" in lost.message
    assert bench.result("true", needs=["gpu"]).exit_code == 0  # the new worker takes what comes
    assert begun.read_text() == "x\n"


def test_a_scheduler_that_dies_loses_all_and_is_waited_for(own_cluster, bench_on, tmp_path) -> None:
    bench = bench_on(own_cluster)
    attempt = bench.start(f"echo $$ > {tmp_path}/pid; exec sleep 1000")
    bench.wait("started", attempt)
    pid, port = pid_in(tmp_path / "pid"), int(own_cluster.address.rpartition(":")[2])
    os.kill(own_cluster.scheduler.pid, signal.SIGKILL)
    own_cluster.scheduler.wait()
    bench.wait("lost", attempt)
    eventually(lambda: not runs(pid))
    again = bench.start("cat file")  # while nobody is there
    own_cluster.scheduler = own_cluster.start_scheduler(port)
    own_cluster.workers.append(own_cluster.start_worker())
    assert bench.wait("finished", again).result.exit_code == 0


def test_a_scheduler_that_does_not_come_back_is_told(own_cluster, bench_on) -> None:
    bench = bench_on(own_cluster, reconnect=0.5)
    os.kill(own_cluster.scheduler.pid, signal.SIGKILL)
    with pytest.raises(ExecutorGoneError, match="did not come back"):
        eventually(lambda: bench.executor.events(0.1))


def test_no_scheduler_is_told(repo: Checkout) -> None:
    repo.commit()
    executor = DaskExecutor(read_address("dask://127.0.0.1:1"), discover(str(repo.root)))
    with pytest.raises(MdtodoError, match="no scheduler can be used"):
        executor.open()


def test_a_runner_that_is_killed_leaves_no_command_alive(cluster, make_repo, tmp_path: Path) -> None:
    repo = make_repo(
        "killed",
        **{
            "TODO.md": "- [ ] a run:p\n",
            ".mdtodo.toml": f'[processors.p]\nrun = "echo $$ > {tmp_path}/pid; exec sleep 1000"\n',
        },
    )
    runner = subprocess.Popen(
        [sys.executable, "-m", "mdtodo", "run", "--executor", cluster.url], cwd=repo.root
    )
    pid = pid_in(tmp_path / "pid")
    runner.kill()
    runner.wait()
    eventually(lambda: not runs(pid))


@pytest.mark.parametrize("is_fenced", [True, False])
def test_what_a_stopped_worker_says_late_counts_for_nothing(
    own_cluster, bench_on, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_fenced: bool
) -> None:
    """Without the look at which attempts are open, one that was given up ends a second time."""
    heard: list[dict[str, object]] = []
    take = Connection._told
    monkeypatch.setattr(Connection, "_told", lambda self, said: (heard.append(said), take(self, said)))
    if not is_fenced:
        monkeypatch.setattr(Connection, "_finish", lambda self, event, files: self._deliver(event, files))
    bench = bench_on(own_cluster)
    attempt = bench.start(
        f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; touch {tmp_path}/done", needs=["gpu"]
    )
    bench.wait("started", attempt)
    worker = own_cluster.workers[1]
    os.kill(worker.pid, signal.SIGSTOP)
    own_cluster.forget_worker(1)
    bench.wait("lost", attempt)
    (tmp_path / "go").touch()
    eventually((tmp_path / "done").exists)
    os.kill(worker.pid, signal.SIGCONT)
    eventually(lambda: any((one["attempt"], one["kind"]) == (attempt, "finished") for one in heard))
    assert bench.result("cat file").exit_code == 0
    ends = [one.kind for one in bench.events if one.attempt == attempt and one.ends]
    assert ends == ["lost"] if is_fenced else ["lost", "finished"]


def test_a_station_ends_what_was_cancelled_before_it_came(bench: Bench) -> None:
    spec = bench.spec("sleep 1000")
    bench.executor._connection.cancel(spec["attempt"])
    bench.executor._connection.cancel(spec["attempt"])
    bench.result("true")
    bench.executor.submit(spec)
    assert bench.wait("finished", spec["attempt"]).result.interrupted
