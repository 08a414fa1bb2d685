"""The index, changed under git's own lock without losing what a person stages at the same moment.

The new index is made beside the index: its bytes are changed in their place (`index_format`), or, where that is
not known to be right, a copy is changed by `git update-index`. Only then git's lock is taken, as briefly as
git's own commands take it; if the index is still the one that was read, and HEAD could be moved, the new one
is renamed to the index. Where the index keeps changing, the lock is taken first
(`index_lock`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.index.index_lock import delete, hold, own_file, release, write_error
from mdtodo.git.index.unchanged import matches_index
from mdtodo.git.index_format import IndexEntry, IndexFile, UnsupportedIndexError, stat_bytes
from mdtodo.git.loose_objects import read_with_stat
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from types import TracebackType

    from mdtodo.git.session import GitSession

#: Seconds to wait for another git that holds the lock.
PATIENCE = 2.0

#: Bytes of paths on one command line; `git ls-files` takes none on standard input.
_MUCH = 1 << 16

#: Files that are compared here rather than by git.
_MANY = 32

_NONE: Mapping[bytes, tuple[str, str]] = {}


class IndexChangedError(Exception):
    """Somebody staged something since the index was copied."""


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
        self._file: IndexFile | None = None
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
        self._file = self._parsed()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def entries(self, paths: Iterable[str]) -> dict[str, IndexEntry]:
        """What is staged at these paths now. Raises GitError for a path that is unmerged."""
        known = set(paths)
        if not known or (self._before is None and not self.changed):
            return {}
        if self._file is not None:
            return _known_entries(self._file, known)
        wanted = known if sum(map(len, known)) < _MUCH else ()
        listing = self._run("--literal-pathspecs", "ls-files", "-v", "-s", "-z", "--", *wanted)
        return _parse_entries(listing, known)

    def stage(
        self, changes: Mapping[str, IndexEntry], trees: Mapping[bytes, tuple[str, str]] = _NONE
    ) -> None:
        """Give these paths these entries, flags included. `trees` as in `IndexFile.with_ids`."""
        if not changes or self._stage_in_place(changes, trees):
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

    def refresh(self, paths: Iterable[str]) -> None:
        """Have git note the same. On a copy: killed on the index itself, it would leave a lock that nobody
        could tell from a living one's."""
        names = b"".join(os.fsencode(path) + b"\0" for path in paths)
        # Not `update-index --refresh`, which takes no paths and looks at every file.
        args = ("add", "--refresh", "--pathspec-from-file=-", "--pathspec-file-nul")
        self._run("--literal-pathspecs", *args, stdin=names)
        self.changed = True

    def record_stats(self, paths: Iterable[str]) -> list[str]:
        """Note when the files at these paths were changed, where they are what is staged; those of which git
        must be asked."""
        file, root = self._file, self._git.repo.root
        if file is None:
            return list(paths)
        asked: list[str] = []
        stats: dict[bytes, bytes] = {}
        for path in paths:
            name = os.fsencode(path)
            entry, status = file.entry(name), _status(os.path.join(root, path))
            if entry is None or entry.flag != "H" or status is None or stat_bytes(status) == file.stat(name):
                continue
            same = matches_index(self._git, file, name, status)
            if same:
                stats[name] = stat_bytes(status)
            elif same is None:
                asked.append(path)
        if stats and not self._is_written_safely(stats):
            return [*asked, *map(os.fsdecode, stats)]
        if stats:
            self._file, self.changed = file.with_stats(stats), True
        return asked

    def lock(self) -> None:
        """Hold git's lock on the index from now on.

        Raises IndexChangedError where the index is not the one that was read.
        """
        # Before the lock is taken, which is then held for one comparison and one rename only.
        if self._file is not None:
            self._write(self._file.data, keep_time=False)
        if not self._held:
            self._hold()
            # By its bytes: size and times can be the same after something else was staged.
            if _read(self._index)[0] != self._before:
                raise IndexChangedError("the index keeps changing")

    def install(self) -> None:
        """Make what was changed the index; only while the lock is held."""
        # git renames index.lock itself; ours stays a link to our own file, by which a later run knows it as ours.
        os.rename(self._copy, self._index)
        self._git.index = self._file

    def _parsed(self) -> IndexFile | None:
        """The index as far as we know how to change it; not read again where it is the last one of ours."""
        known = self._git.index
        # With core.fsync=index git must write it.
        if self._before is None or self._git.settings().syncs(b"index"):
            return None
        if known is not None and known.data == self._before:
            return known
        try:
            return IndexFile(self._before, self._git.settings().algorithm())
        except UnsupportedIndexError:
            return None

    def _stage_in_place(
        self, changes: Mapping[str, IndexEntry], trees: Mapping[bytes, tuple[str, str]]
    ) -> bool:
        """Stage in place, if that can be done."""
        file, ids = self._file, {os.fsencode(path): entry.oid for path, entry in changes.items()}
        if file is None or any(file.entry(os.fsencode(path)) is None for path in changes):
            return False
        there = (file.entry(os.fsencode(path)) for path in changes)
        alike = all(
            was is not None and (was.mode, was.flag) == (new.mode, new.flag)
            for was, new in zip(there, changes.values(), strict=True)
        )
        if not alike or not self._is_written_safely(ids):
            return False
        try:
            self._file = file.with_ids(ids, trees)
        except UnsupportedIndexError:
            return False
        self.changed = True
        return True

    def _is_written_safely(self, apart: Container[bytes]) -> bool:
        """Whether no file could be taken for unchanged because the index is younger now.

        git compares the content of a file that was changed in the second in which the index was written, or
        later, since its times may be those that the index knows. So each such file must be the same, or show
        by its times that it is not (Documentation/technical/racy-git.txt). Those `apart` are looked after.
        """
        file, status = self._file, self._status
        assert file is not None
        assert status is not None
        racy = [name for name in file.changed_since(int(status.st_mtime)) if name not in apart]
        return len(racy) <= _MANY and all(self._is_not_racy(file, name) for name in racy)

    def _is_not_racy(self, file: IndexFile, name: bytes) -> bool:
        status = _status(os.path.join(os.fsencode(self._git.repo.root), name))
        # The mtime in whole seconds, since git ignores the fraction unless it is built with USE_NSEC.
        if status is None or (now := stat_bytes(status))[8:12] != (then := file.stat(name))[8:12]:
            return True
        return now[-4:] != then[-4:] or bool(matches_index(self._git, file, name, status))

    def _write(self, data: bytes, *, keep_time: bool) -> None:
        try:
            _copy(self._copy, data, self._status, keep_time=keep_time)
        except OSError as error:
            raise write_error(self._copy, error) from error
        self._copied = True
        failpoint("index.copied")

    def _hold(self) -> None:
        hold(self._index, self._copy, self._patience)
        self._held = True
        failpoint("index.held")

    def _end(self) -> None:
        if self._copied:
            delete(self._copy)
        if self._held:
            release(self._index, self._copy)

    def _run(self, *args: str, stdin: bytes = b"") -> bytes:
        """A git command with a copy as its index, from which on git alone changes it."""
        data = self._before if self._file is None else self._file.data
        if data is not None and not self._copied:
            self._write(data, keep_time=True)
        self._copied, self._file = True, None
        return self._git.run(*args, stdin=stdin, env={"GIT_INDEX_FILE": self._copy})


