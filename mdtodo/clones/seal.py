"""What a clone was like when it was shown, so that the next attempt in it needs no git where nothing became of it.

A file is as it was while its inode, mode, owner, size and times are. One of the times, the ctime, nobody can set; and
as a seal is made only once the clock of the file system has moved on, every later change has a later ctime. A folder is
as it was while all that is in it is. Seals are in the memory of this process alone, where no attempt reaches; who else
has used the clone meanwhile has changed files as any attempt does.
"""

from __future__ import annotations

import os
import stat
from itertools import chain
from time import sleep
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: So often is the clock of the file system looked at, each time after a millisecond; one that is slower is not used.
_LOOKS = 25

_Sign = tuple[int, ...]


class Differences(NamedTuple):
    """What is not as it was in a folder: the paths of what came, and of what was `changed`; whether something is `gone`
    from where it was."""

    came: list[str]
    changed: list[str]
    gone: bool


class Seal(NamedTuple):
    """Of the folders `roots`; `listed` are all folders in them, parents first, with the names and signs of what each
    has. The paths `without` are passed over."""

    roots: dict[str, _Sign]
    listed: dict[str, dict[str, _Sign]]
    without: tuple[str, ...]

    @classmethod
    def of(cls, roots: Sequence[str], clock: str, *, without: Sequence[str] = ()) -> Seal | None:
        """Of these folders as they are now. `clock` is a file of ours beside them, whose time may change. None where
        the file system cannot tell when something changes. Raises OSError."""
        if (now := _next_moment(clock)) is None:
            return None
        signs = {root: _sign(os.lstat(root)) for root in roots}
        listed: dict[str, dict[str, _Sign]] = {}
        folders = [*roots]
        for folder in folders:
            listed[folder] = {}
            for path, name, found in _entries(folder, without):
                listed[folder][name] = _sign(found)
                if stat.S_ISDIR(found.st_mode):
                    folders.append(path)
                elif found.st_ctime_ns >= now:
                    return None
        return cls(signs, listed, tuple(without))

    def holds_for(self, path: str) -> bool:
        """Whether a file that was in one of the folders is as it was."""
        known = self.listed.get(os.path.dirname(path), {}).get(os.path.basename(path))
        try:
            return known == _sign(os.lstat(path))
        except OSError:
            return False

    def is_same(self, root: str) -> bool:
        """Whether one of the `roots` is as it was, with all that is in it."""
        try:
            return self.differences(root) == ([], [], False)
        except OSError:
            return False

    def differences(self, root: str) -> Differences:
        """What is not as it was in one of the `roots`. Raises OSError where the folder itself is another one."""
        if _sign(os.lstat(root)) != self.roots[root]:
            raise NotADirectoryError(f"{root} is not the folder that it was")
        found = Differences([], [], gone=False)
        left = {root}
        for folder, known in self.listed.items():
            if folder in left:
                found = self._look(folder, known, found, left)
        return found

    def _look(self, folder: str, known: dict[str, _Sign], found: Differences, left: set[str]) -> Differences:
        """Add what is not as it was in the folder itself; what is goes to `left`."""
        same = 0
        for path, name, about in _entries(folder, self.without):
            if (was := known.get(name)) is None:
                found.came.append(path)
            elif was != _sign(about):
                found.changed.append(path)
            else:
                same += 1
                left.add(path)
        return found if same == len(known) else found._replace(gone=True)


def _entries(folder: str, without: Sequence[str]) -> Iterator[tuple[str, str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.path not in without:
                yield entry.path, entry.name, entry.stat(follow_symlinks=False)


def _sign(found: os.stat_result) -> _Sign:
    if stat.S_ISDIR(found.st_mode):
        return found.st_mode, found.st_ino, found.st_uid, found.st_gid
    # mode, inode, device, links, owner, group, size
    return *found[:7], found.st_mtime_ns, found.st_ctime_ns


def _next_moment(clock: str) -> int | None:
    """A moment of the file system's clock after that of all that was changed until now."""
    before = _moment(clock)
    for pause in chain((0.0,), (0.001,) * _LOOKS):
        sleep(pause)
        if (now := _moment(clock)) > before:
            return now
    return None


def _moment(clock: str) -> int:
    os.utime(clock, follow_symlinks=False)
    return os.lstat(clock).st_ctime_ns
