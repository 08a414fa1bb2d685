"""What a proven result from a clone changes in HEAD, and whether HEAD is still what was proven."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mdtodo.core.edits import SetStatus
from mdtodo.core.path_patterns import matcher
from mdtodo.core.receipt import Restore, text_of
from mdtodo.core.task import Status
from mdtodo.core.titles import few
from mdtodo.errors import GitError
from mdtodo.git.diff_tree import changes_in
from mdtodo.git.files.worktree_files import find
from mdtodo.git.objects import find_in_tree
from mdtodo.git.repository import run
from mdtodo.landing.apply import apply_receipts
from mdtodo.landing.job import ProofMovedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mdtodo.core.receipt import Receipt
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession


class ConflictError(GitError):
    """HEAD has moved, and what was changed does not go together with that."""


def restores_of(repo: Repository, base: str, commit: str) -> tuple[Restore, ...]:
    """What takes each path that differs from what `base` has to what `commit` has."""
    return tuple(_differences(repo, base, commit))


def list_patterns(repo: Repository, files: Sequence[str]) -> tuple[str, ...]:
    """The patterns `files` of the TODO files, with the files that a symlink of such a name leads to."""
    is_list = matcher(files)
    linked = [name for name in find(repo, files) if not is_list(name)]
    return (*files, *("/" + re.sub(r"([\\*?\[\] ])", r"\\\1", name) for name in linked))


def lacks_box(git: GitSession, commit: str, task: Task, statuses: Mapping[str, Status]) -> str | None:
    """Why what the task changes could not land on the commit, as part of a sentence: its box is not open there."""
    # not by `commit:file`: a name may hold what no line can
    tree = git.run("rev-parse", f"{commit}^{{tree}}").decode().strip()
    found = find_in_tree(tree, os.fsencode(task.file), git.content)
    if found is None or not found[0].startswith(b"100"):
        return f"{task.file} is not in HEAD"
    wanted = {task.id: [SetStatus(task.anchor, Status.DONE)]}
    version = apply_receipts(git.content(found[1]), wanted, statuses, file=task.file, once=True)
    if task.id in version.closed:
        return f"its box is not open in the {task.file} of HEAD"
    return f"in the {task.file} of HEAD {why}" if (why := version.missed.get(task.id)) else None


def changed_paths(repo: Repository, before: str, after: str, lists: Iterable[str]) -> list[str]:
    """The paths in which two commits differ, but for the TODO files, which the patterns `lists` name."""
    is_list = matcher(lists)
    return [one.path for one in _differences(repo, before, after) if not is_list(one.path)]


def judge_head(
    repo: Repository, files: Sequence[str], receipts: Iterable[Receipt]
) -> Callable[[str | None], None] | None:
    """What raises ProofMovedError where a commit is not what was proven, but for TODO files, and for the changes that
    are to land now. None where no receipt comes from a clone."""
    proven = [
        (one.proven, {r.path: r for r in one.restores}) for one in receipts if one.proven and one.restores
    ]
    if not proven:
        return None
    is_list = matcher(list_patterns(repo, files))

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


def merge(git: GitSession, head: str, base: str, commit: str) -> str:
    """A commit on top of `head` with what `commit` changes of `base`; no ref names it. Raises ConflictError where both
    changed the same, and GitError where git is too old to tell."""
    # where HEAD does not have `base` any more, as after a reset, what `base` brought is not to come back
    ours = _commit_tree(git, f"{head}^{{tree}}", base)
    args = ("merge-tree", "--write-tree", "--name-only", "-z", "--no-messages", ours, commit)
    try:
        out = git.run(*args, ok=(0, 1))
    except GitError as error:
        if "usage:" not in error.sentence:
            raise
        raise GitError("HEAD has moved, and to merge onto it takes git 2.38 or newer") from error
    tree, *conflicts = [os.fsdecode(one) for one in out.split(b"\0") if one]
    if conflicts:
        raise ConflictError(f"HEAD has moved, and its changes conflict with that in {few(conflicts)}")
    return _commit_tree(git, tree, head)


def _commit_tree(git: GitSession, tree: str, parent: str) -> str:
    """A commit that nobody sees but we."""
    who = ("-c", "user.name=mdtodo", "-c", "user.email=mdtodo@localhost", "-c", "commit.gpgSign=false")
    return git.run(*who, "commit-tree", tree, "-p", parent, "-m", "mdtodo: merged").decode().strip()


def tree_digits(git: GitSession, commit: str) -> str:
    """The `tree` of a receipt whose processor began with this commit."""
    return git.run("rev-parse", f"{commit}^{{tree}}").decode()[:12]


def _differences(repo: Repository, before: str, after: str) -> list[Restore]:
    """The paths in which two commits differ: what takes each from the first to the second."""
    out = run(repo, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after)
    return [
        Restore(os.fsdecode(one.path), text_of(one.before), text_of(one.after)) for one in changes_in(out)
    ]
