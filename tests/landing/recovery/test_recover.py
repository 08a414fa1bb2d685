"""What a run has finished is landed where it was proven, and as it was asked for; nowhere else, and never lost."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from mdtodo.config.load import load
from mdtodo.core.task import Status
from mdtodo.git.repository import discover
from mdtodo.landing import land
from mdtodo.operations.set_status import set_status
from mdtodo.project.project import read_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.calls import Calls
    from tests.conftest import Checkout

TODO = "1. [ ] one run:ok\n2. [ ] two run:switch\n3. [ ] three run:ok\n"
DONE = TODO.replace("[ ]", "[x]")
CONFIG = """\
[processors.ok]
run = 'echo "$MDTODO_TASK_TITLE" >> ../calls'
[processors.switch]
run = '[ -e ../switched ] || $SWITCH; touch ../switched; echo "$MDTODO_TASK_TITLE" >> ../calls'
"""


@pytest.fixture
def todo(make_repo: Callable[..., Checkout]) -> Checkout:
    repo = make_repo(**{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    repo.git("branch", "other")
    repo.commit("Newer", new="new\n")
    return repo


def called(repo: Checkout) -> list[str]:
    return (repo.root.parent / "calls").read_text().splitlines()


def test_a_branch_that_is_left_gets_its_ticks_when_it_is_back(todo: Checkout, calls: Calls) -> None:
    said = calls(todo.root, "run", "-j1", SWITCH="git switch -q other")
    assert said.code == 3
    assert "the run began on main, but HEAD is on other now: nothing was ticked here" in said.err
    assert ") was not started: HEAD is on other now" in said.err
    assert todo.status() == []
    assert todo.commits("main") == 2
    assert todo.read("TODO.md") == TODO.encode()
    todo.git("switch", "-q", "main")
    assert calls(todo.root, "run").code == 0
    assert called(todo) == ["one", "two", "three"]
    assert todo.head("TODO.md") == todo.read("TODO.md") == DONE.encode()
    assert todo.status() == []


def test_ticks_of_one_branch_are_not_written_to_tasks_of_another(todo: Checkout, calls: Calls) -> None:
    """What waits for main is in nobody's way: the same tasks may run where nothing has proven them."""
    calls(todo.root, "run", "-j1", SWITCH="git switch -q other")
    said = calls(todo.root, "run", "-j1")
    assert said.code == 0
    assert "wait for main to be checked out: one, two" in said.err
    assert todo.head("TODO.md", "other") == DONE.encode()
    assert todo.head("TODO.md", "main") == TODO.encode()
    assert called(todo) == ["one", "two", "one", "two", "three"]
    todo.git("switch", "-q", "main")
    calls(todo.root, "run")
    assert todo.head("TODO.md", "main") == DONE.encode()
    assert called(todo)[5:] == ["three"]


@pytest.mark.parametrize(
    "move", ["git switch -q -c new", "git checkout -q --detach", "git commit -q --allow-empty -m x"]
)
def test_a_branch_that_descends_from_where_the_run_began_gets_its_ticks(
    todo: Checkout, calls: Calls, move: str
) -> None:
    assert calls(todo.root, "run", "-j1", SWITCH=move).code == 0
    assert todo.head("TODO.md") == todo.read("TODO.md") == DONE.encode()
    assert called(todo) == ["one", "two", "three"]


def test_what_a_killed_run_finished_lands_in_its_own_worktree_alone(
    todo: Checkout, calls: Calls, tmp_path: Path
) -> None:
    """What a killed run in one has finished does not land in the other."""
    todo.git("worktree", "add", "-q", str(tmp_path / "linked"), "other")
    linked = type(todo)(tmp_path / "linked")
    killed = calls(linked.root, "run", "-j1", SWITCH="true", MDTODO_FAULT="sync.kept")
    assert killed.code == -signal.SIGKILL
    assert "wait for other to be checked out" in calls(todo.root, "run", "--tag", "none").err
    assert todo.commits() == 2
    assert calls(linked.root, "run").code == 0
    assert called(linked) == ["one", "two", "three"]
    assert linked.head("TODO.md") == DONE.encode()
    assert todo.read("TODO.md") == TODO.encode()


def test_a_run_that_was_to_commit_nothing_is_not_committed_afterwards(todo: Checkout, calls: Calls) -> None:
    killed = calls(todo.root, "run", "--no-commit", SWITCH="true", MDTODO_FAULT="sync.kept")
    assert killed.code == -signal.SIGKILL
    assert calls(todo.root, "run").code == 0
    assert todo.commits() == 2
    assert todo.status() == [" M TODO.md"]
    assert todo.read("TODO.md") == DONE.encode()


def test_a_result_that_must_not_be_committed_now_is_ticked_and_committed_later(
    todo: Checkout, calls: Calls
) -> None:
    calls(todo.root, "run", SWITCH="true", MDTODO_FAULT="sync.kept")
    assert calls(todo.root, "run", "--no-commit").code == 0
    assert todo.commits() == 2
    assert todo.read("TODO.md") == DONE.encode()
    assert calls(todo.root, "run").code == 0
    assert todo.head("TODO.md") == todo.index("TODO.md") == DONE.encode()
    assert called(todo) == ["one", "two", "three"]


