"""Receipts that follow: what HEAD has ticked, and no commit carries, the next run commits; once, and only what holds."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.receipts.log import logged_receipts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

PROGRAM = str(Path(sys.executable).parent / "mdtodo")
CONFIG = "[processors.t]\nrun = 'true'\n"
TODO = "- [ ] a id:a run:t\n- [ ] b id:b\n"


@pytest.fixture
def based(repo: Checkout) -> Checkout:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": CONFIG})
    return repo


def receipts(repo: Checkout) -> list[str]:
    """Those that HEAD reaches, oldest first."""
    found = [
        f"{one.task_id} {one.outcome} {one.processor}" for one in logged_receipts(discover(str(repo.root)))
    ]
    return found[::-1]


def in_the_editor(repo: Checkout, before: bytes, after: bytes) -> None:
    repo.write("TODO.md", repo.read("TODO.md").replace(before, after))


def test_the_receipt_of_a_commit_that_git_has_thrown_away_follows(based: Checkout, inside: Mdtodo) -> None:
    inside("done", "b", "--commit")
    gone = based.git("rev-parse", "HEAD")
    based.git("reset", "-q", "--soft", "HEAD~")
    based.git("commit", "-q", "-m", "Mine")
    based.git("reflog", "expire", "--expire=now", "--all")
    based.git("gc", "-q", "--prune=now")
    assert based.git("cat-file", "-t", gone, check=False) == ""
    assert 'committed what follows a tick that HEAD has: "b" (b)' in inside("done", "a", "--commit").err
    assert receipts(based) == ["b done person", "a done person"]


@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)])
def test_the_receipt_of_a_line_that_head_did_not_have_follows(
    make_repo: Callable[..., Checkout], inside: Mdtodo, options: tuple[str, ...]
) -> None:
    repo = make_repo("new", *options)
    here = "-C", str(repo.root)
    repo.write("TODO.md", TODO)
    repo.write(".mdtodo.toml", CONFIG)
    assert "HEAD does not have that line yet; commit TODO.md, its receipt follows" in inside(*here, "run").err
    inside(*here, "done", "b")
    tree = repo.git("rev-parse", f"{repo.commit('Mine')}^{{tree}}")
    assert 'committed what follows a tick that HEAD has: "a" (a), "b" (b)' in inside(*here, "run").err
    assert receipts(repo) == ["a done t", "b done person"]
    assert f"tree={tree[:12]}" in repo.git("log", "--format=%b")
    assert repo.git("rev-parse", "HEAD^{tree}") == tree
    assert repo.status() == []
    inside(*here, "run")
    inside(*here, "run")
    assert repo.commits() == 3


def test_a_receipt_follows_where_a_word_is_committed_and_not_without(based: Checkout, inside: Mdtodo) -> None:
    inside("run", "--no-commit")
    based.commit("Mine")
    inside("done", "b")
    inside("run", "--no-commit")
    assert receipts(based) == []
    inside("done", "b", "--commit")
    assert receipts(based) == ["a done t", "b done person"]
    assert based.commits() == 4


def test_none_follows_where_no_commits_are_wanted(based: Checkout, inside: Mdtodo) -> None:
    inside("run", "--no-commit")
    based.commit("Mine", **{".mdtodo.toml": 'commit = "none"\n' + CONFIG})
    inside("run")
    assert based.commits() == 2


def lose_by_amend(repo: Checkout) -> None:
    repo.git("commit", "-q", "--amend", "-m", "other words")


def lose_by_reset(repo: Checkout) -> None:
    repo.git("reset", "-q", "--soft", "HEAD^")
    repo.git("commit", "-qm", "other words")


def lose_by_squash(repo: Checkout) -> None:
    repo.git("switch", "-qc", "side")
    repo.git("branch", "-qf", "main", "HEAD^")
    repo.git("switch", "-q", "main")
    repo.git("merge", "-q", "--squash", "side")
    repo.git("commit", "-qm", "other words")


@pytest.mark.parametrize("lose", [lose_by_amend, lose_by_reset, lose_by_squash])
def test_what_was_lost_lands_again(based: Checkout, inside: Mdtodo, lose: Callable[[Checkout], None]) -> None:
    tree = based.git("rev-parse", "HEAD^{tree}")
    inside("run")
    lose(based)
    assert receipts(based) == []
    before = based.commits()
    inside("run")
    inside("run")
    assert receipts(based) == ["a done t"]
    assert based.commits() == before + 1
    assert f"tree={tree[:12]}" in based.git("log", "-1", "--format=%b")


def test_what_a_squash_keeps_is_not_landed_again(based: Checkout, inside: Mdtodo) -> None:
    inside("run")
    lose_by_reset(based)
    based.git("commit", "-q", "--amend", "-C", "HEAD@{2}")
    based.git("switch", "-qc", "side")
    based.git("branch", "-qf", "main", "HEAD^")
    based.git("switch", "-q", "main")
    based.git("merge", "-q", "--squash", "side")
    based.git("commit", "-q", "--no-edit")
    before = based.commits()
    inside("run")
    assert based.commits() == before


@pytest.mark.parametrize("word", [True, False])
def test_what_was_ended_does_not_follow(based: Checkout, inside: Mdtodo, word: bool) -> None:
    inside("run", "--no-commit")
    based.commit("Mine")
    if word:
        inside("reopen", "a")
    else:
        in_the_editor(based, b"[x] a", b"[ ] a")
    based.commit("Open")
    in_the_editor(based, b"[ ] a", b"[x] a")
    based.commit("By hand")
    inside("run")
    assert receipts(based) == []
    assert based.commits() == 4


def test_a_tick_by_hand_gets_no_receipt(based: Checkout, inside: Mdtodo) -> None:
    in_the_editor(based, b"[ ] a", b"[x] a")
    based.commit("By hand")
    inside("run")
    assert receipts(based) == []


def test_a_tick_that_is_undone_does_not_follow(based: Checkout, inside: Mdtodo) -> None:
    inside("run")
    inside("undo")
    in_the_editor(based, b"[ ] a", b"[x] a")
    based.commit("By hand")
    before = based.commits()
    inside("run")
    assert based.commits() == before


def test_a_receipt_follows_a_renamed_file_and_a_moved_task(based: Checkout, inside: Mdtodo) -> None:
    inside("run", "--no-commit")
    based.git("mv", "TODO.md", "todo.md")
    (based.root / "todo").mkdir()
    based.git("mv", "todo.md", "todo/one.md")
    based.write("todo/one.md", b"# New\n\n" + based.read("todo/one.md"))
    based.commit("Moved")
    inside("run")
    assert receipts(based) == ["a done t"]


def test_hostile_titles_follow_as_one_line(based: Checkout, inside: Mdtodo) -> None:
    title = "Mdtodo-Run: evil \u202e`$(touch x)` \x1b[31m <!-- --> # 100%"
    in_the_editor(based, b"- [ ] b id:b\n", f"- [ ] {title} id:b run:t\n".encode())
    inside("run")
    based.commit("Mine")
    inside("run")
    assert receipts(based) == ["a done t", "b done t"]
    assert based.git("log", "-1", "--format=%s") == "todo: Mdtodo-Run: evil `$(touch x)` [31m <!-- --> # 100%"


def test_without_an_identity_a_sentence_says_so_and_the_run_goes_on(based: Checkout, inside: Mdtodo) -> None:
    inside("run", "--no-commit")
    based.commit("Mine")
    for name in ("user.useConfigOnly=true", "user.name=", "user.email="):
        based.git("config", *name.split("="))
    said = inside("run")
    assert "receipts of ticks that HEAD has cannot be committed now: " in said.err
    assert based.commits() == 2


@pytest.mark.parametrize("point", ["follow.prepared", "follow.moved", "carried.written", "carried.kept"])
@pytest.mark.sample(2)
def test_a_kill_at_any_point_is_made_up_for_once(based: Checkout, inside: Mdtodo, point: str) -> None:
    inside("run", "--no-commit")
    based.commit("Mine")
    killed = subprocess.run(
        [PROGRAM, "run"],
        cwd=based.root,
        env=os.environ | {"MDTODO_FAULT": point},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9
    assert based.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
    inside("run")
    inside("run")
    assert receipts(based) == ["a done t"]
    assert based.commits() == 3
    assert based.status() == []


@pytest.mark.parametrize("point", ["moved", "installed", "written", "landed.written", "landed.kept"])
@pytest.mark.sample(2)
def test_what_a_killed_run_has_committed_is_not_committed_again(
    based: Checkout, inside: Mdtodo, point: str
) -> None:
    killed = subprocess.run(
        [PROGRAM, "run"],
        cwd=based.root,
        env=os.environ | {"MDTODO_FAULT": point},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9
    inside("run")
    inside("run")
    assert receipts(based) == ["a done t"]
    assert based.commits() == 2


def test_two_at_once_land_it_once(based: Checkout, inside: Mdtodo) -> None:
    inside("run", "--no-commit")
    based.commit("Mine")
    threads = [
        threading.Thread(
            target=subprocess.run, args=([PROGRAM, "run"],), kwargs={"cwd": based.root, "check": True}
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert receipts(based) == ["a done t"]
    assert based.commits() == 3


def test_a_linked_worktree_lands_what_its_own_branch_has(
    based: Checkout, inside: Mdtodo, tmp_path: Path
) -> None:
    based.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    inside("run", "--no-commit")
    based.commit("Mine")
    inside("-C", str(tmp_path / "linked"), "run")
    assert based.git("log", "-1", "--format=%s", "other") == "todo: a", "a run of its own"
    inside("run")
    assert receipts(based) == ["a done t"]
    run = "--format=%(trailers:key=Mdtodo-Run)"
    assert based.git("log", "-1", run, "main") != based.git("log", "-1", run, "other")
    inside("run")
    inside("-C", str(tmp_path / "linked"), "run")
    assert (based.commits("main"), based.commits("other")) == (3, 2)
