"""The index, changed under git's own lock without losing what a person stages at the same moment.

A copy beside the index is changed by `git update-index`. Only then git's lock is taken, as briefly as git's own
commands take it; if the index is still the one that was read, and HEAD could be moved, the copy is renamed to
the index. Where the index keeps changing, the lock is taken first (`index_lock`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.index.index_lock import delete, hold, own_file, release, write_error
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from typing import NamedTuple

    from mdtodo.git.session import GitSession
else:
    from mdtodo.core.light.named_tuples import NamedTuple

#: Seconds to wait for another git that holds the lock.
PATIENCE = 2.0

#: Bytes of paths on one command line; `git ls-files` takes none on standard input.
_MUCH = 1 << 16


class IndexChangedError(Exception):
    """Somebody staged something since the index was copied."""


class IndexEntry(NamedTuple):
    """An entry of the index: mode as in a tree, id, and the letter of `git ls-files -v` (`H` for an ordinary
    one, lower case for assume-unchanged, `S` for skip-worktree)."""

    mode: bytes
    oid: str
    flag: str


class IndexCopy:
    """The index as it was read, to be changed and put in its place.

    A context manager: it ends with its files gone and the lock released. `first`: take the lock before
    reading. `patience`: seconds to wait for another git that holds the lock; then GitError is raised.
    """

    def __init__(self, git: GitSession, *, first: bool = False, patience: float = PATIENCE) -> None:
        self._git = git
        self._index, self._copy = own_file(git.repo)
        self._first = first
        self._patience = patience
        self._before: bytes | None = None
        self._status: os.stat_result | None = None
        self._held = False
        self._copied = False
        self.changed = False

    def __enter__(self) -> IndexCopy:
        try:
            if self._first:
                self._hold()
            self._before, self._status = _read(self._index)
        except OSError as error:
            self._end()
            raise write_error(self._copy, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def entries(self, paths: Iterable[str]) -> dict[str, IndexEntry]:
        """What is staged at these paths now. Raises GitError for a path that is unmerged."""
        known = set(paths)
        if not known or (self._before is None and not self.changed):
            return {}
        wanted = known if sum(map(len, known)) < _MUCH else ()
        listing = self._run("--literal-pathspecs", "ls-files", "-v", "-s", "-z", "--", *wanted)
        return _parse_entries(listing, known)

    def stage(self, changes: Mapping[str, IndexEntry]) -> None:
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
            # Not --remove: git refuses it for a path in a folder that has become a symlink.
            self._run("update-index", "--force-remove", "-z", "--stdin", stdin=b"".join(there[False]))
        if there[True]:
            # --replace: a file may be where a folder was. --remove: it may have gone in the meantime.
            options = "--add", "--remove", "--replace", "-z", "--stdin"
            self._run("update-index", *options, stdin=b"".join(there[True]))
        self.changed = self.changed or any(there.values())

    def run(self, *args: str) -> bytes:
        """What a git command says that works on this index, and may change it, such as `read-tree`."""
        self.changed = True
        return self._run(*args)

    def restore(self, entries: Mapping[str, IndexEntry | None]) -> None:
        """Give these paths the entries they had, None for none."""
        gone = [os.fsencode(path) + b"\0" for path, entry in entries.items() if entry is None]
        if gone:
            self._run("update-index", "--force-remove", "-z", "--stdin", stdin=b"".join(gone))
        self.stage({path: entry for path, entry in entries.items() if entry is not None})

    def write_files(self, paths: Iterable[str], folder: str) -> None:
        """Have git write the files at these paths below `folder`, as the work tree would show what is staged, filters
        and all. Raises GitError where it cannot write one of them."""
        names = b"".join(os.fsencode(path) + b"\0" for path in paths)
        self._run("checkout-index", f"--prefix={folder}/", "-f", "-q", "-z", "--stdin", stdin=names)

    def refresh(self, paths: Iterable[str]) -> None:
        """Note when the files at these paths were changed, where they are what is staged. On a copy: killed on the
        index itself, git would leave a lock that nobody could tell from a living one's."""
        names = b"".join(os.fsencode(path) + b"\0" for path in paths)
        # Not `update-index --refresh`, which takes no paths and looks at every file.
        args = ("add", "--refresh", "--pathspec-from-file=-", "--pathspec-file-nul")
        # 1: some are outside of a sparse checkout; all others are refreshed.
        self._run("--literal-pathspecs", *args, stdin=names, ok=(0, 1))
        self.changed = True

    def lock(self) -> None:
        """Hold git's lock on the index from now on.

        Raises IndexChangedError where the index is not the one that was read.
        """
        if not self._held:
            self._hold()
            # By its bytes: size and times can be the same after something else was staged.
            if _read(self._index)[0] != self._before:
                raise IndexChangedError("the index keeps changing")

    def install(self) -> None:
        """Make what was changed the index; only while the lock is held."""
        if self._status is not None:
            os.chmod(self._copy, self._status.st_mode & 0o777)
        # git renames index.lock itself; ours stays a link to our own file, by which a later run knows it as ours.
        os.rename(self._copy, self._index)

    def _hold(self) -> None:
        hold(self._index, self._copy, self._patience)
        self._held = True
        failpoint("index.held")

    def _end(self) -> None:
        if self._copied:
            delete(self._copy)
        if self._held:
            release(self._index, self._copy)

    def _run(self, *args: str, stdin: bytes = b"", ok: Iterable[int] = (0,)) -> bytes:
        """A git command with the copy as its index."""
        if self._before is not None and not self._copied:
            try:
                _copy(self._copy, self._before, self._status)
            except OSError as error:
                raise write_error(self._copy, error) from error
            failpoint("index.copied")
        self._copied = True
        return self._git.run(*args, stdin=stdin, env={"GIT_INDEX_FILE": self._copy}, ok=ok)


