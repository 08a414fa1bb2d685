"""When the machine is busy, nothing more is started."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from mdtodo.system.throttle import DELAY, WINDOW, Throttle, _own_seconds, memory_percent

SPIN = [sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"]

if TYPE_CHECKING:
    from tests.conftest import Checkout


def test_memory_is_what_psutil_says() -> None:
    assert memory_percent() == pytest.approx(psutil.virtual_memory().percent, abs=10)


def test_memory_counts_from_the_first_look() -> None:
    assert not Throttle(max_cpu=100, max_memory=0).allows_start(0.0)
    assert Throttle(max_cpu=100, max_memory=100).allows_start(0.0)


def test_load_of_other_processes_counts() -> None:
    throttle = Throttle(max_cpu=0, max_memory=100)
    assert throttle.allows_start(0.0)
    assert throttle.allows_start(DELAY + 0.01), "nothing is measured yet, but the clocks are read"
    subprocess.run(["setsid", "--fork", *SPIN], check=True)  # no child of this process
    while any(process.cmdline()[-1:] == SPIN[-1:] for process in psutil.process_iter() if _lives(process)):
        pass
    assert not throttle.allows_start(DELAY + WINDOW + 0.02)


def test_load_of_the_run_itself_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock stands still beside what this process and its children took: all load is ours."""
    before, own = psutil.cpu_times(), _own_seconds()
    monkeypatch.setattr(psutil, "cpu_times", lambda: before._replace(user=before.user + _own_seconds() - own))
    monkeypatch.setattr(psutil, "cpu_count", lambda: 1)
    throttle = Throttle(max_cpu=2, max_memory=100)
    throttle.allows_start(0.0)
    throttle.allows_start(DELAY + 0.01)
    subprocess.run(SPIN, check=True)
    assert _own_seconds() - own > 0.25
    assert throttle.allows_start(DELAY + WINDOW + 0.02)


@pytest.mark.parametrize(
    "passed",
    [
        {"user": 1.0, "guest": 1.0},
        {"nice": 1.0, "guest_nice": 1.0},
        {"system": 1.0, "idle": 2.0, "iowait": 2.0},
    ],
    ids=" ".join,
)
@pytest.mark.parametrize(("limit", "free"), [(25, True), (10, False)])
def test_each_second_counts_once(
    monkeypatch: pytest.MonkeyPatch, passed: dict[str, float], limit: int, free: bool
) -> None:
    """A machine with one processor that worked for one second of five, which is 20 percent."""
    clock = psutil.cpu_times()
    if not set(passed) <= set(clock._fields):
        pytest.skip("this system does not tell them apart")
    later = clock._replace(**{name: getattr(clock, name) + more for name, more in passed.items()})
    clocks = iter([clock, later])
    monkeypatch.setattr(psutil, "cpu_times", lambda: next(clocks))
    monkeypatch.setattr(psutil, "cpu_count", lambda: 1)
    throttle = Throttle(max_cpu=limit, max_memory=100)
    throttle.allows_start(0.0)
    throttle.allows_start(DELAY + 0.01)
    assert throttle.allows_start(DELAY + WINDOW + 0.02) is free


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


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.cmdline())
    except psutil.Error:
        return False
