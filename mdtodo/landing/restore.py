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
from mdtodo.git.files.as_written import is_as_written
from mdtodo.git.files.quote import path_line
from mdtodo.git.index.index_copy import IndexEntry
from mdtodo.git.objects import find_all_in_tree, object_id
from mdtodo.git.repository import run
from mdtodo.landing.job import Rewrite
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.receipt import Restore
    from mdtodo.git.head import Head
    from mdtodo.git.index.index_copy import IndexCopy
    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession
    from mdtodo.landing.job import CommitBuilder, Job

    _Entry = tuple[bytes, str] | None

_LINK, _PROGRAM, _FOLDER, _MODULE = b"120000", b"100755", b"40000", b"160000"


def restore(job: Job, git: GitSession, head: Head, builder: CommitBuilder, copy: IndexCopy) -> list[Rewrite]:
    """Put it into the builder's last commit, and into the index; gives what is to be written in the work tree then.

    What cannot go back is left, and is noted in `builder.refused`, by its path.
    """
    step = builder.steps[-1]
    staged = copy.entries(one.path for one in job.restores)
    in_head = find_all_in_tree(head.tree, (os.fsencode(one.path) for one in job.restores), git.content)
    back: dict[str, IndexEntry | None] = {}
    due: list[Restore] = []
    for one in job.restores:
        entry, before, after = staged.get(one.path), entry_of(one.before), entry_of(one.after)
        here = in_head[os.fsencode(one.path)]
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
            is_seen = entry is None or entry.flag not in "Ss" or os.path.lexists(_full(job.repo, one.path))
            # the files of a submodule are its own: as with `git merge`, who wants them calls `git submodule update`
            if is_seen and _MODULE not in [mode for mode, _ in filter(None, (before, after))]:
                due.append(one)
    copy.restore(back)
    rewrites = _rewrites(job, git, builder, due, copy)
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


def _rewrites(
    job: Job, git: GitSession, builder: CommitBuilder, due: Sequence[Restore], copy: IndexCopy
) -> list[Rewrite]:
    """What is to be done with the files, if anything."""
    held: dict[str, bytes | None] = {}
    for one in due:
        try:
            held[one.path] = None if _makes_way(job, one) else _held(job.repo, one.path)
        except InputError as error:
            builder.refused[one.path] = error.sentence
    stored = _stored(git, held)
    left: list[Restore] = []
    for one in due:
        if one.path not in held or stored[one.path] == entry_of(one.before):
            continue
        if _is(git, one.path, held[one.path], stored[one.path], entry_of(one.after)):
            left.append(one)
        elif not _is(git, one.path, held[one.path], stored[one.path], entry_of(one.before)):
            builder.refused[one.path] = "it was changed in the work tree"
    shown = _shown(job.repo, builder, left, copy)
    return [
        Rewrite(one.path, held[one.path], before[0] if before else None, shown.get(one.path, b""))
        for one, before in ((one, entry_of(one.before)) for one in left)
        if before is None or one.path in shown
    ]


def _is(git: GitSession, path: str, held: bytes | None, found: _Entry, entry: _Entry) -> bool:
    """Whether the file is what this entry would be checked out as."""
    if found is None or entry is None or found == entry:
        return found == entry
    is_file = found[0] == entry[0] != _LINK
    return is_file and held is not None and is_as_written(git, path, held, entry[1])


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


def _stored(git: GitSession, held: Mapping[str, bytes | None]) -> dict[str, _Entry]:
    """Mode and id that git would give what is there, by path. Raises GitError."""
    found: dict[str, _Entry] = dict.fromkeys(held)
    plain: dict[str, bytes] = {}
    for path, content in held.items():
        if content is None:
            continue
        mode = os.lstat(_full(git.repo, path)).st_mode
        if stat.S_ISLNK(mode):
            # git's filters are for files: a symlink's target is kept as it is
            found[path] = _LINK, object_id(git.settings().algorithm(), "blob", content)
        else:
            plain[path] = _PROGRAM if mode & stat.S_IXUSR else b"100644"
    if plain:
        names = b"".join(path_line(os.fsencode(path)) for path in plain)
        ids = git.run("hash-object", "--stdin-paths", stdin=names).decode().split()
        found |= {path: (mode, oid) for (path, mode), oid in zip(plain.items(), ids, strict=True)}
    return found


def _shown(
    repo: Repository, builder: CommitBuilder, due: Sequence[Restore], copy: IndexCopy
) -> dict[str, bytes]:
    """What the work tree is to show of each file, after git's filters; those that cannot be had are refused."""
    entries = {one.path: entry for one in due if (entry := entry_of(one.before)) is not None}
    # what the index has too, git writes all at once
    staged = copy.entries(entries)
    written = [path for path, one in staged.items() if (one.mode, one.oid, one.flag) == (*entries[path], "H")]
    shown: dict[str, bytes] = {}
    from tempfile import TemporaryDirectory  # 10 ms, which few landings need

    with TemporaryDirectory(prefix="mdtodo-") as folder, suppress(GitError, OSError):
        copy.write_files(written, folder)
        for path in written:
            shown[path] = _read(os.path.join(folder, path))
    for path in entries.keys() - shown.keys():
        try:
            shown[path] = _shown_alone(repo, path, *entries[path])
        except InputError as error:
            builder.refused[path] = error.sentence
    return shown


def _read(full: str) -> bytes:
    if os.path.islink(full):
        return os.fsencode(os.readlink(full))
    with open(full, "rb") as file:
        return file.read()


def _shown_alone(repo: Repository, path: str, mode: bytes, oid: str) -> bytes:
    """The same of one that the index does not have so."""
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
            files.create(repo.root, one.path, one.content, durable=False)
    elif one.now is None:
        files.create(repo.root, one.path, one.content, durable=False)
    else:
        files.replace(repo.root, one.path, one.now, one.content, durable=False)
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
