"""What a proven result from a clone changes in HEAD, and whether HEAD is still what was proven."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.core.path_patterns import matcher
from mdtodo.core.receipt import Restore, text_of
from mdtodo.errors import GitError
from mdtodo.git.diff_tree import changes_in
from mdtodo.git.repository import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mdtodo.core.receipt import Receipt
    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession


class ProofMovedError(GitError):
    """HEAD holds something else than what was proven, so nothing was landed."""


class ConflictError(GitError):
    """HEAD has moved, and what was changed does not go together with that."""


def restores_of(repo: Repository, base: str, commit: str) -> tuple[Restore, ...]:
    """What takes each path that differs from what `base` has to what `commit` has."""
    return tuple(_differences(repo, base, commit))


def changed_paths(repo: Repository, before: str, after: str, lists: Iterable[str]) -> list[str]:
    """The paths in which two commits differ, but for the TODO files, which the patterns `lists` name."""
    is_list = matcher(lists)
    return [one.path for one in _differences(repo, before, after) if not is_list(one.path)]


def judge_head(
    repo: Repository, lists: Iterable[str], receipts: Iterable[Receipt]
) -> Callable[[str | None], None] | None:
    """What raises ProofMovedError where a commit is not what was proven, but for TODO files, and for the changes that
    are to land now. None where no receipt comes from a clone."""
    proven = [
        (one.proven, {r.path: r for r in one.restores}) for one in receipts if one.proven and one.restores
    ]
    if not proven:
        return None
    is_list = matcher(lists)

    def judge(head: str | None) -> None:
        if head is None:
            raise ProofMovedError("HEAD is unborn now")
        for commit, restores in proven:
            for one in _differences(repo, commit, head):
                change = restores.get(one.path)
                # still to be made, and what it goes by is there
                waits = change is not None and (one.after, one.before) == (change.before, change.after)
                if not waits and not is_list(one.path):
                    raise ProofMovedError(f"HEAD has moved: {one.path} is not what was proven")

    return judge


def merge(git: GitSession, head: str, commit: str) -> str:
    """A commit on top of `head` with what `commit` changes; no ref names it. Raises ConflictError where both changed
    the same, and GitError where git is too old to tell."""
    args = ("merge-tree", "--write-tree", "--name-only", "-z", "--no-messages", head, commit)
    try:
        out = git.run(*args, ok=(0, 1))
    except GitError as error:
        raise GitError(
            f"HEAD has moved, and this git cannot merge without a work tree: {error.sentence}",
            hint="git 2.38 or newer can",
        ) from error
    tree, *conflicts = [os.fsdecode(one) for one in out.split(b"\0") if one]
    if conflicts:
        more = f" and {len(conflicts) - 3} more" if len(conflicts) > 3 else ""
        raise ConflictError(
            f"HEAD has moved, and its changes conflict with that in {', '.join(conflicts[:3])}{more}"
        )
    who = ("-c", "user.name=mdtodo", "-c", "user.email=mdtodo@localhost", "-c", "commit.gpgSign=false")
    return git.run(*who, "commit-tree", tree, "-p", head, "-m", "mdtodo: merged").decode().strip()


def tree_digits(git: GitSession, commit: str) -> str:
    """The `tree` of a receipt whose processor began with this commit."""
    return git.run("rev-parse", f"{commit}^{{tree}}").decode()[:12]


def _differences(repo: Repository, before: str, after: str) -> list[Restore]:
    """The paths in which two commits differ: what takes each from the first to the second."""
    out = run(repo, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after)
    return [
        Restore(os.fsdecode(one.path), text_of(one.before), text_of(one.after)) for one in changes_in(out)
    ]
