"""Files that go back to what they were before a commit: in HEAD, in the index, and in the work tree.

Only where each of them is still what the commit made of it: what somebody has changed since is theirs.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.core.receipt import entry_of
from mdtodo.errors import EditError, GitError, InputError
from mdtodo.git.index.index_copy import IndexEntry
from mdtodo.git.objects import find_in_tree
from mdtodo.git.repository import run
from mdtodo.landing.job import Rewrite
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.receipt import Restore
    from mdtodo.git.head import Head
    from mdtodo.git.index.index_copy import IndexCopy
    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession
    from mdtodo.landing.job import CommitBuilder, Job

    _Entry = tuple[bytes, str] | None

_LINK, _PROGRAM, _FOLDER = b"120000", b"100755", b"40000"


def restore(job: Job, git: GitSession, head: Head, builder: CommitBuilder, copy: IndexCopy) -> list[Rewrite]:
    """Put it into the builder's last commit, and into the index; gives what is to be written in the work tree then.

    What cannot go back is left, and is noted in `builder.refused`, by its path.
    """
    step = builder.steps[-1]
    staged = copy.entries(one.path for one in job.restores)
    back: dict[str, IndexEntry | None] = {}
    rewrites: list[Rewrite] = []
    for one in job.restores:
        entry, before, after = staged.get(one.path), entry_of(one.before), entry_of(one.after)
        here = find_in_tree(head.tree, os.fsencode(one.path), git.content)
        here = None if here is not None and here[0] == _FOLDER else here  # what is in it has paths of its own
        there = None if entry is None else (entry.mode, entry.oid)
        if here not in (before, after):
            builder.refused[one.path] = "it was changed since"
        elif there not in (before, after):
            builder.refused[one.path] = "other changes to it are staged"
        else:
            if here == after:
                step.tree[os.fsencode(one.path)] = before
            if there == after:
                back[one.path] = None if before is None else IndexEntry(*before, entry.flag if entry else "H")
            # what a sparse checkout leaves out (skip-worktree) is not there, and is not to be brought back
            if entry is None or entry.flag not in "Ss" or os.path.lexists(_full(job.repo, one.path)):
                rewrites += _rewrite(job, builder, one)
    copy.restore(back)
    if step.tree:
        late = [one for one in job.receipts.values() if one.restores and one not in step.receipts]
        # what was changed in a clone lands with its tick, or not at all
        builder.refused |= {
            one.task_id: "its box is not open in HEAD" for one in late if one.proven
        } | builder.refused
        step.receipts += [one for one in late if not one.proven]
    # a file makes way first for a folder of its name, and a folder for a file
    return sorted(rewrites, key=lambda one: one.mode is not None)


def write(repo: Repository, rewrites: Sequence[Rewrite]) -> list[str]:
    """Write the files, each if it still holds what it held; sentences on those that do not any more."""
    sentences: list[str] = []
    for one in rewrites:
        try:
            _write(repo, one)
        except (EditError, InputError, OSError) as error:
            reason = error.sentence if isinstance(error, (EditError, InputError)) else error.strerror
            sentences.append(f"{one.path}: left as it is in the work tree: {reason}")
    return sentences


def _full(repo: Repository, path: str) -> str:
    return os.path.join(repo.root, path)


def _rewrite(job: Job, builder: CommitBuilder, one: Restore) -> list[Rewrite]:
    """What is to be done with the file, if anything."""
    repo = job.repo
    before, after = entry_of(one.before), entry_of(one.after)
    try:
        content = None if _makes_way(job, one) else _held(repo, one.path)
        now = _stored(repo, one.path, content)
        if now == before:
            return []
        if now != after:
            builder.refused[one.path] = "it was changed in the work tree"
            return []
        if before is None:
            return [Rewrite(one.path, content, None, b"")]
        return [Rewrite(one.path, content, before[0], _shown(repo, one.path, *before))]
    except InputError as error:
        builder.refused[one.path] = error.sentence
        return []


def _makes_way(job: Job, one: Restore) -> bool:
    """Whether there is a folder at its path, all of whose files go."""
    full = _full(job.repo, one.path)
    if one.after is not None or os.path.islink(full) or not os.path.isdir(full):
        return False
    going = {_full(job.repo, other.path) for other in job.restores if other.before is None}
    return all(os.path.join(folder, name) in going for folder, _, names in os.walk(full) for name in names)


def _held(repo: Repository, path: str) -> bytes | None:
    """What is there: the bytes of a file, or where a symlink leads."""
    full = _full(repo, path)
    if os.path.islink(full):
        return os.fsencode(os.readlink(full))
    return files.read(repo.root, path) if os.path.lexists(full) else None


def _stored(repo: Repository, path: str, content: bytes | None) -> _Entry:
    """Mode and id that git would give it."""
    if content is None:
        return None
    mode = os.lstat(_full(repo, path)).st_mode
    if stat.S_ISLNK(mode):
        # without --path, since git's filters are for files: a symlink's target is kept as it is
        return _LINK, run(repo, "hash-object", "--stdin", stdin=content).decode().strip()
    oid = run(repo, "hash-object", "--stdin", f"--path={path}", stdin=content).decode().strip()
    return (_PROGRAM if mode & stat.S_IXUSR else b"100644"), oid


def _shown(repo: Repository, path: str, mode: bytes, oid: str) -> bytes:
    """What the work tree shows of a blob, after git's filters."""
    if mode not in (_LINK, _PROGRAM, b"100644"):
        raise InputError("is not a file that can be restored")
    try:
        if mode == _LINK:
            return run(repo, "cat-file", "blob", oid)
        return run(repo, "cat-file", "--filters", f"--path={path}", oid)
    except GitError as error:
        raise InputError(f"its earlier content cannot be read: {error.sentence}") from error


def _write(repo: Repository, one: Rewrite) -> None:
    full = _full(repo, one.path)
    if _held(repo, one.path) != one.now:
        raise EditError("changed on disk in the meantime")
    if one.mode is None:
        os.unlink(full)
        _leave_empty_folders(repo, one.path)
    elif one.mode == _LINK or os.path.islink(full):
        # removed first: what a symlink points to is another file, and must not be written
        with suppress(FileNotFoundError):
            os.unlink(full)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if one.mode == _LINK:
            os.symlink(one.content, os.fsencode(full))
        else:
            files.create(repo.root, one.path, one.content)
    elif one.now is None:
        files.create(repo.root, one.path, one.content)
    else:
        files.replace(repo.root, one.path, one.now, one.content)
    if one.mode is not None and one.mode != _LINK:
        # who may read a program may run it, as git has it; other bits of the mode are the person's
        mode = stat.S_IMODE(os.stat(full).st_mode)
        os.chmod(full, mode | (mode & 0o444) >> 2 if one.mode == _PROGRAM else mode & ~0o111)


def _leave_empty_folders(repo: Repository, path: str) -> None:
    """Folders that a file was the last of go with it, as in git."""
    folder = os.path.dirname(path)
    with suppress(OSError):
        while folder:
            os.rmdir(_full(repo, folder))
            folder = os.path.dirname(folder)
