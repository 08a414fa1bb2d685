"""A repository of the step with the token: made from nothing, filled by the server, and by a bundle of receipts."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mdtodo.action.bundle import unpack
from mdtodo.errors import GitError
from mdtodo.git.repository import discover, run
from mdtodo.git.true_history import is_ancestor

if TYPE_CHECKING:
    from mdtodo.action.bundle import Bundle
    from mdtodo.git.repository import Repository

#: Where the tip of the server's branch is kept.
_TIP = "refs/mdtodo/tip"
#: What git says where the server has no such commit, or branch.
_MISSING = re.compile("not our ref|unadvertised object|couldn't find remote ref")


def clone_for(bundle: Bundle, folder: str, address: str) -> tuple[Repository, str]:
    """A repository without files in `folder`, with the bundle's branch at its tip, and what the server has of that.

    Raises GitError where the server has no such branch, or the bundle is not on top of it.
    """
    branch = bundle.ref.removeprefix("refs/heads/")
    repo = _empty(bundle, folder, address)
    why = f"{branch} of {address} does not have {bundle.base[:10]}, on which the receipts are: nothing was pushed"
    hint = "it was rewritten since, or something else was checked out; the next run does the tasks again"
    # A commit alone, if the server gives it by its id, and then what the branch has beyond it; else all of the branch.
    _fetch(repo, "--depth=1", "--", "origin", bundle.base)
    if not _fetch(repo, "--", "origin", f"+{bundle.ref}:{_TIP}"):
        raise GitError(f"{branch} is not on {address} any more: nothing was pushed", hint=hint)
    tip = run(repo, "rev-parse", "--verify", f"{_TIP}^{{commit}}").decode().strip()
    if not is_ancestor(repo, bundle.base, tip):
        raise GitError(why, hint=hint)
    unpack(repo, bundle)
    run(repo, "update-ref", bundle.ref, bundle.tip)
    return repo, tip


def _fetch(repo: Repository, *args: str) -> bool:
    """Whether the server has what is asked for. Raises GitError where it cannot be asked."""
    options = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
    try:
        run(repo, *options, *args)
    except GitError as error:
        if _MISSING.search(error.sentence):
            return False
        raise GitError(f"{error.sentence}: nothing was pushed", hint=error.hint) from error
    return True


def _empty(bundle: Bundle, folder: str, address: str) -> Repository:
    os.mkdir(folder, 0o700)
    form = "sha256" if len(bundle.base) > 40 else "sha1"
    run(None, "init", "--quiet", "--template=", f"--object-format={form}", cwd=folder)
    run(None, "symbolic-ref", "HEAD", bundle.ref, cwd=folder)
    run(None, "config", "remote.origin.url", address, cwd=folder)
    return discover(folder)
