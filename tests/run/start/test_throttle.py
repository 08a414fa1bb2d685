"""When the machine is busy, nothing more is started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from mdtodo.run.start import throttle
from mdtodo.run.start.throttle import (
    FIRST,
    WINDOW,
    Throttle,
    busy_of,
    busy_seconds,
    cpu_limit,
    memory_percent,
    own_seconds,
)
from tests.processes import eventually

SPIN = [sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout


def test_memory_is_what_psutil_says() -> None:
    assert memory_percent() == pytest.approx(psutil.virtual_memory().percent, abs=10)


def test_memory_counts_from_the_first_look() -> None:
    assert not Throttle(max_cpu=100, max_memory=0).allows_start(0.0)
    assert Throttle(max_cpu=100, max_memory=100).allows_start(0.0)


def test_the_environment_says_what_this_machine_may_be_used_for(
    monkeypatch: pytest.MonkeyPatch, repo: Checkout, inside: Callable[..., Said]
) -> None:
    for said, limit in ("1", 1), ("100", 100), ("", 85):
        monkeypatch.setenv("MDTODO_MAX_CPU", said)
        assert cpu_limit(85) == limit
    repo.write(".mdtodo.toml", "processors.ok.run = 'true'\n")
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok\n"})
    for said in "0", "101", "-1", "9.5", "no", "²":
        done = inside("run", MDTODO_MAX_CPU=said, code=3)
        assert f"MDTODO_MAX_CPU must be a whole number from 1 to 100, not {said!r}" in done.err


def test_load_of_other_processes_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # what is nobody's child may become ours, after a test that adopts such processes
    monkeypatch.setattr(throttle, "own_seconds", lambda: 0.0)
    one = Throttle(max_cpu=0, max_memory=100)
    assert one.allows_start(0.0), "nothing is measured yet, but the clocks are read"
    over = tmp_path / "over"
    # no child of this process
    subprocess.run(["setsid", "--fork", "sh", "-c", '"$@"; touch "$0"', str(over), *SPIN], check=True)
    eventually(over.exists)
    assert one.allows_start(FIRST - 0.01)
    assert one.machine == (None, None, None)
    assert not one.allows_start(FIRST + 0.01)
    assert one.machine.cpu is not None
    assert one.machine.cpu > 0


def test_load_of_the_run_itself_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock stands still beside what this process and its children took: all load is ours."""
    before, own = busy_seconds(), own_seconds()
    monkeypatch.setattr(throttle, "busy_seconds", lambda: before + own_seconds() - own)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    one = Throttle(max_cpu=2, max_memory=100)
    one.allows_start(0.0)
    one.allows_start(FIRST)
    subprocess.run(SPIN, check=True)
    assert own_seconds() - own > 0.25
    assert one.allows_start(FIRST + WINDOW)


@pytest.mark.skipif(
    not os.path.exists(f"/proc/self/task/{os.getpid()}/children"), reason="this kernel does not say it"
)
def test_what_still_runs_below_a_child_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)  # who asks it reads all processes of the machine
    with subprocess.Popen(["sh", "-c", '"$@"; read end', "sh", *SPIN], stdin=subprocess.PIPE) as shell:
        eventually(lambda: own_seconds() - sum(os.times()[:4]) > 0.2)
        assert shell.poll() is None


@pytest.mark.parametrize(
    ("passed", "worked"),
    [
        ({"user": 100, "guest": 100}, 100),
        ({"nice": 100, "guest_nice": 100}, 100),
        ({"system": 100, "idle": 200, "iowait": 200}, 100),
        ({"irq": 1, "softirq": 2, "steal": 4}, 7),
    ],
)
def test_each_tick_counts_once(passed: dict[str, int], worked: int) -> None:
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
    assert busy_of("cpu  " + " ".join(str(passed.get(name, 0)) for name in names)) == worked


@pytest.mark.parametrize("line", ["cpu0 1 2 3 4", "cpu 1 2 3", "", "cpu a b c d"])
def test_a_line_that_is_no_clock_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # `int` has its own words
        busy_of(line)


def test_the_clock_of_the_machine_is_that_of_psutil() -> None:
    times = psutil.cpu_times()
    theirs = sum(times) - times.idle - times.iowait - times.guest - times.guest_nice
    assert busy_seconds() == pytest.approx(theirs, abs=2)


