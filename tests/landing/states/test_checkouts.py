"""Where the work tree and the git directory may be, and how much of the repository may be missing."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Checkout
from tests.landing.states.bench import DONE, OPEN, TODO
from tests.landing.states.declared import Group

if TYPE_CHECKING:
    from tests.landing.states.bench import Bench

checkout = Group("Checkout")


def clone(bench: Bench, origin: Checkout, *options: str) -> Checkout:
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git("clone", "-q", *options, f"file://{origin.root}", str(bench.folder / "clone"))
    return Checkout(bench.folder / "clone")


@pytest.mark.parametrize("state", ["a linked worktree", "a locked worktree", "`extensions.worktreeConfig`"])
@checkout.lands("`extensions.worktreeConfig`")
@checkout.lands("a locked worktree")
@checkout.lands("a linked worktree", "on its own branch; other worktrees stay as they are")
def test_lands_in_linked_worktrees(bench: Bench, state: str) -> None:
    main = bench.repo()
    if "Config" in state:
        main.git("config", "extensions.worktreeConfig", "true")
    main.git("worktree", "add", "-q", "-b", "side", str(bench.folder / "linked"))
    linked = Checkout(bench.folder / "linked")
    if "Config" in state:
        linked.git("config", "--worktree", "core.autocrlf", "input")
    if "locked" in state:
        main.git("worktree", "lock", "--reason", "on a stick", str(linked.root))
    before = bench.look(main)
    bench.expect_outcome(linked)
    after = bench.look(main)
    assert (after.head, after.index, after.files, after.status) == (
        before.head,
        before.index,
        before.files,
        before.status,
    )


@checkout.lands("a submodule, run inside it", "in the submodule; the superproject sees a new commit in it")
def test_lands_inside_a_submodule(bench: Bench) -> None:
    inner = bench.repo(name="inner")
    outer = bench.repo(name="outer")
    outer.git("submodule", "--quiet", "add", str(inner.root), "lib")
    outer.commit("Add a submodule")
    before = outer.read("TODO.md")
    bench.expect_outcome(Checkout(outer.root / "lib"))
    assert outer.read("TODO.md") == before
    assert outer.git("diff", "--name-only") == "lib"


@checkout.lands("a superproject", "its submodules stay as they are, changed or not")
def test_lands_in_a_superproject(bench: Bench) -> None:
    inner = bench.repo(name="inner")
    outer = bench.repo(name="outer")
    outer.git("submodule", "--quiet", "add", str(inner.root), "lib")
    outer.commit("Add a submodule")
    Checkout(outer.root / "lib").commit("Newer", x="x")
    (outer.root / "lib/TODO.md").write_text("- [ ] changed\n")
    bench.expect_outcome(outer)


@checkout.lands("a nested repository inside", "it is another repository")
def test_lands_around_a_nested_repository(bench: Bench) -> None:
    repo = bench.repo()
    bench.repo(name="repo/nested")
    bench.expect_outcome(repo)
    assert OPEN in (repo.root / "nested/TODO.md").read_bytes()


@checkout.lands("a shallow clone", "it stays shallow")
def test_lands_in_a_shallow_clone(bench: Bench) -> None:
    origin = bench.repo()
    origin.commit("Second", x="x")
    shallow = clone(bench, origin, "--depth=1")
    bench.expect_outcome(shallow)
    assert shallow.commits() == 2


@checkout.lands("a partial clone (`--filter=blob:none`)", "git fetches what is missing of the file")
def test_lands_in_a_partial_clone(bench: Bench) -> None:
    origin = bench.repo()
    partial = clone(bench, origin, "--filter=blob:none")
    bench.expect_outcome(partial)


def promised_blob_missing(bench: Bench) -> Checkout:
    """A partial clone whose HEAD has another version of the file than its work tree, and not here."""
    origin = bench.repo()
    partial = clone(bench, origin, "--filter=blob:none")
    origin.commit("Newer", **{"TODO.md": TODO + "- [ ] newer\n"})
    partial.git("fetch", "-q")
    partial.git("update-ref", "refs/heads/main", "origin/main")
    partial.git("read-tree", "HEAD")
    return partial


@checkout.lands("a partial clone that has to fetch HEAD's version", "git fetches it")
def test_lands_in_a_partial_clone_that_has_to_fetch(bench: Bench) -> None:
    partial = promised_blob_missing(bench)
    missing = partial.git("rev-list", "--objects", "--missing=print", "HEAD").splitlines()
    assert [line for line in missing if line.startswith("?")]
    said = bench.calls(partial.root, "run")
    assert said.code == 0
    assert (
        partial.head("TODO.md")
        == (TODO + "- [ ] newer\n").encode().replace(OPEN, DONE)
        == partial.index("TODO.md")
    )
    assert partial.read("TODO.md") == TODO.encode().replace(OPEN, DONE)


@checkout.refuses(
    "a partial clone that cannot fetch HEAD's version", "git's message; the next run lands the result"
)
def test_refuses_in_a_partial_clone_that_cannot_fetch(bench: Bench) -> None:
    partial = promised_blob_missing(bench)
    (bench.folder / "repo").rename(bench.folder / "away")
    head = partial.git("rev-parse", "HEAD")
    said = bench.calls(partial.root, "run")
    assert said.code == 3
    assert "does not appear to be a git repository" in said.err or "could not fetch" in said.err
    assert partial.read("TODO.md") == TODO.encode()
    assert partial.git("rev-parse", "HEAD") == head
    (bench.folder / "away").rename(bench.folder / "repo")
    assert bench.calls(partial.root, "run").code == 0
    assert partial.commits() == 3
    bench.assert_sound(partial)


@pytest.mark.parametrize(
    "state", ["a sparse checkout, cone", "a sparse checkout, patterns", "a sparse index"]
)
@checkout.lands("a sparse index", "it may be expanded, and nothing appears in the work tree")
@checkout.lands("a sparse checkout, patterns", "nothing else appears in the work tree")
@checkout.lands("a sparse checkout, cone", "nothing else appears in the work tree")
def test_lands_in_a_sparse_checkout(bench: Bench, state: str) -> None:
    repo = bench.repo(**{"out/TODO.md": TODO, "out/deep/y": "y\n"})
    if "index" in state:
        repo.git("config", "index.sparse", "true")
    how = ("set", "--no-cone", "/*", "!/out/") if "patterns" in state else ("set", "--cone", "sub")
    repo.git("sparse-checkout", *how)
    assert not (repo.root / "out").exists()
    bench.person(repo)
    before = bench.look(repo)
    said = bench.calls(repo.root, "run")
    repo_index = {
        key: value for key, value in bench.look(repo).index.items() if not key[0].startswith(b"out")
    }
    assert said.code == 0
    after = bench.look(repo)
    assert after.files == bench.ticked(before.files, 1)
    assert after.tree == bench.ticked(before.tree, 1)
    assert repo_index == {
        key: value for key, value in bench.ticked(before.index, 2).items() if not key[0].startswith(b"out")
    }
    assert after.status == before.status
    assert not (repo.root / "out").exists()
    bench.fsck = "index" not in state  # git 2.39 misses trees that its own sparse index has only worked out
    bench.assert_sound(repo)


@checkout.lands("a TODO file outside the sparse checkout", "it is not read: its tasks are not there")
def test_lands_in_a_todo_file_outside_of_the_sparse_checkout(bench: Bench) -> None:
    repo = bench.repo(**{"out/TODO.md": "- [ ] elsewhere run:ok\n"})
    repo.git("sparse-checkout", "set", "--cone", "sub")
    assert not (repo.root / "out").exists()
    bench.expect_outcome(repo)
    assert "elsewhere" not in bench.calls(repo.root, "list").out
    assert repo.head("out/TODO.md") == b"- [ ] elsewhere run:ok\n"


@pytest.mark.parametrize(
    "state", ["`.git` a file with an absolute path", "`.git` a file with a relative path"]
)
@checkout.lands("`.git` a file with a relative path")
@checkout.lands("`.git` a file with an absolute path")
def test_lands_where_dot_git_is_a_file(bench: Bench, state: str) -> None:
    repo = bench.repo()
    (repo.root / ".git").rename(bench.folder / "elsewhere.git")
    target = "../elsewhere.git" if "relative" in state else str(bench.folder / "elsewhere.git")
    repo.write(".git", f"gitdir: {target}\n")
    bench.expect_outcome(repo)


@checkout.lands("`core.worktree`")
def test_lands_with_core_worktree(bench: Bench) -> None:
    repo = bench.repo()
    (repo.root / ".git").rename(bench.folder / "elsewhere.git")
    bench.env = {"GIT_DIR": str(bench.folder / "elsewhere.git")}
    repo.git("config", "core.worktree", str(repo.root), **bench.env)
    bench.expect_outcome(repo)


@checkout.lands("a symlink to the work tree")
def test_lands_through_a_symlink_to_the_work_tree(bench: Bench) -> None:
    repo = bench.repo()
    (bench.folder / "link").symlink_to(repo.root)
    bench.expect_outcome(repo, cwd=bench.folder / "link/sub")


@checkout.lands("a folder below the root")
def test_lands_from_a_folder_below_the_root(bench: Bench) -> None:
    repo = bench.repo()
    bench.expect_outcome(repo, cwd=repo.root / "sub")


@pytest.mark.parametrize("state", ["objects borrowed from another repository", "everything in packs"])
@checkout.lands("everything in packs")
@checkout.lands("objects borrowed from another repository", "alternates, as of `git clone --shared`")
def test_lands_with_packed_and_borrowed_objects(bench: Bench, state: str) -> None:
    if "packs" in state:
        repo = bench.repo()
        repo.git("gc", "-q", "--prune=now")
        bench.expect_outcome(repo)
        return
    origin = bench.repo()
    origin.git("clone", "-q", "--shared", str(origin.root), str(bench.folder / "clone"))
    bench.expect_outcome(Checkout(bench.folder / "clone"))


@checkout.refuses("a bare repository", "mdtodo needs a work tree")
def test_refuses_in_a_bare_repository(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("clone", "-q", "--bare", str(repo.root), str(bench.folder / "bare.git"))
    before = {path: path.read_bytes() for path in (bench.folder / "bare.git").rglob("*") if path.is_file()}
    said = bench.calls(bench.folder / "bare.git", "run")
    assert said.code == 3
    assert "mdtodo needs a work tree" in said.err
    assert {
        path: path.read_bytes() for path in (bench.folder / "bare.git").rglob("*") if path.is_file()
    } == before


@checkout.refuses("no repository", "`git init` creates one")
def test_refuses_outside_of_a_repository(bench: Bench) -> None:
    (bench.folder / "TODO.md").write_text(TODO)
    said = bench.calls(bench.folder, "run", GIT_CEILING_DIRECTORIES=str(bench.folder.parent))
    assert said.code == 3
    assert "not a git repository" in said.err
    assert os.listdir(bench.folder) == ["TODO.md"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
@checkout.refuses("a folder that belongs to somebody else", "git's message about `safe.directory`")
def test_refuses_in_a_folder_that_belongs_to_somebody_else(bench: Bench) -> None:
    repo = bench.repo()
    before = bench.look(repo)
    for folder, folders, names in os.walk(repo.root):
        for name in [".", *folders, *names]:
            os.chown(os.path.join(folder, name), 4242, 4242)
    said = bench.calls(repo.root, "run")
    for folder, folders, names in os.walk(repo.root):
        for name in [".", *folders, *names]:
            os.chown(os.path.join(folder, name), 0, 0)
    assert said.code == 3
    assert "safe.directory" in said.err
    assert bench.look(repo) == before
    assert not (repo.root / ".git/mdtodo").exists()


@checkout.lands("a folder that was moved since the last run")
def test_lands_in_a_folder_that_was_moved_since_the_last_run(bench: Bench) -> None:
    repo = bench.repo()
    bench.calls(repo.root, "run", "--tag", "none")
    shutil.move(repo.root, bench.folder / "moved")
    bench.expect_outcome(Checkout(bench.folder / "moved"))
