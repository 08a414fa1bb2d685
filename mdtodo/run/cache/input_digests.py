"""What processors read: digests of the files that fit their `inputs`, made of git's own object ids.

A file counts with its path, its mode and the id that its content has, or would have if it were added now. So
line ends and filters make no difference, and a fresh clone comes to the same digest. Tracked files count, and
untracked ones that are not ignored; a submodule counts with its commit. Two git processes list everything for all
processors together, and a third hashes what differs from the index.
"""

from __future__ import annotations

import os
import stat
import time
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.path_patterns import matcher
from mdtodo.errors import GitError
from mdtodo.git.files.quote import path_line
from mdtodo.git.repository import run
from mdtodo.outputs.declared import anchored

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from mdtodo.git.repository import Repository

    #: Mode and object id of each path; None for one that cannot be read now.
    _Files = Mapping[bytes, str | None]


class DeclaredInputs(NamedTuple):
    """What a processor says it reads and writes, as gitignore-style patterns."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class InputState(NamedTuple):
    """The inputs of one processor at one moment.

    `digest` (64 hex digits) stands for all of them, `others` for those that are not its outputs; both None
    where no file fits, or one cannot be read. `missing_output`: an output that it declares by name is not there.
    `files`: what `others` stands for, a path each. `untracked`: those that git does not have, but for its outputs.
    """

    digest: str | None
    others: str | None
    missing_output: bool = False
    files: tuple[tuple[bytes, str | None], ...] = ()
    untracked: tuple[str, ...] = ()

    def changed_since(self, before: InputState) -> list[str]:
        """The paths, sorted, that are there now and were not before or the other way round, or that differ."""
        return sorted({os.fsdecode(path) for path, _ in set(self.files) ^ set(before.files)})


class InputReader:
    """Reads the inputs of several processors, again and again. `without`: paths that never count."""

    def __init__(
        self, repo: Repository, declared: Mapping[str, DeclaredInputs], without: Container[str] = ()
    ) -> None:
        self._repo = repo
        self._without = without
        self._declared = declared
        self._inputs = {name: _matcher(one.inputs) for name, one in declared.items()}
        self._outputs = {name: _matcher(list(map(anchored, one.outputs))) for name, one in declared.items()}
        self._hashes: dict[bytes, tuple[tuple[int, ...], str]] = {}
        self._untracked: set[bytes] = set()

    def read(self) -> dict[str, InputState]:
        """What each processor would read now. Raises GitError where git refuses."""
        listed = self._list()
        fitting = {name: sorted(path for path in listed if fits(path)) for name, fits in self._inputs.items()}
        files = self._resolve(listed, set().union(*fitting.values()))
        return {name: self._seen(name, paths, files, listed) for name, paths in fitting.items()}

    def _seen(
        self, name: str, paths: Sequence[bytes], files: _Files, listed: Mapping[bytes, str]
    ) -> InputState:
        there = [path for path in paths if path in files]
        own = self._outputs[name]
        untracked = tuple(os.fsdecode(path) for path in there if path in self._untracked and not own(path))
        if not there or any(files[path] is None for path in there):
            return InputState(None, None, untracked=untracked)
        missing_output = any(not self._is_there(output, listed) for output in self._declared[name].outputs)
        others = [path for path in there if not own(path)]
        kept = tuple((path, files[path]) for path in others)
        return InputState(_digest(there, files), _digest(others, files), missing_output, kept, untracked)

    def _is_there(self, output: str, listed: Mapping[bytes, str]) -> bool:
        """Whether an output that is no pattern, but a name, exists."""
        plain = output.rstrip("/")
        if output.startswith("!") or set(output) & set("*?[\\"):
            return True
        return os.fsencode(plain) in listed or os.path.lexists(os.path.join(self._repo.root, plain))

    def _list(self) -> dict[bytes, str]:
        """`<mode> <id>` of every file as the index has it; "" where the work tree has something else."""
        args = "ls-files", "-t", "-s", "-o", "--exclude-standard", "-z"
        listed: dict[bytes, str] = {}
        self._untracked.clear()
        for line in run(self._repo, *args).split(b"\0")[:-1]:
            if line.startswith(b"? "):
                if not line.endswith(b"/"):
                    listed[line[2:]] = ""
                    self._untracked.add(line[2:])
                continue
            head, _, path = line[2:].partition(b"\t")
            entry, _, stage = head.decode().rpartition(" ")
            listed[path] = entry if stage == "0" else ""
        for path, mode in self._differing():
            if mode == b"000000":
                listed.pop(path, None)
            else:
                listed[path] = ""
        return {path: entry for path, entry in listed.items() if os.fsdecode(path) not in self._without}

    def _differing(self) -> Iterable[tuple[bytes, bytes]]:
        """Paths whose file is not, or may not be, what the index says, with the file's mode; 000000 if gone.

        git compares the content of a file that changed in the moment in which the index was written.
        """
        # The index is not refreshed before, since nothing is written here: a touched file is hashed once more.
        args = "diff-files", "--raw", "-z", "--no-renames", "--ignore-submodules=dirty"
        parts = run(self._repo, *args).split(b"\0")[:-1]
        for head, path in zip(parts[::2], parts[1::2], strict=True):
            yield path, head.split(b" ")[1]

    def _resolve(self, listed: Mapping[bytes, str], wanted: Iterable[bytes]) -> _Files:
        """The wanted paths that are there, each with its mode and id."""
        files: dict[bytes, str | None] = {}
        unhashed: dict[bytes, os.stat_result] = {}
        for path in wanted:
            if listed[path]:
                files[path] = listed[path]
                continue
            try:
                now = os.lstat(os.path.join(os.fsencode(self._repo.root), path))
            except OSError:
                continue
            unhashed[path] = now
        return {**files, **self._hash(unhashed)}

    def _hash(self, found: Mapping[bytes, os.stat_result]) -> _Files:
        ids: dict[bytes, str | None] = {}
        regular: list[bytes] = []
        for path, now in found.items():
            known = self._hashes.get(path)
            if known is not None and known[0] == _stamp(now):
                ids[path] = known[1]
            elif stat.S_ISREG(now.st_mode):
                regular.append(path)
            else:
                ids[path] = self._special(path, now)
        # Taken before git reads them, as a file that is written meanwhile must not be trusted.
        began = time.time_ns()
        for path, oid in zip(regular, self._hash_files(regular), strict=True):
            now = found[path]
            # git looks at the owner's bit alone.
            ids[path] = oid and f"{'100755' if now.st_mode & stat.S_IXUSR else '100644'} {oid}"
            if ids[path] and began - max(now.st_mtime_ns, now.st_ctime_ns) > _SETTLED:
                self._hashes[path] = _stamp(now), ids[path] or ""
        return ids

    def _hash_files(self, paths: Sequence[bytes]) -> Sequence[str | None]:
        """The ids that these files would have, None for all where one of them cannot be read."""
        if not paths:
            return ()
        try:
            out = run(self._repo, "hash-object", "--stdin-paths", stdin=b"".join(map(path_line, paths)))
        except GitError:
            return [None] * len(paths)
        return out.decode().split("\n")[:-1]

    def _special(self, path: bytes, now: os.stat_result) -> str | None:
        """What git keeps of a symlink (where it leads) and of a submodule (its commit)."""
        full = os.path.join(os.fsencode(self._repo.root), path)
        try:
            if stat.S_ISLNK(now.st_mode):
                oid = run(self._repo, "hash-object", "--stdin", stdin=os.readlink(full))
                return f"120000 {oid.decode().strip()}"
            if stat.S_ISDIR(now.st_mode):
                oid = run(None, "rev-parse", "--verify", "HEAD", cwd=os.fsdecode(full))
                return f"160000 {oid.decode().strip()}"
        except (GitError, OSError):
            pass
        return None


def json_digest(*parts: object) -> str:
    """A digest (64 hex digits) of values that JSON can say."""
    import json

    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


#: Nanoseconds after which a file's times tell for sure that it has not changed since it was hashed.
#: FAT keeps times to two seconds, the coarsest of all.
_SETTLED = 2_000_000_000


def _matcher(patterns: Sequence[str]) -> Callable[[bytes], bool]:
    """Whether a path fits gitignore-style patterns; asked once for each path."""
    fits = matcher(patterns)
    return cache(lambda path: fits(os.fsdecode(path)))


def _digest(paths: Iterable[bytes], files: _Files) -> str:
    digest = sha256()
    for path in paths:
        digest.update(b"%s %s\0" % ((files[path] or "").encode(), path))
    return digest.hexdigest()


def _stamp(now: os.stat_result) -> tuple[int, ...]:
    # With ctime: utime(2) can put a file's mtime back, but not that.
    return now.st_ino, now.st_size, now.st_mode, now.st_mtime_ns, now.st_ctime_ns
