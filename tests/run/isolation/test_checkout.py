"""Processors that reach for the person's checkout through what is ours, and a checkout that is as it was."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

GOOD = "echo good > result.txt\n"
CHECKOUT = '"$OUTSIDE/repo"'

ATTACKS = {
    "its clone becomes the checkout": f"{GOOD}cd ..; mv tree away; ln -s {CHECKOUT} tree",
    "our git directory becomes the checkout's": f"{GOOD}mv ../git ../away; ln -s {CHECKOUT}/.git ../git",
    "its place becomes another": f"{GOOD}cd ../..; mkdir other; mv 0/* other/; rm -r 0; ln -s other 0; rm -rf 0/tree; ln -s {CHECKOUT} other/tree",
    "our index becomes the checkout's": f"{GOOD}ln -sf {CHECKOUT}/.git/index ../git/index",
    "what we write becomes the checkout's": f"{GOOD}rm ../git/objects/info/alternates; ln -s {CHECKOUT}/mine.txt ../git/objects/info/alternates; ln -sf {CHECKOUT}/mine.txt ../git/config",
    "where we write becomes the checkout": f"{GOOD}rm -r ../git/objects/info; ln -s {CHECKOUT} ../git/objects/info; for i in $(seq 0 255); do d=../git/objects/$(printf %02x $i); [ -e $d ] || ln -s {CHECKOUT} $d; done",
    "its clone is gone": "cd ..; rm -rf tree",
    "a folder of its clone becomes the checkout": f"{GOOD}rm -r sub; ln -s {CHECKOUT} sub",
    "its clone borrows the checkout's git directory": f"{GOOD}rm -rf .git; ln -s {CHECKOUT}/.git .git",
    "its clone has a work tree elsewhere": f"{GOOD}git config core.worktree {CHECKOUT}; git config core.hooksPath {CHECKOUT}",
    "its temporary folder is a link": f"{GOOD}rm -rf ../tmp ../home; ln -s {CHECKOUT} ../tmp; ln -s {CHECKOUT} ../home",
    "its check's clone is there already": f"{GOOD}mkdir -p ../../1; ln -s {CHECKOUT} ../../1/tree; ln -s {CHECKOUT}/.git ../../1/git",
}


def look(repo: Checkout) -> dict[str, tuple[int, bytes]]:
    """All files of the checkout, but those of git and those that may land."""
    found = {}
    for path in sorted(repo.root.rglob("*")):
        name = path.relative_to(repo.root).as_posix()
        if not name.startswith(".git/") and name not in ("TODO.md", "result.txt", "sub"):
            held = (
                str(path.readlink()).encode()
                if path.is_symlink()
                else path.read_bytes()
                if path.is_file()
                else b""
            )
            found[name] = (stat.S_IMODE(path.lstat().st_mode), held)
    return found


@pytest.mark.parametrize("work", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.sample(4)
def test_the_checkout_stays_as_it_is(
    work: str, feature: Callable[..., Checkout], inside: Callable[..., Said]
) -> None:
    repo = feature(work, **{"mine.txt": "a\n", "staged.txt": "a\n", "sub/x": "x\n"})
    repo.write("mine.txt", "b\n")
    repo.write("staged.txt", "b\n")
    repo.git("add", "staged.txt")
    repo.write("untracked.txt", "secret\n")
    repo.write("ignored", "secret\n")
    before, staged = look(repo), repo.git("diff", "--cached")
    for _ in range(2):
        inside("run", code=None)
        after = {name: held for name, held in look(repo).items() if not name.startswith("sub/")}
        assert after == {name: held for name, held in before.items() if not name.startswith("sub/")}
        assert repo.git("diff", "--cached", "--", "mine.txt", "staged.txt", "untracked.txt") == staged
        landed = repo.git("log", "--format=", "--name-only", "HEAD~1..HEAD").split()
        assert set(landed) <= {"TODO.md", "result.txt", "sub", "sub/x"}
        for name in ("mine.txt", "staged.txt"):
            assert repo.head(name) == b"a\n"
        (repo.root.parent / "work").write_text(GOOD)
    assert b"- [x] Build it" in repo.head("TODO.md")
