"""Files of the work tree: found by patterns, read, replaced whole. Knows nothing of tasks.

Paths are relative to the repository's root with `/` between names, as git writes them. This is on the path of
`check` and `list`: pathspec, which costs as much as click to import, is needed only for unusual patterns; git
matches the usual ones itself.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from mdtodo.errors import ChangedError, InputError, UsageError
from mdtodo.patterns import matcher
from mdtodo.repo import owner, writers
from mdtodo.repo.fault import reached
from mdtodo.repo.git import list_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import BinaryIO

    from mdtodo.repo.git import Repository


T = TypeVar("T")

#: Seconds for which a change is tried again while others change the same files.
PATIENCE = 20.0

#: Seconds for which a file may be away while it is saved.
_GONE = 1.0

#: Where the configuration stands.
CONFIGURATION = ("pyproject.toml", ".mdtodo.toml")


def find(
    repo: Repository, patterns: Sequence[str], explicit: Sequence[str] = (), *, cwd: str | None = None
) -> tuple[str, ...]:
    """The TODO files: those named in `explicit` (relative to `cwd`), otherwise what fits the gitignore-style
    `patterns` among tracked and untracked-but-not-ignored files.

    A folder named in `explicit` stands for what fits below it. Symlinks within the work tree are followed,
    each real file comes once. Sorted. Raises InputError for what leads out of the work tree, to another
    repository or nowhere.
    """
    if not explicit:
        return resolved(repo.root, matching(repo, patterns))
    named: list[str] = []
    here = os.path.realpath(cwd or ".")
    for path in explicit:
        relative = _relative(repo.root, os.path.join(here, _slashed(here, path)), path)
        if os.path.isdir(os.path.join(repo.root, relative)) and not _is_markdown(relative):
            below = "" if relative == "." else relative + "/"
            named += [found for found in matching(repo, patterns) if found.startswith(below)]
        elif not os.path.lexists(os.path.join(repo.root, relative)):
            raise InputError("no such file", file=relative)
        else:
            named.append(relative)
    return resolved(repo.root, named)


def matching(
    repo: Repository, patterns: Sequence[str], listing: Callable[..., Sequence[str]] = list_files
) -> list[str]:
    """Files that fit the patterns and are on the disk; `listing` as `list_files`.

    Raises InputError for a folder that is named like one.
    """
    for pattern in patterns:
        literal = pattern.strip("/")
        if is_simple(pattern) and "*" not in literal and os.path.isdir(os.path.join(repo.root, literal)):
            raise InputError("is a folder, not a file", file=literal)
    if all(map(is_simple, patterns)):
        listed: Iterable[str] = listing(repo, *map(pathspec, patterns)) if patterns else ()
    else:
        listed = filter(matcher(patterns), listing(repo))
    return sorted(path for path in listed if _present(repo.root, path))


def is_simple(pattern: str) -> bool:
    """Whether a gitignore pattern means the same to git's `:(glob)`, after `pathspec`."""
    return _SIMPLE.fullmatch(pattern) is not None


def pathspec(pattern: str) -> str:
    """A gitignore pattern without a slash fits in every folder, one with a slash from the root."""
    return ":(glob)" + (pattern.lstrip("/") if "/" in pattern else "**/" + pattern)


