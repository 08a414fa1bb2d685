"""What attempts of ours have left: a mark for each file, by path and content, in this work tree's own git directory.

So it is known again after a failure, an interruption or a kill.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.system.files import keep, read_any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mdtodo.core.receipt import Output
    from mdtodo.git.repository import Repository

#: Days after which what an attempt left is no longer known as ours.
_KEPT_DAYS = 90

#: A file for each mark, and no database: they are made by several processes at once, and a lost one does no harm.
_MARKS = ("mdtodo", "left")

#: Before the id of a task that did not name the file.
_UNNAMED = b"?"


def fingerprint(root: str, path: str) -> str | None:
    """A digest of kind, mode and content of a file or symlink; None where there is none, `-` for others. What lies
    behind a symlink is another file."""
    from hashlib import sha256

    full = os.path.join(root, path)
    folder = os.path.dirname(full)
    try:
        if folder != root and os.path.realpath(folder) != os.path.normpath(folder):
            return None
        mode = os.lstat(full).st_mode
        if stat.S_ISLNK(mode):
            kind, content = b"link", os.fsencode(os.readlink(full))
        elif stat.S_ISREG(mode):
            kind = b"program" if mode & 0o100 else b"file"  # the one bit of a mode that git keeps
            with open(full, "rb") as file:
                content = file.read()
        else:
            return None if os.path.isdir(full) else "-"
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return "-"
    return sha256(kind + b"\0" + content, usedforsecurity=False).hexdigest()


def mark(repo: Repository, path: str, digest: str | None, task_id: str, *, unnamed: bool = False) -> None:
    """Note that an attempt of this task has left the file like this; `unnamed`: that it came to be this meanwhile, and
    nobody knows by whom. Where that cannot be written, it is taken for a person's."""
    place = _mark(repo, path, digest)
    with suppress(OSError):
        keep(place, _UNNAMED * unnamed + os.fsencode(task_id))


def left_by(repo: Repository, path: str, digest: str | None) -> str | None:
    """The task whose attempt left the file like this, None where no attempt did."""
    return marked(repo, path, digest)[0]


def forget(repo: Repository, outputs: Iterable[Output]) -> None:
    """They are committed: whoever makes the same of them now is a person."""
    for output in outputs:
        with suppress(OSError):
            os.unlink(_mark(repo, output.path, output.digest))


def forget_old(repo: Repository) -> None:
    """Take away the marks that are months old."""
    folder, oldest = os.path.join(repo.git_dir, *_MARKS), time.time() - _KEPT_DAYS * 86400
    with suppress(OSError):
        for one in os.scandir(folder):
            if one.stat().st_mtime < oldest:
                os.unlink(one.path)


def marked(repo: Repository, path: str, digest: str | None) -> tuple[str | None, str | None]:
    """The task whose attempt left the file like this, and the one that did not name it; None for either."""
    if (said := read_any(_mark(repo, path, digest))) is None:
        return None, None
    task = os.fsdecode(said.removeprefix(_UNNAMED))
    return (None, task) if said.startswith(_UNNAMED) else (task, None)


def _mark(repo: Repository, path: str, digest: str | None) -> str:
    from hashlib import sha256

    name = sha256(os.fsencode(path) + b"\0" + (digest or "").encode(), usedforsecurity=False).hexdigest()
    return os.path.join(repo.git_dir, *_MARKS, name[:40])
