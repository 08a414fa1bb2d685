"""The main job beside the least that it could be: 1,000 tasks that run `true`, `xargs -P2` over as many lines.

python benchmarks/run.py [--rounds N] [--tasks N]

Wall-clock and CPU seconds of whole process trees, in turn, in repositories made for it: `mdtodo run -j 2`
parses, runs, ticks and commits; the other side is `xargs -P2 -n1 true` and one `git commit` of the same change.
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

GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "b",
    "GIT_AUTHOR_EMAIL": "b@example.com",
    "GIT_COMMITTER_NAME": "b",
    "GIT_COMMITTER_EMAIL": "b@example.com",
}


def call(root: Path, *command: str) -> tuple[float, float]:
    """Wall-clock and CPU seconds that a command takes, with all that it starts; it must succeed."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=root, env=os.environ | GIT, check=True, capture_output=True)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def prepare(root: Path, tasks: int) -> None:
    todo = "".join(f"- [ ] task {number} run:ok\n" for number in range(tasks))
    (root / "TODO.md").write_text(f"# Tasks\n\n{todo}")
    (root / ".mdtodo.toml").write_text('[processors.ok]\nrun = ["true"]\n')
    (root / "lines").write_text("".join(f"{number}\n" for number in range(tasks)))
    call(root, "git", "init", "-q")
    call(root, "git", "add", "-A")
    call(root, "git", "commit", "-q", "-m", "base")


def one_round(folder: Path, tasks: int) -> tuple[float, ...]:
    """Wall-clock and CPU seconds of mdtodo, then of the other side, in a new folder."""
    ours, theirs = folder / "ours", folder / "theirs"
    for root in (ours, theirs):
        root.mkdir(parents=True)
        prepare(root, tasks)
    run = call(ours, str(Path(sys.executable).with_name("mdtodo")), "run", "-j", "2")
    xargs = call(theirs, "sh", "-c", "xargs -P2 -n1 true < lines")
    (theirs / "TODO.md").write_text((theirs / "TODO.md").read_text().replace("[ ]", "[x]"))
    commit = call(theirs, "git", "commit", "-q", "-a", "-m", "done")
    if (ours / "TODO.md").read_text() != (theirs / "TODO.md").read_text():
        raise SystemExit("the two sides did not do the same")
    return (*run, xargs[0] + commit[0], xargs[1] + commit[1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=1000)
    options = parser.parse_args()
    print(
        f"{options.tasks} tasks; seconds, and CPU seconds, of mdtodo run | of xargs and git commit | ratios"
    )
    ratios = []
    # One folder for all rounds: ext4 is slow to make files where many were deleted a moment before.
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            wall, cpu, floor, floor_cpu = one_round(Path(folder) / str(number), options.tasks)
            ratios.append((wall / floor, cpu / floor_cpu))
            sides = f"{wall:6.2f} {cpu:6.2f} | {floor:6.2f} {floor_cpu:6.2f}"
            print(f"  {sides} | {wall / floor:5.2f} {cpu / floor_cpu:5.2f}")
    walls, cpus = zip(*ratios, strict=True)
    print(f"median ratios {statistics.median(walls):.2f}, of CPU seconds {statistics.median(cpus):.2f}")


if __name__ == "__main__":
    main()
