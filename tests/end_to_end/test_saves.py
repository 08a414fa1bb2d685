"""A person saves TODO.md in several steps, or holds it open, while a run lands its ticks: nothing is lost."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.project.project import read_config, read_project
from mdtodo.run.start.preflight import Preflight
from mdtodo.storage.state import StateStore
from tests.system.test_write_lease import saving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.calls import Calls
    from tests.conftest import Checkout

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")

TASKS = 20
CONFIG = 'commit = "task"\nstamp = {stamp}\n[processors.ok]\nrun = "sleep 0.01"\n'
#: A person's program: it truncates the file and writes it anew in several steps (`cat >`, nano), or appends a line in
#: several steps (`printf >>`), again and again until it is told to stop, six times at least. It says how many lines it has written.
PERSON = """
import os, random, sys, time
path, stop, how, seed = sys.argv[1:]
chance, number = random.Random(seed), 0
while number <= 5 or not os.path.exists(stop):
    line = b"person %d\\n" % number
    kind = how if how != "both" else chance.choice(["truncate", "append"])
    with open(path, "r+b" if kind == "truncate" else "ab", buffering=0) as file:
        if kind == "truncate":
            data = file.read() + line
            file.seek(0)
            file.truncate()
        else:
            data = line
        while data:
            step = chance.randint(1, max(1, len(data) // 2))
            file.write(data[:step])
            data = data[step:]
            time.sleep(chance.choice([0, 0.001, 0.004]))
    number += 1
    time.sleep(chance.choice([0, 0.01, 0.05]))
print(number)
"""


def lines_lost(
    repo: Checkout, calls: Calls, tmp_path: Path, how: str, seed: int, without: str = ""
) -> list[str]:
    """What the file lacks after a run in which a person was at work: their lines, and ticks."""
    text = "".join(f"- [ ] task {number} run:ok\n" for number in range(TASKS)) + "\n"
    stamp = "true" if random.Random(seed).random() < 0.5 else "false"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG.format(stamp=stamp)})
    stop = tmp_path / f"stop-{seed}"
    command = [sys.executable, "-c", PERSON, str(repo.root / "TODO.md"), str(stop), how, str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as person:
        try:
            said = calls(repo.root, "run", "-j2", without=without)
        finally:
            stop.touch()
        count = int(person.communicate(timeout=30)[0])
    assert said.code == 0, said
    assert count > 5
    calls(repo.root, "list", without=without)
    found = repo.read("TODO.md").decode().splitlines()
    lost = [line for number in range(count) if (line := f"person {number}") not in found]
    ticked = [line for line in found if re.fullmatch(r"- \[x\] task \d+ run:ok( done:[\d-]+)?", line)]
    return lost + ["a tick"] * (TASKS - len(ticked))


@pytest.mark.parametrize("how", ["truncate", "append", "both"])
@pytest.mark.parametrize("seed", range(2))
def test_saves_and_ticks_at_the_same_time_are_all_there(
    repo: Checkout, calls: Calls, tmp_path: Path, how: str, seed: int
) -> None:
    assert lines_lost(repo, calls, tmp_path, how, seed) == []
    assert len(re.findall(rb"^- \[x\] task", repo.head("TODO.md"), re.MULTILINE)) == TASKS


def test_without_a_look_at_who_writes_the_file_lines_are_lost(
    repo: Checkout, calls: Calls, tmp_path: Path
) -> None:
    """The control: this test does see what it looks for."""
    assert any(lines_lost(repo, calls, tmp_path, "both", seed, without="leases") for seed in range(1, 9))


def test_a_half_written_file_is_not_believed(repo: Checkout) -> None:
    """Otherwise the second subtask would be gone, and the parent done with the first; and the task not to be started."""
    text = "- [ ] p\n  - [x] one\n  - [ ] two run:ok\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": '[processors.ok]\nrun = "true"\n'})
    found, path = discover(str(repo.root)), repo.root / "TODO.md"
    config = read_config(found)
    with saving(path, [text[:20].encode(), text[20:].encode() + b"\n"], 0.2):
        project = read_project(found, config, settled=True)
        assert len(project.tasks) == 3
    preflight = Preflight(project)
    with saving(path, [text[:20].encode(), text[20:].encode() + b"\nmore\n"], 0.2):
        reasons = preflight.check(project.tasks.values())
        assert [task.title for task in project.tasks.values() if reasons[task.id] is not None] == ["one"]


@pytest.mark.parametrize("arguments", [("run",), ("run", "--no-commit")])
def test_a_file_that_is_held_open_is_ticked_by_the_next_call(
    repo: Checkout, calls: Calls, arguments: tuple[str, ...]
) -> None:
    repo.commit(
        "Base", **{"TODO.md": "- [ ] a run:ok id:a\n", ".mdtodo.toml": '[processors.ok]\nrun = "true"\n'}
    )
    with open(repo.root / "TODO.md", "ab") as held:
        said = calls(repo.root, *arguments, without="patience")
        assert said.code == 0, said
        assert (
            "TODO.md: a: another program has it open for writing; the next call of mdtodo ticks it there"
            in said.err
        )
        assert repo.read("TODO.md") == b"- [ ] a run:ok id:a\n"
        held.write(b"\nmine\n")
    calls(repo.root, "list")
    assert repo.read("TODO.md") == b"- [x] a run:ok id:a\n\nmine\n"
    with StateStore.open(discover(str(repo.root)), create=False) as state:
        assert state.unlanded() == ()
    if arguments == ("run",):
        assert repo.head("TODO.md") == b"- [x] a run:ok id:a\n"
        assert repo.commits() == 2


def test_a_file_that_is_away_for_a_moment_is_waited_for(repo: Checkout) -> None:
    """A program that saves by renaming (vim with `backupcopy=no`, Emacs) leaves no file for an instant."""
    wait = "touch ../begun; while ! test -e ../away; do sleep .01; done"
    config = f'commit = "task"\n[processors.save]\nrun = "{wait}"\n[processors.ok]\nrun = "true"\n'
    todo = "- [ ] a run:save id:a\n- [ ] b run:ok id:b after:a\n"
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config, ".gitignore": "*~\n"})
    run = [sys.executable, "-m", "mdtodo", "run", "-j1"]
    file, backup, above = repo.root / "TODO.md", repo.root / "TODO.md~", repo.root.parent
    with subprocess.Popen(run, cwd=repo.root, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as started:
        while not (above / "begun").exists() and started.poll() is None:
            time.sleep(0.01)
        file.rename(backup)
        (above / "away").touch()
        time.sleep(0.4)
        backup.rename(file)
        said = started.communicate(timeout=60)[1].decode()
    assert started.returncode == 0, said
    assert b"[ ]" not in repo.read("TODO.md"), said
    assert repo.status() == []
