"""Whether somebody else has a file open for writing: a save in several steps must neither be believed half done, nor
lost because another file takes its name.

A program that truncates a file and writes it anew, or appends to it, holds it open all the while. Linux tells by a
lease (fcntl(2), "Leases"): one for reading is granted only while nobody has the file open for writing, one for writing
only while nobody else has it open at all; while it is held, others wait in open(2), and the holder learns of it. Leases
are for a file's owner, and not for every file system; elsewhere a file counts as written when its size and time stay.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mdtodo.errors import EditError
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds to wait for somebody who writes a file; and once that was in vain, for so many seconds hardly any more.
PATIENCE = 5.0
_GIVEN_UP = 60.0
#: Seconds for which size and time of a file must stay, where there are no leases.
_SETTLED = 0.3
#: Bytes that a kill does not write half of.
_PAGE = 4096

_given_up: dict[str, float] = {}


class BusyError(EditError):
    """Somebody has the file open for writing, and does not come to an end."""

    def __init__(self, path: str) -> None:
        super().__init__("another program has it open for writing", file=path)


class ReadLease:
    """A file that nobody writes; `undisturbed` tells whether that is still so."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @property
    def undisturbed(self) -> bool:
        """False from the moment on in which somebody wants to write; they wait until this ends."""
        if self._descriptor is None:
            return True
        import fcntl

        # A lease that is being broken is reported as what it becomes: F_UNLCK for a writer.
        return fcntl.fcntl(self._descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK

    def end(self) -> None:
        """Let others write it."""
        if self._descriptor is not None:
            _release(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def read_lease(target: str, path: str) -> Iterator[ReadLease]:
    """The file at `target`, once nobody has it open for writing; others who want to write it wait until the end, up to
    the time that the system gives us (45 s). BusyError, with the name `path`, where that takes too long.
    """
    try:
        # O_NONBLOCK: open(2) would wait for another's lease to end, and for ever on a FIFO.
        descriptor = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # whoever reads or writes it says why
        yield ReadLease(None)
        return
    try:
        leased = _await(descriptor, path)
    except BaseException:
        os.close(descriptor)
        raise
    if not leased:
        os.close(descriptor)
    found = ReadLease(descriptor if leased else None)
    try:
        yield found
    finally:
        found.end()


def fits_one_page(expected: bytes, new: bytes) -> bool:
    """Whether so few bytes differ that `write_in_place` can write them."""
    return _span(expected, new) is not None


def write_in_place(target: str, expected: bytes, new: bytes, *, durable: bool = True) -> bool:
    """Write the few bytes that differ in their place, as a tick does: so the file stays the same one for all who hold
    or watch it. False, with nothing done, where more differs, the file is not `expected`, or others have it open.

    While that is done nobody else can open it, so nobody's save comes in between, and a kill leaves the old or the new
    bytes, since they are in one page. Not `durable`: the disk is not waited for.
    """
    span = _span(expected, new)
    if span is None:
        return False
    try:
        descriptor = os.open(target, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if (
            _lease(descriptor, "F_WRLCK") is not True
            # + 1: a file that is longer is another one.
            or os.pread(descriptor, len(expected) + 1, 0) != expected
        ):
            return False
        # Nobody else has it open, by the lease; and without truncation no byte is ever missing.
        os.pwrite(descriptor, new[span], span.start)
        # Before fsync: others wait in open(2) until then.
        _release(descriptor)
        failpoint("file.put")
        if durable:
            os.fsync(descriptor)
        failpoint("file.synced")
    finally:
        os.close(descriptor)
    return True


def _span(expected: bytes, new: bytes) -> slice | None:
    """The page in which they differ, if it is one."""
    if len(expected) != len(new):
        return None
    pages = (slice(start, start + _PAGE) for start in range(0, len(new), _PAGE))
    different = [page for page in pages if expected[page] != new[page]]
    return different[0] if len(different) == 1 else None


def _await(descriptor: int, path: str) -> bool:
    """Whether a lease says that nobody writes; False where the file's times had to."""
    since, pause = time.monotonic(), 0.002
    patience = 0.1 if since - _given_up.get(path, -_GIVEN_UP) < _GIVEN_UP else PATIENCE
    granted = _lease(descriptor, "F_RDLCK")
    while granted is False:
        if time.monotonic() > since + patience:
            _given_up[path] = time.monotonic()
            raise BusyError(path)
        time.sleep(pause)
        pause = min(pause * 1.2, 0.02)
        granted = _lease(descriptor, "F_RDLCK")
    if granted is None and not _settles(descriptor, since + patience):
        _given_up[path] = time.monotonic()
        raise BusyError(path)
    _given_up.pop(path, None)
    return granted is True


def _lease(descriptor: int, kind: str) -> bool | None:
    """Take a lease: False where others have the file open, None where there are none for this file."""
    try:
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)  # the usual SIGIO would end the process
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, getattr(fcntl, kind))
    except BlockingIOError:
        return False if _knows_leases(descriptor) else None
    except (ImportError, AttributeError, OSError):
        return None
    return True


def _release(descriptor: int) -> None:
    import fcntl

    with suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def _knows_leases(descriptor: int) -> bool:
    """Whether the file system grants any: NFS says that others have the file open where it only does not know."""
    import fcntl

    try:
        folder = os.path.dirname(os.readlink(f"/proc/self/fd/{descriptor}"))
        # A nameless file, which nobody else can have open, on the same file system.
        own = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except (AttributeError, OSError):
        return False
    try:
        fcntl.fcntl(own, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError:
        return False
    finally:
        os.close(own)
    return True


def _settles(descriptor: int, deadline: float) -> bool:
    """Whether size and time of the file stay for a while, before `deadline`; at once where they are old."""
    seen = os.fstat(descriptor)
    if abs(time.time() - seen.st_mtime) > _SETTLED * 10:
        return True
    since = time.monotonic()
    while time.monotonic() < since + _SETTLED:
        if time.monotonic() > deadline + _SETTLED:
            return False
        time.sleep(0.02)
        now = os.fstat(descriptor)
        if (now.st_size, now.st_mtime_ns) != (seen.st_size, seen.st_mtime_ns):
            seen, since = now, time.monotonic()
    return True
