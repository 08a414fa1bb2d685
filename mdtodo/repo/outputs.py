"""What processors declare as their outputs: which of it may be committed with the tick.

A file may be if it held nothing of a person's when the run began: neither changed, nor staged, nor untracked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mdtodo.repo.git import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.repo.git import Repository


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The paths that were changed, staged or untracked at one moment: they stay a person's."""

    dirty: frozenset[str]


def clean_outputs(repo: Repository, patterns: Sequence[str]) -> Snapshot:
    """Taken when a run begins, with the gitignore-style `patterns` of all outputs that its processors
    declare.

    Without patterns git is not asked.
    """
    return Snapshot(frozenset(matching(_dirty(repo), patterns)) if patterns else frozenset())


def changed_outputs(
    repo: Repository, patterns: Sequence[str], clean: Snapshot | None
) -> tuple[list[str], list[str]]:
    """The paths that fit `patterns` and differ from HEAD now: those that may be committed, and those that
    may not.

    Without a snapshot none may.
    """
    if not patterns:
        return [], []
    changed = matching(_dirty(repo), patterns)
    mine = [path for path in changed if clean is not None and path not in clean.dirty]
    return mine, [path for path in changed if path not in mine]


def matching(paths: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Those paths that fit gitignore-style patterns, sorted."""
    candidates = list(paths)
    if not candidates:
        return []
    from pathspec import GitIgnoreSpec

    return sorted(GitIgnoreSpec.from_lines(patterns).match_files(candidates))


def _dirty(repo: Repository) -> set[str]:
    """Files that differ between work tree, index and HEAD, or are untracked and not ignored; no submodules.

    The format is that of `git status --porcelain=v2 -z`: `1` and `u` entries have 8 and 10 fields before
    the path.
    """
    out = run(
        repo,
        *("--no-optional-locks", "status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames"),
        "--ignore-submodules=dirty",
    )
    found: set[str] = set()
    for line in out.split(b"\0"):
        kind = line[:1]
        if kind == b"?":
            found.add(os.fsdecode(line[2:]))
        elif kind in _FIELDS:
            *fields, path = line.split(b" ", _FIELDS[kind])
            if not fields[2].startswith(b"S"):
                found.add(os.fsdecode(path))
    return {path for path in found if not path.endswith("/")}


_FIELDS: Mapping[bytes, int] = {b"1": 8, b"u": 10}
