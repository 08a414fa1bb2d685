"""The index, changed under git's own lock without losing what a person stages at the same moment.

The new index is written as a copy beside the index by `git update-index`, which keeps everything of it that
is not ours. A hard link to the copy takes the lock's name, at once and with its whole content; if the index
is then still the one that was copied, and HEAD could be moved, the lock is renamed to the index, which is
how git commits to an index too. A lock that a killed process of ours left is known by its being the same
file as the copy.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.repo import owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from mdtodo.repo.git import Repository
    from mdtodo.repo.plumbing import Plumbing

#: Seconds to wait for another git that holds the lock.
PATIENCE = 2.0

_MARK = ".mdtodo-"
_MUCH = 1 << 16


class IndexChangedError(Exception):
    """Somebody staged something since the index was copied."""


@dataclass(frozen=True, slots=True)
class Staged:
    """An entry of the index: mode as in a tree, id, and the letter of `git ls-files -v` (`H` for an ordinary
    one, lower case for assume-unchanged, `S` for skip-worktree)."""

    mode: bytes
    oid: str
    flag: str


class IndexCopy:
    """A copy of the index, to be changed and put in its place. A context manager, which deletes the copy."""

    def __init__(self, git: Plumbing) -> None:
        self._git = git
        self._index = _path(git.repo)
        self._copy = self._index + _MARK + owner.myself()
        self._before: bytes | None = None
        self._installed = False
        self.changed = False

    def __enter__(self) -> IndexCopy:
        try:
            self._before = _copy(self._index, self._copy)
        except OSError as error:
            raise _cannot(self._copy, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _delete(self._copy)

    def entries(self, paths: Sequence[str]) -> dict[str, Staged]:
        """What is staged at these paths. Raises GitError for one that is unmerged."""
        if self._before is None and not self.changed:
            return {}
        wanted = paths if sum(map(len, paths)) < _MUCH else ()
        listed = self._run("--literal-pathspecs", "ls-files", "-v", "-s", "-z", "--", *wanted)
        found: dict[str, Staged] = {}
        known = set(paths)
        for line in listed.split(b"\0")[:-1]:
            head, _, name = line.partition(b"\t")
            path = os.fsdecode(name)
            if path not in known:
                continue
            flag, mode, oid, stage = head.decode().split(" ")
            if stage != "0":
                raise GitError("is unmerged: resolve the conflict and stage it first", file=path)
            found[path] = Staged(mode.encode(), oid, flag)
        return found

    def stage(self, changes: Mapping[str, Staged]) -> None:
        """Give these paths these entries, flags included."""
        if not changes:
            return
        lines = [
            b"%s %s 0\t%s\0" % (e.mode, e.oid.encode(), os.fsencode(path)) for path, e in changes.items()
        ]
        self._run("update-index", "-z", "--index-info", stdin=b"".join(lines))
        self.changed = True
        for option, letters in _FLAGS.items():
            paths = [os.fsencode(path) + b"\0" for path, entry in changes.items() if entry.flag in letters]
            if paths:
                self._run("update-index", option, "-z", "--stdin", stdin=b"".join(paths))

    def stage_files(self, paths: Iterable[str]) -> None:
        """Stage these files as they are in the work tree, through its filters: new, changed or deleted."""
        names = b"".join(os.fsencode(path) + b"\0" for path in paths)
        if names:
            self._run("update-index", "--add", "--remove", "--replace", "-z", "--stdin", stdin=names)
            self.changed = True

    @contextmanager
    def lock(self, patience: float = PATIENCE) -> Iterator[None]:
        """Hold git's lock on the index with the copy as its content; `install` puts it in place, else it
        goes.

        Raises IndexChangedError where the index is not the one that was copied, GitError where another git
        holds the lock for longer than `patience` seconds.
        """
        lock = self._index + ".lock"
        _take(self._copy, lock, patience)
        try:
            if _read(self._index) != self._before:
                raise IndexChangedError
            yield
        finally:
            if not self._installed:
                _delete(lock)

    def install(self) -> None:
        """Make the copy the index; only while the lock is held."""
        os.rename(self._index + ".lock", self._index)
        self._installed = True

    def _run(self, *args: str, stdin: bytes = b"") -> bytes:
        return self._git.run(*args, stdin=stdin, env={"GIT_INDEX_FILE": self._copy})


def refresh(git: Plumbing, paths: Iterable[str]) -> None:
    """Let the index know that these files are what it says, where they are, so that nobody compares them
    again.

    Merely a convenience: where another git holds the index, it is left to that.
    """
    names = b"".join(os.fsencode(path) + b"\0" for path in paths)
    if names:
        args = ("add", "--refresh", "--pathspec-from-file=-", "--pathspec-file-nul")
        git.run("--literal-pathspecs", *args, stdin=names, ok=range(256))


def recover(repo: Repository) -> tuple[str, ...]:
    """Take away what a killed process of ours left: copies of the index, and the lock if it is one of them.

    The lock of any other program stays. Sentences about what a person might have noticed.
    """
    place = _path(repo)
    folder, name = os.path.split(place)
    sentences: tuple[str, ...] = ()
    for left in os.listdir(folder):
        if not left.startswith(name + _MARK):
            continue
        if owner.is_gone(left.removeprefix(name + _MARK).removesuffix(".lock")):
            path = os.path.join(folder, left)
            if _same_file(path, place + ".lock"):
                _delete(place + ".lock")
                sentences = (f"took away {place}.lock, which a killed run had left",)
            _delete(path)
    return sentences


#: What `update-index --index-info` forgets of an entry, and the letters of `git ls-files -v` that stand for
#: it.
_FLAGS = {"--assume-unchanged": "hsmrck", "--skip-worktree": "Ss"}


def _path(repo: Repository) -> str:
    return os.path.realpath(os.path.join(repo.git_dir, "index"))


def _take(copy: str, lock: str, patience: float) -> None:
    """Make `lock` a second name of `copy`, which fails while there is one; wait for that to go."""
    deadline, pause = time.monotonic() + patience, 0.002
    while True:
        try:
            return _link(copy, lock)
        except FileExistsError:
            if time.monotonic() >= deadline:
                raise GitError(
                    f"another git process holds {lock}",
                    hint="wait until it has ended; delete that file if none is running",
                ) from None
        except OSError as error:
            raise _cannot(lock, error) from error
        time.sleep(pause)
        pause = min(pause * 2, 0.1)


def _link(copy: str, lock: str) -> None:
    try:
        os.link(copy, lock)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS):
            raise
        with open(lock, "xb") as file:  # no hard links on this file system
            file.write(_read(copy) or b"")


def _copy(index: str, copy: str) -> bytes | None:
    """Copy the index, if there is one. The copy gets its time too: git takes a file that changed in the
    second in which the index was written for possibly changed, and would no longer if the index looked
    younger.
    """
    try:
        with open(index, "rb") as file:
            data, was = file.read(), os.fstat(file.fileno())
    except FileNotFoundError:
        return None
    with open(copy, "wb") as file:
        os.fchmod(file.fileno(), was.st_mode & 0o777)
        file.write(data)
    os.utime(copy, ns=(was.st_atime_ns, was.st_mtime_ns))
    return data


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _delete(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _cannot(path: str, error: OSError) -> GitError:
    return GitError(f"cannot write {path}: {error.strerror}")


def _same_file(copy: str, lock: str) -> bool:
    try:
        return os.path.samefile(copy, lock)
    except OSError:
        return False
