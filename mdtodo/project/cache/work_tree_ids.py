"""Git's ids of many files of the work tree, without reading those that are as they were when they were read before.

What stat(2) says of a file is kept with its id, below `.git/mdtodo/plans/`. As in git's index, what was written within
the last seconds before it was read may be written again and look the same: of such a file nothing is kept. What sets
times back changes the time of the inode, which is compared too.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.digest import hexdigest
from mdtodo.errors import ChangedError, InputError
from mdtodo.storage.caches.value_cache import read_value, write_value
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mdtodo.git.repository import Repository

    #: The bytes of a file, by root and path.
    Read = Callable[[str, str], bytes]
    #: inode, size, and when the content and the inode changed, in nanoseconds
    Stamp = tuple[int, int, int, int]

#: Nanoseconds for which a file counts as just written: the coarsest clock of a file system has two seconds.
_FRESH = 3_000_000_000


class Content(NamedTuple):
    """The files of a work tree, by path: git's id of the bytes of each, and those bytes that were read already.
    `unreadable` are those left out, with the reason."""

    root: str
    read: Read
    ids: dict[str, str]
    data: dict[str, bytes]
    unreadable: list[InputError]

    def bytes_of(self, path: str) -> bytes:
        """The bytes of a file. Raises ChangedError where they are no longer those of the id."""
        if path not in self.data:
            data = self.read(self.root, path)
            if blob_id(data) != self.ids[path]:
                raise ChangedError("was changed while it was read; try again", file=path)
            self.data[path] = data
        return self.data[path]

    def add(self, path: str) -> None:
        """Read a file now."""
        try:
            self.data[path] = self.read(self.root, path)
        except InputError as error:
            self.unreadable.append(error)
        else:
            self.ids[path] = blob_id(self.data[path])


def read_all(repo: Repository, paths: Iterable[str], read: Read = files.read) -> Content:
    """These files as they are on the disk."""
    content = Content(repo.root, read, {}, {}, [])
    for path in paths:
        content.add(path)
    return content


def read_new(repo: Repository, paths: Iterable[str]) -> Content:
    """The same of many files, of which only those are read whose ids are not known."""
    name = f"files-1-{hexdigest(os.fsencode(repo.root))[:8]}"
    kept = read_value(repo, "plans", name)
    known: Mapping[str, tuple[Stamp, str]] = kept if isinstance(kept, dict) else {}
    stamps: dict[str, tuple[Stamp, str]] = {}
    content = Content(repo.root, files.read, {}, {}, [])
    for path in paths:
        now, stamp = time.time_ns(), _stamp(f"{repo.root}/{path}")
        if (before := known.get(path)) is not None and before[0] == stamp:
            content.ids[path], stamps[path] = before[1], before
            continue
        content.add(path)
        if stamp is not None and max(stamp[2:]) + _FRESH < now and path in content.ids:
            stamps[path] = stamp, content.ids[path]
    if stamps != known:
        write_value(repo, "plans", name, stamps)
    return content


def blob_id(data: bytes) -> str:
    """Git's id of these bytes: a name for caches, never asked of git, so SHA-1 does in a SHA-256 repository too."""
    return hexdigest(b"blob %d\0" % len(data) + data)


def _stamp(full: str) -> Stamp | None:
    """None for a symlink, whose target would have to be looked at, and for what is not there."""
    try:
        now = os.lstat(full)
    except OSError:
        return None
    if now.st_mode & 0o170000 != 0o100000:
        return None
    return now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns
