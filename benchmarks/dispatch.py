"""What it costs to start tasks, beside programs that do nothing else: short ones, waiting ones, and such that compute.

python benchmarks/dispatch.py [--rounds 3] [--tasks 10000] [--only true|sleep|compute]

true: 10,000 tasks that run `true` with `-j 2`, read, run, ticked and committed; beside `xargs -P2 -n1 true`, with
what the runner itself takes, and its memory at most.
sleep: 400 tasks of `sleep 0.1` with `-j 50`, beside `make -j50`.
compute: 8 tasks that compute, with `-j 1` and `-j 2`; beside `xargs -P1` and `-P2`, as a busy machine gives no
program two cores.

Both sides in turn, in repositories made for it; wall-clock and processor seconds of whole process trees.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

PROGRAM = str(Path(sys.executable).with_name("mdtodo"))
#: git and mdtodo know nothing of this machine's settings, and of its load.
os.environ |= {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "MDTODO_MAX_CPU": "100",
    **{f"GIT_{who}_{what}": "b@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}
#: Runs mdtodo, and says what it took itself and its memory, in seconds and kilobytes.
_RUNNER = """
import resource, sys
from mdtodo.__main__ import main
sys.argv = ["mdtodo", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    own = resource.getrusage(resource.RUSAGE_SELF)
    print("runner", own.ru_utime + own.ru_stime, own.ru_maxrss)
    raise
"""
_COMPUTE = f"{sys.executable} -c 'sum(n * n for n in range(4_000_000))'"


class Cost(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


def cost(root: Path, *command: str) -> tuple[Cost, str]:
    """What a command takes with all that it starts, and what it says; it must succeed."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, used), done.stdout


def prepare(root: Path, tasks: int, run: str) -> None:
    """A repository with so many tasks that run a command, and what makes `xargs` and `make` do the same."""
    root.mkdir(parents=True)
    todo = "".join(f"- [ ] task {number} run:it\n" for number in range(tasks))
    (root / "TODO.md").write_text(f"# Tasks\n\n{todo}")
    # a list goes through no shell, as with make and xargs
    words = json.dumps(run if "'" in run else run.split())
    # without a cap of its own the lane of a task takes 20 at once, whatever `-j` says
    (root / ".mdtodo.toml").write_text(f"[lanes]\nmedium = 100\n\n[processors.it]\nrun = {words}\n")
    (root / "lines").write_text("".join(f"{number}\n" for number in range(tasks)))
    names = " ".join(f"t{number}" for number in range(tasks))
    (root / "Makefile").write_text(f".PHONY: all {names}\nall: {names}\n{names}:\n\t@{run}\n")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "base"]):
        cost(root, "git", *words)


def run(root: Path, jobs: int) -> tuple[Cost, str]:
    """A run of all tasks, which has to tick and commit them."""
    took, said = cost(root, sys.executable, "-c", _RUNNER, "run", "-j", str(jobs))
    if "[ ]" in (root / "TODO.md").read_text() or cost(root, "git", "status", "--porcelain")[1]:
        raise SystemExit("not all was ticked and committed")
    return took, next(line for line in said.splitlines() if line.startswith("runner "))


def of_true(folder: Path, tasks: int) -> tuple[str, float, float]:
    prepare(folder, tasks, "true")
    theirs, _ = cost(folder, "sh", "-c", "xargs -P2 -n1 true < lines")
    ours, said = run(folder, 2)
    _, own, memory = said.split()
    more = f"; of it the runner {float(own):.2f}, {int(memory) / 1024:.0f} MB"
    return _row(f"{tasks} x true", ours, theirs, "xargs", more)


def of_sleep(folder: Path) -> tuple[str, float, float]:
    prepare(folder, 400, "sleep 0.1")
    theirs, _ = cost(folder, "make", "-j50")
    ours, _ = run(folder, 50)
    return _row("400 x sleep 0.1", ours, theirs, "make")


def of_compute(folder: Path) -> tuple[str, float, float]:
    """How much faster two processes are than one: ours, and as a share of what `xargs` gains."""
    gains = []
    for jobs in (1, 2):
        prepare(folder / str(jobs), 8, _COMPUTE)
        ours, _ = run(folder / str(jobs), jobs)
        theirs, _ = cost(folder, "sh", "-c", f'seq 8 | xargs -P{jobs} -I@ sh -c "{_COMPUTE}"')
        gains.append((ours.wall, theirs.wall))
    ours, theirs = gains[0][0] / gains[1][0], gains[0][1] / gains[1][1]
    return f"8 tasks that compute, 2 for 1: {ours:.2f} times as fast; xargs {theirs:.2f}", ours, ours / theirs


def _row(title: str, ours: Cost, theirs: Cost, peer: str, more: str = "") -> tuple[str, float, float]:
    wall, cpu = ours.wall / theirs.wall, ours.cpu / theirs.cpu
    sides = f"mdtodo {ours.wall:.2f} {ours.cpu:.2f}{more} | {peer} {theirs.wall:.2f} {theirs.cpu:.2f}"
    return f"{title}: {sides} | {wall:.2f} {cpu:.2f}", wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--only", choices=("true", "sleep", "compute"))
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}; seconds, and CPU seconds, of both sides, and the ratios")
    scenarios = {
        "true": lambda folder: of_true(folder, options.tasks),
        "sleep": of_sleep,
        "compute": of_compute,
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, scenario in scenarios.items():
            if options.only not in (None, name):
                continue
            rounds = [scenario(Path(folder) / name / str(number)) for number in range(options.rounds)]
            for text, _, _ in rounds:
                print(f"  {text}")
            walls, others = zip(*(row[1:] for row in rounds), strict=True)
            print(f"  medians {statistics.median(walls):.2f}, {statistics.median(others):.2f}")


if __name__ == "__main__":
    main()
