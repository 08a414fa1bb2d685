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
) -> tuple[list[str], dict[str, str]]:
    """The paths that fit `patterns` and differ from HEAD now: those that may be committed, and why others
    may not.

    Without a snapshot none may. One that is staged now may not either, whoever did that.
    """
    if not patterns:
        return [], {}
    dirty = _dirty(repo)
    mine: list[str] = []
    left: dict[str, str] = {}
    for path in matching(dirty, patterns):
        if clean is None or path in clean.dirty:
            left[path] = (
                "it was changed before the run" if clean else "it may have been changed before the run"
            )
        elif dirty[path]:
            left[path] = "it is staged"
        else:
            mine.append(path)
    return mine, left


def matching(paths: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Those paths that fit gitignore-style patterns, sorted."""
    candidates = list(paths)
    if not candidates:
        return []
    from pathspec import GitIgnoreSpec

    return sorted(GitIgnoreSpec.from_lines(patterns).match_files(candidates))


def _dirty(repo: Repository) -> dict[str, bool]:
    """Files that differ between work tree, index and HEAD, or are untracked and not ignored, and whether
    they are staged; no submodules.

    The format is that of `git status --porcelain=v2 -z`: `1` and `u` entries have 8 and 10 fields before
    the path.
    """
    out = run(
        repo,
        *("--no-optional-locks", "status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames"),
        "--ignore-submodules=dirty",
    )
    found: dict[str, bool] = {}
    for line in out.split(b"\0"):
        kind = line[:1]
        if kind == b"?" and not line.endswith(b"/"):
            found[os.fsdecode(line[2:])] = False
        elif kind in _FIELDS:
            *fields, path = line.split(b" ", _FIELDS[kind])
            if not fields[2].startswith(b"S"):
                found[os.fsdecode(path)] = not fields[1].startswith(b".")
    return found


_FIELDS: Mapping[bytes, int] = {b"1": 8, b"u": 10}
