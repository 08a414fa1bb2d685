"""Setting up plain git hooks, for those who use no framework for them."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from mdtodo.git.repository import run
from mdtodo.integrations.git_hooks import scripts
from mdtodo.integrations.git_hooks.scripts import Given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.git.repository import Repository
    from mdtodo.integrations.git_hooks.scripts import HookChange

#: What each hook runs. A merge that git commits by itself runs `pre-merge-commit` alone.
CHECKING = {
    "pre-commit": ("check", "--staged"),
    "pre-merge-commit": ("check", "--staged"),
}
#: The message of a commit gets the receipts of what the commit ticks: from the first, unless an editor opens. Where git
#: gives that one no source, a word tells it from the second.
RECEIPTS = {
    "prepare-commit-msg": ("hook", "receipt", Given("$1"), Given("${2:-none}"), Given("${3:-}")),
    "commit-msg": ("hook", "receipt", Given("$1")),
}
VERIFYING = {"pre-push": ("hook", "verify")}


def install_hooks(repo: Repository, *, verify: bool = False) -> list[HookChange]:
    """Let git check what is staged before each commit, add receipts to its message, and `verify` before each push;
    doing it again is fine.

    Raises GitError where there is no place for hooks of this repository alone; EditError and InputError where a
    hook cannot be written: then all are as they were.
    """
    place, program = scripts.folder(repo), program_path()
    hooks = CHECKING | RECEIPTS | (VERIFYING if verify else {})
    for name in hooks:
        scripts.refuse(place, name)
    before = {name: scripts.before_install(place, name) for name in hooks}
    try:
        changes = [scripts.install(place, name, program, args) for name, args in hooks.items()]
        return [_noted(repo, one) if one.outcome in ("added", "updated") else one for one in changes]
    except BaseException:
        for name, old in before.items():
            scripts.put_back(place, name, old)
        raise


def uninstall_hooks(repo: Repository) -> Iterator[HookChange]:
    """Take all of that away again, and nothing else."""
    place = scripts.folder(repo)
    for name in CHECKING | RECEIPTS | VERIFYING:
        yield scripts.uninstall(place, name)


def program_path() -> str:
    """The program that runs now, as an absolute path; where there is none, its name."""
    # a hook may run with another PATH, as in an editor
    beside = os.path.join(os.path.dirname(sys.executable), "mdtodo")
    for path in (os.path.abspath(sys.argv[0]), beside, shutil.which("mdtodo") or ""):
        if (
            os.path.basename(path) in ("mdtodo", "git-mdtodo")
            and os.path.isfile(path)
            and os.access(path, os.X_OK)
        ):
            return path
    return "mdtodo"


def _noted(repo: Repository, change: HookChange) -> HookChange:
    inside = os.path.relpath(os.path.realpath(change.path), repo.root)
    if inside.startswith("../") or not run(repo, "ls-files", "-z", "--", f":(top,literal){inside}"):
        return change
    return change._replace(notes=(*change.notes, "git tracks this file, so the change affects everybody"))