def resolved(root: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The real files behind these paths, as `resolve` finds them, sorted, each once."""
    usual = {"": os.path.realpath(root) == root}  # a folder's place holds for all that is no symlink in it
    found = set()
    for path in paths:
        plain = _is_usual(root, path.rpartition("/")[0], usual) and not os.path.islink(f"{root}/{path}")
        found.add(path if plain else resolve(root, path))
    return tuple(sorted(found))


def resolve(root: str, path: str) -> str:
    """The path of the real file behind `path`, symlinks followed.

    Raises InputError where it leaves the work tree, leads to another repository, a git directory, or nowhere.
    """
    real = os.path.realpath(os.path.join(root, path))
    inside = os.path.relpath(real, root)
    if inside == ".." or inside.startswith("../"):
        raise InputError("is a symlink that points outside the work tree", file=path)
    if not os.path.lexists(real):
        raise InputError("is a broken symlink", file=path)
    parts = inside.split("/")
    if ".git" in parts:
        raise InputError("is in a git directory", file=path)
    for depth in range(1, len(parts)):
        if os.path.lexists(os.path.join(root, *parts[:depth], ".git")):
            raise InputError("belongs to another repository (a submodule?)", file=path)
    return inside


def read(root: str, path: str) -> bytes:
    """The bytes of a file, symlinks within `root` followed. Raises InputError for a folder, a pipe, one that cannot be
    read, and one that leads out of `root`, also where it comes to do so at this moment.
    """
    try:
        descriptor = _open(root, path)
        with open(descriptor, "rb", buffering=0) as file:
            kind = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(kind):
                what = "a folder" if stat.S_ISDIR(kind) else "something else"
                raise InputError(f"is {what}, not a file", file=path)
            return file.readall()
    except IsADirectoryError:
        raise InputError("is a folder, not a file", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from error


@contextmanager
def settled(root: str, path: str) -> Iterator[tuple[bytes, writers.Quiet]]:
    """The bytes of a file that nobody is writing, nor can begin to write unnoticed until the end. Raises InputError as
    `read` does, and `writers.BusyError`."""
    with writers.quiet(os.path.realpath(os.path.join(root, path)), path) as quiet:
        yield read(root, path), quiet


def read_settled(root: str, path: str) -> bytes:
    """The bytes of such a file."""
    with settled(root, path) as (data, _):
        return data


def read_once_settled(root: str, path: str) -> bytes:
    """The same, but of one that somebody goes on writing what it holds by then."""
    try:
        return read_settled(root, path)
    except writers.BusyError:
        return read(root, path)


def await_back(root: str, path: str) -> None:
    """Wait for a file that is gone since less than a second: programs that save by renaming leave none for a moment."""
    full = os.path.join(root, path)
    deadline = time.monotonic() + _GONE
    with suppress(OSError):
        while not os.path.lexists(full) and time.monotonic() < deadline:
            if abs(time.time() - os.stat(os.path.dirname(full)).st_mtime) > _GONE:
                return
            time.sleep(0.01)


def read_optional(root: str, path: str) -> bytes | None:
    """The bytes of a file, None where there is none. Raises InputError as `read` does."""
    return read(root, path) if os.path.lexists(os.path.join(root, path)) else None


def read_inside(root: str, path: str) -> bytes | None:
    """The bytes of the real file behind `path`, None where there is nothing. Raises InputError as `resolve` and
    `read` do.
    """
    return read(root, resolve(root, path)) if os.path.lexists(os.path.join(root, path)) else None


def read_configuration(root: str) -> list[bytes | None]:
    """The files of CONFIGURATION in this folder, as `read_inside` gives them."""
    return [read_inside(root, name) for name in CONFIGURATION]


def create(root: str, path: str, content: bytes) -> None:
    """Make a file, whole or not at all, with the folders it needs. Raises InputError, ChangedError where it is
    there.
    """
    try:
        with _pinned(root, path, make=True) as target:
            with _temporary(target) as temporary:
                with open(os.open(temporary, _NEW, 0o666), "wb") as file:
                    _fill(file, content)
                _name(temporary, target)
            _sync(os.path.dirname(target))
    except FileExistsError:
        raise ChangedError("already exists; it is left as it is", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be created: {error.strerror}", file=path) from error


def replace(root: str, path: str, expected: bytes, new: bytes, quiet: writers.Quiet | None = None) -> None:
    """Replace a file's content at once, where it is still `expected`; mode, owner and attributes are kept. A few bytes
    are written in their place (`writers.put`), where that is as safe.

    The new content is on the disk before it takes the name, so after a crash the file is whole, old or new.
    Where the platform can exchange two names at once, no save of another program in between is overwritten
    either: what was exchanged away is looked at, and put back if it is not `expected`. Nor is it replaced while
    somebody has it open for writing. Raises ChangedError where the file changed meanwhile (it is left as it is),
    BusyError where somebody goes on writing it, InputError where it cannot be written. `quiet` is of a caller who has
    read it as `settled`.
    """
    try:
        with _pinned(root, _followed(root, path)) as target:
            if quiet is not None and not (quiet.undisturbed and writers.fits(expected, new)):
                _take_name(target, expected, new, path, quiet)
                return
            if quiet is not None:
                quiet.end()
            if not writers.put(target, expected, new):
                with writers.quiet(target, path) as again:
                    _take_name(target, expected, new, path, again)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=path) from error


def persist(attempt: Callable[[], T], patience: float = PATIENCE) -> T:
    """What `attempt` gives, which reads files and then writes them: made again from the start while others change them
    in between, for so many seconds. Raises ChangedError after that.
    """
    import random

    began, pause = time.monotonic(), 0.005
    while True:
        try:
            return attempt()
        except ChangedError:
            if time.monotonic() > began + patience:
                raise
        time.sleep(random.uniform(0, pause))  # noqa: S311 - so that they do not meet again
        pause = min(pause * 2, 0.5)


def sweep(root: str, paths: Iterable[str]) -> None:
    """Delete what a killed `replace` or `create` of these files left beside them."""
    for folder in {os.path.dirname(os.path.join(root, path)) for path in paths}:
        try:
            names = [name for name in os.listdir(folder) if name.startswith(".") and _MARK in name]
        except OSError:
            continue
        for name in names:
            if owner.is_gone(name.rpartition(_MARK)[2]):
                os.unlink(os.path.join(folder, name))


#: Part of the names of temporary files, before their owner's.
_MARK = ".mdtodo-"


#: Patterns that mean the same to gitignore and, after `pathspec`, to git's `:(glob)`: names of markdown
#: files.
_SIMPLE = re.compile(r"/?(?!.*\*\*(?!/))(?!.*[^/]\*\*)(?:[\w.*-]+/)*[\w.*-]*[\w*-]\.md", re.ASCII)


def _present(root: str, path: str) -> bool:
    """Whether it is there: not deleted, not outside of a sparse checkout, not a submodule."""
    full = f"{root}/{path}"
    try:
        mode = os.lstat(full).st_mode
    except OSError:
        return False
    if stat.S_ISREG(mode):
        return True
    return not (os.path.isdir(full) and os.path.lexists(os.path.join(full, ".git")))


def _slashed(here: str, path: str) -> str:
    """A path that was typed with backslashes, as on Windows, where no file has that very name."""
    return path.replace("\\", "/") if "\\" in path and not os.path.lexists(os.path.join(here, path)) else path


def _is_markdown(path: str) -> bool:
    return path.lower().endswith((".md", ".markdown"))


def _relative(root: str, full: str, shown: str) -> str:
    """`full` relative to the root: by its folder's real place, so that the last name may be a symlink."""
    folder, name = os.path.split(os.path.normpath(full))
    relative = os.path.relpath(os.path.join(os.path.realpath(folder), name), root)
    if relative == ".." or relative.startswith("../"):
        raise UsageError(f"{shown} is outside the work tree {root}")
    return relative


def _is_usual(root: str, folder: str, known: dict[str, bool]) -> bool:
    """Whether a folder is reached without symlinks, and belongs to this repository and not to its git directory.

    `known` are answers, and takes those that were found on the way.
    """
    new: list[str] = []
    above = folder
    while above not in known:
        new.append(above)
        above = above.rpartition("/")[0]
    for one in reversed(new):
        above, _, name = one.rpartition("/")
        known[one] = (
            known[above]
            and name not in (".git", "", ".", "..")
            and not os.path.islink(f"{root}/{one}")
            and not os.path.lexists(f"{root}/{one}/.git")
        )
    return known[folder]


def _open(root: str, path: str) -> int:
    """A descriptor of the file, to read it."""
    try:
        return _open_plain(root, path)
    except OSError as error:
        if error.errno not in _SYMLINK:
            raise
        return _open_plain(root, resolve(root, path))


def _open_plain(root: str, path: str) -> int:
    """The same where no part of the path is a symlink, else an error of `_SYMLINK`: each is opened from the one above,
    so that none can be swapped for one after it was looked at.
    """
    folder, _, name = path.rpartition("/")
    if not folder:
        return os.open(f"{root}/{name}", _READ)
    above = _open_folder(root, folder)
    try:
        return os.open(name, _READ, dir_fd=above)
    finally:
        os.close(above)


def _open_folder(root: str, folder: str, *, make: bool = False) -> int:
    """A descriptor of a folder below the root, in the same way; with `make`, it is made where it is not there."""
    above = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    for name in filter(None, folder.split("/")):
        try:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=above)
            below = os.open(name, _FOLDER, dir_fd=above)
        finally:
            os.close(above)
        above = below
    return above


