"""The clones of a repository in the user's cache folder, kept warm and used again.

A slot is a folder with a clone, a place for temporary files and an empty home. Whoever works in one holds a lock on it
that the system takes back when their process ends, however that is: so a killed run leaves nothing locked.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import time
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.clones.shadow import Shadow, remove
from mdtodo.errors import GitError, MdtodoError
from mdtodo.system.files import keep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.clones.source import CloneSource

#: Seconds after which a clone that nobody has used goes.
_AGE = 7 * 86400.0


class Slot(NamedTuple):
    """A clone that is ours while its lock is held: `tree` are its files, `temporary` and `home` are empty folders."""

    folder: str

    @property
    def tree(self) -> str:
        """The clone's files, with a `.git` of their own."""
        return os.path.join(self.folder, "tree")

    @property
    def temporary(self) -> str:
        """For temporary files."""
        return os.path.join(self.folder, "tmp")

    @property
    def home(self) -> str:
        """A home with nothing in it."""
        return os.path.join(self.folder, "home")

    @property
    def shadow(self) -> Shadow:
        """The git directory through which we look at the clone's files."""
        return Shadow(os.path.join(self.folder, "git"), self.tree)

    def show(
        self, source: CloneSource, commit: str, *, excludes: Sequence[str] = (), borrow: Sequence[str] = ()
    ) -> None:
        """Bring the clone to the commit, see `Shadow.show`; where it is too broken for that, it is made anew.

        Raises GitError or OSError where that does not help either, as on a full disk.
        """
        try:
            self._show(source, commit, excludes, borrow)
        except (GitError, OSError):
            self.empty()
            self._show(source, commit, excludes, borrow)

    def empty(self) -> None:
        """Remove all of it but the lock."""
        for name in ("tree", "git", "modules", "tmp", "home"):
            remove(os.path.join(self.folder, name))

    def _show(self, source: CloneSource, commit: str, excludes: Sequence[str], borrow: Sequence[str]) -> None:
        for folder in (self.temporary, self.home):
            remove(folder)
            os.makedirs(folder, 0o700)
        if os.path.islink(self.tree):
            os.unlink(self.tree)
        os.makedirs(self.tree, exist_ok=True)
        self.shadow.show(source, commit, excludes=excludes, borrow=borrow)


def slots_folder(source: CloneSource) -> str:
    """Where the clones of this repository are: in the user's cache folder, or, where that is below the work tree, in
    the system's folder for temporary files. Raises MdtodoError where both are.

    Tools look for their configuration in all folders above: nothing may stand below the checkout.
    """
    # as the folder is named by where the repository is, two of them never share clones
    name = hashlib.sha256(os.fsencode(source.common_dir)).hexdigest()[:16]
    import platformdirs

    mine = os.path.join(tempfile.gettempdir(), f"mdtodo-{os.geteuid()}")
    for cache in (platformdirs.user_cache_dir("mdtodo"), mine):
        folder = os.path.realpath(os.path.join(cache, "clones", name))
        if not f"{folder}/".startswith(f"{source.root}/") and not f"{folder}/".startswith(
            f"{source.common_dir}/"
        ):
            return folder
    raise MdtodoError(
        "a clone cannot be made below the checkout, and both the cache folder and the folder for temporary files are",
        hint="XDG_CACHE_HOME names another cache folder",
    )


@contextmanager
def slot(source: CloneSource) -> Iterator[Slot]:
    """A clone of the repository that nobody else uses now: the first free one, a new one where all are taken.

    Raises OSError where the folder cannot be written.
    """
    folder = slots_folder(source)
    for number in count():
        # each time, since others may remove what is empty: also this folder, where the repository seems to be gone
        _make_private(folder)
        place = os.path.join(folder, str(number))
        if os.path.islink(place):  # whoever worked in it may have put that there
            remove(place)
        # not makedirs(), for which one that is removed just now is no folder
        with suppress(FileExistsError, FileNotFoundError):
            os.mkdir(place, 0o700)
        if (lock := _lock(place)) >= 0:
            break
    try:
        yield Slot(place)
    finally:
        os.close(lock)


def prune(source: CloneSource, keep: int, *, size: int) -> None:
    """Remove clones that are free: those beyond the first `keep`, old ones, and the last ones while all of them
    together take more than `size` bytes. Those of other repositories that are gone go too."""
    folder = slots_folder(source)
    names = sorted((name for name in _names(folder) if name.isdigit()), key=int)
    total = 0
    for name in names:
        place = os.path.join(folder, name)
        total += _size(place)
        if int(name) >= keep or total > size or _age(place) > _AGE:
            total -= _remove_free(place)
    for name in _names(os.path.dirname(folder)):
        _prune_gone(os.path.join(os.path.dirname(folder), name))
    _write_repository(folder, source)


def _write_repository(folder: str, source: CloneSource) -> None:
    """Say which repository the clones are of, in one step: half a path would be that of one that is gone."""
    path = os.path.join(folder, "repository")
    if not os.path.exists(path):
        with suppress(OSError):
            keep(path, os.fsencode(source.common_dir))


def _prune_gone(folder: str) -> None:
    try:
        with open(os.path.join(folder, "repository"), "rb") as file:
            if os.path.isdir(file.read()):
                return
    except OSError:
        return
    for name in _names(folder):
        if name.isdigit():
            _remove_free(os.path.join(folder, name))
    with suppress(OSError):
        os.unlink(os.path.join(folder, "repository"))
        os.rmdir(folder)


def _remove_free(place: str) -> int:
    """Remove a clone that nobody uses; how many bytes that gave."""
    if (lock := _lock(place)) < 0:
        return 0
    size = _size(place)
    try:
        # the lock goes last, and the folder stays where somebody waits with a lock of the same name
        Slot(place).empty()
        os.unlink(os.path.join(place, "lock"))
        os.rmdir(place)
    except OSError:
        return 0
    finally:
        os.close(lock)
    return size


def _make_private(folder: str) -> None:
    os.makedirs(folder, 0o700, exist_ok=True)
    if os.lstat(folder).st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else")


def _lock(place: str) -> int:
    """The descriptor of a lock on the slot, -1 where somebody else has it."""
    path = os.path.join(place, "lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:  # removed just now
        return -1
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):
            os.utime(descriptor)
            return descriptor
    except (BlockingIOError, FileNotFoundError):  # somebody has it, or removes it
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return -1


def _age(place: str) -> float:
    try:
        return time.time() - os.stat(os.path.join(place, "lock")).st_mtime
    except OSError:
        return 0.0


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _size(place: str) -> int:
    """Bytes that the clone takes on the disk."""
    total = 0
    for folder, _, names in os.walk(place):
        for name in names:
            with suppress(OSError):
                found = os.lstat(os.path.join(folder, name))
                total += found.st_blocks * 512 if stat.S_ISREG(found.st_mode) else 0
    return total
