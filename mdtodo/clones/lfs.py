"""The content of LFS files. What git keeps of one is a pointer; the content lies in a folder of the git directory, and
would be lost with that of the clone.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from typing import TYPE_CHECKING

from mdtodo.clones.changes import RefusedChangesError, refuse_size
from mdtodo.system.safe_open import READ

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.clones.shadow import Shadow
    from mdtodo.clones.source import CloneSource
    from mdtodo.core.receipt import Restore

_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n")


def keep_lfs_objects(shadow: Shadow, source: CloneSource, changes: Sequence[Restore]) -> None:
    """Bring the content of changed LFS files into the repository, where it is not there yet.

    Raises RefusedChangesError for a pointer whose content nobody has here, and for too much; OSError as on a full disk.
    """
    settings = dict(source.config)
    if "filter.lfs.clean" not in settings and "filter.lfs.process" not in settings:
        return
    storage = settings.get("lfs.storage", "lfs")
    to, *places = (
        os.path.join(folder, storage, "objects")
        for folder in (source.common_dir, shadow.git_dir, os.path.join(shadow.tree, ".git"))
    )
    size = 0
    for path, oid in _pointers(shadow, changes):
        name = os.path.join(oid[:2], oid[2:4], oid)
        if os.path.isfile(os.path.join(to, name)):
            continue
        if not any(_copy(os.path.join(place, name), os.path.join(to, name), oid) for place in places):
            raise RefusedChangesError(f"{path} is a pointer of LFS, and what it points to is not here")
        size += os.path.getsize(os.path.join(to, name))
        refuse_size(size)


def _pointers(shadow: Shadow, changes: Sequence[Restore]) -> Iterator[tuple[str, str]]:
    """Paths that LFS keeps, each with the id of its content."""
    blobs = {one.path: one.before.split(" ")[1] for one in changes if one.before and one.before[:3] == "100"}
    names = b"".join(os.fsencode(path) + b"\0" for path in blobs)
    fields = shadow.git("check-attr", "-z", "--stdin", "filter", stdin=names).split(b"\0")
    for name, value in zip(fields[::3], fields[2::3], strict=False):
        path = os.fsdecode(name)
        if value == b"lfs" and (found := _POINTER.match(shadow.git("cat-file", "blob", blobs[path]))):
            yield path, found[1].decode()


def _copy(source: str, target: str, oid: str) -> bool:
    """Whether there is such content, and it is now in the repository; whoever worked in the clone could forge it."""
    try:
        found = os.open(source, READ)
    except OSError:
        return False
    os.makedirs(os.path.dirname(target), exist_ok=True)
    half = f"{target}.{os.getpid()}"
    try:
        with open(found, "rb") as given, open(half, "w+b") as kept:
            shutil.copyfileobj(given, kept)
            kept.seek(0)
            if hashlib.file_digest(kept, "sha256").hexdigest() != oid:
                return False
        os.replace(half, target)
    finally:
        if os.path.exists(half):
            os.unlink(half)
    return True
