"""Captured output is kept within bounds: by size and by age, and never taken from a run that goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

FLOOD = "processors.flood.run = 'head -c 100000 /dev/zero; exit 75'\n"


def kept(repo: Checkout) -> list[str]:
    return sorted(path.name for path in (repo.root / ".git/mdtodo/logs").iterdir())


def run_of(said: Said) -> str:
    return str(said.json["run"])


def test_the_oldest_logs_go_when_the_size_is_exceeded(repo: Checkout, mdtodo: Callable[..., Said]) -> None:
    repo.write("TODO.md", "- [ ] a run:flood\n- [ ] b run:flood\n")
    repo.write(".mdtodo.toml", f"logs = {{ size = '450kB' }}\n{FLOOD}")
    runs = [run_of(mdtodo("run", "--json", code=None)) for _ in range(4)]
    assert kept(repo) == sorted(runs[2:])


def test_logs_that_are_too_old_go(repo: Checkout, mdtodo: Callable[..., Said]) -> None:
    repo.write("TODO.md", "- [ ] a run:flood\n")
    repo.write(".mdtodo.toml", f"logs.age = '2d'\n{FLOOD}")
    old, young = (run_of(mdtodo("run", "--json", code=None)) for _ in range(2))
    for days, run in ((3, old), (1, young)):
        for log in (repo.root / ".git/mdtodo/logs" / run).glob("*"):
            os.utime(log, (time.time() - days * 86400,) * 2)
    new = run_of(mdtodo("run", "--json", code=None))
    assert kept(repo) == sorted([young, new])


def test_a_run_that_goes_on_keeps_its_output(repo: Checkout, mdtodo: Callable[..., Said]) -> None:
    repo.write("TODO.md", "- [ ] a run:slow id:aaaa\n- [ ] b run:flood id:bbbb\n")
    slow = "processors.slow.run = 'head -c 100000 /dev/zero; while ! test -e go; do sleep 0.05; done'\n"
    repo.write(".mdtodo.toml", f"logs.size = '1kB'\n{FLOOD}{slow}")
    with subprocess.Popen(
        [sys.executable, "-m", "mdtodo", "run", "aaaa", "--no-commit"],
        cwd=repo.root,
        stderr=subprocess.DEVNULL,
    ) as process:
        logs = repo.root / ".git/mdtodo/logs"
        eventually(lambda: logs.is_dir() and any(log.stat().st_size for log in logs.glob("*/aaaa.1.log")))
        runs = {run_of(mdtodo("run", "bbbb", "--json", code=None)) for _ in range(2)}
        assert len(kept(repo)) == 2, "that of the run that goes on, and the last"
        assert len(runs & set(kept(repo))) == 1
        repo.write("go", "")
    assert process.returncode == 0
