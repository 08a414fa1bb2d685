"""The hooks for a commit's message: a person's commit is the receipt of what it ticks, whichever way it is made."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.receipts.log import logged_commits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

CONFIG = "[processors.t]\nrun = 'true'\n[processors.f]\nrun = 'false'\n"
#: An editor that writes a line above what is there, and one that saves the file as it is.
TYPES = 'f() { { printf \'typed\\n\'; cat "$1"; } > "$1.new" && mv "$1.new" "$1"; }; f'
LEAVES = "true"


@pytest.fixture
def hooked(repo: Checkout, inside: Mdtodo) -> Checkout:
    """A repository with `mdtodo install`, two tasks in HEAD, and one of each that is ticked in the work tree alone."""
    text = "- [ ] a id:a run:t\n- [ ] b id:b\n- [ ] c id:c run:t\n"
    repo.commit("Base", **{"TODO.md": text, "x": "1\n", ".mdtodo.toml": CONFIG})
    inside("install")
    return repo


def commit(repo: Checkout, *args: str, code: int = 0, **env: str) -> str:
    """`git commit`, or another command of git that commits; what it says."""
    command = args if args and args[0] in ("merge", "cherry-pick", "revert", "rebase") else ("commit", *args)
    plain = {"GIT_EDITOR": LEAVES, "GIT_MERGE_AUTOEDIT": "no"}
    done = subprocess.run(
        ["git", *command],
        cwd=repo.root,
        env=os.environ | plain | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def receipts(repo: Checkout) -> list[str]:
    """The receipts of HEAD alone, as git reads its trailers: task, outcome, processor."""
    head = repo.git("rev-parse", "HEAD")
    made = [one for one in logged_commits(discover(str(repo.root)), newest=1) if one.oid == head]
    return [f"{one.task_id} {one.outcome} {one.processor}" for commit in made for one in commit.receipts()]


DONE = ["a done t"]


@pytest.mark.parametrize(
    ("args", "subject"),
    [
        (["-am", "x"], "x"),
        (["-m", "x", "TODO.md"], "x"),
        (["-i", "-m", "x", "TODO.md"], "x"),
        (["-aF", "message"], "from a file"),
        (["-a", "--cleanup=verbatim", "-m", "#12: x"], "#12: x"),
        (["-a", "-C", "HEAD"], "Base"),
        (["-nam", "x"], "x"),
        (["-sam", "x"], "x"),
        (["-am", "x", "-m", "---\nmore\n\n#3"], "x"),
        (["-ave"], "typed"),
        (["-a"], "typed"),
        (["-ac", "HEAD"], "typed Base"),
        (["-aem", "x"], "typed x"),
        (["-a", "--amend"], "typed Base"),
        (["-a", "--amend", "--no-edit"], "Base"),
        (["-a", "--amend", "-m", "x"], "x"),
        (["-a", "--cleanup=scissors", "-v"], "typed"),
    ],
)
@pytest.mark.sample(5)
def test_a_commit_carries_the_receipt_of_what_it_ticks(
    hooked: Checkout, inside: Mdtodo, args: list[str], subject: str
) -> None:
    hooked.write("message", "from a file")
    inside("run", "a", "--no-commit")
    commit(hooked, *args, GIT_EDITOR=TYPES)
    assert hooked.git("log", "-1", "--format=%s") == subject
    assert receipts(hooked) == DONE
    assert "---\nmore" in hooked.git("log", "-1", "--format=%b") or "more" not in str(args)
    tree = hooked.git("rev-parse", "HEAD^{tree}")
    assert f"tree={tree[:12]}" in hooked.git("log", "-1", "--format=%b")


@pytest.mark.parametrize("args", [["-a"], ["-av"], ["-as"], ["-a", "--cleanup=scissors"], ["-a", "template"]])
@pytest.mark.sample(2)
def test_an_editor_that_is_left_empty_still_aborts(hooked: Checkout, inside: Mdtodo, args: list[str]) -> None:
    if args[-1] == "template":
        hooked.git("config", "commit.template", str(hooked.write("../template", "say what\n\n# and why\n")))
    inside("run", "a", "--no-commit")
    commit(hooked, *(one for one in args if one != "template"), code=1)
    assert hooked.commits() == 1


@pytest.mark.parametrize("args", [["-aem", "x"], ["-ac", "HEAD"], ["-a", "--amend"]])
def test_an_editor_in_which_the_words_are_deleted_still_aborts(
    hooked: Checkout, inside: Mdtodo, args: list[str]
) -> None:
    inside("run", "a", "--no-commit")
    commit(hooked, *args, code=1, GIT_EDITOR="sed -i 1d")
    assert hooked.commits() == 1


def test_with_an_editor_and_no_verify_the_receipt_is_not_added(hooked: Checkout, inside: Mdtodo) -> None:
    inside("run", "a", "--no-commit")
    commit(hooked, "-an", GIT_EDITOR=TYPES)
    assert receipts(hooked) == []


def test_only_what_the_commit_has_is_added_and_each_once(hooked: Checkout, inside: Mdtodo) -> None:
    inside("run", "a", "c", "--no-commit")
    inside("done", "b", "--force")
    hooked.write("TODO.md", hooked.read("TODO.md").replace(b"[x] c", b"[ ] c"))
    hooked.git("add", "TODO.md")
    hooked.write("TODO.md", hooked.read("TODO.md").replace(b"[ ] c", b"[x] c"))
    commit(hooked, "-m", "one")
    assert receipts(hooked) == ["a done t", "b done person"]
    commit(hooked, "--amend", "--no-edit")
    assert receipts(hooked) == ["a done t", "b done person"]
    commit(hooked, "-am", "two")
    assert receipts(hooked) == ["c done t"]
    hooked.write("x", "2\n")
    commit(hooked, "-am", "three")
    assert receipts(hooked) == []


def test_what_ends_a_proof_is_carried_too(hooked: Checkout, inside: Mdtodo) -> None:
    hooked.write("TODO.md", hooked.read("TODO.md") + b"- [ ] d id:d run:f\n")
    commit(hooked, "-am", "d")
    inside("run", "-j1", "a", "d", "--no-commit", code=1)
    inside("cancel", "b")
    commit(hooked, "-am", "x")
    assert receipts(hooked) == ["a done t", "d failed f", "b cancelled person"]
    inside("reopen", "a")
    commit(hooked, "-am", "y")
    assert receipts(hooked) == ["a todo person"]
    hooked.write("TODO.md", hooked.read("TODO.md").replace(b"[ ] a", b"[x] a"))
    commit(hooked, "-am", "z")
    assert receipts(hooked) == [], "what an editor ticks has no proof"


def test_a_proof_that_a_commit_has_ended_is_not_added_again(hooked: Checkout, inside: Mdtodo) -> None:
    inside("run", "a")
    commit(hooked, "revert", "--no-edit", "HEAD")
    hooked.write("TODO.md", hooked.read("TODO.md").replace(b"[ ] a", b"[x] a"))
    commit(hooked, "-am", "by hand")
    assert receipts(hooked) == []
    inside("run", "c", "--no-commit")
    commit(hooked, "-anm", "ticked", GIT_EDITOR=TYPES)
    hooked.git("commit", "-qn", "--amend", "--no-edit", "-m", "carries nothing", GIT_EDITOR=TYPES)
    hooked.write("TODO.md", hooked.read("TODO.md").replace(b"[x] c", b"[ ] c"))
    commit(hooked, "-am", "open")
    hooked.write("TODO.md", hooked.read("TODO.md").replace(b"[ ] c", b"[x] c"))
    commit(hooked, "-am", "by hand")
    assert receipts(hooked) == []


def test_merges_picks_and_rebases_keep_what_is_there(hooked: Checkout, inside: Mdtodo) -> None:
    base = hooked.git("rev-parse", "HEAD")
    hooked.git("switch", "-qc", "side")
    inside("run", "a", "--no-commit")
    commit(hooked, "-am", "side")
    hooked.git("switch", "-qc", "other", base)
    hooked.write("y", "1\n")
    hooked.git("add", "y")
    commit(hooked, "-m", "y")
    commit(hooked, "cherry-pick", "side")
    assert receipts(hooked) == DONE
    hooked.git("reset", "-q", "--hard", "HEAD^")
    commit(hooked, "merge", "-q", "--squash", "side")
    commit(hooked, "--no-edit")
    assert hooked.git("log", "-1", "--format=%B").count("Mdtodo-Run") == 1
    hooked.git("reset", "-q", "--hard", "HEAD^")
    commit(hooked, "merge", "-q", "--squash", "side")
    commit(hooked, "-m", "squash")
    assert receipts(hooked) == DONE
    hooked.git("reset", "-q", "--hard", "HEAD^")
    commit(hooked, "merge", "-q", "--no-ff", "side")
    assert receipts(hooked) == [], "the parent has it"
    assert "Mdtodo" not in hooked.git("log", "-1", "--format=%B")
    hooked.git("switch", "-q", "side")
    commit(hooked, "rebase", "-q", "--force-rebase", "other^")
    assert hooked.git("log", "-1", "--format=%B").count("Mdtodo-Run") == 1


def test_a_merge_carries_what_no_parent_has(hooked: Checkout, inside: Mdtodo) -> None:
    hooked.git("switch", "-qc", "side")
    hooked.write("y", "1\n")
    hooked.git("add", "y")
    commit(hooked, "-m", "y")
    hooked.git("switch", "-q", "main")
    hooked.write("z", "1\n")
    hooked.git("add", "z")
    commit(hooked, "-m", "z")
    commit(hooked, "merge", "-q", "--no-commit", "side")
    inside("run", "a", "--no-commit")
    hooked.git("add", "TODO.md")
    commit(hooked, "--no-edit")
    assert receipts(hooked) == DONE
    assert hooked.git("log", "-1", "--format=%s") == "Merge branch 'side'"


def body(repo: Checkout) -> str:
    return repo.git("log", "-1", "--format=%b")


def change_code(repo: Checkout) -> None:
    repo.write("x", "changed since\n")


def leave_code_out(repo: Checkout) -> None:
    repo.write("x", "changed before\n")


def delete_code(repo: Checkout) -> None:
    (repo.root / "x").unlink()


def rename_code(repo: Checkout) -> None:
    repo.git("mv", "x", "y")


@pytest.mark.parametrize("change", [change_code, delete_code, rename_code])
def test_content_that_the_processor_may_not_have_seen_is_dirty(
    hooked: Checkout, inside: Mdtodo, change: Callable[[Checkout], None]
) -> None:
    inside("run", "a", "--no-commit")
    change(hooked)
    commit(hooked, "-am", "x")
    assert "tree=dirty" in body(hooked)


def test_content_that_is_not_committed_is_dirty_and_what_is_committed_is_not(
    hooked: Checkout, inside: Mdtodo
) -> None:
    hooked.write("x", "changed before\n")
    inside("run", "a", "--no-commit")
    inside("run", "c", "--no-commit")
    commit(hooked, "-m", "x", "TODO.md")
    assert body(hooked).count("tree=dirty") == 2
    hooked.git("reset", "-q", "--soft", "HEAD^")
    commit(hooked, "-am", "x")
    assert "tree=dirty" not in body(hooked)
    assert "tree=" in body(hooked)


@pytest.mark.parametrize("broken", ["config", "state", "program"])
def test_nothing_that_is_broken_makes_a_commit_fail(hooked: Checkout, inside: Mdtodo, broken: str) -> None:
    inside("run", "a", "--no-commit")
    hooked.git("rm", "-q", "--cached", ".mdtodo.toml")
    if broken == "config":
        hooked.write(".mdtodo.toml", "nonsense = [")
    elif broken == "state":
        state = hooked.root / ".git/mdtodo/state.db"
        state.unlink()
        state.mkdir()
    elif broken == "program":
        hook = hooked.root / ".git/hooks/prepare-commit-msg"
        hook.write_text(hook.read_text().replace("hook receipt", "no-such-command"))
        hook.with_name("commit-msg").unlink()
    said = commit(hooked, "-nam", "x")
    assert hooked.commits() == 2
    assert ("no receipt was added to this commit's message: " in said) == (broken == "config")


def test_hooks_that_were_there_get_what_git_gives_and_may_refuse(hooked: Checkout, inside: Mdtodo) -> None:
    inside("uninstall")
    for name in ("prepare-commit-msg", "commit-msg"):
        hook = hooked.root / ".git/hooks" / name
        hook.write_text(f'#!/bin/sh\necho "{name} $*" >> seen\n')
        hook.chmod(0o755)
    (hooked.root / ".git/hooks/commit-msg").chmod(0o644)
    python = hooked.root / ".git/hooks/commit-msg"
    python.write_text(
        "#!/usr/bin/env python3\nimport sys\nopen('seen', 'a').write(f'python {sys.argv[1:]}\\n')\n"
    )
    python.chmod(0o755)
    before = {one.name: one.read_bytes() for one in (hooked.root / ".git/hooks").iterdir()}
    inside("install")
    inside("run", "a", "--no-commit")
    commit(hooked, "-am", "x")
    assert receipts(hooked) == DONE
    seen = hooked.read("seen").decode().splitlines()
    assert seen == ["prepare-commit-msg .git/COMMIT_EDITMSG message", "python ['.git/COMMIT_EDITMSG']"]
    assert (hooked.root / ".git/hooks/commit-msg.before-mdtodo").exists()
    inside("uninstall")
    assert {one.name: one.read_bytes() for one in (hooked.root / ".git/hooks").iterdir()} == before


def test_an_unborn_branch_a_linked_worktree_and_two_runs_in_one_message(
    hooked: Checkout, inside: Mdtodo, tmp_path: Path
) -> None:
    linked = str(tmp_path / "linked")
    hooked.git("worktree", "add", "-q", "-b", "other", linked)
    inside("-C", linked, "run", "a", "--no-commit")
    inside("-C", linked, "run", "c", "--no-commit")
    hooked.git("-C", linked, "commit", "-qam", "x")
    found = hooked.git("log", "-1", "--format=%(trailers:key=Mdtodo-Run,key=Mdtodo-Task)", "other").split(
        "\n"
    )
    assert [line.split()[:2] for line in found if "Task" in line] == [
        ["Mdtodo-Task:", "a"],
        ["Mdtodo-Task:", "c"],
    ]
    assert len({line for line in found if "Run" in line}) == 2
    hooked.git("switch", "-q", "--orphan", "new")
    hooked.write("TODO.md", "- [ ] a id:a\n- [ ] Mdtodo-Task: $(touch x) id:h\n")
    inside("done", "a", "h")
    hooked.git("add", "TODO.md")
    commit(hooked, "-m", "x")
    assert receipts(hooked) == ["a done person", "h done person"]
