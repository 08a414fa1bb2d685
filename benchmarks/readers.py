"""What the commands that read, or change one task, cost in a repository that has grown, and a plot of it in docs/.

    python benchmarks/readers.py [--rounds N] [--tasks N] [--files N] [--memory N] [--only NAME ...]
    python benchmarks/readers.py --plot docs/readers.svg

Processor time (user and system, of git too) of whole processes, beside `python -c "import click"` in the same round;
the median of the ratios, and the least. One file of so many tasks; so many files of five tasks, which were read before;
and the most memory that a command had resident. The plot is `list` by tasks and by files, up to 100,000 and 20,000.
The package should be compiled (`python -m compileall mdtodo`), as an installed one is.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import NamedTuple

BIN = Path(sys.executable).parent
MDTODO = (str(BIN / "mdtodo"),)
FLOOR = (sys.executable, "-c", "import click")

#: Of one file: the command, and the goal as a multiple of FLOOR.
READ = {
    "list": (("list",), 5),
    "list --json": (("list", "--json"), None),
    "next": (("next",), 5),
    "status": (("status",), 5),
    "plan": (("plan",), 5),
    "show": (("show", "t40"), 5),
    "complete": ((), None),
}
CHANGE = {
    "add": (("add", "Write one more"), 6),
    "done": (("done", "t0"), 6),
    "reopen": (("reopen", "t3"), 6),
    "expand": (("expand", "t0", "--pattern", "implement"), 6),
}
GROWTH = {"tasks": (1_000, 10_000, 30_000, 100_000), "files": (200, 2_000, 6_000, 20_000)}
VERBS = ("Write", "Review", "Measure", "Remove", "Translate", "Move", "Rename", "Explain")
THINGS = ("the parser", "an index", "the cache", "release notes", "the theme", "a token", "the queue")
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "EMAIL": "bench@localhost"}


class Cost(NamedTuple):
    """Seconds of the processor, and the most megabytes that were resident."""

    seconds: float
    megabytes: float


def cost(root: Path, command: tuple[str, ...], env: dict[str, str] | None = None) -> Cost:
    """That of a process and of what it waits for."""
    process = subprocess.Popen(
        command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | (env or {})
    )
    _, code, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def tasks_text(count: int) -> str:
    """Tasks below a heading for each forty; subtasks, ids, estimates, tags and waits, as lists have them."""
    random, lines = Random(count), list[str]()
    for number in range(count):
        if number % 40 == 0:
            lines += ["", f"## Part {number // 40}", ""]
        title = f"{random.choice(VERBS)} {random.choice(THINGS)} of part {number}"
        keys = f" id:t{number}" if number % 40 in (0, 1, 3) else f" est:{random.randint(1, 8)}h"
        keys += " #backend" if number % 3 == 0 else ""
        keys += f" after:t{number - number % 40}" if number % 10 == 7 else ""
        box = "x" if number % 5 == 3 else " "
        indent = "  " if number % 4 == 2 else ""
        lines.append(f"{indent}- [{box}] {title}{keys}")
        lines += [f"{indent}  What is meant by it, in a sentence."] * (number % 8 == 4)
    return "\n".join(["# Work", *lines, ""])


def repository(root: Path) -> Path:
    root.mkdir(parents=True)
    for arguments in (("init", "-q"), ("config", "gc.auto", "0")):
        subprocess.run(["git", *arguments], cwd=root, check=True, env=os.environ | GIT)
    return root


def commit(root: Path) -> Path:
    """Long enough ago that git trusts its index."""
    for path in root.rglob("*.md"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    for arguments in (("add", "-A"), ("commit", "-q", "-m", "Lists")):
        subprocess.run(["git", *arguments], cwd=root, check=True, env=os.environ | GIT)
    return root


def one_file(root: Path, count: int) -> Path:
    repository(root)
    (root / "TODO.md").write_text(tasks_text(count))
    return commit(root)


def many_files(root: Path, count: int) -> Path:
    repository(root)
    for number in range(count):
        place = root / f"part{number // 100}" / f"package{number}"
        place.mkdir(parents=True)
        lines = [f"- [ ] Task {one} of package {number} #backend est:{one + 1}h\n" for one in range(5)]
        (place / "TODO.md").write_text(f"# Package {number}\n\n{''.join(lines)}")
    return commit(root)


def completion(root: Path) -> Cost:
    """What a shell asks for when somebody types TAB behind `mdtodo done t12`."""
    env = {"_MDTODO_COMPLETE": "bash_complete", "COMP_WORDS": "mdtodo done t12", "COMP_CWORD": "2"}
    return cost(root, MDTODO, env)


def run(root: Path, name: str) -> Cost:
    if name == "complete":
        return completion(root)
    words, _ = (READ | CHANGE)[name]
    text = (root / "TODO.md").read_bytes() if name in CHANGE else None
    found = cost(root, (*MDTODO, *words))
    if text is not None:
        (root / "TODO.md").write_bytes(text)
        os.utime(root / "TODO.md", (1_700_000_000, 1_700_000_000))
    return found


def table(title: str, names: dict[str, int | None], rows: list[dict[str, Cost]]) -> None:
    """The ratios to FLOOR of the same round."""
    floor = statistics.median(row["floor"].seconds for row in rows) * 1000
    print(f"\n{title}; import click {floor:.0f} ms, {len(rows)} rounds\n")
    print("| command | processor, ms | × import click, median | least | goal | memory, MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, goal in names.items():
        ratios = [row[name].seconds / row["floor"].seconds for row in rows]
        least = min(row[name].seconds for row in rows) / min(row["floor"].seconds for row in rows)
        took = statistics.median(row[name].seconds for row in rows) * 1000
        most = max(row[name].megabytes for row in rows)
        print(
            f"| `{name}` | {took:.0f} | {statistics.median(ratios):.2f} | {least:.2f} | {goal or ''} | {most:.0f} |"
        )


def measure_one_file(root: Path, rounds: int, count: int, only: list[str]) -> None:
    one_file(root, count)
    names = {name: goal for name, (_, goal) in (READ | CHANGE).items() if not only or name in only}
    for name in names:
        run(root, name)
    rows = [{"floor": cost(root, FLOOR), **{name: run(root, name) for name in names}} for _ in range(rounds)]
    table(f"One file of {count:,} tasks", names, rows)


def measure_many_files(root: Path, rounds: int, count: int) -> None:
    many_files(root, count)
    first = cost(root, (*MDTODO, "list"))
    cost(root, (*MDTODO, "check"))
    commands = {
        "list": (*MDTODO, "list"),
        "list, one changed": (*MDTODO, "list"),
        "next": (*MDTODO, "next"),
        "check": (*MDTODO, "check"),
        "git status": ("git", "status", "--porcelain"),
    }
    rows = []
    for number in range(rounds):
        row = {"floor": cost(root, FLOOR)}
        for name, command in commands.items():
            if name == "list, one changed":
                (root / "part0" / "package0" / "TODO.md").write_text(f"- [ ] Changed {number}\n")
            row[name] = cost(root, command)
        rows.append(row)
    names = {name: 5 if name == "list" else None for name in commands}
    table(f"{count:,} files, read before (the first `list`: {first.seconds * 1000:.0f} ms)", names, rows)


def measure_memory(root: Path, count: int) -> None:
    less, more = one_file(root / "less", count // 10), one_file(root / "more", count)
    print(f"\nMost memory resident with {count:,} tasks in one file, and what a task adds\n")
    print("| command | MB | bytes a task |\n| --- | --- | --- |")
    for words in (("list",), ("list", "--json"), ("next",), ("status",), ("plan",)):
        before, after = (cost(root, (*MDTODO, *words)).megabytes for root in (less, more))
        print(f"| `{' '.join(words)}` | {after:.0f} | {(after - before) * (1 << 20) / (count * 0.9):.0f} |")


Curve = dict[int, float]


def growth(folder: Path, kind: str, rounds: int) -> Curve:
    """Seconds of `list` by size."""
    make = one_file if kind == "tasks" else many_files
    found: Curve = {}
    for size in GROWTH[kind]:
        root = make(folder / f"{kind}{size}", size)
        cost(root, (*MDTODO, "list"))
        found[size] = min(cost(root, (*MDTODO, "list")).seconds for _ in range(rounds))
    print(f"list by {kind}: " + ", ".join(f"{size:,} {seconds:.2f} s" for size, seconds in found.items()))
    return found


def chart(at: int, title: str, curve: Curve) -> list[str]:
    """One plot of 340 by 260, from x = `at` on; the dashed line is what is in proportion to the size."""
    left, bottom, width, height = at + 50, 210, 270, 160
    most, top = max(curve), max(curve.values()) * 1.1
    slope = (curve[most] - min(curve.values())) / (most - min(curve))

    def place(size: int, seconds: float) -> str:
        return f"{left + size / most * width:.1f},{bottom - seconds / top * height:.1f}"

    start = place(min(curve), curve[min(curve)])
    lines = [
        f'<text x="{left}" y="20" font-weight="bold">{title}</text>',
        f'<path d="M{left} {bottom - height}V{bottom}H{left + width}" fill="none" stroke="#888"/>',
        (
            f'<path d="M{start} L{place(most, curve[min(curve)] + slope * (most - min(curve)))}" '
            'stroke="#888" stroke-dasharray="4"/>'
        ),
        (
            f'<polyline points="{" ".join(place(*one) for one in curve.items())}" fill="none" stroke="#0969da" '
            'stroke-width="2"/>'
        ),
        f'<text x="{left - 6}" y="{bottom - height - 8}">seconds</text>',
    ]
    for size, seconds in curve.items():
        x, y = place(size, seconds).split(",")
        lines.append(f'<circle cx="{x}" cy="{y}" r="3" fill="#0969da"/>')
        if size * 10 > most:
            lines.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{size:,}</text>')
    for part in (0.5, 1.0):
        y = bottom - part * height
        lines.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{part * top:.2f}</text>')
    return lines


def picture(tasks: Curve, files: Curve) -> str:
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="700" height="240" viewBox="0 0 700 240"'
    style = 'font-family="sans-serif" font-size="12" fill="#555">'
    background = '<rect width="700" height="240" fill="#fff"/>'
    body = [
        *chart(0, "mdtodo list: tasks of one file", tasks),
        *chart(350, "mdtodo list: files of five tasks", files),
    ]
    return "\n".join((f"{head} {style}", background, *body, "</svg>\n"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--memory", type=int, default=100_000)
    parser.add_argument(
        "--only", nargs="*", default=[], help="of the commands on one file; nothing else then"
    )
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    os.environ |= GIT
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.plot:
            curves = [growth(folder, kind, options.rounds) for kind in GROWTH]
            options.plot.write_text(picture(*curves))
            return
        measure_one_file(folder / "one", options.rounds, options.tasks, options.only)
        if not options.only:
            measure_many_files(folder / "many", options.rounds, options.files)
            measure_memory(folder / "memory", options.memory)


if __name__ == "__main__":
    main()
