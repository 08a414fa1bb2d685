"""`mdtodo check` of one file beside the floor that the given libraries set, and a commit's hooks beside Python itself.

python benchmarks/check.py [--rounds N]

Wall-clock seconds of whole processes, in turn: `mdtodo check TODO.md`, and
`python -c "import click, mistune.block_parser"`. Processor seconds, in turn: what git's hooks call, in a repository
with three processors, where each round stages a new task and nothing is wrong; the same by the whole program;
`--version`, completion, and `python -c pass`. The package should be compiled (`python -m compileall mdtodo`), as an
installed one is.
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

TODO = """\
# Release !high

- [ ] Tests pass id:tests
- [ ] Build the packages id:build after:tests
  - [ ] the wheel est:1h
  - [ ] the source distribution est:30m due:2026-12-01
- [x] Write the changelog #documentation
"""


def seconds(root: str, *arguments: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=root, check=True, capture_output=True)
    return time.perf_counter() - begin


SETTINGS = """\
[processors.test]
run = "true"
[processors.lint]
run = "true"
match = { tags = ["lint"] }
[processors.build]
run = ["make", "build"]
"""
PROGRAM = str(Path(sys.executable).parent / "mdtodo")
#: By name: the environment, and the words.
CALLS = {
    "python -c pass": ({}, (sys.executable, "-c", "pass")),
    "python -c 'import re'": ({}, (sys.executable, "-c", "import re")),
    "python -c 'import click'": ({}, (sys.executable, "-c", "import click")),
    "check --staged": ({}, (PROGRAM, "check", "--staged")),
    "check --changed TODO.md": ({}, (PROGRAM, "check", "--changed", "TODO.md")),
    "check --staged, whole": ({"MDTODO_WHOLE": "1"}, (PROGRAM, "check", "--staged")),
    "hook receipt": ({}, (PROGRAM, "hook", "receipt", ".git/HEAD")),
    "--version": ({}, (PROGRAM, "--version")),
    "completion of a command": (
        {"_MDTODO_COMPLETE": "bash_complete", "COMP_WORDS": "mdtodo re", "COMP_CWORD": "1"},
        (PROGRAM,),
    ),
    "completion of an option": (
        {"_MDTODO_COMPLETE": "bash_complete", "COMP_WORDS": "mdtodo run --", "COMP_CWORD": "2"},
        (PROGRAM,),
    ),
}


def processor_ms(root: str, more: dict[str, str], command: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=root, check=True, capture_output=True, env=os.environ | more)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def commit_hooks(root: str, rounds: int) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    (Path(root) / ".mdtodo.toml").write_text(SETTINGS)
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", *identity, "commit", "-qm", "Base"], cwd=root, check=True)
    subprocess.run([PROGRAM, "check", "--staged"], cwd=root, check=True)
    rows: dict[str, list[float]] = {name: [] for name in CALLS}
    for number in range(rounds):
        with open(Path(root) / "TODO.md", "a") as file:
            file.write(f"- [ ] Another {number}\n")
        subprocess.run(["git", "add", "-A"], cwd=root, check=True)
        for name, (more, command) in CALLS.items():
            rows[name].append(processor_ms(root, more, command))
    floor = rows["python -c pass"]
    for name, found in rows.items():
        ratio = statistics.median(a / b for a, b in zip(found, floor, strict=True))
        print(f"{name}: median {statistics.median(found):.1f} ms, least {min(found):.1f}, ratio {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(
            ["git", "init", "-q"], cwd=root, check=True, env=os.environ | {"GIT_CONFIG_GLOBAL": os.devnull}
        )
        (Path(root) / "TODO.md").write_text(TODO)
        pairs = [
            (
                seconds(root, "-c", "from mdtodo.cli import main; main(['check', 'TODO.md'])"),
                seconds(root, "-c", "import click, mistune.block_parser"),
            )
            for _ in range(rounds)
        ]
        commit_hooks(root, rounds)
    ours, floor = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"check {ours:.1f} ms, floor {floor:.1f} ms, median ratio {ratio:.2f} ({rounds} rounds)")


if __name__ == "__main__":
    main()
