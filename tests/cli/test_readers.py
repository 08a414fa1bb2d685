"""Commands that read, after a run was killed and while one goes on: what is left lands once, before they begin."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.storage.state import StateStore
from mdtodo.storage.unlanded import any_left
from tests.conftest import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TODO = "".join(f"- [ ] task number {number} run:ok\n" for number in range(6)) + "- [ ] by hand\n"
DONE = TODO.replace("[ ] task", "[x] task")
CONFIG = """\
[processors.ok]
run = 'echo "$MDTODO_TASK_TITLE" >> ../calls'
[processors.waits]
run = 'cat ../gate'
"""
LANDS = [("list",), ("next",), ("show", "by hand"), ("plan",)]
ONLY_LOOKS = [("status",), ("stats",), ("log",), ("list", "--help"), ("show",), ("next", "-n", "0")]
#: What lands results; a command that has nothing to land does without.
WRITER = "mdtodo.landing.recovery.recover"


@pytest.fixture
def todo(make_repo: Callable[..., Checkout]) -> Checkout:
    return make_repo(**{"TODO.md": TODO, ".mdtodo.toml": CONFIG})


def start(repo: Checkout, *args: str, **env: str) -> subprocess.Popen[str]:
    """A call that names, in the last line of its output, all modules that it has imported."""
    code = (
        "import json, sys\nfrom mdtodo.cli import main\n"
        f"try:\n    main({list(args)!r})\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=repo.root, stdout=pipe, stderr=pipe, text=True, env=os.environ | env)


def ended(call: subprocess.Popen[str]) -> tuple[set[str], str]:
    """The modules that it has imported, and what it said on standard error."""
    out, err = call.communicate(timeout=240)
    assert "bug" not in err, err
    return set(json.loads(out.splitlines()[-1])), err


def call(repo: Checkout, *args: str, **env: str) -> tuple[set[str], str]:
    return ended(start(repo, *args, **env))


def kill_a_run(repo: Checkout, at: str = "sync.kept") -> None:
    """Results are in the journal then, and nothing is ticked yet."""
    run = start(repo, "run", "-j2", MDTODO_FAULT=at)
    run.communicate(timeout=240)
    assert run.returncode == -signal.SIGKILL
    assert left(repo)


def left(repo: Checkout) -> bool:
    return any_left(discover(str(repo.root)))


def receipts(repo: Checkout) -> list[int]:
    """How many each task has."""
    lines = repo.git("log", "--format=%B").splitlines()
    return [*Counter(line.split()[1] for line in lines if line.startswith("Mdtodo-Task: ")).values()]


def called(repo: Checkout) -> Counter[str]:
    return Counter((repo.root.parent / "calls").read_text().splitlines())


def everything(repo: Checkout) -> tuple[object, ...]:
    return repo.commits(), repo.git("ls-files", "-s"), repo.read("TODO.md"), repo.status()


@pytest.mark.parametrize("args", LANDS)
@pytest.mark.sample(2)
def test_each_of_them_lands_what_was_left(todo: Checkout, args: tuple[str, ...]) -> None:
    kill_a_run(todo)
    modules, said = call(todo, *args)
    assert WRITER in modules
    assert said.startswith("mdtodo: landed the results of run ")
    assert not left(todo)
    assert todo.head("TODO.md") == todo.read("TODO.md") == DONE.encode()
    assert receipts(todo) == [1] * 6
    modules, said = call(todo, *args)
    assert WRITER not in modules
    assert "landed" not in said


@pytest.mark.parametrize("args", ONLY_LOOKS)
@pytest.mark.sample(2)
def test_what_only_looks_or_is_no_valid_call_lands_nothing(todo: Checkout, args: tuple[str, ...]) -> None:
    kill_a_run(todo)
    before = everything(todo)
    modules, said = call(todo, *args)
    assert WRITER not in modules, said
    assert everything(todo) == before
    assert left(todo)


def test_completion_lands_nothing(todo: Checkout) -> None:
    kill_a_run(todo)
    before = everything(todo)
    words = {"COMP_WORDS": "mdtodo show ta", "COMP_CWORD": "2", "_MDTODO_COMPLETE": "bash_complete"}
    command = [sys.executable, "-m", "mdtodo"]
    subprocess.run(command, cwd=todo.root, env=os.environ | words, capture_output=True, check=True)
    assert everything(todo) == before
    assert left(todo)


@pytest.mark.parametrize("env", [{"GIT_INDEX_FILE": ".git/index"}, {}], ids=["in a hook", "in a merge"])
def test_where_nothing_may_be_committed_now_it_waits(todo: Checkout, env: dict[str, str]) -> None:
    kill_a_run(todo)
    if not env:
        (todo.root / ".git/MERGE_HEAD").write_text(todo.git("rev-parse", "HEAD") + "\n")
    before = everything(todo)
    _, said = call(todo, "list", **env)
    assert "landed" not in said
    assert everything(todo) == before
    (todo.root / ".git/MERGE_HEAD").unlink(missing_ok=True)
    assert "landed" in call(todo, "list")[1]


@pytest.mark.parametrize("at", ["sync.kept", "moved", "installed", "file.put", "written"])
@pytest.mark.sample(2)
def test_two_at_once_land_it_once(todo: Checkout, at: str) -> None:
    kill_a_run(todo, at)
    both = [start(todo, "list"), start(todo, "next")]
    said = [ended(one)[1] for one in both]
    assert not left(todo), said
    assert todo.head("TODO.md") == todo.read("TODO.md") == DONE.encode(), said
    assert receipts(todo) == [1] * 6
    assert todo.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
    assert todo.status() == []
    call(todo, "run")
    assert set(called(todo).values()) == {1}


@pytest.mark.parametrize("args", LANDS)
@pytest.mark.sample(2)
def test_the_results_of_a_run_that_goes_on_are_left_to_it(todo: Checkout, args: tuple[str, ...]) -> None:
    text = TODO + "- [ ] last of all run:waits !low\n"
    todo.commit("More", **{"TODO.md": text})
    os.mkfifo(todo.root.parent / "gate")
    run = start(todo, "run", "-j1")
    with open(todo.root.parent / "gate", "w") as gate:  # opened by the processor: all others have ended
        with StateStore.open(discover(str(todo.root)), create=False) as state:
            assert state.unlanded_runs()
        before = everything(todo)
        modules, said = call(todo, *args)
        assert WRITER not in modules
        assert "landed" not in said
        assert everything(todo) == before
        gate.write("now\n")
    ended(run)
    assert (
        todo.head("TODO.md") == text.replace("[ ] task", "[x] task").replace("[ ] last", "[x] last").encode()
    )
    assert receipts(todo) == [1] * 7


def linked(todo: Checkout, tmp_path: Path) -> Checkout:
    todo.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    return Checkout(tmp_path / "linked")


@pytest.mark.parametrize("args", LANDS)
@pytest.mark.sample(2)
def test_a_run_that_was_killed_in_a_linked_work_tree(
    todo: Checkout, tmp_path: Path, args: tuple[str, ...]
) -> None:
    other = linked(todo, tmp_path)
    kill_a_run(other)
    call(other, *args)
    assert not left(other)
    assert other.head("TODO.md") == other.read("TODO.md") == DONE.encode()
    assert todo.head("TODO.md", "main") == todo.read("TODO.md") == TODO.encode()


def test_another_work_tree_does_not_land_what_was_not_proven_there(todo: Checkout, tmp_path: Path) -> None:
    other = linked(todo, tmp_path)
    todo.commit("Newer", new="new\n")
    kill_a_run(todo)
    before = everything(todo), everything(other)
    call(other, "list")
    assert (everything(todo), everything(other)) == before
    call(todo, "run")
    assert todo.head("TODO.md") == todo.read("TODO.md") == DONE.encode()
    assert set(called(todo).values()) == {1}


def test_a_file_that_cannot_be_read_does_not_keep_the_others_waiting(todo: Checkout) -> None:
    kill_a_run(todo)
    todo.write("docs/TODO.md", b"- [ ] \xff\n")
    _, said = call(todo, "list")
    assert said.startswith("mdtodo: landed the results of run ")
    assert "docs/TODO.md" in said
    assert todo.head("TODO.md") == DONE.encode()


def test_where_git_refuses_the_tasks_are_shown_all_the_same(todo: Checkout) -> None:
    kill_a_run(todo)
    (todo.root / ".git/refs/heads/main.lock").touch()
    command = [sys.executable, "-m", "mdtodo", "list"]
    done = subprocess.run(command, cwd=todo.root, capture_output=True, text=True, check=True)
    assert "the results of a killed run cannot land now: " in done.stderr
    assert "task number 5" in done.stdout
    (todo.root / ".git/refs/heads/main.lock").unlink()
    assert "landed" in call(todo, "list")[1]
