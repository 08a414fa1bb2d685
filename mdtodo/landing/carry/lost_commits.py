"""Which commits with receipts of this clone HEAD's history does not have: mostly none, and then nothing follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.git.position import head_position
from mdtodo.git.repository import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.git.repository import Repository
    from mdtodo.storage.state import StateStore


def lost_commits(repo: Repository, state: StateStore) -> set[str | None]:
    """The commits with receipts that HEAD's history does not have; None stands for no commit."""
    commits = state.receipt_commits()
    made = sorted(one for one in commits if one is not None)
    lost: set[str | None] = {one for one in commits if one is None}
    if not made or not head_position(repo).commit:
        return lost
    try:
        return lost | _beyond_head(repo, made)
    except GitError:  # some are gone for good, after an amend and a `git gc`
        here = _existing(repo, made)
        return lost | set(made) - set(here) | _beyond_head(repo, here)


def _beyond_head(repo: Repository, commits: Sequence[str]) -> set[str]:
    """Those of these commits that no way leads to from HEAD. Raises GitError where one does not exist."""
    asked = "".join(f"{one}\n" for one in [*commits, "^HEAD"]).encode()
    return set(commits) & set(run(repo, "rev-list", "--stdin", stdin=asked).decode().split())


def _existing(repo: Repository, commits: Sequence[str]) -> list[str]:
    asked = "".join(f"{one}\n" for one in commits).encode()
    lines = run(repo, "cat-file", "--batch-check", stdin=asked).decode().splitlines()
    return [one for one, line in zip(commits, lines, strict=True) if " commit " in line]
