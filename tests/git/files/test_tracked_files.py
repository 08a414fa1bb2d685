"""Which tracked files differ from HEAD, in every state that git lets a work tree have; with and without asking git."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.files.tracked_files import HeadTree, TrackedFiles
from mdtodo.git.repository import discover
from mdtodo.git.session import GitSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout

AGED = "2020-01-01 12:00"

#: Shell commands, and the paths that differ then.
STATES = {
    "nothing": ("", ()),
    "content": ("echo 2 > a.txt", ("a.txt",)),
    "content, staged": ("echo 2 > a.txt; git add a.txt", ("a.txt",)),
    "staged, and put back in the work tree": ("echo 2 > a.txt; git add a.txt; echo 1 > a.txt", ("a.txt",)),
    "same size and time": ("sleep 1.1; printf '2\\n' > a.txt; touch -d '2020-01-01 12:00' a.txt", ("a.txt",)),
    "mode alone": ("chmod +x a.txt", ("a.txt",)),
    "mode alone, which git does not trust": ("git config core.fileMode false; chmod +x a.txt", ()),
    "touched, but equal": ("touch a.txt; echo 1 > d/e.txt", ()),
    "deleted": ("rm a.txt", ("a.txt",)),
    "deleted, staged": ("git rm -q a.txt", ("a.txt",)),
    "renamed": ("git mv a.txt new.txt", ("a.txt", "new.txt")),
    "renamed by hand": ("mv a.txt new.txt", ("a.txt",)),
    "untracked": ("echo 1 > new.txt", ()),
    "to be added": ("echo 1 > new.txt; git add -N new.txt", ("new.txt",)),
    "another link": ("ln -sfn d/e.txt link", ("link",)),
    "a link in place of a file": ("rm a.txt; ln -s b.sh a.txt", ("a.txt",)),
    "a link in place of a folder": ("mv d ../d; ln -s ../d d", ("d/e.txt",)),
    "a name with a newline": ("echo 2 > \"$(printf 'n\\nl')\"", ("n\nl",)),
    "assume-unchanged": ("git update-index --assume-unchanged a.txt", ()),
    "assume-unchanged, changed": (
        "git update-index --assume-unchanged a.txt; echo 2 > a.txt",
        ("a.txt",),
    ),
    "assume-unchanged, deleted": ("git update-index --assume-unchanged a.txt; rm a.txt", ("a.txt",)),
    "assume-unchanged, mode": ("git update-index --assume-unchanged a.txt; chmod +x a.txt", ("a.txt",)),
    "assume-unchanged, another link": (
        "git update-index --assume-unchanged link; ln -sfn x link",
        ("link",),
    ),
    "skip-worktree": ("git update-index --skip-worktree a.txt", ()),
    "skip-worktree, changed": ("git update-index --skip-worktree a.txt; echo 2 > a.txt", ("a.txt",)),
    "skip-worktree, absent": ("git update-index --skip-worktree a.txt; rm a.txt", ()),
    "sparse": ("git sparse-checkout set --no-cone '/*' '!d'", ()),
    "sparse, changed": ("git sparse-checkout set --no-cone '/*' '!d'; echo 2 > b.sh", ("b.sh",)),
    "autocrlf": ("git config core.autocrlf true; rm a.txt; git checkout -q a.txt; grep -q $'\\r' a.txt", ()),
    "autocrlf, changed": (
        "git config core.autocrlf true; rm a.txt; git checkout -q a.txt; echo 2 >> a.txt",
        ("a.txt",),
    ),
    "a split index": ("git update-index --split-index; echo 2 > a.txt", ("a.txt",)),
    "packed refs": ("git pack-refs --all; git gc -q; echo 2 > a.txt", ("a.txt",)),
    "committed in the meantime": ("echo 2 > a.txt; git commit -qam x", ()),
    "in a merge": (
        (
            "git checkout -qb o; echo 2 > a.txt; git commit -qam o; git checkout -q -; echo 3 > a.txt; git commit -qam m"
            "; git merge -q o || true"
        ),
        ("a.txt",),
    ),
    "a submodule with a new commit": (
        "git -C sub commit -q --allow-empty -m new",
        ("sub",),
    ),
    "a submodule with a change": ("echo 2 > sub/s.txt", ("sub",)),
    "a submodule with a change, ignored": (
        "git config diff.ignoreSubmodules all; echo 2 > sub/s.txt",
        ("sub",),
    ),
    "a submodule with an untracked file": ("echo 2 > sub/u.txt", ()),
    "a submodule that is not there": ("git submodule --quiet deinit -f sub", ()),
}


@pytest.fixture(scope="module")
def base(isolated_home, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("base")
    script = f"""
    set -e
    git init -q lib; cd lib; echo 1 > s.txt; git add -A; git commit -qm s; cd ..
    git init -q repo; cd repo; mkdir d
    echo 1 > a.txt; echo 1 > b.sh; chmod +x b.sh; echo 1 > d/e.txt; ln -s a.txt link; echo 1 > "$(printf 'n\\nl')"
    touch -d '{AGED}' a.txt b.sh d/e.txt
    git submodule --quiet add ../lib sub
    git add -A; git commit -qm base
    """
    subprocess.run(["bash", "-c", script], cwd=folder, check=True)
    time.sleep(0.05)  # so that the index is younger than what it knows, as far as file systems tell
    return folder


@pytest.mark.parametrize("state", STATES)
@pytest.mark.sample(13)
def test_what_differs_from_head_is_found(base, tmp_path, state: str) -> None:
    subprocess.run(["cp", "-a", f"{base}/lib", f"{base}/repo", str(tmp_path)], check=True)
    root = tmp_path / "repo"
    subprocess.run(["git", "update-index", "-q", "--refresh"], cwd=root, check=True)
    commands, expected = STATES[state]
    subprocess.run(["bash", "-c", f"set -e; {commands}"], cwd=root, check=True, capture_output=True)
    repo = discover(str(root))
    index = (root / ".git" / "index").read_bytes()
    tracked = TrackedFiles(repo)
    for _ in range(2):
        assert tracked.changed(lambda _: False) == expected
    assert tracked.changed(lambda path: path in expected) == ()
    assert (root / ".git" / "index").read_bytes() == index
    assert not (root / ".git" / "index.lock").exists()


def test_inside_a_hook_it_is_what_the_commit_will_hold_that_counts(
    repo: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git commit -a` has an index of its own."""
    repo.commit("Base", a="1\n", b="1\n")
    repo.write("a", "2\n")
    found = discover(str(repo.root))
    (repo.root / ".git" / "own").write_bytes((repo.root / ".git" / "index").read_bytes())
    repo.git("add", "a", GIT_INDEX_FILE=".git/own")

    def of_index() -> tuple[str, ...]:
        return TrackedFiles(found).changed(lambda _: False, of_index=True)

    assert of_index() == ("a",)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/own")
    assert of_index() == ()
    repo.write("b", "2\n")
    assert of_index() == ("b",)
    assert TrackedFiles(found).changed(lambda _: False) == ("a", "b")


