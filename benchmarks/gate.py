"""The gate: `check --proof` on 1,000 commits, `check` on 10,000 receipts, `check --staged` without a new tick.

python benchmarks/gate.py [--rounds N] [--commits N] [--receipts N]

Wall-clock and CPU seconds (mdtodo and its gits together) of whole processes, the best of some rounds. The package
should be compiled (`python -m compileall mdtodo`), as an installed one is.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = os.environ | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{
        f"GIT_{who}_{what}": "bench@example.com"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    },
}
CONFIG = '[processors.t]\nrun = "true"\n'
LINE = "- [{}] Do the thing that has the number {} of them all run:t id:n{}\n"


def git(root: Path, *args: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", *args], cwd=root, input=stdin, check=True, capture_output=True, env=ENVIRONMENT
    ).stdout


def stream(commits: Iterator[tuple[str, dict[str, str]]]) -> Iterator[bytes]:
    """What `git fast-import` reads: messages and files."""
    for number, (message, files) in enumerate(commits, start=1):
        text = message.encode()
        yield b"commit refs/heads/main\ncommitter B <bench@example.com> %d +0000\n" % (1_700_000_000 + number)
        yield b"data %d\n%s\n" % (len(text), text)
        for path, content in files.items():
            data = content.encode()
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def ticks(number: int, tasks: int, *, inserts: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """A base, and one tick with its receipt in each further commit. With `inserts` lines come and go above them too:
    "between", in every other commit, or "with" the tick, in the same."""
    boxes, above = [" "] * tasks, 0

    def text(file: int) -> str:
        part = range(file, tasks, FILES)
        more = "".join(f"- [ ] Another one, which is number {one}\n" for one in range(above))
        return "# Tasks\n\n" + more + "".join(LINE.format(boxes[one], one, one) for one in part)

    yield "Base", {".mdtodo.toml": CONFIG, **{path(file): text(file) for file in range(FILES)}}
    for at in range(number):
        task = at % tasks
        if inserts == "with" or (inserts == "between" and at % 2):
            above = (above + 1) % 50
        if inserts == "between" and at % 2:
            yield "Plan", {path(0): text(0)}
            continue
        boxes[task] = "x" if boxes[task] == " " else " "
        outcome = "done" if boxes[task] == "x" else "failed"
        trailer = f"Mdtodo-Task: n{task} {outcome} t exit=0 time=0.100 attempt=1"
        yield (
            f"Run\n\nMdtodo-Run: 20261121T101500-{at:04x}\n{trailer}\n",
            {path(task % FILES): text(task % FILES)},
        )


#: TODO files, by which the tasks are shared.
FILES = 1


def path(file: int) -> str:
    return "TODO.md" if not file else f"part{file}/TODO.md"


def made(root: Path, number: int, tasks: int, *, files: int = 1, inserts: str = "") -> Path:
    global FILES
    FILES = files
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    git(root, "fast-import", "--quiet", stdin=b"".join(stream(ticks(number, tasks, inserts=inserts))))
    git(root, "reset", "-q", "--hard")
    git(root, "gc", "-q")
    return root


def measure(root: Path, *args: str, rounds: int, fresh: bool = False) -> str:
    walls, cpus = [], []
    for _ in range(rounds):
        if fresh:
            shutil.rmtree(root / ".git/mdtodo", ignore_errors=True)
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "mdtodo", *args],
            cwd=root,
            check=False,
            capture_output=True,
            env=ENVIRONMENT,
        )
        walls.append(time.perf_counter() - begin)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return f"{min(walls):.2f} s on the clock, {min(cpus):.2f} CPU seconds"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--commits", type=int, default=1_000)
    parser.add_argument("--receipts", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        for name, inserts in (
            ("ticks", ""),
            ("ticks, new lines between", "between"),
            ("ticks, new lines with each", "with"),
        ):
            root = made(top / name, given.commits, given.commits, inserts=inserts)
            base = git(root, "rev-list", "--max-parents=0", "HEAD").decode().strip()
            print(
                f"check --proof, {given.commits} commits, {name}:",
                measure(root, "check", "--proof", base, rounds=given.rounds),
            )
        root = made(top / "receipts", given.receipts, 2_000, files=4)
        print(
            f"check, {given.receipts} receipts, fresh clone:",
            measure(root, "check", rounds=given.rounds, fresh=True),
        )
        print(f"check, {given.receipts} receipts, again:", measure(root, "check", rounds=given.rounds))
        (root / "TODO.md").write_text((root / "TODO.md").read_text() + "- [ ] one more\n")
        git(root, "add", "-A")
        print("check --staged without a new tick:", measure(root, "check", "--staged", rounds=given.rounds))
        print("start-up (--version):", measure(root, "--version", rounds=given.rounds))


if __name__ == "__main__":
    main()
