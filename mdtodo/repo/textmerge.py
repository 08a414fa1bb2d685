"""Three versions of a text to one, as git merges them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdtodo.repo.plumbing import Plumbing


def merge_text(git: Plumbing, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """`ours` with what `theirs` changed of `base`; None where both changed the same place, or it is no text."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="mdtodo-") as folder:
        paths = [os.path.join(folder, name) for name in ("ours", "base", "theirs")]
        for path, data in zip(paths, (ours, base, theirs), strict=True):
            with open(path, "wb") as file:
                file.write(data)
        code, out, _ = git.start(("merge-file", "-p", "-q", *paths)).finish()
    return out if code == 0 else None
