"""What HEAD may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.landing.states.bench import CONFIG, TODO
from tests.landing.states.declared import Group

if TYPE_CHECKING:
    from tests.landing.states.bench import Bench

IN_PROGRESS = "while it is in progress; `--no-commit` ticks in the work tree alone"

head = Group("HEAD")


@head.lands("a branch", "one commit on top of it")
def test_lands_on_a_branch(bench: Bench) -> None:
    bench.expect_outcome(bench.repo())


@head.lands("detached", "HEAD moves, no branch does")
def test_lands_on_a_detached_head(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("checkout", "-q", "--detach")
    main = repo.git("rev-parse", "main")
    bench.expect_outcome(repo)
    assert repo.git("rev-parse", "main") == main


@head.ticks(
    "unborn, the file staged", "ticked in the index and in the work tree, for the first commit to come"
)
def test_ticks_a_staged_file_before_the_first_commit(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("update-ref", "-d", "HEAD")
    bench.expect_outcome(repo)


@head.ticks("unborn, the file untracked", "ticked in the work tree")
def test_ticks_an_untracked_file_before_the_first_commit(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("update-ref", "-d", "HEAD")
    repo.git("rm", "-rq", "--cached", ".")
    bench.expect_outcome(repo, person=False)


@head.lands("a branch that is in packed-refs alone")
def test_lands_on_a_branch_that_is_in_packed_refs_alone(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("checkout", "-q", "-b", "feature/deep/one")
    repo.git("pack-refs", "--all", "--prune")
    assert not (repo.root / ".git/refs/heads/feature").exists()
    bench.expect_outcome(repo)


@head.lands("a branch with an odd name")
def test_lands_on_a_branch_with_an_odd_name(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("checkout", "-q", "-b", "-q/we\"ird'%41$(x)ß;|&@".removeprefix("-"))
    bench.expect_outcome(repo)


@head.lands("a symbolic ref to another branch", "that branch moves, the symbolic ref stays one")
def test_lands_on_a_symbolic_ref_to_another_branch(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    repo.git("symbolic-ref", "HEAD", "refs/heads/alias")
    bench.expect_outcome(repo)
    assert repo.git("rev-parse", "main") == repo.git("rev-parse", "HEAD")
    assert (repo.root / ".git/refs/heads/alias").read_text() == "ref: refs/heads/main\n"


@head.lands("a ref outside refs/heads")
def test_lands_on_a_ref_outside_of_refs_heads(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("update-ref", "refs/odd/place", "HEAD")
    repo.git("symbolic-ref", "HEAD", "refs/odd/place")
    bench.fsck = False  # git's own finds that strange
    bench.expect_outcome(repo)
    assert repo.git("rev-parse", "refs/odd/place") == repo.git("rev-parse", "HEAD")


@pytest.mark.parametrize("state", ["a merge", "a rebase", "a cherry-pick", "a revert", "a bisect"])
@head.refuses("a bisect", IN_PROGRESS)
@head.refuses("a revert", IN_PROGRESS)
@head.refuses("a cherry-pick", IN_PROGRESS)
@head.refuses("a rebase", IN_PROGRESS)
@head.refuses("a merge", IN_PROGRESS)
@pytest.mark.sample(2)
def test_refuses_during_an_operation_of_git(bench: Bench, state: str) -> None:
    repo = bench.repo()
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("Side", **{"sub/x.txt": "side\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("Main", **{"sub/x.txt": "main\n"})
    commands = {
        "a merge": ("merge", "-q", "side"),
        "a rebase": ("rebase", "-q", "side"),
        "a cherry-pick": ("cherry-pick", "side"),
        "a revert": ("revert", "--no-edit", "side"),
        "a bisect": ("bisect", "start", "HEAD", "HEAD^"),
    }
    repo.git(*commands[state], check=False)
    bench.expect_outcome(repo, person=False, says=f"{state} is in progress")
    before = bench.look(repo)
    said = bench.calls(repo.root, "run", "--no-commit")
    assert said.code == 0
    assert bench.look(repo).files == bench.ticked(before.files, 1)
    assert bench.look(repo).index == before.index


@head.lands("replaced by `git replace`", "on what git shows")
def test_lands_on_a_commit_that_git_replace_replaces(bench: Bench) -> None:
    repo = bench.repo()
    first = repo.git("rev-parse", "HEAD")
    repo.commit("Better", **{"TODO.md": TODO.replace("three", "3"), "mine.txt": "better\n"})
    new = repo.git("commit-tree", "HEAD^{tree}", "-m", "Better words")
    repo.git("reset", "-q", "--soft", first)
    repo.git("replace", first, new)
    assert repo.status() == []
    bench.expect_outcome(repo)


@head.lands("with grafts in `info/grafts`", "git's advice about them is ignored")
def test_lands_on_a_history_with_grafts(bench: Bench) -> None:
    repo = bench.repo()
    second = repo.commit("Second", new="new\n")
    (repo.root / ".git/info").mkdir(exist_ok=True)
    (repo.root / ".git/info/grafts").write_text(second + "\n")
    bench.fsck = False
    bench.expect_outcome(repo)


@head.lands("in a repository with reftable", "if the installed git supports it (2.45 or later)")
def test_lands_in_a_repository_with_reftable(bench: Bench) -> None:
    from subprocess import run

    made = run(
        ["git", "init", "-q", "--ref-format=reftable", "x"],
        cwd=bench.folder,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("the installed git has no reftable")
    bench.expect_outcome(bench.repo("--ref-format=reftable"))


@head.lands("in a SHA-256 repository")
def test_lands_in_a_sha_256_repository(bench: Bench) -> None:
    repo = bench.repo("--object-format=sha256")
    bench.expect_outcome(repo)
    assert len(repo.git("rev-parse", "HEAD")) == 64


@head.lands(
    "moved by someone between reading and writing", "found again by id on the new HEAD, by compare-and-swap"
)
def test_lands_where_somebody_moves_head_between_reading_and_writing(bench: Bench) -> None:
    """In tests/landing/test_land_crashes.py it is moved at each instant; here once, by the processor."""
    repo = bench.repo()
    command = "git commit -q --allow-empty -m Theirs && git log -1 --format=%H > ../theirs"
    repo.commit("Configure", **{".mdtodo.toml": CONFIG.replace("true", command)})
    before = bench.look(repo)
    assert bench.calls(repo.root, "run").code == 0
    assert repo.git("rev-parse", "HEAD^") == (bench.folder / "theirs").read_text().strip()
    assert bench.look(repo).tree == bench.ticked(before.tree, 1)
    assert TODO.encode() == repo.head("TODO.md", "HEAD^")