def test_the_lock_of_another_git_is_in_nobodys_way(repo: Checkout) -> None:
    repo.commit("Base", a="1\n")
    repo.write("a", "2\n")
    (repo.root / ".git" / "index.lock").touch()
    assert TrackedFiles(discover(str(repo.root))).changed(lambda _: False) == ("a",)


@pytest.mark.parametrize("place", ["", "detached", "packed", "linked", "symlink"])
def test_heads_tree_is_read_again_where_head_has_moved(
    repo: Checkout, tmp_path, place: str, make_repo: Callable[..., Checkout]
) -> None:
    head = HeadTree(discover(str(repo.root)))
    assert head.read() is None
    repo.commit("Base", a="1\n")
    assert head.moved
    assert head.read() == repo.git("rev-parse", "HEAD^{tree}")
    root = repo.root
    if place == "detached":
        repo.git("checkout", "-q", "--detach")
    elif place == "packed":
        repo.git("pack-refs", "--all")
    elif place == "linked":
        root = tmp_path / "linked"
        repo.git("worktree", "add", "-q", str(root))
    elif place == "symlink":
        (root / ".git" / "HEAD").unlink()
        os.symlink("refs/heads/main", root / ".git" / "HEAD")
    here = type(repo)(root)
    head = HeadTree(discover(str(root)))
    for content in ("2\n", "3\n"):
        assert head.read() == here.git("rev-parse", "HEAD^{tree}")
        assert not head.moved
        here.commit("More", a=content)
        assert head.moved
    with GitSession(discover(str(root))) as git:
        assert head.read(git) == here.git("rev-parse", "HEAD^{tree}")
