"""Editing commands as hooks of a commit: they edit, they say so by exit 1, and they never commit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mdtodo.errors import InputError
from mdtodo.git.files import worktree_files
from mdtodo.git.repository import operation_in_progress
from mdtodo.system import files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.git.repository import Repository

#: The commands that may be hooks, and what keeps them from committing.
EDITING: Mapping[str, Sequence[str]] = {
    "run": ("--no-commit",),
    "expand": (),
    "verify": ("--no-commit",),
}


def reason_to_skip(repo: Repository) -> str | None:
    """Why nothing should be edited now, as a sentence: what git is in the middle of is not for us to add to."""
    operation = operation_in_progress(repo)
    if operation is None:
        return None
    return f"{'an' if operation == 'am' else 'a'} {operation} is in progress: nothing is run or edited now"


def without_commits(config: Config) -> Config:
    """The configuration of a hook: what an earlier run left is ticked, and committed by a later one."""
    return replace(config, commit="none")


def snapshot(repo: Repository, config: Config) -> dict[str, bytes | None]:
    """The bytes of each TODO file and of each declared output, None where there is no such file."""
    outputs = [path for processor in config.processors.values() for path in processor.outputs]
    found: dict[str, bytes | None] = {}
    for path in (*worktree_files.find(repo, config.task_files), *outputs):
        try:
            found[path] = files.read_optional(repo.root, path)
        except InputError:
            found[path] = None
    return found


def changed_files(before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]) -> list[str]:
    """The paths whose bytes are others now."""
    # by bytes, not by `git diff`: outputs may be ignored, or not tracked yet
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
