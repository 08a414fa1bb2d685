"""`mdtodo check` of one file beside the floor that the given libraries set.

python benchmarks/check.py [--rounds N]

Wall-clock seconds of whole processes, in turn: `mdtodo check TODO.md`, and
`python -c "import click, mistune.block_parser"`. The package should be compiled (`python -m compileall mdtodo`),
as an installed one is.
"""

from __future__ import annotations

import argparse
import os
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
    ours, floor = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"check {ours:.1f} ms, floor {floor:.1f} ms, median ratio {ratio:.2f} ({rounds} rounds)")


if __name__ == "__main__":
    main()
