"""A branch's history as proofs need it: commits, children first, with what they did to TODO files, and the contents.

Three gits at most, whatever the length of the history, and no more of it is read than is asked for.
"""

from __future__ import annotations

import os
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.git.diff_tree import changes_by_commit
from mdtodo.git.files.blob_reader import BlobReader
from mdtodo.git.files.worktree_files import MARKDOWN, specs_like
from mdtodo.git.repository import error_from
from mdtodo.git.true_history import ENVIRONMENT, LOG, read_history, records, shallow_commits, start_history
from mdtodo.proof.line_map import normalized
from mdtodo.receipts.trailers import TRAILERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mdtodo.git.diff_tree import FileChange
    from mdtodo.git.repository import Repository
    from mdtodo.system.process import Process


class Commit(NamedTuple):
    """A commit: `message` whole; `trailers` those of mdtodo, unfolded, one a line; `shallow` where its parents are not
    here."""

    oid: str
    parents: tuple[str, ...]
    tree: str
    committer: str
    message: str
    trailers: str
    shallow: bool


_FORMAT = "%x00".join(("%H", "%P", "%T", "%ce", "%B", TRAILERS))
_LOG = (*LOG, "--topo-order", f"--format={_FORMAT}")
_FIELDS = 6
_BLOCK = 1 << 14


class History:
    """The commits up to some tips, with what they did to markdown files, and to those with names like `paths`. A
    context manager, which ends its processes."""

    def __init__(self, repo: Repository, *tips: str, paths: Iterable[str] = ()) -> None:
        self._repo = repo
        self._specs = specs_like(paths) if paths else MARKDOWN
        self._shallow = shallow_commits(repo)
        self._tips = tips
        self._log: Process | None = None
        self._blobs = BlobReader(repo, ENVIRONMENT)
        self._contents: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._given: dict[str, bytes] = {}
        self._followed: set[bytes] = set()
        self._ahead: deque[str] = deque()
        #: Those of the commits that are looked at together whose messages have trailers of ours.
        self.with_receipts: Sequence[str] = ()

    def __enter__(self) -> History:
        return self

    def __exit__(self, *_: object) -> None:
        self._blobs.__exit__()
        if self._log is not None:
            self._log.kill()

    def commits(self) -> Iterator[tuple[Commit, tuple[Sequence[FileChange], ...]]]:
        """All, each after all of its children, with what it did to such files beside each of its parents, beside
        nothing for a first commit. Raises GitError where a tip is no commit."""
        size = _FIRST
        waiting: list[Commit] = []
        for commit in self._logged():
            waiting.append(commit)
            if len(waiting) == size:
                yield from self._with_changes(waiting)
                waiting, size = [], min(4 * size, _LARGEST)
        yield from self._with_changes(waiting)

    def content(self, oid: str) -> bytes:
        """A file, by its object id, with line ends normalized. Raises GitError where git does not have it."""
        if (given := self._given.get(oid)) is not None:
            return given
        if (known := self._contents.get(oid)) is not None:
            self._contents.move_to_end(oid)
            return known
        self._fetch([oid, *self._next()])
        if oid not in self._contents:
            raise error_from(f"fatal: object {oid} is missing".encode(), ("cat-file",))
        return self._contents[oid]

    def follow(self, path: str) -> None:
        """The contents of this file will be asked for."""
        self._followed.add(os.fsencode(path))

    def _next(self) -> list[str]:
        """What will be asked for after this, so that git is asked for several at once."""
        found: list[str] = []
        while self._ahead and len(found) < _TOGETHER:
            oid = self._ahead.popleft()
            if oid not in self._contents:
                found.append(oid)
        return found

    def _fetch(self, oids: Sequence[str]) -> None:
        for oid, data in self._blobs(oids).items():
            if data is not None:
                self._contents[oid] = normalized(data)
                self._size += len(self._contents[oid])
        while self._size > _KEPT and len(self._contents) > _TOGETHER + 2:
            self._size -= len(self._contents.popitem(last=False)[1])

    def know(self, oid: str, data: bytes) -> None:
        """The content of a file that git need not have."""
        self._given[oid] = normalized(data)

    def _logged(self) -> Iterator[Commit]:
        self._log = start_history(self._repo, *_LOG, *self._tips, "--")
        for fields in records(self._log, _FIELDS, _BLOCK):
            yield self._commit(fields)
        log, self._log = self._log, None
        code, _, err = log.finish()
        if code:
            raise error_from(err, ("log",))

    def _commit(self, fields: Sequence[bytes]) -> Commit:
        oid, parents, tree, committer, message, trailers = (one.decode(errors="replace") for one in fields)
        oid = oid.strip()
        return Commit(oid, tuple(parents.split()), tree, committer, message, trailers, oid in self._shallow)

    def _with_changes(
        self, commits: Sequence[Commit]
    ) -> Iterator[tuple[Commit, tuple[Sequence[FileChange], ...]]]:
        if not commits:
            return
        lines = [line for one in commits for line in _pairs(one)]
        out = read_history(self._repo, *_DIFF_TREE, *self._specs, stdin="".join(lines).encode())
        found = iter(changes for _, changes in changes_by_commit(out))
        self.with_receipts = [one.oid for one in commits if one.trailers]
        every = [(one, tuple([next(found) for _ in _pairs(one)])) for one in commits]
        self._ahead = deque(
            entry[1]
            for _, parts in every
            for part in parts
            for change in part
            if change.path in self._followed
            for entry in (change.after, change.before)
            if entry is not None
        )
        yield from every


#: Commits that are looked at together: at first few, as most ticks were made lately.
_FIRST, _LARGEST = 32, 2048
#: Bytes of contents that are kept.
_KEPT = 1 << 26
#: Contents that git is asked for at once.
_TOGETHER = 50
_DIFF_TREE = (
    *("diff-tree", "--stdin", "--always", "--root", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--"),
)


def _pairs(commit: Commit) -> list[str]:
    """What git compares it with, a line each."""
    if not commit.parents:
        return [f"{commit.oid}\n"]
    return [f"{commit.oid} {parent}\n" for parent in commit.parents]
