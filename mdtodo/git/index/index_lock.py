"""git's lock on the index, held so that what a killed process of ours left can be told from any other's.

The lock is a hard link to a file of ours, in whose name is which process has it; where the file system has no hard
links, the lock says in words whose it is.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.position import head_position
from mdtodo.system import process_identity
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository

#: How file systems without hard links say so.
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)

#: Seconds after which a lock that nobody renews is taken for left behind; git's own patience is 0.1.
_SETTLED = 1.0

#: Seconds to wait while another process of ours holds it: that one lands too, and many may be in line.
_OWN_PATIENCE = 60.0

#: Of the names of our files beside the index: `index.mdtodo-<owner>`, and with this end the lock's.
_MARK = ".mdtodo-"
_HELD = ".held"


def own_file(repo: Repository) -> tuple[str, str]:
    """Where the index is, and a file of this process beside it, by which it is found after a kill."""
    index = _path(repo)
    return index, index + _MARK + process_identity.current()


def hold(index: str, own: str, patience: float) -> None:
    """Lock the index; raises GitError where another git holds it for longer than `patience` seconds. A process of ours
    that holds it lands something, and is waited for in turn."""
    _take(own + _HELD, index + ".lock", patience)


def release(index: str, own: str) -> None:
    """Give the lock back."""
    # The lock first: it must never be there without the file that says whose it is.
    delete(index + ".lock")
    failpoint("index.released")
    delete(own + _HELD)


def remove_stale(repo: Repository) -> tuple[str, ...]:
    """Take away what a killed process of ours left: copies of the index, and the lock if it is one of them.

    The lock of any other program stays. Sentences about what a person might have noticed.
    """
    place = _path(repo)
    folder, name = os.path.split(place)
    sentences: tuple[str, ...] = ()
    dead: list[str] = []
    for left in os.listdir(folder):
        if not left.startswith(name + _MARK):
            continue
        # `.lock`: what a killed `git update-index` leaves beside our copy.
        if process_identity.has_ended(
            left.removeprefix(name + _MARK).removesuffix(".lock").removesuffix(_HELD)
        ):
            path = os.path.join(folder, left)
            dead.append(path)
            if left.endswith(_HELD) and _is_lock_of(path, place + ".lock"):
                delete(place + ".lock")
                sentences = (f"removed {place}.lock, which a killed run had left",)
    if dead:
        sentences += _remove_stale_of_refs(repo, min(map(_changed, dead)))
    # Last: should this process be killed too, the next one still finds the rest by them.
    for path in dead:
        delete(path)
    return sentences


def _path(repo: Repository) -> str:
    # As git, which takes the lock beside what a symlinked index leads to.
    return os.path.realpath(os.path.join(repo.git_dir, "index"))


def _take(ours: str, lock: str, patience: float) -> None:
    """Make `lock` a second name of our file, which fails while there is one; wait for that to go."""
    began, pause = time.monotonic(), 0.002
    deadline = began + patience
    try:
        # Before the lock: a kill in between leaves a file that blocks nobody, never a lock of which nobody can
        # say whose it is.
        with open(ours, "wb"):
            pass
        failpoint("index.marked")
        while not _link(ours, lock):
            now = time.monotonic()
            if now >= deadline and now < began + _OWN_PATIENCE and _is_of_ours(lock):
                deadline = now + patience
            elif now >= deadline:
                delete(ours)
                raise GitError(
                    f"another git process holds {lock}",
                    hint="wait until it has ended; if no git is running, delete that file",
                )
            time.sleep(pause)
            pause = min(pause * 2, 0.02)
    except OSError as error:
        raise write_error(lock, error) from error


def _is_of_ours(lock: str) -> bool:
    """Whether a living process of ours has the lock, or has just given it back."""
    folder, index = os.path.split(lock.removesuffix(".lock"))
    for name in os.listdir(folder):
        if name.startswith(index + _MARK) and name.endswith(_HELD):
            owner = name.removeprefix(index + _MARK).removesuffix(_HELD)
            if not process_identity.has_ended(owner) and _is_lock_of(os.path.join(folder, name), lock):
                return True
    return not os.path.lexists(lock)


def _link(ours: str, lock: str) -> bool:
    """Whether the lock is ours now; False where there is one already."""
    try:
        os.link(ours, lock)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return _create(lock, os.path.basename(ours).encode())
    return True


def _create(lock: str, name: bytes) -> bool:
    """The lock where the file system has no hard links: it says in words whose it is."""
    try:
        with open(lock, "xb") as file:
            file.write(name)
    except FileExistsError:
        return False
    return True


def _is_lock_of(held: str, lock: str) -> bool:
    """Whether the lock is that of the dead process whose file this is. Without hard links, one that does not say yet
    whose it is, is if it does not go away within a second: git's own is empty too until it is done, and where there are
    no hard links, the two cannot be told apart.
    """
    try:
        if os.path.samefile(held, lock):
            return True
        with open(lock, "rb") as file:
            content = file.read(4096)
    except OSError:
        return False
    if content:
        return content == os.path.basename(held).encode()
    return not _has_links(held) and _remove_if_stale(lock, _changed(held))


def _has_links(held: str) -> bool:
    """Whether the file system has hard links: then a lock of ours is one."""
    probe = held + ".lock"  # should we be killed, `remove_stale` finds it
    try:
        os.link(held, probe)
    except OSError as error:
        return error.errno not in NO_LINKS
    delete(probe)
    return True


def _remove_stale_of_refs(repo: Repository, since: float) -> tuple[str, ...]:
    """Delete the locks that a git of ours left when it was killed together with us; sentences about that.

    `git update-ref` holds `HEAD.lock`, and that of the branch, for some milliseconds. Killed within them it leaves
    these files, and every git refuses to move that branch until somebody deletes them. They are deleted here only if
    they are younger than `since`, when our process was killed, and do not go away within a second.
    """
    names = [os.path.join(repo.git_dir, "HEAD.lock")]
    if ref := head_position(repo).ref:
        names.append(os.path.join(repo.common_dir, ref + ".lock"))
    stale = (name for name in names if _remove_if_stale(name, since))
    return tuple(f"removed {name}, which a killed run had left" for name in stale)


def _remove_if_stale(name: str, since: float) -> bool:
    """Whether this lock, made after `since`, has stayed for a second without a change: it is deleted then."""
    try:
        first = os.lstat(name)
        if first.st_ctime < since:
            return False
        # Bounded: on a network file system the file's time is of another clock.
        time.sleep(max(0.0, min(_SETTLED, first.st_mtime + _SETTLED - time.time())))
        now = os.lstat(name)
    except OSError:
        return False
    # Another file of the same name: a living git has taken the lock anew.
    if (now.st_ino, now.st_mtime_ns) != (first.st_ino, first.st_mtime_ns):
        return False
    delete(name)
    return True


def _changed(path: str) -> float:
    try:
        # ctime, which link(2) sets too: the moment in which the lock was taken.
        return os.lstat(path).st_ctime
    except OSError:
        return time.time()


def delete(path: str) -> None:
    """Delete a file that may be gone."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def write_error(path: str, error: OSError) -> GitError:
    """What to raise where a file beside the index cannot be written."""
    return GitError(f"cannot write {path}: {error.strerror}")
