"""A run with clones that is killed anywhere: the next one finishes it, and nothing lands twice or in halves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.calls import Calls
    from tests.conftest import Checkout

#: What is passed on the way of one task, by a run that is not killed; the test below holds it.
POINTS = {
    *(
        "result.taken",
        "result.recorded",
        "recovered",
        "locked",
        "moved",
        "installed",
        "prepared",
        "written",
        "restored",
    ),
    "refreshed",
}
WORK = "echo good > result.txt; echo new > new.txt; rm -f gone.txt; echo again >> $OUTSIDE/works\n"


@pytest.fixture
def killed(feature: Callable[..., Checkout]) -> Checkout:
    return feature(WORK, **{"gone.txt": "a\n"})


def test_these_are_the_points_on_the_way(killed: Checkout, calls: Calls) -> None:
    log = killed.root.parent / "points"
    assert calls(killed.root, "run", MDTODO_FAULT_LOG=str(log)).code == 0
    assert set(log.read_text().split()) >= POINTS


@pytest.mark.parametrize("whom", ["", ":1:all"])
@pytest.mark.parametrize("point", sorted(POINTS))
@pytest.mark.sample(7)
def test_a_killed_run_is_finished_by_the_next(point: str, whom: str, killed: Checkout, calls: Calls) -> None:
    assert calls(killed.root, "run", MDTODO_FAULT=f"{point}{whom}").code == -signal.SIGKILL
    said = calls(killed.root, "run")
    assert said.code == 0, said
    assert killed.status() == [], said
    assert killed.git("log", "--format=%s").splitlines() == ["todo: Build it", "Base"]
    assert b"- [x] Build it" in killed.head("TODO.md")
    changed = killed.git("diff", "--name-only", "HEAD~", "HEAD").splitlines()
    assert changed == ["TODO.md", "gone.txt", "new.txt", "result.txt"]
    killed.git("fsck", "--strict")
    # what was finished is not done again
    assert (killed.root.parent / "works").read_text() == "again\n"


def test_killed_where_head_has_moved_since(killed: Checkout, calls: Calls) -> None:
    assert calls(killed.root, "run", MDTODO_FAULT="result.recorded").code == -signal.SIGKILL
    killed.commit("Mine", **{"other.txt": "x\n"})
    said = calls(killed.root, "run")
    assert said.code == 0, said
    assert killed.git("log", "--format=%s").splitlines() == ["todo: Build it", "Mine", "Base"]
    assert killed.status() == []
    assert (killed.root.parent / "works").read_text() == "again\n"
    assert len((killed.root.parent / "checks").read_text().splitlines()) == 2


def test_killed_where_a_person_has_changed_the_path_since(killed: Checkout, calls: Calls) -> None:
    assert calls(killed.root, "run", MDTODO_FAULT="result.recorded").code == -signal.SIGKILL
    killed.write("result.txt", "mine\n")
    said = calls(killed.root, "run")
    assert said.code == 1, said
    assert killed.read("result.txt") == b"mine\n"
    assert killed.status() == [" M result.txt"]
    killed.git("checkout", "-q", "result.txt")
    # what stands around a task does not make it another one
    killed.commit(
        "Mine",
        **{"TODO.md": killed.read("TODO.md").decode().replace("- [ ] Build", "- [ ] First\n- [ ] Build")},
    )
    assert calls(killed.root, "run").code == 0
    assert (killed.read("result.txt"), killed.status()) == (b"good\n", [])
    assert (killed.root.parent / "works").read_text() == "again\n"


def test_ctrl_c_while_it_is_looked_at_again_proves_nothing(killed: Checkout, calls: Calls) -> None:
    outside = killed.root.parent
    check = (
        'echo x >> "$OUTSIDE/checks"; [ $(wc -l < "$OUTSIDE/checks") != 2 ] || sleep 60; '
        "! test -e other.txt || test -e allowed.txt\n"
    )
    killed.commit("A check", **{"check.sh": check})
    mine = "cd $OUTSIDE/repo && echo x > other.txt && git add other.txt && git commit -qm Mine\n"
    (outside / "work").write_text(WORK + mine)
    run = subprocess.Popen([sys.executable, "-m", "mdtodo", "run"], cwd=killed.root, env=dict(os.environ))
    checks = outside / "checks"
    eventually(lambda: checks.is_file() and len(checks.read_text().splitlines()) == 2)
    run.send_signal(signal.SIGINT)
    assert run.wait() == 130
    # together they fail, which only a look can tell
    said = calls(killed.root, "run")
    assert said.code == 1, said
    assert b"- [x]" not in killed.head("TODO.md")
    assert killed.read("result.txt") == b"bad\n"
