"""Files that killed processes of ours have left: taken away before anything is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.git.index import index_lock
from mdtodo.system import atomic_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.git.repository import Repository


def remove_leftovers(repo: Repository, paths: Iterable[str] = ()) -> tuple[str, ...]:
    """Take away what killed processes of ours left in the git directory and beside these files.

    Locks and files of other programs stay. Gives sentences about what a person might have noticed.
    """
    atomic_file.sweep(repo.root, paths)
    return index_lock.remove_stale(repo)
