"""The content of commits on its way: packs of what the other end lacks, from the repository of whoever runs to a bare
cache on a worker, and back.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mdtodo.clones.submodules import recorded
from mdtodo.errors import GitError, MdtodoError
from mdtodo.git.repository import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdtodo.clones.source import CloneSource

#: Bytes of a pack above which it is kept as one.
_LOOSE = 1_000_000
#: So many of the commits that a cache has are told to whoever sends it another one.
_TIPS = 20
_REFS = "refs/mdtodo/"


def pack(folder: str, commits: Iterable[str], known: Iterable[str] = ()) -> bytes:
    """What is needed of these commits by who has the `known` ones; those of them that are not here are passed over.
    Raises GitError."""
    have = [one for one in known if has(folder, one)]
    wanted = "".join([f"{one}\n" for one in commits] + [f"^{one}\n" for one in have])
    options = ("--revs", "--thin", "--stdout", "-q", "--delta-base-offset")
    return run(None, "pack-objects", *options, stdin=wanted.encode(), cwd=folder)


def unpack(folder: str, data: bytes) -> None:
    """Take what a pack has. Raises GitError where what it is based on is missing."""
    if len(data) < _LOOSE:
        run(None, "unpack-objects", "-q", "--strict", stdin=data, cwd=folder)
    else:
        run(None, "index-pack", "--stdin", "--fix-thin", "--strict", stdin=data, cwd=folder)


def has(folder: str, commit: str) -> bool:
    """Whether the commit is there."""
    try:
        run(None, "cat-file", "-e", f"{commit}^{{commit}}", cwd=folder)
    except GitError:
        return False
    return True


class ContentCache:
    """A bare repository in the user's cache folder on a worker, with the commits that it was sent."""

    def __init__(self, name: str) -> None:
        import platformdirs

        self.folder = os.path.realpath(
            os.path.join(platformdirs.user_cache_dir("mdtodo"), "cluster", f"{name}.git")
        )
        self._known: set[str] = set()
        self._modules: set[tuple[str, str]] = set()

    def source(self, there: CloneSource) -> CloneSource:
        """What clones on this worker are made of; `there` is the repository of whoever runs."""
        # git-lfs asks where the repository came from; nothing else is told of it
        has_lfs = any(name.startswith("filter.lfs.") for name, _ in there.config)
        origin = tuple(pair for pair in there.reach if has_lfs and pair[0] == "remote.origin.url")
        return there._replace(common_dir=self.folder, root=self.folder, partial=origin, reach=())

    def lacks(self, commit: str, algorithm: str) -> bool:
        """Whether the commit has to be sent."""
        if commit in self._known:
            return False
        with self._locked():
            if not os.path.isdir(os.path.join(self.folder, "refs")):
                run(None, "init", "-q", "--bare", f"--object-format={algorithm}", cwd=self.folder)
        out = run(None, "for-each-ref", "--format=%(refname)", f"{_REFS}{commit}", cwd=self.folder)
        if out:
            self._known.add(commit)
        return not out

    def tips(self) -> list[str]:
        """The commits that came last."""
        listed = ("--sort=-creatordate", f"--count={_TIPS}", "--format=%(objectname)")
        return run(None, "for-each-ref", *listed, _REFS, cwd=self.folder).decode().split()

    def take(self, commit: str, data: bytes) -> None:
        """Keep a commit whose pack has come. Raises GitError where what that is based on is missing."""
        with self._locked():
            unpack(self.folder, data)
            # only now: a commit with a ref is whole
            run(None, "update-ref", f"{_REFS}{commit}", commit, cwd=self.folder)
        self._known.add(commit)

    def fetch_submodules(self, there: CloneSource, commit: str) -> None:
        """Fetch those that the person has, from where their configuration says. Raises MdtodoError for one that cannot
        be reached from here."""
        known = dict(there.reach)
        for name, path, at in recorded(self.folder, commit):
            url = known.get(f"submodule.{name}.url")
            folder = os.path.realpath(os.path.join(self.folder, "modules", name))
            inside = folder.startswith(os.path.join(self.folder, "modules") + os.sep)
            if url is None or not inside or (name, at) in self._modules:
                continue
            try:
                if not (os.path.isdir(folder) and has(folder, at)):
                    self._fetch(folder, url, at, there.algorithm)
            except GitError as error:
                why = f"the submodule {path} cannot be fetched from {url}: {error.sentence}"
                raise MdtodoError(f"{why}; `needs:` names workers that reach it") from error
            self._modules.add((name, at))

    def _fetch(self, folder: str, url: str, commit: str, algorithm: str) -> None:
        with self._locked():
            os.makedirs(folder, exist_ok=True)
            run(None, "init", "-q", "--bare", f"--object-format={algorithm}", cwd=folder)
            options = ("-q", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules")
            env = {"GIT_TERMINAL_PROMPT": "0"}
            run(None, "fetch", *options, "--", url, f"{commit}:{_REFS}{commit}", env=env, cwd=folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """While no other worker of this machine changes it."""
        os.makedirs(self.folder, 0o700, exist_ok=True)
        descriptor = os.open(
            os.path.join(self.folder, "mdtodo.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def show_files(root: str, commit: str, entries: Sequence[tuple[str, str | None]], index: str) -> None:
    """Make these files of the work tree what the commit has, or remove those without a digest. `index` is the path of
    an index that nobody else uses. Raises GitError and OSError."""
    env = {"GIT_INDEX_FILE": index}
    try:
        run(None, "read-tree", commit, env=env, cwd=root)
        there = [path for path, digest in entries if digest]
        for path, digest in entries:
            if not digest:
                with suppress(FileNotFoundError):
                    os.unlink(os.path.join(root, path))
        names = b"".join(os.fsencode(path) + b"\0" for path in there)
        run(None, "checkout-index", "-f", "-q", "-z", "--stdin", stdin=names, env=env, cwd=root)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(index)
