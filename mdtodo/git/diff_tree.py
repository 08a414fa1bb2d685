"""What commits did, path by path, as git says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.git.repository import calling_index, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import NamedTuple

    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class FileChange(NamedTuple):
    """What a commit did at one path: mode and id before and after, None for nothing."""

    path: bytes
    before: tuple[bytes, str] | None
    after: tuple[bytes, str] | None


def file_changes(git: GitSession, old: str, new: str) -> list[FileChange]:
    """How one tree differs from another, path by path; no renames."""
    return changes_in(git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", old, new))


def changes_in(out: bytes) -> list[FileChange]:
    """What `git diff-tree -z --raw`, or `diff-index`, says of one tree beside another."""
    fields = iter(out.split(b"\0"))
    return [file_change(one, next(fields)) for one in fields if one.startswith(b":")]


def staged_changes(repo: Repository, commit: str | None) -> list[FileChange]:
    """How the index of the calling git, or else that of the work tree, differs from a commit; None for no commit."""
    tree = commit or run(repo, "hash-object", "-t", "tree", "--stdin").decode().strip()
    args = ("diff-index", "--cached", "-z", "--raw", "--no-abbrev", "--no-renames", tree)
    return changes_in(run(repo, *args, env=calling_index()))


def changes_of(git: GitSession, oids: Sequence[str]) -> dict[str, list[FileChange]]:
    """What each of these commits did to its parent, by one git process."""
    names = b"".join(oid.encode() + b"\n" for oid in oids)
    # Without -m and --root a merge or a first commit has no changes here; neither is a receipt's.
    out = git.run("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", stdin=names)
    return dict(changes_by_commit(out))


def changes_by_commit(out: bytes) -> Iterator[tuple[str, list[FileChange]]]:
    """What `git diff-tree --stdin -z` says: the id of each commit, and its changes."""
    name, changes = "", list[FileChange]()
    fields = iter(out.split(b"\0"))
    for one in fields:
        if one.startswith(b":"):
            # next() takes the path, so that a file whose name looks like an id is not read as a commit
            changes.append(file_change(one, next(fields)))
        elif one:
            if name:
                yield name, changes
            name, changes = one.decode(), []
    if name:
        yield name, changes


_NOTHING = b"000000"


def file_change(line: bytes, path: bytes) -> FileChange:
    """What git says in `:<mode> <mode> <id> <id> <letter>`, and in the path that follows it."""
    old, new, before, after, _ = line[1:].split(b" ")
    return FileChange(path, _entry(old, before), _entry(new, after))


def _entry(mode: bytes, oid: bytes) -> tuple[bytes, str] | None:
    return None if mode == _NOTHING else (mode, oid.decode())
