"""`mdtodo run --push`: real clones, a real remote, and many of them at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.receipts.trailers import parse as parse_message
from tests.conftest import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said

    Mdtodo = Callable[..., Said]

CONFIG = '[processors.ok]\nrun = "true"\n[processors.bad]\nrun = "exit 1"\n'
TODO = "# Plan\n\n- [ ] one run:ok\n- [ ] two run:ok\n"


@pytest.fixture
def remote(repo: Checkout, tmp_path: Path) -> Checkout:
    """A bare repository that `repo` follows."""
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    Checkout(tmp_path).git("clone", "-q", "--bare", str(repo.root), "remote.git")
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    repo.git("push", "-q", "-u", "origin", "main")
    return Checkout(tmp_path / "remote.git")


def clone(remote: Checkout, name: str) -> Checkout:
    remote.git("clone", "-q", str(remote.root), f"../{name}")
    return Checkout(remote.root.parent / name)


def receipts(remote: Checkout) -> Counter[str]:
    messages = remote.git("log", "--format=%B%x00", "main").split("\0")
    return Counter(task.task_id for message in messages for task in parse_message(message.strip("\n"))[1])


@pytest.mark.parametrize("commit", ["run", "task"])
def test_run_push_brings_the_receipt_to_the_remote(
    repo: Checkout, remote: Checkout, mdtodo: Mdtodo, commit: str
) -> None:
    repo.commit("Configuration", **{".mdtodo.toml": f'commit = "{commit}"\n{CONFIG}'})
    said = mdtodo("run", "--push", "--json")
    assert set(said.json) == {"version", "run", "started", "finished", "tasks", "summary", "commits"}
    assert len(said.json["commits"]) == (1 if commit == "run" else 2)
    assert said.json["commits"][-1] == remote.git("rev-parse", "main")
    assert "pushed to origin/main" in said.err
    assert "pushed" not in mdtodo("run", "--push").err


def test_the_commits_are_those_that_are_on_the_branch_in_the_end(
    repo: Checkout, remote: Checkout, mdtodo: Mdtodo
) -> None:
    other = clone(remote, "other")
    mdtodo("run", "--push", "--text", "one", cwd=other.root)
    said = mdtodo("run", "--push", "--json")
    assert said.json["commits"] == [repo.git("rev-parse", "HEAD")] == [remote.git("rev-parse", "main")]
    assert "one: its receipt was dropped, since on origin/main its box is already closed" in said.err
    assert set(receipts(remote).values()) == {1}
    other.git("pull", "-q", "--ff-only")


def test_a_refusal_is_told_after_the_report(repo: Checkout, remote: Checkout, mdtodo: Mdtodo) -> None:
    hook = remote.root / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nprintf 'not \\033[2Jtoday\\n' >&2\nexit 1\n")
    hook.chmod(0o755)
    said = mdtodo("run", "--push", "--json", code=3)
    assert said.json["summary"]["done"] == 2
    assert said.json["commits"] == [repo.git("rev-parse", "HEAD")]
    assert "pre-receive hook declined" in said.err
    assert "today" in said.err
    assert "\033" not in said.err
    assert "`mdtodo run --push`" in said.err
    assert repo.read("TODO.md").count(b"[x]") == 2
    hook.unlink()
    again = mdtodo("run", "--push")
    assert "pushed to origin/main" in again.err
    assert remote.git("rev-parse", "main") == repo.git("rev-parse", "HEAD")


def test_a_failed_task_is_pushed_and_counts(repo: Checkout, remote: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Bad", **{"TODO.md": TODO.replace("one run:ok", "one run:bad")})
    mdtodo("run", "--push", code=1)
    assert b"one run:bad failed:1" in remote.head("TODO.md", "main")


def test_push_without_a_branch_or_a_remote_is_refused_before_the_run(
    repo: Checkout, remote: Checkout, mdtodo: Mdtodo
) -> None:
    repo.git("switch", "-q", "--detach")
    assert "HEAD is detached" in mdtodo("run", "--push", code=3).err
    assert repo.git("log", "-1", "--format=%s") == "todo: 2 done"
    repo.git("switch", "-q", "main")
    repo.git("remote", "remove", "origin")
    assert "no remote" in mdtodo("run", "--push", code=3).err
    assert repo.git("log", "-1", "--format=%s") == "todo: 2 done"


def test_push_without_commits_is_wrong_usage(repo: Checkout, remote: Checkout, mdtodo: Mdtodo) -> None:
    assert "--no-commit" in mdtodo("run", "--push", "--no-commit", code=2).err
    repo.write(".mdtodo.toml", 'commit = "none"\n' + CONFIG)
    assert 'commit = "none"' in mdtodo("run", "--push", code=2).err
    assert repo.read("TODO.md") == TODO.encode()


def test_a_dry_run_pushes_nothing(repo: Checkout, remote: Checkout, mdtodo: Mdtodo) -> None:
    before = remote.git("rev-parse", "main")
    repo.commit("Mine", x="x")
    mdtodo("run", "--push", "--dry-run")
    assert remote.git("rev-parse", "main") == before


def test_six_clones_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each runs some of the same tasks of one file: every task has one receipt in the end, every clone follows."""
    lines = [f"- [ ] task {n} #t{n} run:ok" for n in range(9)]
    seed = Checkout(tmp_path / "seed")
    seed.root.mkdir()
    seed.git("init", "-q")
    seed.commit(
        "Base", **{"TODO.md": "\r\n".join(["# Plan", "", *lines, "", "Text."]), ".mdtodo.toml": CONFIG}
    )
    seed.git("clone", "-q", "--bare", ".", "../remote.git")
    remote = Checkout(tmp_path / "remote.git")
    clones = [clone(remote, f"clone{n}") for n in range(6)]
    processes = [start(one, n) for n, one in enumerate(clones)]
    said = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, said
    assert sorted(receipts(remote).values()) == [1] * 9
    assert remote.head("TODO.md", "main") == seed.read("TODO.md").replace(b"[ ]", b"[x]")
    assert remote.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
    for one in clones:
        assert one.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
        assert one.status() == []
        one.git("pull", "-q", "--ff-only")
        assert one.read("TODO.md") == remote.head("TODO.md", "main")


