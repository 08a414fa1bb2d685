"""How soon a fault of a cluster is over, and what a runner holds: python -m benchmarks.cluster_faults [--rounds 5].

A scheduler and two workers, each a process of its own, with commands that would sleep for long. Prints the seconds from
the death of the scheduler until all attempts are lost, and until their commands are gone; from the death of a worker
until its attempts are lost; from the death of the runner until its commands are gone: medians and maxima. Then the
largest resident memory of `mdtodo run` with `--tasks` in its lists (0: none), of which it carries out the first few, in
the local pool and on a cluster.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from mdtodo.execution.dask.address import read_address
from mdtodo.execution.dask.executor import DaskExecutor
from mdtodo.git.repository import discover
from tests.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable

_FILES, _LIMIT = 200, 400


def main() -> None:
    """Each fault in turn, so many times."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        found: dict[str, list[float]] = {}
        for number in range(options.rounds):
            for measure in (scheduler_dies, worker_dies, runner_dies):
                place = folder / f"{measure.__name__}{number}"
                place.mkdir()
                for what, seconds in measure(place).items():
                    found.setdefault(what, []).append(seconds)
        for what, rows in found.items():
            print(f"{what}: {statistics.median(rows):.2f} s, at most {max(rows):.2f} s, of {len(rows)}")
        if options.tasks:
            memory(folder, options.tasks)


def scheduler_dies(folder: Path) -> dict[str, float]:
    """Of an executor with four attempts under way."""
    with Sleepers(folder) as found:
        executor, pids = found.start()
        begun = time.monotonic()
        found.cluster.scheduler.kill()
        lost = _until_lost(executor, 4, begun)
        gone = _until_gone(pids, begun)
        executor.close()
    return {"scheduler killed, all lost": lost, "scheduler killed, commands gone": gone}


def worker_dies(folder: Path) -> dict[str, float]:
    """Of the same: two of the attempts are of the worker that dies."""
    with Sleepers(folder) as found:
        executor, _ = found.start()
        begun = time.monotonic()
        found.cluster.workers[0].kill()
        lost = _until_lost(executor, 2, begun)
        executor.close()
    return {"worker killed, its attempts lost": lost}


def runner_dies(folder: Path) -> dict[str, float]:
    """Of `mdtodo run`."""
    with Sleepers(folder) as found:
        command = [sys.executable, "-m", "mdtodo", "run", "-q", "--executor", found.cluster.url]
        runner = subprocess.Popen(command, cwd=found.root)
        pids = found.pids()
        begun = time.monotonic()
        runner.kill()
        runner.wait()
        return {"runner killed, commands gone": _until_gone(pids, begun)}


class Sleepers:
    """A cluster, and a repository with four tasks that sleep for long and write down who they are."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "repo"
        self.root.mkdir()
        run = f"echo $$ > {folder}/$MDTODO_TASK_ID.pid; exec sleep 1000"
        (self.root / ".mdtodo.toml").write_text(f'[processors.p]\nrun = "{run}"\n')
        (self.root / "TODO.md").write_text("".join(f"- [ ] {n} run:p id:t{n}\n" for n in range(4)))
        _commit(self.root)
        (folder / "cluster").mkdir()

    def __enter__(self) -> Sleepers:
        self.cluster = Cluster(self.folder / "cluster")
        return self

    def __exit__(self, *_: object) -> None:
        self.cluster.close()

    def start(self) -> tuple[DaskExecutor, list[int]]:
        """An executor with four such attempts, once they run."""
        from benchmarks.cluster import attempt

        repo = discover(str(self.root))
        executor = DaskExecutor(read_address(self.cluster.url), repo)
        executor.open()
        for number in range(4):
            executor.submit(
                attempt(repo, f"t{number}", f"echo $$ > {self.folder}/t{number}.pid; exec sleep 1000")
            )
        _until(lambda: executor.events(0.05) or len(list(self.folder.glob("*.pid"))) == 4)
        return executor, self.pids()

    def pids(self) -> list[int]:
        """The processes of the commands."""
        found: list[int] = []

        def read() -> bool:
            texts = [path.read_text() for path in self.folder.glob("*.pid")]
            found[:] = [int(text) for text in texts if text.endswith("\n")]
            return len(found) == 4

        _until(read)
        return found


def memory(folder: Path, tasks: int) -> None:
    """The largest that a runner becomes, and what the same list costs without a cluster."""
    root = folder / "many"
    root.mkdir()
    for number in range(_FILES):
        lines = (f"- [ ] Task {number} {n} run:p\n" for n in range(tasks // _FILES))
        (root / f"{number}.md").write_text("".join(lines))
    (root / ".mdtodo.toml").write_text('files = ["*.md"]\n[processors.p]\nrun = "true"\n')
    _commit(root)
    for where in ("local", "local-cluster:2"):
        command = [sys.executable, "-m", "mdtodo", "run", "-q", "--limit", str(_LIMIT), "--executor", where]
        runner = subprocess.Popen(command, cwd=root)
        _, _, used = os.wait4(runner.pid, 0)
        print(f"{tasks} tasks, of which {_LIMIT} ran, {where}: {used.ru_maxrss / 1024:.0f} MiB")


def _commit(root: Path) -> None:
    who = "git -c user.name=a -c user.email=a@localhost"
    subprocess.run(f"git init -q && git add . && {who} commit -qm Base", shell=True, cwd=root, check=True)
    for name in ("user.name", "user.email"):
        subprocess.run(["git", "config", name, "a@localhost"], cwd=root, check=True)


def _until(condition: Callable[[], object]) -> None:
    while not condition():
        time.sleep(0.01)


def _until_lost(executor: DaskExecutor, count: int, begun: float) -> float:
    lost = 0
    while lost < count:
        lost += sum(event.kind == "lost" for event in executor.events(0.05))
    return time.monotonic() - begun


def _until_gone(pids: list[int], begun: float) -> float:
    _until(lambda: not any(psutil.pid_exists(pid) for pid in pids))
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
