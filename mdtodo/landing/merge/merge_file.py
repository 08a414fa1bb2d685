"""Three versions of a file to one, where both sides changed it: TODO files by task, all others as git merges text."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from mdtodo.errors import MdtodoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.task import Status
    from mdtodo.git.session import GitSession


def merge_file(
    git: GitSession,
    base: bytes,
    ours: bytes,
    theirs: bytes,
    statuses: Mapping[str, Status],
    *,
    by_task: bool,
) -> bytes | None:
    """`ours` with what `theirs` changed of `base`; None where they disagree, or it is no text."""
    if by_task:
        from mdtodo.markdown.merge.three_way import merge

        try:
            merged = merge(base, ours, theirs, statuses, text_merge=partial(_text, git))
        except MdtodoError:
            return None
        if merged is not None:
            return merged.data if merged.conflicts == 0 else None
    code, out = _merge_file(git, base, ours, theirs)
    return out if code == 0 else None


def _text(git: GitSession, base: bytes, ours: bytes, theirs: bytes, style: str) -> bytes:
    """What `markdown.merge.three_way` asks git for."""
    code, out = _merge_file(git, base, ours, theirs, *([f"--{style}"] if style != "merge" else []))
    if not 0 <= code < _FAILED:
        raise MdtodoError("git merge-file failed")
    return out


#: From this exit code on `git merge-file` has failed; below, it is the number of conflicts.
_FAILED = 128


def _merge_file(git: GitSession, base: bytes, ours: bytes, theirs: bytes, *options: str) -> tuple[int, bytes]:
    from tempfile import TemporaryDirectory

    # Files, since `git merge-file` takes objects (--object-id) only from 2.43 on.
    with TemporaryDirectory(prefix="mdtodo-") as folder:
        paths = [os.path.join(folder, name) for name in ("ours", "base", "theirs")]
        for path, data in zip(paths, (ours, base, theirs), strict=True):
            with open(path, "wb") as file:
                file.write(data)
        # merge-file follows a person's merge.conflictStyle.
        settings = ("-c", "merge.conflictStyle=merge", "merge-file", "-p", "-q", "--marker-size=7")
        code, out, _ = git.start((*settings, *options, *paths)).finish()
    return code, out
