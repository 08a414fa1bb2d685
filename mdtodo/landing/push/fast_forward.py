"""The local branch fast-forwarded to a commit of its upstream: branch, index and work tree, and nothing of a person's.

As `git merge --ff-only` would, with two differences. The tip may lack commits of the old one, which the caller
knows to be there in another form. And where a person changes a TODO file in which upstream only ticked, the
same ticks are made in that file, as a landing does.

The order is that of a landing: git checks first that nothing would be lost; then the branch moves, by
compare-and-swap; the new index takes its place; each file takes its name whole. A note in the git directory
says what goes on, so that after a kill `finish` does what is left.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import GitError, InputError
from mdtodo.git.diff_tree import file_changes
from mdtodo.git.files.worktree_files import is_markdown
from mdtodo.git.index.index_copy import IndexCopy, IndexEntry, refresh
from mdtodo.git.objects import NewObjects, change_tree
from mdtodo.git.repository import operation_in_progress
from mdtodo.git.session import GitSession
from mdtodo.landing.merge.merge_file import merge_file
from mdtodo.landing.merge.merge_tasks import changes_between, merge_tasks
from mdtodo.landing.push.checkout import check_out, has_no_symlinked_folder, rewrite
from mdtodo.landing.push.fast_forward_note import read_note, remove_note, write_note
from mdtodo.landing.push.rebase import read_commit
from mdtodo.landing.push.replay import REGULAR
from mdtodo.system import files, process_identity
from mdtodo.system.failpoints import failpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.core.task import Status
    from mdtodo.git.diff_tree import FileChange
    from mdtodo.git.repository import Repository
    from mdtodo.markdown.merge.changes import TaskChanges


class BranchMovedError(Exception):
    """Somebody committed on the branch meanwhile."""


class CannotFastForwardError(Exception):
    """The branch stays where it is; the reason, as part of a sentence."""


def fast_forward(
    git: GitSession, branch: str, old: str, new: str, statuses: Mapping[str, Status]
) -> tuple[str, ...]:
    """Bring the branch, which HEAD names, from `old` to `new`; sentences about files that were left.

    Raises CannotFastForwardError, with all as it was, where that would lose something of a person's, or must not be
    done now; BranchMovedError where the branch is not at `old` any more.
    """
    try:
        _check(git, branch)
        return _FastForward(git, old, new, statuses).run(branch)
    except GitError as error:
        raise CannotFastForwardError(error.sentence) from error


def finish(repo: Repository, statuses: Mapping[str, Status]) -> tuple[str, ...]:
    """What a killed `fast_forward` left undone, if there is any; sentences for a person."""
    note = read_note(repo)
    if note is None or not (
        process_identity.has_ended(note.owner) or note.owner == process_identity.current()
    ):
        return ()
    messages: tuple[str, ...] = ()
    with GitSession(repo) as git:
        found = git.look_up("HEAD")
        if found is not None and found[0] == note.new:
            try:
                messages = _FastForward(git, note.old, note.new, statuses).resume()
            except GitError as error:
                return (
                    f"a push moved HEAD to {note.new[:10]}, but the files are not up to date with it: {error}",
                )
    remove_note(repo, note.owner)
    return messages


def _check(git: GitSession, branch: str) -> None:
    if (operation := operation_in_progress(git.repo)) is not None:
        raise CannotFastForwardError(f"a {operation} is in progress")
    if git.run("symbolic-ref", "-q", "HEAD", ok=(0, 1)).decode(errors="surrogateescape").strip() != branch:
        raise CannotFastForwardError("another branch was checked out in the meantime")


class _EditedFile(NamedTuple):
    """A TODO file that a person changes: what upstream has made of it, and that by task, if it is of tasks alone."""

    before: bytes
    after: bytes
    changes: TaskChanges | None


@dataclass(slots=True)
class _FastForward:
    git: GitSession
    old: str
    new: str
    statuses: Mapping[str, Status]
    changes: dict[str, FileChange] = field(default_factory=dict)
    edited: dict[str, _EditedFile] = field(default_factory=dict)
    sparse: set[str] = field(default_factory=set)
    tracked: set[str] = field(default_factory=set)
    messages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.changes = {os.fsdecode(one.path): one for one in file_changes(self.git, self.old, self.new)}

    def run(self, branch: str) -> tuple[str, ...]:
        """All of it."""
        # The lock before all else: what git says of the index must still hold when the branch moves.
        with IndexCopy(self.git, first=True) as copy:
            self._keep_edited(copy, check=True)
            copy.lock()
            # Before the branch moves: after a kill in between, index and files of the old commit look like a person's
            # staged reversal of everything that came, and only the note tells.
            write_note(self.git.repo, self.old, self.new)
            failpoint("advance.noted")
            try:
                _move(self.git, branch, self.old, self.new)
            except BranchMovedError:
                remove_note(self.git.repo, process_identity.current())
                raise
            failpoint("advance.moved")
            copy.install()
            failpoint("advance.installed")
        self._check_out()
        remove_note(self.git.repo, process_identity.current())
        refresh(self.git, self.tracked)
        return tuple(self.messages)

    def resume(self) -> tuple[str, ...]:
        """Index and work tree, each path as far as it is still what the old commit had."""
        with IndexCopy(self.git, first=True) as copy:
            entries = copy.entries(self.changes)
            due: dict[str, IndexEntry | None] = {}
            for path, change in self.changes.items():
                entry = entries.get(path)
                if (None if entry is None else (entry.mode, entry.oid)) == change.before:
                    flag = entry.flag if entry else "H"
                    due[path] = None if change.after is None else IndexEntry(*change.after, flag)
            copy.restore(due)
            self._keep_edited(copy, check=False)
            if copy.changed:
                copy.lock()
                copy.install()
        self._check_out()
        refresh(self.git, self.tracked)
        return tuple(self.messages)

    # The index

    def _keep_edited(self, copy: IndexCopy, *, check: bool) -> None:
        """Change the index; before that, with `check`, let git say whether that loses anything."""
        # diff-files compares times, not contents: a file that was only touched would count as changed.
        # -q: without it the exit code is 1 where a file has changed.
        copy.run("update-index", "-q", "--refresh")
        dirty = _names(copy.run("diff-files", "--name-only", "-z"))
        dirty |= _names(
            copy.run("diff-index", "--cached", "--name-only", "-z", self.old if check else self.new)
        )
        dirty &= self.changes.keys()
        theirs = copy.entries(dirty)
        for path in dirty:
            self._add_edited(path, theirs.get(path))
        if check:
            self._read_tree(copy)
        new = NewObjects(self.git.settings().algorithm())
        entries = copy.entries(self.edited)
        staged = {}
        for path, entry in entries.items():
            data = self.git.content(entry.oid)
            made = self._combined(path, data)
            if made is not None and made != data:
                staged[path] = IndexEntry(entry.mode, new.add("blob", made), entry.flag)
        self.git.write(new)
        copy.stage(staged)
        now = copy.entries(self.changes)
        self.sparse = {path for path, one in now.items() if one.flag in "Ss"}
        self.tracked = now.keys() - self.sparse

    def _add_edited(self, path: str, staged: IndexEntry | None) -> None:
        """If both the person's versions can have what upstream has."""
        change = self.changes[path]
        if staged is None or not (change.before and change.after and is_markdown(path)):
            return
        if not change.before[0] == change.after[0] == staged.mode in REGULAR:
            return
        before, after = self.git.content(change.before[1]), self.git.content(change.after[1])
        self.edited[path] = _EditedFile(before, after, changes_between(before, after, self.statuses, path))
        if self._combined(path, self.git.content(staged.oid)) is None or self._on_disk(path) is None:
            del self.edited[path]

    def _on_disk(self, path: str) -> bytes | None:
        root = self.git.repo.root
        if os.path.islink(os.path.join(root, path)) or not has_no_symlinked_folder(root, path):
            return None
        with suppress(InputError):
            return self._combined(path, files.read(root, path))
        return None

    def _read_tree(self, copy: IndexCopy) -> None:
        """From the old tree to the new one, in which the edited files are as in the old one."""
        tree = read_commit(self.git, self.new).tree
        kept = {os.fsencode(path): self.changes[path].before for path in self.edited}
        if kept:
            objects = NewObjects(self.git.settings().algorithm())
            tree = change_tree(tree, kept, self.git.content, objects)
            self.git.write(objects)
        # The first is the check alone (-n): only with -u does git refuse where an untracked file is in the way.
        # The second, without -u, writes no file: `_check_out` does, each whole.
        copy.run("read-tree", "-m", "-n", "-u", self.old, tree)
        copy.run("read-tree", "-m", self.old, tree)
        # Without -u, read-tree has not applied the patterns of a sparse checkout either.
        outside = _outside_of_sparse_checkout(self.git, self.changes.values())
        copy.stage({path: IndexEntry(*entry, "S") for path, entry in outside.items()})

    def _combined(self, path: str, data: bytes) -> bytes | None:
        """A person's version with what upstream has made; None where the two disagree."""
        before, after, changes = self.edited[path]
        if changes is None:
            return merge_file(self.git, before, data, after, self.statuses, by_task=True)
        wanted = {task: changes.old_places[task] for task in changes.tasks}
        return merge_tasks(self.git, changes, wanted, data, self.statuses, path).data

    # The work tree

    def _check_out(self) -> None:
        """Each file that is as the old commit had it becomes what the new one has."""
        apart = self.edited.keys() | self.sparse
        self.messages += check_out(
            self.git, {path: one for path, one in self.changes.items() if path not in apart}
        )
        for path in self.edited:
            self.messages += rewrite(self.git.repo.root, path, partial(self._combined, path))
        failpoint("advance.placed")