@pytest.mark.parametrize("how", [(), ("-a",), ("--only", "mine")])
def test_a_hook_of_a_commit_moves_no_head(todo: Checkout, calls: Calls, how: tuple[str, ...]) -> None:
    """git would give up: cannot lock ref 'HEAD'."""
    hook = todo.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nenv > ../env\n")
    hook.chmod(0o755)
    todo.write("mine", "0\n")
    todo.git("add", "mine")
    todo.git("commit", "-q", *how, "-m", "Mine")
    env = dict(
        line.split("=", 1) for line in (todo.root.parent / "env").read_text().splitlines() if "=" in line
    )
    given = {name: value for name, value in env.items() if name.startswith("GIT_")}
    said = calls(todo.root, "run", SWITCH="true", **given)
    assert said.code == 3
    assert "--no-commit" in said.err
    assert not (todo.root.parent / "calls").exists()
    assert not (todo.root / ".git/mdtodo").exists()
    assert calls(todo.root, "run", "--no-commit", SWITCH="true", **given).code == 0
    assert todo.read("TODO.md") == DONE.encode()
    assert todo.commits() == 3


@pytest.mark.parametrize("point", ["moved", "installed", "written"])
def test_a_landed_result_that_was_taken_back_does_not_land_again(
    todo: Checkout, calls: Calls, point: str
) -> None:
    """The kill came before the journal knew; a second receipt for one proof would overrule a person."""
    calls(todo.root, "run", SWITCH="true", MDTODO_FAULT=point)
    (todo.root / ".git/index.lock").unlink(missing_ok=True)  # as git tells everybody to
    todo.git("reset", "-q", "--hard")
    back = DONE.replace("[x] two", "[ ] two").replace("[x] three", "[ ] three")
    todo.commit("Not yet", **{"TODO.md": back})
    said = calls(todo.root, "list")
    assert "were undone since, and stay undone: two, three" in said.err
    assert todo.head("TODO.md") == todo.index("TODO.md") == todo.read("TODO.md") == back.encode()
    assert todo.commits() == 4
    assert todo.status() == []
    assert calls(todo.root, "run", SWITCH="true").code == 0
    assert called(todo) == ["one", "two", "three", "two", "three"]


def test_a_commit_of_somebody_each_time_that_ours_is_prepared_is_not_overwritten(
    todo: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HEAD moves five times at the critical instant: nothing of theirs is overwritten."""
    times: list[str] = []

    def look(point: str) -> None:
        if point in ("prepared", "locked") and len(times) < 5:
            times.append(point)
            text = todo.head("TODO.md").decode() + f"9. [ ] theirs {len(times)}\n"
            blob = todo.git("hash-object", "-w", "--stdin", stdin=text)
            todo.git("update-index", "--cacheinfo", f"100644,{blob},TODO.md", GIT_INDEX_FILE=".git/theirs")
            tree = todo.git("write-tree", "--missing-ok", GIT_INDEX_FILE=".git/theirs")
            new = todo.git("commit-tree", "-p", "HEAD", "-m", f"Theirs {len(times)}", tree)
            todo.git("update-ref", "HEAD", new)

    repo = discover(str(todo.root))
    project = read_project(repo, load(None, None))
    task = next(task for task in project.tasks.values() if task.title == "two")
    todo.git("read-tree", "HEAD", GIT_INDEX_FILE=".git/theirs")
    monkeypatch.setattr(land, "failpoint", look)
    set_status(project, [task], Status.DONE, commit=True)
    assert len(times) == 5
    subjects = todo.git("log", "--format=%s").splitlines()
    assert subjects == ["todo: two", *(f"Theirs {n}" for n in (5, 4, 3, 2, 1)), "Newer", "Base"]
    theirs = "".join(f"9. [ ] theirs {n}\n" for n in range(1, 6))
    assert todo.head("TODO.md").decode() == TODO.replace("[ ] two", "[x] two") + theirs
    assert (
        todo.git("diff", "--stat", "HEAD^", "HEAD")
        .splitlines()[-1]
        .strip()
        .startswith("1 file changed, 1 insertion")
    )


def test_a_run_inside_a_hook_of_a_commit_leaves_the_commit_to_git(todo: Checkout) -> None:
    """git's own commit is made, or not, by what the hook says; HEAD is moved by nobody else."""
    hook = todo.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{sys.executable} -m mdtodo run 2>../said\necho $? > ../code\n")
    hook.chmod(0o755)
    todo.write("mine", "0\n")
    todo.git("add", "mine")
    todo.git("commit", "-q", "-m", "Mine")
    assert (todo.root.parent / "code").read_text() == "3\n"
    assert "--no-commit" in (todo.root.parent / "said").read_text()
    assert todo.git("log", "-1", "--format=%s") == "Mine"
    assert todo.read("TODO.md") == TODO.encode()
    todo.write("mine", "1\n")
    hook.write_text(f"#!/bin/sh\n{sys.executable} -m mdtodo list --json >../listed 2>../said || exit 1\n")
    todo.git("commit", "-q", "-a", "-m", "Mine again")
    assert todo.commits() == 4