def test_a_run_tells_once_that_starts_are_held_back_and_once_that_they_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A machine with one processor on which others take all of it, nothing, and all of it again."""
    clock = iter([0.0, 1.0, 1.2, 3.2])
    monkeypatch.setattr(throttle, "busy_seconds", lambda: next(clock))
    monkeypatch.setattr(throttle, "own_seconds", lambda: 0.0)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    one, told = Throttle(max_cpu=85, max_memory=100), []
    for now, waits in [(0.0, False), (1.0, True), (2.0, True), (3.0, False), (4.0, False), (5.0, True)]:
        held_back = not one.allows_start(now) and waits
        told.append((one.machine.cpu, list(one.told(held_back=held_back)), one.machine.held_back))
    why = "no more tasks are started for now: other programs use 100 % of the CPU (max_cpu = 85)"
    assert told == [
        (None, [], None),
        (100.0, [why], True),
        (100.0, [], True),
        (pytest.approx(10.0), ["the machine has room again: tasks are started as before"], False),
        (pytest.approx(10.0), [], False),
        (100.0, [], True),
    ]


SPINNER = [sys.executable, "-c", "while True: pass"]


def test_foreign_load_is_seen_and_shown(repo: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many busy loops as processors, and tasks of half a second: after the first figure they run one by one."""
    monkeypatch.delenv("MDTODO_MAX_CPU")
    repo.write(".mdtodo.toml", "jobs = 2\nmax_memory = 100\n[processors.ok]\nrun = 'sleep 0.5'\n")
    repo.commit("Base", **{"TODO.md": "".join(f"- [ ] task {n} run:ok\n" for n in range(12))})
    loops = [subprocess.Popen(SPINNER, start_new_session=True) for _ in range(os.cpu_count() or 1)]
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "mdtodo", "run"], cwd=repo.root, stderr=subprocess.PIPE, text=True
        ) as run:
            assert run.stderr is not None
            held = next(line for line in run.stderr if "no more tasks are started" in line)
            document = status(repo)
            while document["status"] == "running" and not document["held_back"]:
                document = status(repo)
            for loop in loops:
                loop.kill()
            run.stderr.read()  # the other tests may hold it back once more
            assert run.wait(timeout=120) == 0
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    assert "% of the CPU (max_cpu = 85)" in held
    assert document["cpu_percent"] > 85
    assert (document["memory_percent"], document["held_back"]) == (None, True)
    after = status(repo)
    assert [after[name] for name in ("cpu_percent", "memory_percent", "held_back")] == [None, None, None]


def status(repo: Checkout) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "mdtodo", "status", "--json"], cwd=repo.root, capture_output=True, check=True
    )
    return json.loads(done.stdout)


HIDDEN = [
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    'mount -t tmpfs none /proc; exec "$@"',
    "sh",
]
NAMESPACES = subprocess.run([*HIDDEN, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not NAMESPACES, reason="mounts cannot be made here")
def test_a_run_on_a_machine_that_shows_no_load_works_and_says_so_once(repo: Checkout) -> None:
    repo.write(
        ".mdtodo.toml",
        "[processors]\nok.run = 'sleep 3 & sleep 3'\nslow = {run = 'sleep 60 & sleep 60', timeout = '0.2s'}\n"
        "py.python = 'os:getcwd'\n",
    )
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok\n- [ ] b run:slow\n- [ ] c run:ok\n- [ ] d run:py\n"})
    done = subprocess.run(
        [*HIDDEN, sys.executable, "-m", "mdtodo", "run", "-j", "2"],
        cwd=repo.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.count("max_cpu and max_memory have no effect") == 1
    assert done.returncode == 1, done.stderr
    assert repo.read("TODO.md") == (
        b"- [x] a run:ok\n- [ ] b run:slow failed:1\n- [x] c run:ok\n- [ ] d run:py failed:1\n"
    )


def test_a_run_that_waits_for_a_retry_rests(repo: Checkout, mdtodo: Callable[..., Said]) -> None:
    config = (
        '[processors.p]\nrun = "test -e done || { touch done; exit 1; }"\nretries = 1\nretry_delay = "5s"\n'
    )
    repo.commit(**{".mdtodo.toml": config, "TODO.md": "- [ ] a run:p\n", ".gitignore": "done\n"})
    before, began = os.times(), time.monotonic()
    mdtodo("run")
    after, took = os.times(), time.monotonic() - began
    used = sum(after[2:4]) - sum(before[2:4])
    assert took > 5
    assert used < took / 2