def _move(git: GitSession, branch: str, old: str, new: str) -> None:
    try:
        git.run("update-ref", "-m", "mdtodo: receipts rebased onto upstream", branch, new, old)
    except GitError as error:
        # git has no exit code of its own for a lost compare-and-swap; `environment` makes its words English.
        if "cannot lock ref" in error.sentence:
            raise BranchMovedError(error.sentence) from error
        raise


def _outside_of_sparse_checkout(
    git: GitSession, changes: Iterable[FileChange]
) -> dict[str, tuple[bytes, str]]:
    """The new files that a sparse checkout leaves out, with mode and id. git says so where it checks out just these."""
    if not git.settings().is_sparse():
        return {}
    from tempfile import TemporaryDirectory

    added = {one.path: one.after for one in changes if one.before is None and one.after is not None}
    objects = NewObjects(git.settings().algorithm())
    tree = change_tree(None, added, git.content, objects)
    git.write(objects)
    with TemporaryDirectory(prefix="mdtodo-") as folder:
        elsewhere = {
            "GIT_DIR": git.repo.git_dir,
            "GIT_WORK_TREE": folder,
            "GIT_INDEX_FILE": f"{folder}/.index",
        }
        git.run("read-tree", "-m", "-u", tree, env=elsewhere)
        listed = git.run("ls-files", "-t", "-z", env=elsewhere)
    lines = (line.partition(b" ") for line in listed.split(b"\0"))
    left = (name for letter, _, name in lines if letter == b"S")
    return {os.fsdecode(name): entry for name in left if (entry := added[name]) is not None}


def _names(out: bytes) -> set[str]:
    return {os.fsdecode(name) for name in out.split(b"\0") if name}
