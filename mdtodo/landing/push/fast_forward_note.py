"""A note in the git directory of a work tree: that its branch is being fast-forwarded.

It stands there from before the branch moves until every file is in its place, so that after a kill the rest
can be done. Apart from `fast_forward`, since every run looks for it, and most find none.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.system import process_identity

if TYPE_CHECKING:
    from typing import NamedTuple

    from mdtodo.git.repository import Repository
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Its name; what it says is `<old> <new> <owner>`.
NOTE = "mdtodo-advance"


class FastForwardNote(NamedTuple):
    """From which commit to which, and the process that does it."""

    old: str
    new: str
    owner: str


def read_note(repo: Repository) -> FastForwardNote | None:
    """The note that is there; one that says nothing is none."""
    try:
        with open(os.path.join(repo.git_dir, NOTE), encoding="ascii") as file:
            return FastForwardNote(*file.read().split())
    except (OSError, TypeError, ValueError):
        return None


def write_note(repo: Repository, old: str, new: str) -> None:
    """Put it there, as this process's, on the disk. Until all of it is written, nothing has moved yet."""
    # No rename is needed: `read_note` takes half a note for none, and nothing has moved then.
    with open(os.path.join(repo.git_dir, NOTE), "w", encoding="ascii") as file:
        file.write(f"{old} {new} {process_identity.current()}\n")
        file.flush()
        os.fsync(file.fileno())


def remove_note(repo: Repository, who: str) -> None:
    """Take it away, with the folder of that process."""
    import shutil

    shutil.rmtree(staging_folder(repo, who), ignore_errors=True)
    # The note last, since only it leads to the folder.
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(repo.git_dir, NOTE))


def staging_folder(repo: Repository, who: str) -> str:
    """Where that process makes files ready."""
    return os.path.join(repo.git_dir, f"{NOTE}-{who}")
