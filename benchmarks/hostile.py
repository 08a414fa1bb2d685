"""What 250,000 bytes of marks and of pairs of them cost, beside as much plain text.

    python benchmarks/hostile.py [--size N] [--all]

Whole processes, nothing remembered, in processor time: `list`, `check`, `add`, `done`, on a file with a task of which
they are the title, and with a line of them below a task. `--all` tries all pairs in all ways, in some minutes; else
those of each mark with the next. Printed are the dearest; the goal is five times the plain text.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("mdtodo"))
#: What begins, ends or escapes something in Markdown.
MARKS = "[>*`-<&|~_!\\"
COMMANDS = (("list",), ("check",), ("add", "Write one more"), ("done", "first"))
SHAPES = {"in a title": "- [ ] a {} id:first\n", "in a line": "- [ ] a id:first\n\n{}\n"}


def cost(root: Path, text: str, command: tuple[str, ...]) -> float:
    """Processor seconds of a command, git's too, in a repository with this file."""
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / "TODO.md").write_text(text)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([PROGRAM, *command], cwd=root, capture_output=True, env=ENVIRONMENT, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):  # a check may find something
        raise SystemExit(f"{command[0]}: {done.stderr.decode()[:200]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


ENVIRONMENT = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "EMAIL": "bench@localhost"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=250_000)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    pairs = [one + other for one in MARKS for other in MARKS if one != other]
    if not options.all:
        pairs = [one + other for one, other in zip(MARKS, MARKS[1:] + MARKS[0], strict=True)]
    found: list[tuple[float, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        places = (Path(folder, str(number)) for number in range(1_000_000))
        for shape, frame in SHAPES.items():
            for command in COMMANDS:

                def seconds(unit: str, frame: str = frame, command: tuple[str, ...] = command) -> float:
                    text = frame.format(unit * (options.size // len(unit)))
                    return cost(next(places), text, command)

                plain = min(seconds("words ") for _ in range(3))
                found += [
                    (seconds(unit) / plain, f"`{unit}` {shape}, {command[0]}") for unit in (*MARKS, *pairs)
                ]
    print(f"{len(found)} ways, times as much as plain text:")
    for ratio, way in sorted(found, reverse=True)[:10]:
        print(f"  {ratio:.1f}  {way}")


if __name__ == "__main__":
    main()
