"""Whether a file of the work tree is what git would write there: its id alone does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.errors import GitError

if TYPE_CHECKING:
    from mdtodo.git.session import GitSession


def is_as_written(git: GitSession, path: str, content: bytes, oid: str) -> bool:
    """Whether git, checking out that object at this path, filters and all, would write this content.

    Where line ends are not what git would commit now, as of CRLF in a repository with `core.autocrlf`, a file may be
    as it was, and `git hash-object` gives another id.
    """
    try:
        return git.run("cat-file", "--filters", f"--path={path}", oid) == content
    except GitError:
        return False
