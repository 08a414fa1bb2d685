"""A commit that a person makes is the receipt of what it ticks: git's hooks for its message add the trailers.

`prepare-commit-msg` adds them only where no editor opens: in an editor they would stand right below the line that the
person types, and an empty message would not be empty any more. Else `commit-msg` does, when the message is written.
Whichever comes second finds them there. Source: githooks(5).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.path_patterns import matcher
from mdtodo.git.diff_tree import staged_changes
from mdtodo.git.position import head_position
from mdtodo.git.repository import calling_index, read_blobs, run
from mdtodo.landing.carry.uncarried import History, Place, Version, newest_receipts, with_content
from mdtodo.receipts import message_file
from mdtodo.receipts.trailers import trailers_of
from mdtodo.storage.state import StateStore, folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.receipt import Receipt
    from mdtodo.git.repository import Repository
    from mdtodo.storage.rows import JournalEntry

_REGULAR = (b"100644", b"100755")


def add_receipts(repo: Repository, config: Config, path: str, source: str, sha: str) -> int:
    """Add the trailers of what the commit ticks, opens or cancels to its message in the file `path`; how many receipts.

    `source` and `sha` as git gives them to `prepare-commit-msg`; both empty for `commit-msg`. Only receipts of the
    journal whose outcome the commit's index shows, and no parent does. Raises GitError, InputError or MdtodoError where
    git, a file or the state cannot be read; the message is as it was then.
    """
    if not os.path.exists(os.path.join(folder(repo), "state.db")):
        return 0
    edited = os.environ.get("GIT_EDITOR") != ":"
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        text = file.read()
    if (edited and source) or message_file.is_empty(repo, text, edited=edited):
        return 0
    found = _uncarried(repo, config, _parents(repo, sha if source == "commit" else ""))
    known = message_file.known(text)
    missing = [one for one in found if (one.run_id, one.receipt.task_id, one.receipt.attempt) not in known]
    if missing:
        lines = _trailers(with_content(repo, config, missing, tree=_tree(repo)))
        message_file.add(repo, path, lines, edited=edited)
    return len(missing)


def _parents(repo: Repository, reused: str) -> tuple[str, ...]:
    """The commits that this one will be made on. Where the message of HEAD itself is taken again, HEAD is amended."""
    head = head_position(repo).commit
    if not head:
        return ()
    if reused and run(repo, "rev-parse", "-q", "--verify", reused, ok=(0, 1)).decode().strip() == head:
        return tuple(run(repo, "rev-parse", f"{head}^@").decode().split())
    merged = os.path.join(repo.git_dir, "MERGE_HEAD")
    if not os.path.exists(merged):
        return (head,)
    with open(merged, encoding="ascii") as file:
        return head, *file.read().split()


class _Changes(NamedTuple):
    """What the commit does to the TODO files: its version of them, and that of each parent."""

    staged: Version
    before: tuple[Version, ...]

    def names(self) -> frozenset[str | None]:
        """Explicit ids, and digests of titles, of the tasks whose lines are others than in every parent."""
        tasks = self.staged.files.items()
        places = (Place(file, index) for file, one in tasks for index in range(len(one.document.items)))
        changed = (
            self.staged.anchor(one) for one in places if all(self._differs(one, was) for was in self.before)
        )
        return frozenset(name for one in changed for name in (one.explicit, one.digest) if name)

    def _differs(self, place: Place, was: Version) -> bool:
        there = was.find(self.staged.anchor(place))
        return there is None or was.says(there) != self.staged.says(place)

    def makes(self, place: Place, receipt: Receipt) -> bool:
        """Whether what the receipt has made of the task is new with this commit. A line that is itself new, and open,
        needs none."""
        there = [(was, was.find(self.staged.anchor(place))) for was in self.before]
        if all(one is None for _, one in there):
            return self.staged.says(place)[0].closed
        return not any(one is not None and was.shows(one, receipt) for was, one in there)


def _uncarried(repo: Repository, config: Config, parents: Sequence[str]) -> list[JournalEntry]:
    """The newest receipt of each task whose outcome is new with the commit, and that no commit carries."""
    changes = _changes(repo, config, parents)
    if not (names := changes.names()):
        return []
    with StateStore.open(repo, create=False) as state:
        newest = newest_receipts(changes.staged, state.receipts(of=names))
    history = History(repo, parents[0] if parents else None, config.status)
    made = (found for place, found in newest.items() if changes.makes(place, found[0].receipt))
    return [one for found in made if (one := history.uncarried(found, None)) is not None]


def _changes(repo: Repository, config: Config, parents: Sequence[str]) -> _Changes:
    """What the index changes in the TODO files, against each parent."""
    is_todo = matcher(config.files_and_archives)
    each = [
        {os.fsdecode(one.path): one for one in staged_changes(repo, parent) if is_todo(os.fsdecode(one.path))}
        for parent in parents or (None,)
    ]
    changed = set.intersection(*(set(one) for one in each))
    gone = {path for path in changed if each[0][path].after is None}
    after = {path: each[0][path].after for path in changed - gone}
    before = [{path: one[path].before for path in changed} for one in each]
    data = _read(repo, [after, *before])
    # a file that went to another name has its tasks there, and had them here
    new = {path for path in changed if each[0][path].before is None}
    staged = Version(data[0], config.status, gone)
    return _Changes(staged, tuple(Version(one, config.status, new) for one in data[1:]))


def _read(
    repo: Repository, versions: Sequence[Mapping[str, tuple[bytes, str] | None]]
) -> list[dict[str, bytes]]:
    """The content of these files, but for links and what is none."""
    wanted = [
        {path: entry[1] for path, entry in one.items() if entry is not None and entry[0] in _REGULAR}
        for one in versions
    ]
    blobs = read_blobs(repo, list({oid for one in wanted for oid in one.values()}), env=calling_index())
    return [{path: blobs[oid] or b"" for path, oid in one.items()} for one in wanted]


def _tree(repo: Repository) -> str:
    """The id of the tree that the commit will have."""
    # of a copy: git locks the index that it writes the tree of, which the calling git has done already
    with tempfile.TemporaryDirectory(dir=folder(repo), prefix="index.") as place:
        copy, env = os.path.join(place, "index"), calling_index()
        shutil.copyfile(
            os.path.join(repo.root, env.get("GIT_INDEX_FILE") or os.path.join(repo.git_dir, "index")), copy
        )
        return run(repo, "write-tree", env=env | {"GIT_INDEX_FILE": copy}).decode().strip()


def _trailers(found: Iterable[JournalEntry]) -> list[str]:
    """Their lines, by runs, the oldest first."""
    runs: dict[str, list[Receipt]] = {}
    for one in sorted(found, key=lambda one: one.number):
        runs.setdefault(one.run_id, []).append(one.receipt)
    return [line for run_id, receipts in runs.items() for line in trailers_of(receipts, run_id, None)]
