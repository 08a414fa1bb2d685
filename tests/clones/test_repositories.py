"""Clones of repositories of every kind: what they show is what the checkout would, and changes come back."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mdtodo.clones.changes import RefusedChangesError, give_back, take
from mdtodo.clones.slots import Slot, slot
from mdtodo.clones.source import CloneSource, read_source
from mdtodo.clones.submodules import submodules
from mdtodo.git.repository import discover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Checkout

pytestmark = pytest.mark.usefixtures("cache")


@contextmanager
def clone(root: Path | str, commit: str = "HEAD") -> Iterator[tuple[Slot, CloneSource, str]]:
    """A clone of the repository at a commit, with its id."""
    source = read_source(discover(str(root)))
    commit = git(root, "rev-parse", commit)
    with slot(source) as mine:
        mine.show(source, commit)
        yield mine, source, commit


def git(root: Path | str, *args: str, check: bool = True, **env: str) -> str:
    done = subprocess.run(["git", *args], cwd=root, capture_output=True, check=False, env=os.environ | env)
    assert not check or not done.returncode, done.stderr
    return (done.stdout if not done.returncode else done.stderr).decode("utf-8", "surrogateescape").strip()


def assert_works(root: Path | str) -> None:
    """What is changed in a clone comes back, and git works in it."""
    for _ in range(2):
        with clone(root) as (mine, source, head):
            assert git(mine.tree, "status", "--porcelain") == ""
            assert git(mine.tree, "rev-parse", "HEAD") == head
            Path(mine.tree, "new").write_text("new\n")
            git(mine.tree, "add", "-A")
            git(mine.tree, "commit", "-qm", "theirs")
            given = give_back(mine.shadow, source, head, take(mine.shadow))
            assert git(root, "show", f"{given}:new") == "new"
            assert git(root, "diff-tree", "-r", "--name-only", head, given) == "new"
            assert git(root, "rev-parse", "HEAD") == head
    assert git(root, "for-each-ref", "--format=%(refname)").split() == [git(root, "symbolic-ref", "HEAD")]
    assert git(root, "status", "--porcelain") == ""


def test_a_repository_with_sha256(make_repo: Callable[..., Checkout]) -> None:
    repo = make_repo("repo", "--object-format=sha256", **{"a.txt": "a\n"})
    assert_works(repo.root)


@pytest.mark.parametrize(
    "name",
    [b"with\nnewline", b'with"quote', b"'", b"latin\xe9", b" #\\x ", b'"whole"', b"\xe2\x80\xa8", b"$(x)"],
)
@pytest.mark.sample(3)
def test_a_path_of_any_kind(make_repo: Callable[..., Checkout], name: bytes) -> None:
    repo = make_repo(os.fsdecode(name), **{"a.txt": "a\n"})
    assert_works(repo.root)


def test_a_shallow_repository(make_repo: Callable[..., Checkout], tmp_path: Path) -> None:
    repo = make_repo(**{"a.txt": "a\n"})
    repo.commit("More", **{"a.txt": "b\n"})
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo.root}", "shallow")
    git(tmp_path / "shallow", "remote", "remove", "origin")
    assert_works(tmp_path / "shallow")
    with clone(tmp_path / "shallow") as (mine, _, _):
        assert git(mine.tree, "log", "--format=%s") == "More"
        assert git(mine.tree, "fsck", "--no-dangling") == ""


def test_a_partial_repository_fetches_what_it_lacks(
    make_repo: Callable[..., Checkout], tmp_path: Path
) -> None:
    repo = make_repo(**{"a.txt": "a\n", "b/c.txt": "c\n"})
    for path in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        repo.git("config", path, "true")
    args = ("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.root}", "partial")
    git(tmp_path, *args)
    with clone(tmp_path / "partial") as (mine, _, _):
        assert Path(mine.tree, "b/c.txt").read_text() == "c\n"
        assert git(mine.tree, "status", "--porcelain") == ""


def test_line_ends_and_ignored_files_are_those_of_the_checkout(make_repo: Callable[..., Checkout]) -> None:
    repo = make_repo(**{"a.txt": "a\n", "b.txt": "b\r\n"})
    repo.git("config", "core.autocrlf", "true")
    repo.write(".git/info/exclude", "local\n")
    repo.write(".git/info/attributes", "*.bin -text\n")
    repo.write("rules", "private\n")
    repo.git("config", "core.excludesFile", str(repo.root / "rules"))
    with clone(repo.root) as (mine, _, head):
        tree = Path(mine.tree)
        assert (tree / "a.txt").read_bytes() == b"a\r\n"
        for name in ("local", "private", "new.txt", "new.bin"):
            (tree / name).write_bytes(b"x\r\n")
        made = take(mine.shadow)
        names = mine.shadow.git("diff-tree", "-r", "--name-only", head, made).decode().split()
        assert names == ["new.bin", "new.txt"]
        assert mine.shadow.git("cat-file", "blob", f"{made}:new.txt") == b"x\n"
        assert mine.shadow.git("cat-file", "blob", f"{made}:new.bin") == b"x\r\n"


def test_a_redirection_in_the_persons_configuration_is_not_followed(
    make_repo: Callable[..., Checkout],
) -> None:
    repo = make_repo(**{"a.txt": "a\n"})
    repo.git("config", "url.file:///nowhere/.insteadOf", str(repo.root.parent))
    repo.git("config", "commit.gpgSign", "true")
    repo.git("config", "gpg.program", "/nowhere")
    repo.git("config", "core.worktree", str(repo.root))
    assert_works(repo.root)


def test_a_linked_worktree(make_repo: Callable[..., Checkout], tmp_path: Path) -> None:
    repo = make_repo(**{"a.txt": "a\n"})
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "other"))
    git(tmp_path / "other", "commit", "-q", "--allow-empty", "-m", "More")
    with clone(tmp_path / "other") as (mine, source, head):
        assert git(mine.tree, "log", "--format=%s").split() == ["More", "Base"]
        Path(mine.tree, "new").write_text("x")
        given = give_back(mine.shadow, source, head, take(mine.shadow))
        assert git(tmp_path / "other", "rev-parse", f"{given}^") == head


def test_collecting_garbage_meanwhile_takes_nothing_away(make_repo: Callable[..., Checkout]) -> None:
    repo = make_repo(**{f"f{n}": f"{n}\n" for n in range(50)})
    with clone(repo.root) as (mine, source, head):
        Path(mine.tree, "new").write_text("new\n")
        tree = take(mine.shadow)
        repo.git("repack", "-adq")
        repo.git("gc", "-q", "--prune=now")
        given = give_back(mine.shadow, source, head, tree)
        assert repo.git("show", f"{given}:new") == "new"
        mine.show(source, head)
        assert git(mine.tree, "status", "--porcelain") == ""


def test_a_clone_outlives_what_it_was_shown_before(make_repo: Callable[..., Checkout]) -> None:
    """Its last commit was thrown away, and collected as garbage."""
    repo = make_repo(**{"a.txt": "a\n"})
    repo.commit("Gone", **{"a.txt": "gone\n", "b.txt": "b\n"})
    with clone(repo.root):
        pass
    repo.git("reset", "-q", "--hard", "HEAD^")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    with clone(repo.root) as (mine, _, _):
        assert sorted(os.listdir(mine.tree)) == [".git", "a.txt"]
        assert Path(mine.tree, "a.txt").read_text() == "a\n"


@pytest.fixture
def with_module(make_repo: Callable[..., Checkout]) -> Checkout:
    """A repository with a submodule in `lib/x`."""
    inner = make_repo("inner", **{"i.txt": "i\n"})
    inner.commit("Second", **{"i.txt": "ii\n"})
    repo = make_repo(**{"a.txt": "a\n"})
    repo.git("submodule", "--quiet", "add", "--name", "the/name", str(inner.root), "lib/x")
    repo.commit("Module")
    return repo


@contextmanager
def clone_with_modules(repo: Checkout) -> Iterator[tuple[Slot, CloneSource, str]]:
    with clone(repo.root) as (mine, source, head):
        for module in submodules(mine, source, head):
            module.show()
        yield mine, source, head


def settle(mine: Slot, source: CloneSource, head: str) -> str:
    """As after an attempt; the entry of the submodule."""
    for module in submodules(mine, source, head):
        module.settle()
    return (
        mine.shadow.git("ls-tree", take(mine.shadow), "lib/x")
        .decode()
        .split("\t")[0]
        .removeprefix("160000 commit ")
    )


def test_a_clone_shows_submodules(with_module: Checkout) -> None:
    for _ in range(2):
        with clone_with_modules(with_module) as (mine, source, head):
            inner = Path(mine.tree, "lib/x")
            assert (inner / "i.txt").read_text() == "ii\n"
            assert git(inner, "log", "--format=%s").split() == ["Second", "Base"]
            assert git(mine.tree, "status", "--porcelain") == git(inner, "status", "--porcelain") == ""
            assert settle(mine, source, head) == git(inner, "rev-parse", "HEAD")


def test_a_submodule_that_was_moved_to_a_known_commit_is_a_change(with_module: Checkout) -> None:
    with clone_with_modules(with_module) as (mine, source, head):
        inner = Path(mine.tree, "lib/x")
        git(inner, "checkout", "-q", "HEAD^")
        assert settle(mine, source, head) == git(inner, "rev-parse", "HEAD")
        assert settle(mine, source, head) == git(with_module.root / "lib/x", "rev-parse", "HEAD^")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "git commit -q --allow-empty -m x",
            "submodule lib/x was moved to .*, a commit that only the clone has",
        ),
        ("echo evil > i.txt", "it changed files of the submodule lib/x, which cannot land from here"),
        (
            "git update-index --skip-worktree i.txt; echo evil > i.txt",
            "it changed files of the submodule lib/x",
        ),
        ("rm -rf .git; echo evil > i.txt", "it changed files of the submodule lib/x"),
        ("git config core.worktree $VICTIM; echo evil > i.txt", "it changed files of the submodule lib/x"),
        ("cp i.txt new", "it changed files of the submodule lib/x"),
        (f"echo {'1' * 40} > .git/HEAD", "submodule lib/x was moved to 111111111111"),
        ("cd ..; rm -rf x; ln -s $VICTIM x", ""),
        ("cd ../..; rm -rf lib; ln -s $VICTIM lib", ""),
        ("echo 'ref: ../../../../../../etc/passwd' > .git/HEAD; echo x > i.txt", "it changed files"),
        ("rm .git/HEAD; mkfifo .git/HEAD; echo x > i.txt", "it changed files"),
    ],
)
@pytest.mark.sample(4)
def test_what_would_be_lost_in_a_submodule_is_refused(
    with_module: Checkout, tmp_path: Path, script: str, words: str
) -> None:
    victim = tmp_path / "victim"
    (victim / "x").mkdir(parents=True)
    (victim / "i.txt").write_text("mine\n")
    before = sorted((str(path), path.is_file() and path.read_bytes()) for path in victim.rglob("*"))
    with clone_with_modules(with_module) as (mine, source, head):
        env = os.environ | {"VICTIM": str(victim)}
        subprocess.run(["sh", "-ec", script], cwd=f"{mine.tree}/lib/x", env=env, check=True)
        if words:
            with pytest.raises(RefusedChangesError, match=words):
                settle(mine, source, head)
        mine.show(source, head)
        for module in submodules(mine, source, head):
            module.show()
        assert Path(mine.tree, "lib/x/i.txt").read_text() == "ii\n"
        assert not Path(mine.tree, "lib/x").is_symlink()
        assert git(mine.tree, "status", "--porcelain", "--ignored") == ""
    assert sorted((str(path), path.is_file() and path.read_bytes()) for path in victim.rglob("*")) == before
    assert with_module.status() == []


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_files_of_lfs_are_files_and_not_pointers(make_repo: Callable[..., Checkout]) -> None:
    repo = make_repo()
    repo.git("lfs", "install", "--local")
    repo.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    repo.commit("Large", **{"a.bin": b"\0large\1" * 1000})
    assert repo.head("a.bin").startswith(b"version https://git-lfs")
    for _ in range(2):
        with clone(repo.root) as (mine, _, _):
            assert Path(mine.tree, "a.bin").read_bytes() == b"\0large\1" * 1000
            assert git(mine.tree, "status", "--porcelain") == ""
            Path(mine.tree, "new.bin").write_bytes(b"new" * 1000)
            made = take(mine.shadow)
            assert mine.shadow.git("cat-file", "blob", f"{made}:new.bin").startswith(
                b"version https://git-lfs"
            )
