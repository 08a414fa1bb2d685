"""The merge driver beside `git merge-file` and its own start-up, on a TODO file of 10,000 lines.

python benchmarks/merge.py [--rounds N] [--lines N]

Four merges: ticks of both sides that are apart, which git merges too; ticks of neighbours, which to git are
conflicts; ticks and new tasks; and these with as many tasks deleted and moved by both sides all over the file, so
that many do not fit together. In turn, as whole processes:
`mdtodo merge-driver`, `git merge-file` of the same three files, and the start-up, which is `mdtodo --version`. Shown
are medians of wall-clock and processor milliseconds, and of rounds the medians of the driver's share of
`3 * (git merge-file + start-up)`, and of `3 * git merge-file + start-up`, the narrower reading of the goal.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

START = [sys.executable, "-c", "from mdtodo.cli import main; main(['--version'])"]
DRIVER = [
    sys.executable,
    "-c",
    "from mdtodo.cli import main; main(['merge-driver', 'base', 'result', 'theirs'])",
]
GIT = ["git", "merge-file", "-p", "-q", "ours", "base", "theirs"]


class Cost(NamedTuple):
    """Milliseconds."""

    wall: float
    cpu: float


def todo(lines: int) -> list[str]:
    """Sections of tasks with subtasks, keys and notes."""
    made = []
    for number in range(lines):
        if number % 50 == 0:
            made.append(f"## Section {number} #tag")
        elif number % 7 == 3:
            made.append(f"  - [ ] part {number} of it est:{number % 9}h")
        elif number % 11 == 5:
            made.append(f"  what to know of {number}")
        else:
            made.append(f"- [ ] Task number {number} is to be done !high id:t{number}")
    return made


def ticked(lines: list[str], start: int, step: int) -> list[str]:
    return [line.replace("[ ]", "[x]") if at % step == start else line for at, line in enumerate(lines)]


def added(lines: list[str], random: Random, who: str) -> list[str]:
    made = ticked(lines, random.randrange(40), 40)
    for number in range(40):
        made.insert(random.randrange(len(made)), f"- [ ] {who} adds task {number}")
    return made


def rearranged(lines: list[str], random: Random, who: str) -> list[str]:
    made = added(lines, random, who)
    for _ in range(40):
        made.pop(random.randrange(len(made)))
        line = made.pop(random.randrange(len(made)))
        made.insert(random.randrange(len(made)), line)
    return made


def cost(argv: list[str], folder: str) -> Cost:
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(argv, cwd=folder, capture_output=True, check=False)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall * 1000, cpu * 1000)


def measure(name: str, versions: dict[str, list[str]], rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for version, lines in versions.items():
            (Path(folder) / version).write_text("\n".join(lines) + "\n")
        conflicts = subprocess.run(GIT, cwd=folder, capture_output=True, check=False).returncode
        rows = []
        for _ in range(rounds):
            (Path(folder) / "result").write_bytes((Path(folder) / "ours").read_bytes())
            rows.append([cost(argv, folder) for argv in (DRIVER, GIT, START)])
        left = (Path(folder) / "result").read_bytes().count(b"\n<<<<<<< ")
    print(f"{name}: conflicts left {left}, by git {conflicts}")
    for kind in ("wall", "cpu"):
        driver, git, start = ([getattr(one, kind) for one in column] for column in zip(*rows, strict=True))
        wide = statistics.median(d / (3 * (g + s)) for d, g, s in zip(driver, git, start, strict=True))
        narrow = statistics.median(d / (3 * g + s) for d, g, s in zip(driver, git, start, strict=True))
        figures = ", ".join(
            f"{word} {statistics.median(column):.1f} ms"
            for word, column in (("driver", driver), ("git merge-file", git), ("start-up", start))
        )
        print(f"  {kind}: {figures}; share of 3 (git + start) {wide:.2f}, of 3 git + start {narrow:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--lines", type=int, default=10_000)
    given = parser.parse_args()
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    base, random = todo(given.lines), Random(1)
    for name, ours, theirs in (
        ("ticks apart", ticked(base, 1, 40), ticked(base, 21, 40)),
        ("ticks of neighbours", ticked(base, 1, 40), ticked(base, 2, 40)),
        ("ticks and additions", added(base, random, "one"), added(base, random, "two")),
        ("a great rearrangement", rearranged(base, random, "one"), rearranged(base, random, "two")),
    ):
        measure(name, {"base": base, "ours": ours, "theirs": theirs}, given.rounds)


if __name__ == "__main__":
    main()
