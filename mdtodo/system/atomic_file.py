"""A file that is made or replaced whole or not at all, and without loss of what somebody else saves meanwhile."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from mdtodo.errors import ChangedError
from mdtodo.system import process_identity, write_lease
from mdtodo.system.failpoints import failpoint
from mdtodo.system.safe_open import CREATE, READ, SYMLINK_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

#: Part of the names of temporary files, before their owner's.
_MARK = ".mdtodo-"

#: Of <fcntl.h> and <linux/fs.h>; RENAME_SWAP of macOS is the same number as RENAME_EXCHANGE.
_AT_FDCWD, _EXCHANGE = -100, 2


def create(target: str, content: bytes, *, durable: bool = True) -> None:
    """Make a file. Raises FileExistsError where it is there already. Not `durable`: see `replace`."""
    with _temporary(target) as temporary:
        with open(os.open(temporary, CREATE, 0o666), "wb") as file:
            _fill(file, content, durable)
        _name(temporary, target)
    _sync_if(durable, target)


def replace(
    target: str,
    expected: bytes,
    new: bytes,
    path: str,
    lease: write_lease.ReadLease,
    *,
    durable: bool = True,
) -> None:
    """Write another file, and let it take the name at once, with the mode, owner and attributes of `target`.

    Raises ChangedError, of `path`, where `target` was not `expected`, or somebody disturbed `lease`: it is as they left
    it then. Not `durable`: a crash of the machine may lose it, and as the disk is not waited for, many files take no
    longer than git takes for them.
    """
    with _temporary(target) as temporary:
        _write_like(target, temporary, new, durable)
        failpoint("file.filled")
        _swap(temporary, target, expected, path, lease, durable)
        failpoint("file.swapped")
    failpoint("file.synced")


def sweep(root: str, paths: Iterable[str]) -> None:
    """Delete what a killed `replace` or `create` of these files left beside them."""
    for folder in {os.path.dirname(os.path.join(root, path)) for path in paths}:
        try:
            names = [name for name in os.listdir(folder) if name.startswith(".") and _MARK in name]
        except OSError:
            continue
        for name in names:
            if process_identity.has_ended(name.rpartition(_MARK)[2]):
                os.unlink(os.path.join(folder, name))


@contextmanager
def _temporary(target: str) -> Iterator[str]:
    """A name beside `target`, gone in the end."""
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:80]}{_MARK}{process_identity.current()}")
    try:
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _fill(file: BinaryIO, content: bytes, durable: bool) -> None:
    file.write(content)
    file.flush()
    if durable:
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


def _write_like(target: str, temporary: str, content: bytes, durable: bool) -> None:
    """Write a file with target's mode, owner and attributes."""
    was = os.lstat(target)
    if not stat.S_ISREG(was.st_mode):
        raise OSError(errno.ELOOP, "it is no file any more")
    # for us alone until it has the mode: the file may be one that others must not read
    with open(os.open(temporary, CREATE, 0o600), "wb") as file:
        now = os.fstat(file.fileno())
        if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
            _chown(file.fileno(), was)
        # only now, since a change of owner clears the set-user-ID and set-group-ID bits
        os.fchmod(file.fileno(), stat.S_IMODE(was.st_mode))
        _copy_attributes(target, file.fileno())
        failpoint("file.begun")
        _fill(file, content, durable)


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


def _swap(
    temporary: str, target: str, expected: bytes, path: str, lease: write_lease.ReadLease, durable: bool
) -> None:
    changed = ChangedError("changed on disk in the meantime", file=path)
    if _content(target) != expected:
        raise changed
    with ExitStack() as files:  # while they are open, no other file gets their inodes' numbers

        def look() -> BinaryIO:
            return files.enter_context(open(os.open(temporary, READ), "rb"))

        placed = look()
        if not exchange(temporary, target):
            os.rename(temporary, target)
            _sync_if(durable, target)
            return
        try:
            out = look()
        except OSError:  # a symlink came in between
            exchange(temporary, target)
            raise changed from None
        if out.read() == expected and lease.undisturbed:
            _sync_if(durable, target)
            if lease.undisturbed:  # also by one who had found the old file, and came to open it only now
                return
        while True:  # give the name back to the save that came in between, and to any that came since
            exchange(temporary, target)
            back = look()
            if os.path.sameopenfile(back.fileno(), placed.fileno()):
                raise changed
            placed, out = out, back


def _content(path: str) -> bytes | None:
    try:
        with open(os.open(path, READ), "rb") as file:
            return file.read()
    except OSError as error:
        if error.errno in (errno.ENOENT, *SYMLINK_ERRORS):
            return None
        raise


def exchange(one: str, other: str) -> bool:
    """Exchange two names at once (renameat2 of Linux, renamex_np of macOS); False where that is not
    possible.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if hasattr(libc, "renameat2"):
        failed = libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], ctypes.c_uint(_EXCHANGE))
    elif hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(names[0], names[1], ctypes.c_uint(_EXCHANGE))
    else:
        return False
    if failed and (code := ctypes.get_errno()) not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        raise OSError(code, os.strerror(code), other)
    return not failed


def _sync_if(durable: bool, target: str) -> None:
    """Wait until the name is on the disk."""
    if not durable:
        return
    fd = os.open(os.path.dirname(target), os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError:  # some file systems cannot sync a folder
        return
    finally:
        os.close(fd)