def refresh(git: GitSession, paths: Iterable[str]) -> None:
    """Let the index know that these files are what it says, where they are, so that nobody compares them
    again.

    Merely a convenience: where another git holds the index, it is left to that.
    """
    names = list(paths)
    if not names:
        return
    with suppress(GitError, IndexChangedError), IndexCopy(git, patience=0.0) as copy:
        copy.refresh(names)
        copy.lock()
        copy.install()


def _parse_entries(listed: bytes, known: Container[str]) -> dict[str, IndexEntry]:
    found: dict[str, IndexEntry] = {}
    for line in listed.split(b"\0")[:-1]:
        head, _, name = line.partition(b"\t")
        path = os.fsdecode(name)
        if path not in known:
            continue
        flag, mode, oid, stage = head.decode().split(" ")
        if stage != "0":
            raise GitError("is unmerged: resolve the conflict and stage it first", file=path)
        found[path] = IndexEntry(mode.encode(), oid, flag)
    return found


#: What `update-index --index-info` forgets of an entry, and the letters of `git ls-files -v` that stand for
#: it.
_FLAGS = {"--assume-unchanged": "hsmrck", "--skip-worktree": "Ss"}


def _is_there(root: str, path: str) -> bool:
    """Whether the work tree has this path itself; what lies behind a symlink is another file."""
    full = os.path.join(root, path)
    folder = os.path.dirname(full)
    return os.path.lexists(full) and os.path.realpath(folder) == os.path.normpath(folder)


def _copy(copy: str, data: bytes, like: os.stat_result | None) -> None:
    """Write the copy with the time of the index: git takes a file that changed in the second in which the index was
    written for possibly changed, and would no longer if the index looked younger.
    """
    with open(copy, "wb") as file:
        file.write(data)
    if like is not None:
        os.utime(copy, ns=(like.st_atime_ns, like.st_mtime_ns))


def _read(path: str) -> tuple[bytes, os.stat_result] | tuple[None, None]:
    """The bytes of the index and its status; None for both where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read(), os.fstat(file.fileno())
    except FileNotFoundError:
        return None, None
