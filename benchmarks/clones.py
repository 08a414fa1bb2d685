"""Work in a clone of its own: what it costs, and whether many of them keep both cores busy.

python benchmarks/clones.py [--rounds N] [--files N]

A no-op task, whose processor works in a clone of a warm pool, beside the same in the checkout, in repositories of 100
and of many files: `mdtodo run` of one task, as a person pays for it, and of ten, of which each further one is shown.
Then twenty tasks at once, each with half a second of work and a check, on two processes: processor seconds divided by
twice the wall clock, beside `xargs -P2` of the same work, which tells what the machine leaves to anybody.

Both sides are called in turn. Shown are medians of wall-clock and processor seconds (of all processes), and the median
of the ratios of pairs. On a machine that others use, the latter of processor seconds is the steadier one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from land import Cost, cost

#: So many tasks at once, each of so many seconds.
TASKS, WORK = 20, 0.5
MORE = 10
WORDS = f"import os, time\nwhile time.process_time() < {WORK}: pass\nopen(os.environ['MDTODO_TASK_ID'], 'w').write('x')"
CONFIG = """\
[processors.checkout]
run = "true"
[processors.clone]
run = "true"
isolation = "clone"
[processors.checked]
run = "true"
check = "true"
isolation = "clone"
[processors.work]
run = ["{python}", "-Sc", "{work}"]
check = "test -e $MDTODO_TASK_ID"
isolation = "clone"
"""


def main() -> None:
    """Measure in turns, so that a slow minute of the machine hits all alike."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--at-once", action="store_true", help="the last one alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        for files in () if options.at_once else (100, options.files):
            repo = make(Path(folder) / f"files-{files}", files)
            for tasks in (1, MORE):
                _compare(repo, tasks, options.rounds, files)
        _at_once(make(Path(folder) / "at-once", 100), options.rounds)


def make(root: Path, files: int) -> Path:
    """A repository with so many files, in folders of a hundred."""
    root.mkdir()
    for number in range(files):
        path = root / f"src{number // 100}" / f"file{number % 100}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{number}\n" * 20)
    (root / ".mdtodo.toml").write_text(CONFIG.format(python=sys.executable, work=WORDS.replace("\n", "\\n")))
    call(root, "git", "init", "-q")
    for name in ("user.name", "user.email"):
        call(root, "git", "config", name, "b@example.com")
    todo(root, "checkout", 1)
    return root


def todo(root: Path, processor: str, tasks: int) -> None:
    """Open tasks, committed."""
    lines = (f"- [ ] Task {n} run:{processor} id:t{n}\n" for n in range(tasks))
    (root / "TODO.md").write_text("".join(lines))
    call(root, "git", "add", "-A")
    call(root, "git", "commit", "-q", "--allow-empty", "-m", "Open")


def call(root: Path, *command: str) -> None:
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)


def run(root: Path, processor: str, tasks: int) -> Cost:
    """Of `mdtodo run` of that many new tasks."""
    todo(root, processor, tasks)
    return cost(lambda: call(root, sys.executable, "-m", "mdtodo", "run", "-q", "-j2"))


def _compare(root: Path, tasks: int, rounds: int, files: int) -> None:
    rows: dict[str, list[Cost]] = {"checkout": [], "clone": [], "checked": []}
    for processor in rows:
        run(root, processor, tasks)  # what is warm from now on
    for _ in range(rounds):
        for processor, row in rows.items():
            row.append(run(root, processor, tasks))
    for processor, row in rows.items():
        wall, cpu = (statistics.median(column) for column in zip(*row, strict=True))
        pairs = list(zip(row, rows["checkout"], strict=True))
        ratios = [statistics.median(mine[n] / other[n] for mine, other in pairs) for n in (0, 1)]
        print(
            f"{files:6} files, {tasks:2} tasks, {processor:8}: {wall:.3f} s, processor {cpu:.3f} s;"
            f" {ratios[0]:.2f} and {ratios[1]:.2f} times as long as in the checkout"
        )


def _at_once(root: Path, rounds: int) -> None:
    rows: list[tuple[float, float]] = []
    peer = ("xargs", "-P2", "-n1", "env", f"MDTODO_TASK_ID={root}.made", sys.executable, "-Sc", WORDS)
    names = "".join(f"{n}\n" for n in range(TASKS))
    for _ in range(rounds):
        call(root, "git", "rm", "-q", "--ignore-unmatch", *(f"t{n}" for n in range(TASKS)))
        done = run(root, "work", TASKS)
        alone = cost(lambda: subprocess.run(peer, input=names.encode(), check=True))
        rows.append((_busy(done), _busy(alone)))
        print(
            f"{TASKS} tasks of {WORK} s at once: {done.wall:.2f} s, processor {done.cpu:.2f} s: {rows[-1][0]:.2f} of"
            f" two cores; xargs {alone.wall:.2f} s, processor {alone.cpu:.2f} s: {rows[-1][1]:.2f}"
        )
    shares = [mine / other for mine, other in rows]
    print(
        f"median {statistics.median(mine for mine, _ in rows):.2f}; of what xargs gets {statistics.median(shares):.2f}"
    )


def _busy(one: Cost) -> float:
    return one.cpu / (2 * one.wall)


if __name__ == "__main__":
    main()