def start(one: Checkout, number: int) -> subprocess.Popen[Any]:
    """A run of the tasks from this number on, four of them."""
    tags = [word for n in range(number, number + 4) for word in ("--tag", f"t{n % 9}")]
    command = [sys.executable, "-m", "mdtodo", "run", "-j1", "--push", *tags]
    return subprocess.Popen(
        command, cwd=one.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    )


def test_a_result_waits_where_the_remote_has_renamed_the_file_of_a_task_that_has_equals(
    repo: Checkout, remote: Checkout, mdtodo: Mdtodo
) -> None:
    task = "- [ ] t run:ok\n"
    repo.commit("Equals", **{"TODO.md": TODO, "a/TODO.md": task, "b/TODO.md": task})
    repo.git("push", "-q")
    other = clone(remote, "other")
    other.git("mv", "a", "c")
    other.git("commit", "-qm", "Renamed")
    other.git("push", "-q")
    first = next(one["id"] for one in mdtodo("list", "--json").json["tasks"] if one["file"] == "a/TODO.md")
    said = mdtodo("run", "--push", first, "--json", code=1)
    assert (
        "its result is kept for the next `mdtodo run`, since on origin/main several tasks had that"
        in said.err
    )
    assert [one["outcome"] for one in said.json["tasks"]] == ["failed"]
    assert not receipts(remote)
    assert repo.git("rev-parse", "HEAD") == remote.git("rev-parse", "main")
    assert repo.read("c/TODO.md").decode() == task == repo.read("b/TODO.md").decode()
    assert "may be another one" in mdtodo("run", "--text", "nothing", code=None).err
    # it is told apart when it stands where it stood
    repo.git("mv", "c", "a")
    repo.git("commit", "-qm", "Renamed back")
    mdtodo("run", "--text", "nothing", code=None)
    assert repo.head("a/TODO.md").decode() == task.replace("[ ]", "[x]")
    assert repo.head("b/TODO.md").decode() == task
