"""Whether the tracked files of a work tree are what HEAD has, asked again and again.

`git status` says it, but for what the person has told git not to look at (`assume-unchanged`, `skip-worktree`): those
files are compared here, where the work tree has them.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.files.quote import path_line
from mdtodo.git.files.status import begin_status
from mdtodo.git.head import read_head
from mdtodo.git.position import HeadWatch
from mdtodo.git.repository import calling_index, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NamedTuple

    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class Hidden(NamedTuple):
    """A file that git does not look at: mode and id in the index; `skipped`: it may be absent, as in a sparse
    checkout."""

    path: str
    mode: str
    oid: str
    skipped: bool


class TrackedFiles:
    """The tracked files of one work tree."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._hidden: Sequence[Hidden] | None = None

    def changed(self, aside: Callable[[str], bool], *, of_index: bool = False) -> tuple[str, ...]:
        """The paths that differ from HEAD now, sorted, but for those that are `aside`. `of_index`: that differ from the
        index of the calling git, as in a hook of its commit. Raises GitError where git refuses.
        """
        env = calling_index() if of_index else {}
        asked = begin_status(self._repo, env=env)
        if self._hidden is None:  # once, since nobody has git look away from files in the middle of a run
            self._hidden = hidden_files(self._repo, env)
        found = {one.path for one in self._hidden if _differs(self._repo, one)}
        found |= {one.path for one in asked() if one.unstaged or not of_index}
        return tuple(sorted(path for path in found if not aside(path)))


class HeadTree:
    """HEAD's tree, looked up again only where HEAD may have moved."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._watch = HeadWatch(repo)
        self._stamp: object = None
        #: What `read` gave last.
        self.tree: str | None = None

    @property
    def moved(self) -> bool:
        """Whether HEAD may have moved since `read`."""
        return self._stamp != self._watch.stamp()

    def read(self, git: GitSession | None = None) -> str | None:
        """Its id; None on an unborn branch."""
        # the stamp before the tree: who moves HEAD in between makes another one
        now = self._watch.stamp()
        if now != self._stamp:
            self._stamp = now
            self.tree = self._ask() if git is None else read_head(git).tree
        return self.tree

    def _ask(self) -> str | None:
        out = run(self._repo, "rev-parse", "-q", "--verify", "HEAD^{tree}", ok=(0, 1, 128))
        return out.decode().strip() or None


def hidden_files(repo: Repository, env: dict[str, str] | None = None) -> list[Hidden]:
    """The files of the index that git was told not to look at. Raises GitError where git refuses."""
    found: list[Hidden] = []
    for line in run(repo, "ls-files", "-v", "-s", "-z", env=env).split(b"\0")[:-1]:
        tag = line[:1]
        if tag in b"Ss" or tag.islower():
            head, _, path = line[2:].partition(b"\t")
            mode, oid = head.decode().split(" ")[:2]
            found.append(Hidden(os.fsdecode(path), mode, oid, skipped=tag in b"Ss"))
    return found


def _differs(repo: Repository, one: Hidden) -> bool:
    full = os.path.join(repo.root, one.path)
    try:
        now = os.lstat(full)
    except OSError:
        return not one.skipped
    try:
        if stat.S_ISDIR(now.st_mode):
            return one.mode != "160000" or _commit_of(full) not in (one.oid, None)
        if stat.S_ISLNK(now.st_mode):
            kind, args, content = "120000", ("--stdin",), os.fsencode(os.readlink(full))
        else:
            kind = "100755" if now.st_mode & stat.S_IXUSR else "100644"
            args, content = ("--stdin-paths",), path_line(os.fsencode(one.path))
        same = run(repo, "hash-object", *args, stdin=content).decode().strip() == one.oid
    except (GitError, OSError):  # it cannot be read, so nobody knows
        return True
    return not same or (kind != one.mode and not _is_no_mode(repo, kind, one.mode))


def _is_no_mode(repo: Repository, now: str, then: str) -> bool:
    """Whether that is a difference of the executable bit alone, and git was told not to trust it."""
    both = {now, then} == {"100644", "100755"}
    return both and run(repo, "config", "--type=bool", "core.fileMode", ok=(0, 1)).strip() == b"false"


def _commit_of(folder: str) -> str | None:
    """What a submodule is at; None for one that is not checked out."""
    if not os.path.lexists(os.path.join(folder, ".git")):
        return None
    return run(None, "rev-parse", "--verify", "HEAD", cwd=folder).decode().strip()
