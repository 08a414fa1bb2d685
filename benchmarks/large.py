"""How planning and listing grow with the repository, and a plot of it in docs/.

    python benchmarks/large.py [--rounds N] [--plot docs/large.svg]

CPU seconds of this machine, the best of some rounds. Planning: tasks that are parsed already, with two waits
each, to states, order and critical path; goal 10,000 tasks with 20,000 edges in 1 s. Listing: `mdtodo list` as a
process of its own over files of five tasks, which it has read before; its own time is that of
the process without `git ls-files`; goal 2,000 files in 0.5 s.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from mdtodo.config.settings import DEFAULT
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.planning.plan import plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.task import Task

TASKS = (1_250, 2_500, 5_000, 10_000, 20_000)
FILES = (250, 500, 1_000, 2_000, 4_000)

#: name -> seconds by size
Curve = dict[int, float]


def tasks(count: int) -> tuple[Task, ...]:
    """A file of so many tasks, each of which waits for two before it, parsed."""
    random = Random(count)
    lines = []
    for number in range(count):
        waits = sorted(random.sample(range(number), min(number, 2)))
        after = f" after:{','.join(f't{one}' for one in waits)}" if waits else ""
        lines.append(
            f"- [ ] Write the tests of part {number} id:t{number}{after} est:{random.randint(1, 16)}h\n"
        )
    return read_tasks({"TODO.md": parse("".join(lines).encode())})


def planning(count: int, rounds: int) -> float:
    """Seconds to plan so many tasks."""
    given = tasks(count)
    best = float("inf")
    for _ in range(rounds):
        gc.collect()
        begin = time.process_time()
        made = plan(given, DEFAULT)
        if len(made.order) != count or not made.critical_path:
            raise SystemExit("not everything was planned")
        best = min(best, time.process_time() - begin)
    return best


def listing(folder: Path, count: int, rounds: int) -> float:
    """Seconds of `mdtodo list` over so many files."""
    root = folder / str(count)
    for number in range(count):
        place = root / f"part{number // 100}" / f"package{number}"
        place.mkdir(parents=True)
        lines = [f"- [ ] Task {one} of package {number} #backend est:{one + 1}h\n" for one in range(5)]
        (place / "TODO.md").write_text(f"# Package {number}\n\n{''.join(lines)}")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    git = min(seconds(root, "git", "ls-files", "-z") for _ in range(rounds))
    command = (sys.executable, "-m", "mdtodo", "list")
    return min(seconds(root, *command) for _ in range(rounds + 1)) - git


def seconds(root: Path, *command: str) -> float:
    """CPU seconds of a command and of what it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def chart(at: int, title: str, unit: str, curve: Curve, goal: tuple[int, float]) -> list[str]:
    """One plot of 340 by 260, from x = `at` on."""
    left, bottom, width, height = at + 50, 210, 270, 160
    most_x, most_y = max(curve), max(*curve.values(), goal[1]) * 1.1
    place = [
        (left + x / most_x * width, bottom - y / most_y * height) for x, y in [(0, 0.0), *curve.items()]
    ][1:]
    goal_x, goal_y = left + goal[0] / most_x * width, bottom - goal[1] / most_y * height
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
    lines = [
        f'<text x="{left}" y="20" font-weight="bold">{title}</text>',
        f'<path d="M{left} {bottom - height}V{bottom}H{left + width}" fill="none" stroke="#888"/>',
        f'<polyline points="{points}" fill="none" stroke="#0969da" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#0969da"/>' for x, y in place),
        f'<path d="M{goal_x - 5:.1f} {goal_y:.1f}h10m-5 -5v10" stroke="#cf222e" stroke-width="2"/>',
        f'<text x="{goal_x + 8:.1f}" y="{goal_y + 4:.1f}" fill="#cf222e">goal</text>',
        f'<text x="{left + width}" y="{bottom + 36}" text-anchor="end">{unit}</text>',
        f'<text x="{left - 6}" y="{bottom - height - 8}">seconds</text>',
    ]
    labelled = float(left)
    for (x, _), size in zip(place, curve, strict=True):
        if x - labelled >= 45:  # two labels need so much
            lines.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{size:,}</text>')
            labelled = x
    for part in (0.5, 1.0):
        y = bottom - part * height
        lines.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{part * most_y:.2f}</text>')
    return lines


def picture(planned: Curve, listed: Curve) -> str:
    """Both plots as one SVG."""
    body = [
        *chart(0, "mdtodo plan: two waits each", "tasks", planned, (10_000, 1.0)),
        *chart(350, "mdtodo list: five tasks each", "files", listed, (2_000, 0.5)),
    ]
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="700" height="260" viewBox="0 0 700 260"'
    style = 'font-family="sans-serif" font-size="12" fill="#555">'
    background = '<rect width="700" height="260" fill="#fff"/>'
    return "\n".join((f"{head} {style}", background, *body, "</svg>\n"))


def report(name: str, curve: Mapping[int, float]) -> None:
    print(f"{name}: " + ", ".join(f"{size:,} {taken:.3f} s" for size, taken in curve.items()))
    least, *_, half, most = curve
    beyond = (curve[most] - curve[least]) / (curve[half] - curve[least])
    print(f"  beyond start-up, {most / half:.0f} times the size take {beyond:.2f} times as long")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    gc.set_threshold(50_000)  # as the command line does
    planned = {count: planning(count, options.rounds) for count in TASKS}
    report("tasks planned", planned)
    with tempfile.TemporaryDirectory() as folder:
        listed = {count: listing(Path(folder), count, options.rounds) for count in FILES}
    report("files listed", listed)
    if options.plot:
        options.plot.write_text(picture(planned, listed))


if __name__ == "__main__":
    main()
