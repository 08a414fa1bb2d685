"""Git's ids of many files of the work tree, without reading those that are as they were when they were read before.

What stat(2) says of a file is kept with its id, below `.git/mdtodo/plans/`. As in git's index, what was written within
the last seconds before it was read may be written again and look the same: of such a file nothing is kept. What sets
times back changes the time of the inode, which is compared too.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mdtodo.core.digest import hexdigest
from mdtodo.errors import ChangedError, InputError
from mdtodo.git.files.tree_files import TodoFiles, from_work_tree
from mdtodo.git.files.work_tree_stats import WorkTreeStats
from mdtodo.storage.caches.value_cache import read_value, write_value
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.git.repository import Repository

    #: The bytes of a file, by root and path.
    Read = Callable[[str, str], bytes]
    #: inode, size, and when the content and the inode changed, in nanoseconds
    Stamp = tuple[int, int, int, int]
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Files from which on it pays to remember what was made of them.
CACHE_FROM_FILES = 100

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


def read_new(repo: Repository, paths: Iterable[str], stats: WorkTreeStats | None = None) -> Content:
    """The same of many files, of which only those are read whose ids are not known. `stats` are what is known already
    of how they look."""
    stats = stats or WorkTreeStats(repo.root)
    name = f"files-1-{hexdigest(os.fsencode(repo.root))[:8]}"
    kept = read_value(repo, "plans", name)
    known: Mapping[str, tuple[Stamp, str]] = kept if isinstance(kept, dict) else {}
    stamps: dict[str, tuple[Stamp, str]] = {}
    content = Content(repo.root, files.read, {}, {}, [])
    for path in paths:
        stamp = _stamp(stats[path])
        if (before := known.get(path)) is not None and before[0] == stamp:
            content.ids[path], stamps[path] = before[1], before
            continue
        content.add(path)
        if stamp is not None and max(stamp[2:]) + _FRESH < stats.began and path in content.ids:
            stamps[path] = stamp, content.ids[path]
    new = _with_others(stamps, known, content.ids)
    if new != known:
        write_value(repo, "plans", name, new)
    return content


def todo_files(repo: Repository, paths: Collection[str], stats: WorkTreeStats | None = None) -> TodoFiles:
    """`from_work_tree`, which of many files reads only those that may have changed. Raises ChangedError for a file of
    which the bytes are asked for, and which has others by then."""
    if len(paths) < CACHE_FROM_FILES:
        return from_work_tree(repo, paths)
    content = read_new(repo, paths, stats)

    def read(wanted: Sequence[str]) -> dict[str, bytes]:
        return {path: content.bytes_of(path) for path in wanted}

    return TodoFiles(content.ids, content.data, (), tuple(content.unreadable), read)


def _with_others(
    stamps: dict[str, tuple[Stamp, str]], known: Mapping[str, tuple[Stamp, str]], asked: Collection[str]
) -> Mapping[str, tuple[Stamp, str]]:
    """With what is known of files that nobody asked for now: `check` reads archives too. As many of them at most, as
    some are gone."""
    others = {path: one for path, one in known.items() if path not in asked and path not in stamps}
    return {**stamps, **others} if others and len(others) <= len(stamps) else stamps


def blob_id(data: bytes) -> str:
    """Git's id of these bytes: a name for caches, never asked of git, so SHA-1 does in a SHA-256 repository too."""
    return hexdigest(b"blob %d\0" % len(data) + data)


def _stamp(now: os.stat_result | None) -> Stamp | None:
    """None for a symlink, whose target would have to be looked at, and for what is not there."""
    if now is None or not stat.S_ISREG(now.st_mode):
        return None
    return now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns
