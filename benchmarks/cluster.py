"""What a cluster costs: attempts through a Dask cluster on this machine, beside the local pool in the same run.

python benchmarks/cluster.py [--tasks 200] [--workers 2 4 8]

Prints milliseconds for each attempt beyond its own work, for commands of 1 and 100 ms (`--long` adds 10 s), on two
places; and the efficiency of 2, 4 and 8 workers at commands that sleep for a second: ideal time divided by real time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from itertools import count
from typing import TYPE_CHECKING, Any

from mdtodo.clones.source import read_source
from mdtodo.config.processor_settings import Processor
from mdtodo.execution.dask.address import read_address
from mdtodo.execution.dask.executor import DaskExecutor
from mdtodo.execution.local.pool import LocalPool
from mdtodo.execution.processors.spec import spec
from mdtodo.git.repository import Repository, discover, run

if TYPE_CHECKING:
    from mdtodo.execution.executor import Executor

_NAMES = count()


def main() -> None:
    """Measure both in turns."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        overhead(repository(folder), options.tasks, long=options.long)
        for workers in options.workers:
            efficiency(discover(os.path.join(folder, "repo")), workers)


def repository(folder: str) -> Repository:
    """One with a file."""
    root = os.path.join(folder, "repo")
    commands = "git init -q repo && cd repo && echo x > file && git add file && "
    commands += "git -c user.name=a -c user.email=a@localhost commit -qm Base"
    subprocess.run(commands, shell=True, cwd=folder, check=True)
    return discover(root)


def overhead(repo: Repository, tasks: int, *, long: bool) -> None:
    """Beyond the work itself, for each attempt."""
    sizes = [(0.001, tasks), (0.1, tasks // 2), *([(10.0, 4)] if long else [])]
    cluster = DaskExecutor(read_address("local-cluster:2"), repo)
    for name, executor in (("local", LocalPool(2)), ("cluster", cluster)):
        executor.open()
        carry_out(executor, repo, 0.001, 20)
        for seconds, number in sizes:
            spent = carry_out(executor, repo, seconds, number) - seconds * number / 2
            sys.stdout.write(
                f"{name}: {number} of {seconds:g} s: {1000 * spent / number:.1f} ms each beyond its work\n"
            )
        executor.close()


def efficiency(repo: Repository, workers: int) -> None:
    """Of commands that sleep for a second, four for each worker; the first, for which each makes its clone and starts
    its pool, and once more."""
    executor = DaskExecutor(read_address(f"local-cluster:{workers}"), repo)
    executor.open()
    carry_out(executor, repo, 0.001, 4 * workers)
    first, again = (carry_out(executor, repo, 1.0, 4 * workers) for _ in range(2))
    executor.close()
    sys.stdout.write(f"{workers} workers: {4.0 / first:.2f} of ideal at 1 s, then {4.0 / again:.2f}\n")


def carry_out(executor: Executor, repo: Repository, seconds: float, number: int) -> float:
    """Seconds that so many of them take, handed in as a run does: so many at once as there are places, and ahead of
    that only where they are short."""
    source, commit = read_source(repo)._asdict(), run(repo, "rev-parse", "HEAD").decode().strip()
    ahead = executor.capacity * (30 if seconds < 0.05 else 1)
    begun, sent, ended = time.monotonic(), 0, 0
    while ended < number:
        while sent < number and sent - ended < ahead:
            executor.submit(_spec(repo, seconds, source, commit if executor.elsewhere else None))
            sent += 1
        ended += sum(event.ends for event in executor.events(60))
    return time.monotonic() - begun


def _spec(repo: Repository, seconds: float, source: Any, commit: str | None) -> dict[str, Any]:
    made = _attempt(repo, f"t{next(_NAMES)}", ("sleep", f"{seconds:g}"))
    return made | {"commit": commit and {"source": source, "commit": commit, "cwd": "."}}


def attempt(repo: Repository, name: str, command: str) -> dict[str, Any]:
    """An attempt that a worker can carry out."""
    commit = run(repo, "rev-parse", "HEAD").decode().strip()
    at = {"source": read_source(repo)._asdict(), "commit": commit, "cwd": "."}
    return _attempt(repo, name, command) | {"commit": at}


def _attempt(repo: Repository, name: str, command: str | tuple[str, ...]) -> dict[str, Any]:
    log = os.path.join(repo.git_dir, "logs", f"{name}.log")
    return spec({"id": name}, Processor("p", run=command), run_id="bench", attempt=1, root=repo.root, log=log)


if __name__ == "__main__":
    main()
