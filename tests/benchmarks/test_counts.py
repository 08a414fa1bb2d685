"""What the eight scenarios of benchmarks/counts.py cost is what is committed, and who changes that is told so."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from benchmarks.counts import FIGURES, PYTHON, REPOSITORIES, count_all, differences, logged, report, traced
from tests.tools import require

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = {"check": {"gits": 3, "calls": 1_000, "fsyncs": 0}}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"gits": 3, "calls": 1_100, "fsyncs": 0}, []),
        ({"gits": 3, "calls": 1_101, "fsyncs": 0}, ["check: calls 1,101, committed are 1,000 (+10%)"]),
        ({"gits": 3, "calls": 500, "fsyncs": 0}, ["check: calls 500, committed are 1,000 (-50%)"]),
        ({"gits": 4, "calls": 1_000, "fsyncs": 0}, ["check: gits 4, committed are 3 (+33%)"]),
        ({"gits": 3, "calls": 1_000, "fsyncs": 1}, ["check: fsyncs 1, committed are 0"]),
        ({"gits": 3, "calls": 1_000, "fsyncs": 0, "new": 2}, ["check: new 2, and no figure to compare with"]),
    ],
)
def test_what_is_off_by_more_than_a_tenth_is_told(now: dict[str, int], told: list[str]) -> None:
    assert differences({"check": now}, BEFORE) == told
    said = report({"check": now}, {"python": PYTHON, "scenarios": BEFORE})
    assert said[:-1] == told
    assert not told or "python -m benchmarks.counts --write" in said[-1]


def test_calls_are_compared_on_the_same_python_alone_and_no_scenario_is_lost() -> None:
    assert differences({"check": {"calls": 1}}, BEFORE, same_python=False) == []
    assert differences({}, BEFORE) == ["check: there is no such scenario any more"]


def test_what_strace_and_the_hook_write_is_counted(tmp_path: Path) -> None:
    trace = """\
execve("/usr/bin/mdtodo", ["mdtodo"...], 0x1 /* 9 vars */) = 0
execve("/usr/local/bin/git", ["git"...], 0x1 /* 9 vars */) = -1 ENOENT (No such file or directory)
execve("/usr/bin/git", ["git"...], 0x1 /* 9 vars */) = 0
openat(AT_FDCWD</p>, "TODO.md", O_RDONLY|O_CLOEXEC) = 3</p/repo/TODO.md>
openat(AT_FDCWD</p>, ".", O_RDONLY|O_CLOEXEC|O_DIRECTORY) = 3</p/repo>
openat(AT_FDCWD</p>, "/usr/lib/x", O_RDONLY|O_CLOEXEC) = 3</usr/lib/x>
write(3</p/repo/.git/index>, ""..., 120) = 100
pwrite64(4</p/repo/x>, ""..., 20, 0) = 20
write(1<pipe:[1]>, ""..., 7) = 7
fsync(3</p/repo/.git/index>) = 0
fdatasync(3</p/repo/.git/index>) = 0
"""
    assert traced(trace, "/p") == {
        "programs": 2, "gits": 1, "files read": 1, "bytes written": 120, "fsyncs": 2
    }  # fmt: skip
    (tmp_path / "log").write_text("parses 1\ncalls 10\nparses 1\ncalls 5\n")
    assert logged(tmp_path / "log") == {"parses": 2, "calls": 15}


def test_eight_scenarios_have_figures() -> None:
    names = [scenario.name for repository in REPOSITORIES for scenario in repository.scenarios]
    assert len(names) == 8
    assert list(json.loads(FIGURES.read_text())["scenarios"]) == names


@pytest.mark.tools
def test_the_scenarios_cost_what_is_committed() -> None:
    require("strace", version="-V")
    assert shutil.which("strace")
    assert report(count_all(), json.loads(FIGURES.read_text())) == []
