"""One file below a root: read, made, replaced whole. Knows nothing of git, nor of what is in the file."""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from mdtodo.errors import ChangedError, InputError
from mdtodo.system import atomic_file, safe_open, write_lease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

#: Seconds for which a change is tried again while others change the same files.
PATIENCE = 20.0

#: Seconds for which a file may be away while it is saved.
_GONE = 1.0


def read(root: str, path: str) -> bytes:
    """The bytes of a file, symlinks within `root` followed. Raises InputError for a folder, a pipe, one that cannot be
    read, and one that leads out of `root`, also where it comes to do so at this moment.
    """
    try:
        descriptor = safe_open.open_to_read(root, path)
        with open(descriptor, "rb", buffering=0) as file:
            # of what was opened, and not of the name, which may be another file's by now
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
def settled(root: str, path: str) -> Iterator[tuple[bytes, write_lease.ReadLease]]:
    """The bytes of a file that nobody is writing, nor can begin to write unnoticed until the end. Raises InputError as
    `read` does, and `write_lease.BusyError`."""
    with write_lease.read_lease(os.path.realpath(os.path.join(root, path)), path) as lease:
        yield read(root, path), lease


def read_settled(root: str, path: str) -> bytes:
    """The bytes of such a file."""
    with settled(root, path) as (data, _):
        return data


def read_once_settled(root: str, path: str) -> bytes:
    """The same, but of one that somebody goes on writing what it holds by then."""
    try:
        return read_settled(root, path)
    except write_lease.BusyError:
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


def read_any(path: str | bytes) -> bytes | None:
    """The bytes of a file wherever it is, symlinks followed; None where there is none that can be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def read_inside(root: str, path: str) -> bytes | None:
    """The bytes of the real file behind `path`, None where there is nothing. Raises InputError as
    `safe_open.resolve` and `read` do.
    """
    return read(root, safe_open.resolve(root, path)) if os.path.lexists(os.path.join(root, path)) else None


def create(root: str, path: str, content: bytes, *, durable: bool = True) -> None:
    """Make a file, whole or not at all, with the folders it needs. Raises InputError, ChangedError where it is
    there. Not `durable`: git has the content too, so the disk is not waited for.
    """
    try:
        with safe_open.pinned(root, path, make=True) as target:
            atomic_file.create(target, content, durable=durable)
    except FileExistsError:
        raise ChangedError("already exists; it is left as it is", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be created: {error.strerror}", file=path) from error


def replace(
    root: str,
    path: str,
    expected: bytes,
    new: bytes,
    lease: write_lease.ReadLease | None = None,
    *,
    durable: bool = True,
) -> None:
    """Replace a file's content at once, where it is still `expected`; mode, owner and attributes are kept. A few bytes
    are written in their place (`write_lease.write_in_place`), where that is as safe.

    The new content is on the disk before it takes the name, so after a crash the file is whole, old or new.
    Where the platform can exchange two names at once, no save of another program in between is overwritten
    either: what was exchanged away is looked at, and put back if it is not `expected`. Nor is it replaced while
    somebody has it open for writing. Raises ChangedError where the file changed meanwhile (it is left as it is),
    BusyError where somebody goes on writing it, InputError where it cannot be written. `lease` is of a caller who has
    read it as `settled`. Not `durable`: git has the new content too, so the disk is not waited for.
    """
    try:
        with safe_open.pinned(root, safe_open.followed(root, path)) as target:
            if lease is not None and not (lease.undisturbed and write_lease.fits_one_page(expected, new)):
                atomic_file.replace(target, expected, new, path, lease, durable=durable)
                return
            # `write_in_place` must be the only one who has the file open, and this still has it
            if lease is not None:
                lease.end()
            if not write_lease.write_in_place(target, expected, new, durable=durable):
                with write_lease.read_lease(target, path) as again:
                    atomic_file.replace(target, expected, new, path, again, durable=durable)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=path) from error


def persist(attempt: Callable[[], T], patience: float = PATIENCE) -> T:
    """What `attempt` gives, which reads files and then writes them: made again from the start while others change them
    in between, for so many seconds. Raises ChangedError after that.
    """
    began, pause = time.monotonic(), 0.005
    while True:
        try:
            return attempt()
        except ChangedError:
            if time.monotonic() > began + patience:
                raise
        import random

        time.sleep(random.uniform(0, pause))  # noqa: S311 - so that they do not meet again
        pause = min(pause * 2, 0.5)


def stamp(path: str) -> tuple[int, int, int] | None:
    """Another one once the file, symlinks followed, is another one or was written; None where there is none."""
    try:
        now = os.stat(path)
    except OSError:
        return None
    return now.st_ino, now.st_size, now.st_mtime_ns


def keep(path: str, *parts: bytes) -> None:
    """Write a file of ours, with the folders that it needs, so that nobody reads the half of it. Raises OSError.

    The disk is not waited for: after a crash the file may be damaged, or gone.
    """
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    part = f"{path}.{os.getpid()}"
    try:
        with open(part, "wb") as file:
            file.writelines(parts)
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            os.unlink(part)
        raise


def is_fresh(root: str, path: str) -> bool:
    """Whether the file was written within the last second: it may be only half written."""
    try:
        return time.time() - os.stat(os.path.join(root, path)).st_mtime < 1.0
    except OSError:
        return False
