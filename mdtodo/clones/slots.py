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
from itertools import chain, count
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.clones.seal import Seal
from mdtodo.clones.shadow import Shadow, remove, rules
from mdtodo.errors import GitError, MdtodoError
from mdtodo.system.files import keep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.clones.source import CloneSource

#: Seconds after which a clone that nobody has used goes.
_AGE = 7 * 86400.0
#: Files in a clone beyond which git looks as fast at all of them as we do.
_MOST_SEALED = 5000


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
        """Bring the clone to the commit, see `Shadow.show`; where it is too broken for that, it is made anew. What
        this process has shown before costs as much as was changed since.

        Raises GitError or OSError where that does not help either, as on a full disk.
        """
        terms = _Terms(source, tuple(excludes), tuple(borrow), rules(source))
        before = _SHOWN.pop(self.folder, None)
        try:
            again = before is not None and before.terms == terms
            seal = self._show_again(before, commit) if before is not None and again else None
            if seal is None:
                self._show(terms, commit)
        except (GitError, OSError):
            self.empty()
            self._show(terms, commit)
            seal = None
        # who shows it once shall not pay for a second time
        seal = self._seal() if seal is None and before is not None else seal
        _SHOWN[self.folder] = _Shown(terms, commit, seal)

    def is_untouched(self) -> bool:
        """Whether its files are known to be as they were shown."""
        shown = _SHOWN.get(self.folder)
        return shown is not None and shown.seal is not None and shown.seal.is_same(self.tree)

    def empty(self) -> None:
        """Remove all of it but the lock."""
        for name in ("tree", "git", "modules", "tmp", "home"):
            remove(os.path.join(self.folder, name))

    def _show(self, terms: _Terms, commit: str) -> None:
        self._empty_places()
        if os.path.islink(self.tree):
            os.unlink(self.tree)
        os.makedirs(self.tree, exist_ok=True)
        self.shadow.show(terms.source, commit, excludes=terms.excludes, borrow=terms.borrow)

    def _show_again(self, before: _Shown, commit: str) -> Seal | None:
        """The seal, once what is not as it was is as it was again; None where that cannot be told."""
        seal, shadow = before.seal, self.shadow
        # with another index nobody knows which files are the commit's
        if seal is None or not seal.holds_for(shadow.index_path):
            return None
        try:
            found = seal.differences(self.tree)
        except OSError:
            return None
        for path in (*found.came, *found.changed):
            remove(path)
        self._empty_places()
        files = found.gone or commit != before.commit
        if not files and all(seal.is_same(root) for root in self._git_folders):
            return seal
        terms = before.terms
        shadow.renew(terms.source, commit, excludes=terms.excludes, borrow=terms.borrow, files=files)
        return self._seal()

    def _seal(self) -> Seal | None:
        """What it is like now; None where git is as fast as a look at each file would be."""
        try:
            if self.shadow.count_files() > _MOST_SEALED:
                return None
            without = (self.shadow.own, os.path.join(self.shadow.git_dir, "objects"))
            roots = (self.tree, *self._git_folders)
            return Seal.of(roots, os.path.join(self.folder, "lock"), without=without)
        except OSError:
            return None

    @property
    def _git_folders(self) -> tuple[str, str, str]:
        """What is ours of git in it. Of our own objects nothing is believed that is not looked at."""
        git_dir = self.shadow.git_dir
        return self.shadow.own, git_dir, os.path.join(git_dir, "objects/info")

    def _empty_places(self) -> None:
        for folder in (self.temporary, self.home):
            if not _is_empty(folder):
                remove(folder)
                os.makedirs(folder, 0o700)


class _Terms(NamedTuple):
    """All that decides what a clone at a commit is like."""

    source: CloneSource
    excludes: tuple[str, ...]
    borrow: tuple[str, ...]
    rules: tuple[bytes | None, ...]


class _Shown(NamedTuple):
    """How this process has shown a clone, and what it was like then, if that is known."""

    terms: _Terms
    commit: str
    seal: Seal | None


#: By folder, what this process has shown and nobody is to know of.
_SHOWN: dict[str, _Shown] = {}


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
    """A clone of the repository that nobody else uses now: one that this process knows, else the first free one, a new
    one where all are taken.

    Raises OSError where the folder cannot be written.
    """
    folder = slots_folder(source)
    for number in chain(_shown_in(folder), count()):
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


def _shown_in(folder: str) -> list[int]:
    """The numbers of the clones there that this process has shown."""
    return sorted(int(os.path.basename(place)) for place in _SHOWN if os.path.dirname(place) == folder)


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


def _is_empty(folder: str) -> bool:
    """Whether it is a folder of ours with nothing in it."""
    try:
        about = os.lstat(folder)
        return (
            about.st_mode == stat.S_IFDIR | 0o700 and about.st_uid == os.geteuid() and not os.listdir(folder)
        )
    except OSError:
        return False


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
