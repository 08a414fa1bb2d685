"""Files below a root, opened part by part, so that no symlink that came there after a look is followed out of it."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mdtodo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What open(2) says of a symlink, with O_NOFOLLOW: as the file, as a folder.
SYMLINK_ERRORS = (errno.ELOOP, errno.ENOTDIR, getattr(errno, "EMLINK", errno.ELOOP))

#: To read, and to make a file. Without O_NONBLOCK, open(2) of a pipe would wait for somebody to write into it.
READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC

#: With O_PATH also a folder that may be entered but not listed.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


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


def open_to_read(root: str, path: str) -> int:
    """A descriptor of the file, to read it. Raises OSError as open(2) does, and InputError as `resolve` does."""
    try:
        return _open_plain(root, path)
    except OSError as error:
        if error.errno not in SYMLINK_ERRORS:
            raise
        return _open_plain(root, resolve(root, path))


def followed(root: str, path: str) -> str:
    """The real path of a file that is there. Raises InputError as `resolve` does."""
    try:
        os.close(_open_plain(root, path))
    except OSError as error:
        if error.errno in SYMLINK_ERRORS:
            return resolve(root, path)
    return path


@contextmanager
def pinned(root: str, path: str, *, make: bool = False) -> Iterator[str]:
    """A path of the file by its folder's descriptor, which stays the same folder whatever becomes of those above.

    Where the system has no such paths, as without /proc, it is the plain one. Raises InputError for a symlink above it.
    """
    folder, _, name = path.rpartition("/")
    try:
        descriptor = _open_folder(root, folder, make=make)
    except OSError as error:
        if error.errno in SYMLINK_ERRORS:
            raise InputError("has a symlink or a file above it now", file=path) from None
        raise
    try:
        place = f"/proc/self/fd/{descriptor}"
        yield f"{place}/{name}" if os.path.isdir(place) else os.path.join(root, path)
    finally:
        os.close(descriptor)


def _open_plain(root: str, path: str) -> int:
    """The same where no part of the path is a symlink, else an error of SYMLINK_ERRORS: each is opened from the one
    above, so that none can be swapped for one after it was looked at.
    """
    folder, _, name = path.rpartition("/")
    if not folder:
        return os.open(f"{root}/{name}", READ)
    above = _open_folder(root, folder)
    try:
        return os.open(name, READ, dir_fd=above)
    finally:
        os.close(above)


def _open_folder(root: str, folder: str, *, make: bool = False) -> int:
    """A descriptor of a folder below the root, in the same way; with `make`, it is made where it is not there."""
    above = os.open(root, _FOLDER & ~os.O_NOFOLLOW)  # how one comes to the root is the caller's affair
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
