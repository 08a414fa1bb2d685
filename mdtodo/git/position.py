"""Where a run began, and whether HEAD is still on that line of work.

A result was proven in one checkout of one branch. It is landed there, or on what descends from it, and on
nothing else: on another branch the same box may mean other code.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.git.repository import run
from mdtodo.git.true_history import is_ancestor
from mdtodo.system.files import read_any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NamedTuple

    from mdtodo.git.repository import Repository
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class HeadPosition(NamedTuple):
    """A checkout at one moment: its git directory, the ref that HEAD names (empty: detached), and the id of
    HEAD's commit (empty: unborn).
    """

    git_dir: str
    ref: str
    commit: str

    @property
    def name(self) -> str:
        """For people: the branch, or the commit where HEAD was detached."""
        return self.ref.removeprefix("refs/heads/") or self.commit[:10]


def head_position(repo: Repository) -> HeadPosition:
    """Where HEAD is now; mostly without git."""
    ref, commit = _head(repo.git_dir)
    if commit is None:
        commit = _loose(repo.common_dir, ref)
    if commit is None:
        ref = run(repo, "symbolic-ref", "-q", "HEAD", ok=(0, 1)).decode(errors="surrogateescape").strip()
        commit = run(repo, "rev-parse", "-q", "--verify", "HEAD", ok=(0, 1)).decode().strip()
    return HeadPosition(repo.git_dir, ref, commit)


def stamp(repo: Repository) -> tuple[int, int]:
    """Another one whenever another branch was checked out; far cheaper than `head_position`."""
    # git writes HEAD by lock and rename, so each checkout makes it another inode or another time.
    return _stamp(os.path.join(repo.git_dir, "HEAD"))


class HeadWatch:
    """Whether HEAD names another commit, asked again and again: cheaper than `head_position`."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._head: tuple[int, int] | None = None
        self._files: Sequence[str] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The files that say which commit that is, as of the last stamp."""
        return (os.path.join(self._repo.git_dir, "HEAD"), *self._files)

    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Another one whenever HEAD names another commit."""
        head = stamp(self._repo)
        # which branch that is has to be read only after a checkout
        if head != self._head:
            self._head, self._files = head, _files_of_branch(self._repo)
        return (head, *map(_stamp, self._files))


def _files_of_branch(repo: Repository) -> Sequence[str]:
    """Where the commit of the branch that HEAD names may stand."""
    ref, _ = _head(repo.git_dir)
    tables = (os.path.join(folder, "reftable", "tables.list") for folder in (repo.common_dir, repo.git_dir))
    known = os.path.join(repo.common_dir, "packed-refs"), *tables
    # where HEAD is a symlink, what it leads to is the branch
    head = os.path.join(repo.common_dir, ref) if ref else os.path.realpath(os.path.join(repo.git_dir, "HEAD"))
    return tuple(dict.fromkeys((head, *known)))


def is_same_line_of_work(repo: Repository, began: HeadPosition) -> bool:
    """Whether HEAD, in this checkout, is where the run began, or on what descends from that.

    A checkout that is gone is taken for this one.
    """
    if began.git_dir != repo.git_dir and os.path.isdir(began.git_dir):
        return False
    now = head_position(repo)
    # The same branch counts also where it was amended or rebased since.
    if (began.ref and now.ref == began.ref) or not began.commit or now.commit == began.commit:
        return True
    if not now.commit:
        return False
    return is_ancestor(repo, began.commit, now.commit)


def _stamp(path: str) -> tuple[int, int]:
    try:
        now = os.lstat(path)
    except OSError:
        return 0, 0
    return now.st_ino, now.st_mtime_ns


def _head(git_dir: str) -> tuple[str, str | None]:
    """What the file HEAD says: a ref, or a commit; neither where git must be asked."""
    path = os.path.join(git_dir, "HEAD")
    # Old repositories have HEAD as a symlink.
    if os.path.islink(path):
        return "", None
    if (data := read_any(path)) is None:
        return "", None
    text = os.fsdecode(data.strip())
    return (text.removeprefix("ref:").strip(), None) if text.startswith("ref:") else ("", text)


def _loose(common_dir: str, ref: str) -> str | None:
    """The commit of a branch that has a file of its own."""
    # refs/heads/.invalid is what the file HEAD says in a repository with reftable.
    if not ref.startswith("refs/heads/") or ref == "refs/heads/.invalid":
        return None
    text = (read_any(os.path.join(common_dir, ref)) or b"").strip().decode("ascii", "replace")
    return text if len(text) in (40, 64) else None
