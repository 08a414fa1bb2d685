"""The index, changed under git's own lock without losing what a person stages at the same moment.

The new index is written as a copy beside the index by `git update-index`, which keeps everything of it that
is not ours. Only then git's lock is taken, as briefly as git's own commands take it; if the index is still
the one that was copied, and HEAD could be moved, the copy is renamed to the index. Where somebody stages
all the time, the lock is taken first. It is a hard link to a file of ours, by which a lock that a killed
process of ours left can be told from one of any other program.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.repo import owner
from mdtodo.repo.fault import reached

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping
    from types import TracebackType

    from mdtodo.repo.git import Repository
    from mdtodo.repo.plumbing import Plumbing

#: Seconds to wait for another git that holds the lock.
PATIENCE = 2.0

_MARK = ".mdtodo-"
_HELD = ".held"
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
    """A copy of the index, to be changed and put in its place.

    A context manager: it ends with the copy gone and the lock released. `first`: take the lock before
    copying. `patience`: seconds to wait for another git that holds the lock; then GitError is raised.
    """

    def __init__(self, git: Plumbing, *, first: bool = False, patience: float = PATIENCE) -> None:
        self._git = git
        self._index = _path(git.repo)
        self._copy = self._index + _MARK + owner.myself()
        self._first = first
        self._patience = patience
        self._before: bytes | None = None
        self._held = False
        self.changed = False

    def __enter__(self) -> IndexCopy:
        try:
            if self._first:
                self._hold()
            self._before = _copy(self._index, self._copy)
            reached("index.copied")
        except OSError as error:
            self._end()
            raise _cannot(self._copy, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def entries(self, paths: Iterable[str]) -> Callable[[], dict[str, Staged]]:
        """Ask what is staged at these paths now; the function that is given waits for the answer.

        It raises GitError for a path that is unmerged.
        """
        known = set(paths)
        if not known or (self._before is None and not self.changed):
            return dict
        wanted = known if sum(map(len, known)) < _MUCH else ()
        args = ("--literal-pathspecs", "ls-files", "-v", "-s", "-z", "--", *wanted)
        listing = self._git.begin(*args, env={"GIT_INDEX_FILE": self._copy})
        return lambda: _parse_entries(listing(), known)

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
        root = self._git.repo.root
        there: dict[bool, list[bytes]] = {True: [], False: []}
        for path in paths:
            there[_is_there(root, path)].append(os.fsencode(path) + b"\0")
        if there[False]:
            self._run("update-index", "--force-remove", "-z", "--stdin", stdin=b"".join(there[False]))
        if there[True]:
            options = "--add", "--remove", "--replace", "-z", "--stdin"
            self._run("update-index", *options, stdin=b"".join(there[True]))
        self.changed = self.changed or any(there.values())

    def put_back(self, entries: Mapping[str, Staged | None]) -> None:
        """Give these paths the entries they had, None for none."""
        gone = [os.fsencode(path) + b"\0" for path, entry in entries.items() if entry is None]
        if gone:
            self._run("update-index", "--force-remove", "-z", "--stdin", stdin=b"".join(gone))
        self.stage({path: entry for path, entry in entries.items() if entry is not None})

    def lock(self) -> None:
        """Hold git's lock on the index from now on.

        Raises IndexChangedError where the index is not the one that was copied.
        """
        if not self._held:
            self._hold()
            if _read(self._index) != self._before:
                raise IndexChangedError("somebody stages all the time")

    def install(self) -> None:
        """Make the copy the index; only while the lock is held."""
        os.rename(self._copy, self._index)

    def _hold(self) -> None:
        _take(self._copy + _HELD, self._index + ".lock", self._patience)
        self._held = True
        reached("index.held")

    def _end(self) -> None:
        _delete(self._copy)
        if self._held:
            _delete(self._index + ".lock")
            reached("index.released")
            _delete(self._copy + _HELD)

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
        if owner.is_gone(left.removeprefix(name + _MARK).removesuffix(".lock").removesuffix(_HELD)):
            path = os.path.join(folder, left)
            if _same_file(path, place + ".lock"):
                _delete(place + ".lock")
                sentences = (f"took away {place}.lock, which a killed run had left",)
            _delete(path)
    return sentences


def _parse_entries(listed: bytes, known: Container[str]) -> dict[str, Staged]:
    found: dict[str, Staged] = {}
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


#: What `update-index --index-info` forgets of an entry, and the letters of `git ls-files -v` that stand for
#: it.
_FLAGS = {"--assume-unchanged": "hsmrck", "--skip-worktree": "Ss"}


def _is_there(root: str, path: str) -> bool:
    """Whether the work tree has this path itself; what lies behind a symlink is another file."""
    full = os.path.join(root, path)
    folder = os.path.dirname(full)
    return os.path.lexists(full) and os.path.realpath(folder) == os.path.normpath(folder)


def _path(repo: Repository) -> str:
    return os.path.realpath(os.path.join(repo.git_dir, "index"))


def _take(ours: str, lock: str, patience: float) -> None:
    """Make `lock` a second name of our file, which fails while there is one; wait for that to go."""
    deadline, pause = time.monotonic() + patience, 0.002
    try:
        with open(ours, "wb"):
            pass
        reached("index.marked")
        while not _link(ours, lock):
            if time.monotonic() >= deadline:
                _delete(ours)
                raise GitError(
                    f"another git process holds {lock}",
                    hint="wait until it has ended; delete that file if none is running",
                )
            time.sleep(pause)
            pause = min(pause * 2, 0.02)
    except OSError as error:
        raise _cannot(lock, error) from error


def _link(ours: str, lock: str) -> bool:
    """Whether the lock is ours now; False where there is one already."""
    try:
        os.link(ours, lock)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS):
            raise
        return _create(lock)
    return True


def _create(lock: str) -> bool:
    """The lock where the file system has no hard links: after a kill it must be deleted by hand, as git's
    own.
    """
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666))
    except FileExistsError:
        return False
    return True


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