def refresh(git: GitSession, paths: Iterable[str]) -> None:
    """Let the index know that these files are what it says, where they are, so that nobody compares them
    again.

    Merely a convenience: where another git holds the index, it is left to that.
    """
    asked = list(paths)
    if not asked:
        return
    with suppress(GitError, IndexChangedError), IndexCopy(git, patience=0.0) as copy:
        asked = copy.record_stats(asked)
        if copy.changed:
            copy.lock()
            copy.install()
    if not asked:
        return
    # Another copy: the first may have become the index.
    with suppress(GitError, IndexChangedError), IndexCopy(git, patience=0.0) as copy:
        copy.refresh(asked)
        copy.lock()
        copy.install()


def _known_entries(file: IndexFile, known: Iterable[str]) -> dict[str, IndexEntry]:
    found: dict[str, IndexEntry] = {}
    for path in known:
        name = os.fsencode(path)
        if name in file.unmerged:
            raise _unmerged(path)
        if (entry := file.entry(name)) is not None:
            found[path] = entry
    return found


def _unmerged(path: str) -> GitError:
    return GitError("is unmerged: resolve the conflict and stage it first", file=path)


def _parse_entries(listed: bytes, known: Container[str]) -> dict[str, IndexEntry]:
    found: dict[str, IndexEntry] = {}
    for line in listed.split(b"\0")[:-1]:
        head, _, name = line.partition(b"\t")
        path = os.fsdecode(name)
        if path not in known:
            continue
        flag, mode, oid, stage = head.decode().split(" ")
        if stage != "0":
            raise _unmerged(path)
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


def _copy(copy: str, data: bytes, like: os.stat_result | None, *, keep_time: bool) -> None:
    """Write the copy with the mode of the index, and its time if git is to change it further: git takes a file
    that changed in the second in which the index was written for possibly changed, and would no longer if the
    index looked younger.
    """
    with open(copy, "wb") as file:
        if like is not None:
            os.fchmod(file.fileno(), like.st_mode & 0o777)
        file.write(data)
    if keep_time and like is not None:
        os.utime(copy, ns=(like.st_atime_ns, like.st_mtime_ns))


def _read(path: str) -> tuple[bytes, os.stat_result] | tuple[None, None]:
    """The bytes of the index and its status; None for both where there is none."""
    try:
        return read_with_stat(path)
    except FileNotFoundError:
        return None, None


def _status(path: str | bytes) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None