def _followed(root: str, path: str) -> str:
    """The real path of a file that is there."""
    try:
        os.close(_open_plain(root, path))
    except OSError as error:
        if error.errno in _SYMLINK:
            return resolve(root, path)
    return path


@contextmanager
def _pinned(root: str, path: str, *, make: bool = False) -> Iterator[str]:
    """A path of the file by its folder's descriptor, which stays the same folder whatever becomes of those above.

    Where the system has no such paths, as without /proc, it is the plain one. Raises InputError for a symlink above it.
    """
    folder, _, name = path.rpartition("/")
    try:
        descriptor = _open_folder(root, folder, make=make)
    except OSError as error:
        if error.errno in _SYMLINK:
            raise InputError("has a symlink or a file above it now", file=path) from None
        raise
    try:
        place = f"/proc/self/fd/{descriptor}"
        yield f"{place}/{name}" if os.path.isdir(place) else os.path.join(root, path)
    finally:
        os.close(descriptor)


#: What open(2) says of a symlink, with O_NOFOLLOW: as the file, as a folder.
_SYMLINK = (errno.ELOOP, errno.ENOTDIR, getattr(errno, "EMLINK", errno.ELOOP))
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def _temporary(target: str) -> Iterator[str]:
    """A name beside `target`, gone in the end."""
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:80]}{_MARK}{owner.myself()}")
    try:
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _fill(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _name(temporary: str, target: str) -> None:
    """Give the file its name, if that is free. Where there are no hard links, somebody who takes the name at
    this very moment loses it.
    """
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        os.rename(temporary, target)


def _write_like(target: str, temporary: str, content: bytes) -> None:
    """Write a file with target's mode, owner and attributes."""
    was = os.lstat(target)
    if not stat.S_ISREG(was.st_mode):
        raise OSError(errno.ELOOP, "it is no file any more")
    with open(os.open(temporary, _NEW, 0o600), "wb") as file:
        now = os.fstat(file.fileno())
        if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
            _chown(file.fileno(), was)
        os.fchmod(file.fileno(), stat.S_IMODE(was.st_mode))
        _copy_attributes(target, file.fileno())
        reached("file.begun")
        _fill(file, content)


def _chown(fd: int, was: os.stat_result) -> None:
    """Give it the owner it had, where we may; the group alone is often allowed."""
    for uid, gid in ((was.st_uid, was.st_gid), (-1, was.st_gid)):
        try:
            os.fchown(fd, uid, gid)
        except PermissionError:
            continue
        return


def _copy_attributes(source: str, fd: int) -> None:
    """Extended attributes, access lists among them, as far as the file system has and lets us set them."""
    if not hasattr(os, "listxattr"):
        return
    try:
        for name in os.listxattr(source, follow_symlinks=False):
            os.setxattr(fd, name, os.getxattr(source, name, follow_symlinks=False))
    except OSError:
        return


def _take_name(target: str, expected: bytes, new: bytes, path: str, quiet: writers.Quiet) -> None:
    """Write another file, and let it take the name at once."""
    with _temporary(target) as temporary:
        _write_like(target, temporary, new)
        reached("file.filled")
        _swap(temporary, target, expected, path, quiet)
        reached("file.swapped")
    reached("file.synced")


def _swap(temporary: str, target: str, expected: bytes, path: str, quiet: writers.Quiet) -> None:
    changed = ChangedError("changed on disk in the meantime", file=path)
    if _content(target) != expected:
        raise changed
    with ExitStack() as files:  # while they are open, no other file gets their inodes' numbers

        def look() -> BinaryIO:
            return files.enter_context(open(os.open(temporary, _READ), "rb"))

        placed = look()
        if not _exchange(temporary, target):
            os.rename(temporary, target)
            _sync(os.path.dirname(target))
            return
        try:
            out = look()
        except OSError:  # a symlink came in between
            _exchange(temporary, target)
            raise changed from None
        if out.read() == expected and quiet.undisturbed:
            _sync(os.path.dirname(target))
            if quiet.undisturbed:  # also by one who had found the old file, and came to open it only now
                return
        while True:  # give the name back to the save that came in between, and to any that came since
            _exchange(temporary, target)
            back = look()
            if os.path.sameopenfile(back.fileno(), placed.fileno()):
                raise changed
            placed, out = out, back


def _content(path: str) -> bytes | None:
    try:
        with open(os.open(path, _READ), "rb") as file:
            return file.read()
    except OSError as error:
        if error.errno in (errno.ENOENT, *_SYMLINK):
            return None
        raise


def _exchange(one: str, other: str) -> bool:
    """Exchange two names at once (renameat2 of Linux, renamex_np of macOS); False where that is not
    possible.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if hasattr(libc, "renameat2"):
        failed = libc.renameat2(-100, names[0], -100, names[1], ctypes.c_uint(2))
    elif hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(names[0], names[1], ctypes.c_uint(2))
    else:
        return False
    if failed and (code := ctypes.get_errno()) not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        raise OSError(code, os.strerror(code), other)
    return not failed


def _sync(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError:  # some file systems cannot sync a folder
        return
    finally:
        os.close(fd)
