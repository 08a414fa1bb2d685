"""`mdtodo output`: of which attempt, the list of them, and that of a task which runs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

CONFIG = """
[processors.p]
run = "echo run $MDTODO_RUN_ID attempt $MDTODO_ATTEMPT; exit 1"
retries = 1
retry_delay = "10ms"
[processors.slow]
run = "echo attempt $MDTODO_ATTEMPT; until test -e .git/go$MDTODO_ATTEMPT; do sleep 0.02; done; echo over; test $MDTODO_ATTEMPT = 2"
retries = 1
retry_delay = "10ms"
[processors.silent]
run = "true"
"""


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


def test_each_attempt_can_be_shown_and_all_are_listed(repo: Checkout, mdtodo: Mdtodo) -> None:
    text = "- [ ] a run:p id:a\n- [ ] b run:silent id:a.1\n- [ ] c id:c\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    first, second = (mdtodo("run", "--json", code=1).json["run"] for _ in range(2))
    assert mdtodo("output", "a").out == f"run {second} attempt 2\n"
    assert mdtodo("output", "a", "--attempt", "1").out == f"run {second} attempt 1\n"
    assert mdtodo("output", "a", "--run", first, "--attempt", "1").out == f"run {first} attempt 1\n"
    assert mdtodo("output", "a", "--run", first, "--path").out.endswith(f"{first}/a.2.log\n")
    assert "no such attempt" in mdtodo("output", "a", "--attempt", "3", code=2).err
    assert "no such attempt" in mdtodo("output", "a", "--run", "1999", code=2).err
    found = mdtodo("output", "a", "--list", "--json").json["attempts"]
    assert [(one["run"], one["attempt"], one["outcome"]) for one in found] == [
        (second, 2, "failed"), (second, 1, "failed"), (first, 2, "failed"), (first, 1, "failed"),
    ]  # fmt: skip
    assert {one["size"] for one in found} == {len(f"run {first} attempt 1\n")}
    lines = mdtodo("output", "a", "--list", "--run", first).out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["run", "attempt", "outcome"], [first, "2", "failed"], [first, "1", "failed"],
    ]  # fmt: skip
    (one,) = mdtodo("output", "a.1", "--list", "--json").json["attempts"]
    assert (one["run"], one["outcome"], one["size"], one["log"]) == (first, "done", 0, None)
    assert "had no output" in mdtodo("output", "a.1").err
    assert "no attempt of c" in mdtodo("output", "c", "--list").err
    repo.commit(
        **{".mdtodo.toml": '[processors.p]\nrun = "true"\n', "TODO.md": "- [ ] Silent run:p id:silent\n"}
    )
    mdtodo("run")
    assert "0B" in mdtodo("output", "silent", "--list").out  # it printed nothing
    for wrong in (("-f", "--list"), ("--json",), ("-f", "--attempt", "1")):
        mdtodo("output", "a", *wrong, code=2)


def test_what_runs_is_followed_to_its_end_through_its_attempts(repo: Checkout, mdtodo: Mdtodo) -> None:
    text = "- [ ] a run:slow id:a\n- [ ] b run:slow id:b\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    command = [sys.executable, "-m", "mdtodo", "-C", str(repo.root)]
    with subprocess.Popen(
        [*command, "run", "a"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        log = eventually(lambda: list((repo.root / ".git/mdtodo/logs").glob("*/a.1.log")))[0]
        eventually(lambda: log.read_text() == "attempt 1\n")
        with subprocess.Popen([*command, "output", "a", "-f"], stdout=subprocess.PIPE, text=True) as follower:
            assert follower.stdout is not None
            assert follower.stdout.readline() == "attempt 1\n"
            repo.write(".git/go1", "")
            assert [follower.stdout.readline() for _ in range(2)] == ["over\n", "attempt 2\n"]
            assert follower.poll() is None
            repo.write(".git/go2", "")
            assert follower.stdout.read() == "over\n"
            assert follower.wait() == 0
        assert run.wait() == 0
    assert mdtodo("output", "a", "-f").out == "attempt 2\nover\n"
