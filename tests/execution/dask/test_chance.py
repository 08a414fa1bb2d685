"""Runs on a cluster whose processes are killed and stopped at random moments, and the runner with them."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.examples import TIMES
from tests.processes import DEADLINE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster import Cluster
    from tests.conftest import Checkout

_TASKS = 40
_FAULTS = 6


class Chance:
    """What goes wrong with a cluster, from a seed."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self.cluster, self.random = cluster, random.Random(seed)
        self.faults = [self.random.choice(self.kinds) for _ in range(_FAULTS)]

    @property
    def kinds(self) -> tuple[str, ...]:
        return "kill", "kill", "stop", "stop", "scheduler", "runner"

    def strike(self, runner: subprocess.Popen[bytes]) -> None:
        time.sleep(self.random.uniform(0.1, 1.5))
        fault, worker = self.faults.pop(), self.random.choice(self.cluster.workers)
        if fault == "kill":
            worker.kill()
            self.cluster.workers.append(self.cluster.start_worker())
        elif fault == "stop":
            self._stop(worker)
        elif fault == "scheduler":
            port = int(self.cluster.address.rpartition(":")[2])
            self.cluster.scheduler.kill()
            self.cluster.scheduler.wait()
            self.cluster.scheduler = self.cluster.start_scheduler(port)
            self.cluster.workers += [self.cluster.start_worker() for _ in range(2)]
        else:
            runner.kill()

    def tend(self) -> None:
        """As whoever manages a cluster does: where no worker is left, another one comes."""
        if all(one.poll() is not None for one in self.cluster.workers):
            self.cluster.workers.append(self.cluster.start_worker())

    def _stop(self, worker: subprocess.Popen[bytes]) -> None:
        """A worker that is given up, and wakes up again with what it has to say."""
        worker.send_signal(signal.SIGSTOP)
        number = self.cluster.workers.index(worker)
        log = (self.cluster.folder / f"worker{number}.log").read_bytes()
        if self.random.random() < 0.7 and worker.poll() is None and b"Registered to" in log:
            with suppress(subprocess.CalledProcessError):  # of a scheduler that is not there any more
                self.cluster.forget_worker(number)
                self.cluster.workers.append(self.cluster.start_worker())
        time.sleep(self.random.uniform(0.1, 1.0))
        worker.send_signal(signal.SIGCONT)


@pytest.mark.slow
@pytest.mark.chance
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(max(1, TIMES // 10)))
def test_each_task_lands_once_whatever_dies(
    own_cluster: Cluster, repo: Checkout, tmp_path: Path, seed: int
) -> None:
    begun = tmp_path / "begun"
    config = f'[processors.p]\nrun = "echo $MDTODO_TASK_ID >> {begun}; sleep 0.3"\n'
    todo = "".join(f"- [ ] Task {number} run:p id:t{number}\n" for number in range(_TASKS))
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config})
    chance = Chance(own_cluster, seed)
    command = [sys.executable, "-m", "mdtodo", "run", "--executor", own_cluster.url]
    for _ in range(_FAULTS + 2):
        with (tmp_path / "said").open("ab") as said:
            runner = subprocess.Popen(command, cwd=repo.root, stdout=said, stderr=said)
        try:
            while runner.poll() is None and chance.faults:
                chance.strike(runner)
                chance.tend()
            end = time.monotonic() + 4 * DEADLINE
            while runner.poll() is None and time.monotonic() < end:
                chance.tend()
                time.sleep(0.2)
        finally:
            runner.kill()
            runner.wait()
        if b"[ ]" not in repo.read("TODO.md"):
            break
    assert repo.head("TODO.md") == todo.replace("[ ]", "[x]").encode(), (tmp_path / "said").read_text()
    done = re.findall(r"^Mdtodo-Task: (t\d+) done ", repo.git("log", "--format=%B"), re.MULTILINE)
    assert Counter(done) == dict.fromkeys((f"t{number}" for number in range(_TASKS)), 1)
    assert set(begun.read_text().split()) == set(done)
    assert repo.status() == []
