"""The TODO files as each commit of the branch had them, the oldest first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.path_patterns import matcher
from mdtodo.git.diff_tree import file_change
from mdtodo.git.files.blob_reader import BlobReader
from mdtodo.git.files.worktree_files import MARKDOWN, is_markdown
from mdtodo.git.true_history import ENVIRONMENT, LOG, read_history, shallow_commits
from mdtodo.markdown.task_index import TaskIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository

#: Versions of files that git is asked for at once.
_TOGETHER = 256


class Version(NamedTuple):
    """What a commit made of the TODO files: `time` in Unix time, and the files that it changed, None for one that is
    not there any more, or that nobody can read."""

    time: int
    files: Mapping[str, TaskIndex | None]


def versions(repo: Repository, config: Config) -> Iterator[Version]:
    """Along the first parents of HEAD, as the files that fit `files` now were then; of a merge, what it brought to the
    branch. Nothing where there is no commit."""
    is_list = matcher(config.task_files)
    commits = [
        (time, {path: oid for path, oid in changes.items() if is_list(path)})
        for time, changes in _commits(repo, config)
    ]
    with BlobReader(repo, ENVIRONMENT) as read:
        for start in range(0, len(commits), _TOGETHER):
            part = commits[start : start + _TOGETHER]
            oids = [oid for _, changes in part for oid in changes.values() if oid is not None]
            data = read(oids) if oids else {}
            for time, changes in part:
                yield Version(
                    time, {path: _index(path, data.get(oid or ""), config) for path, oid in changes.items()}
                )


def is_cut_off(repo: Repository) -> bool:
    """Whether the clone is shallow, so that its history is not all there."""
    return bool(shallow_commits(repo))


def _index(path: str, data: bytes | None, config: Config) -> TaskIndex | None:
    return None if data is None else TaskIndex.read(data, config.status, path)


def _commits(repo: Repository, config: Config) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Time, and the files with their ids afterwards, None for one that went."""
    # without a pathspec git looks into every folder of every commit
    specs = MARKDOWN if all(map(is_markdown, config.files)) else ()
    args = [one for one in LOG if one != "--no-patch"]
    form = (
        "--first-parent",
        "--diff-merges=first-parent",
        "--reverse",
        "--raw",
        "--no-abbrev",
        "--no-renames",
    )
    out = read_history(repo, *args, *form, "--format=%H %ct", "HEAD", "--", *specs, ok=(0, 128))
    time, changes = 0, dict[str, str | None]()
    began = False
    fields = iter(out.split(b"\0"))
    for one in fields:
        if one.lstrip(b"\n").startswith(b":"):
            # next() takes the path, so that a name that looks like a commit is not read as one
            change = file_change(one.lstrip(b"\n"), next(fields))
            changes[os.fsdecode(change.path)] = _blob(change.after)
        elif one.strip():
            if began:
                yield time, changes
            time, changes, began = int(one.split()[1]), {}, True
    if began:
        yield time, changes


def _blob(entry: tuple[bytes, str] | None) -> str | None:
    """The id of a file; None for a folder of another repository, or a symlink."""
    return entry[1] if entry is not None and entry[0].startswith(b"100") else None
