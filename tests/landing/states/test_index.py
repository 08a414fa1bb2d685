"""What the index may be, and what may be in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.landing.states.bench import DONE, OPEN, TODO
from tests.landing.states.declared import Group

if TYPE_CHECKING:
    from tests.landing.states.bench import Bench

index = Group("Index")


@pytest.mark.parametrize("state", ["version 2", "version 3", "version 4"])
@index.lands("version 4", "it stays version 4")
@index.lands("version 3", "as git writes it if an entry needs it")
@index.lands("version 2")
def test_lands_with_an_index_of_each_version(bench: Bench, state: str) -> None:
    repo = bench.repo()
    repo.git("update-index", "--index-version", state[-1])
    if state == "version 3":
        repo.write("intended", "i\n")
        repo.git("add", "-N", "intended")
    bench.expect_outcome(repo)
    assert (repo.root / ".git/index").read_bytes()[7] == int(state[-1])


@index.lands("split index", "it stays split")
def test_lands_with_a_split_index(bench: Bench) -> None:
    repo = bench.repo(**{f"many/{n}": "x\n" for n in range(40)})
    repo.git("config", "core.splitIndex", "true")
    repo.git("update-index", "--split-index")
    bench.expect_outcome(repo)
    assert list((repo.root / ".git").glob("sharedindex.*"))


@index.lands("untracked cache", "git keeps it up to date")
def test_lands_with_an_untracked_cache(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("update-index", "--untracked-cache")
    repo.status()
    bench.expect_outcome(repo)
    assert b"UNTR" in (repo.root / ".git/index").read_bytes()
    repo.write("sub/new", "n\n")
    assert "?? sub/new" in repo.status()


@index.lands("`core.fsmonitor` with a hook")
def test_lands_with_fsmonitor_and_its_hook(bench: Bench) -> None:
    repo = bench.repo()
    hook = bench.folder / "monitor"
    hook.write_text('#!/bin/sh\nprintf "%s\\0" now /\n')
    hook.chmod(0o755)
    repo.git("config", "core.fsmonitor", str(hook))
    repo.git("config", "core.fsmonitorHookVersion", "2")
    repo.git("update-index", "--fsmonitor")
    repo.status()
    bench.expect_outcome(repo)


@index.lands("`core.ignoreStat`, `core.trustctime`, `core.checkStat`")
def test_lands_with_settings_of_what_git_compares(bench: Bench) -> None:
    repo = bench.repo()
    for name, value in (("ignoreStat", "true"), ("trustctime", "false"), ("checkStat", "minimal")):
        repo.git("config", f"core.{name}", value)
    bench.expect_outcome(repo)


@index.lands("`index.skipHash`, `feature.manyFiles`", "if the installed git knows them")
def test_lands_with_skip_hash_and_many_files(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("config", "feature.manyFiles", "true")
    repo.git("config", "index.skipHash", "true")
    repo.git("update-index", "--force-write-index", check=False)
    bench.expect_outcome(repo)


@pytest.mark.parametrize(
    "state",
    ["assume-unchanged, another file", "assume-unchanged, the TODO file", "skip-worktree, another file"],
)
@index.lands("skip-worktree, another file", "the flag stays")
@index.lands("assume-unchanged, the TODO file", "the flag stays, and so does the change that it hides")
@index.lands("assume-unchanged, another file", "the flag stays")
def test_lands_beside_flags_of_entries(bench: Bench, state: str) -> None:
    repo = bench.repo()
    bench.person(repo)
    option, _, which = state.partition(", ")
    repo.git("update-index", f"--{option}", "TODO.md" if "TODO" in which else "sub/x.txt")
    bench.expect_outcome(repo, person=False)


@index.lands("skip-worktree, the TODO file", "the flag stays")
def test_lands_in_a_todo_file_that_is_skipped_in_the_work_tree(bench: Bench) -> None:
    repo = bench.repo()
    bench.person(repo)
    repo.git("update-index", "--skip-worktree", "TODO.md")
    bench.expect_outcome(repo, person=False)


@index.lands("intent-to-add, another file", "it stays an intent")
def test_lands_beside_another_file_that_is_only_intended(bench: Bench) -> None:
    repo = bench.repo()
    repo.write("intended", "i\n")
    repo.git("add", "-N", "intended")
    bench.expect_outcome(repo)
    assert " A intended" in repo.status()


@index.ticks("intent-to-add, the TODO file", "ticked in the work tree; it stays an intent")
def test_ticks_a_todo_file_that_is_only_intended(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("rm", "-q", "--cached", "TODO.md")
    repo.git("commit", "-q", "-m", "Without")
    repo.git("add", "-N", "TODO.md")
    bench.expect_outcome(repo, person=False)
    assert repo.status() == [" A TODO.md"]


@index.ticks("the TODO file untracked", "ticked in the work tree; it stays untracked")
def test_ticks_an_untracked_todo_file(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("rm", "-q", "--cached", "TODO.md")
    repo.git("commit", "-q", "-m", "Without")
    bench.expect_outcome(repo, person=False)
    assert repo.status() == ["?? TODO.md"]


@index.lands("the TODO file ignored, but tracked")
def test_lands_in_a_todo_file_that_is_ignored_but_tracked(bench: Bench) -> None:
    repo = bench.repo()
    repo.write(".gitignore", "TODO.md\nuntracked\n")
    repo.git("add", ".gitignore")
    repo.git("commit", "-q", "-m", "Ignore")
    before = bench.look(repo)
    assert bench.calls(repo.root, "run").code == 0
    assert bench.look(repo).tree == bench.ticked(before.tree, 1)
    assert repo.status() == []


@index.lands("no index", "HEAD and work tree get the tick; no index is created")
def test_lands_without_an_index(bench: Bench) -> None:
    repo = bench.repo()
    (repo.root / ".git/index").unlink()
    assert bench.calls(repo.root, "run").code == 0
    assert repo.head("TODO.md") == repo.read("TODO.md") == TODO.encode().replace(OPEN, DONE)
    assert not (repo.root / ".git/index").exists()


@index.lands("read-only", "replaced as git does it; its mode stays")
def test_lands_with_a_read_only_index(bench: Bench) -> None:
    repo = bench.repo()
    bench.person(repo)
    repo.status()
    (repo.root / ".git/index").chmod(0o444)
    bench.expect_outcome(repo, person=False)


@index.refuses("locked by another git", "after two seconds, git's message; the next run lands the result")
def test_refuses_while_the_index_is_locked_by_another_git(bench: Bench) -> None:
    repo = bench.repo()
    bench.person(repo)
    lock = repo.root / ".git/index.lock"
    lock.write_bytes((repo.root / ".git/index").read_bytes())
    bench.expect_outcome(repo, person=False, says="another git process holds")
    lock.unlink()
    before = bench.look(repo)
    assert bench.calls(repo.root, "run").code == 0
    assert bench.look(repo).tree == bench.ticked(before.tree, 1)
    assert bench.look(repo).files == bench.ticked(before.files, 1)


@index.refuses("damaged", "git's message")
def test_refuses_a_damaged_index(bench: Bench) -> None:
    repo = bench.repo()
    (repo.root / ".git/index").write_bytes(b"DIRC\0\0\0\2\0\0\0\7" + b"x" * 90)
    before = bench.look(repo)
    said = bench.calls(repo.root, "run")
    assert said.code == 3
    assert "index" in said.err
    assert bench.look(repo) == before


def conflict(repo, path: str) -> None:
    """Stages 1 to 3 of a conflict, without an operation under way: as after `git stash pop`."""
    blobs = [
        repo.git("hash-object", "-w", "--stdin", stdin=text) for text in ("base\n", "ours\n", "theirs\n")
    ]
    lines = "".join(f"100644 {blob} {stage}\t{path}\n" for stage, blob in enumerate(blobs, 1))
    repo.git("update-index", "--index-info", stdin=f"0 {'0' * 40}\t{path}\n{lines}")


@index.refuses("the TODO file unmerged", "resolve the conflict first; the next run lands the result")
def test_refuses_an_unmerged_todo_file(bench: Bench) -> None:
    repo = bench.repo()
    conflict(repo, "TODO.md")
    before = bench.look(repo)
    said = bench.calls(repo.root, "run")
    assert said.code == 3
    assert "TODO.md: is unmerged: resolve the conflict and stage it first" in said.err
    assert bench.look(repo) == before
    repo.git("add", "TODO.md")
    assert bench.calls(repo.root, "run").code == 0
    assert repo.head("TODO.md") == repo.read("TODO.md") == TODO.encode().replace(OPEN, DONE)


@index.lands("another file unmerged", "it stays unmerged")
def test_lands_beside_another_unmerged_file(bench: Bench) -> None:
    repo = bench.repo()
    bench.person(repo)
    conflict(repo, "sub/x.txt")
    bench.expect_outcome(repo, person=False)


@index.ticks("a rename of the TODO file staged", "ticked under the new name, which HEAD does not have yet")
def test_ticks_a_todo_file_whose_rename_is_staged(bench: Bench) -> None:
    repo = bench.repo(**{"docs/keep": "x\n"})
    repo.git("mv", "TODO.md", "docs/TODO.md")
    said = bench.calls(repo.root, "run")
    assert said.code == 0
    done = TODO.encode().replace(OPEN, DONE)
    assert repo.read("docs/TODO.md") == repo.index("docs/TODO.md") == done
    assert repo.head("TODO.md") == TODO.encode()
    assert repo.status() == ["RM TODO.md -> docs/TODO.md"] or repo.status() == ["R  TODO.md -> docs/TODO.md"]
    assert repo.commits() == 1
    bench.assert_sound(repo)


@index.lands("the deletion of another TODO file staged", "it stays a staged deletion")
def test_lands_beside_the_staged_deletion_of_another_todo_file(bench: Bench) -> None:
    repo = bench.repo(**{"docs/TODO.md": "- [ ] elsewhere\n"})
    repo.git("rm", "-q", "docs/TODO.md")
    bench.expect_outcome(repo)


@index.lands(
    "the deletion of the TODO file staged, the file kept", "committed and ticked; it stays a staged deletion"
)
def test_lands_in_a_todo_file_whose_deletion_is_staged(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("rm", "-q", "--cached", "TODO.md")
    bench.expect_outcome(repo, person=False)
    assert repo.status() == ["D  TODO.md", "?? TODO.md"]
