"""The range that `check --proof` judges: what git calls it, and the commits in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.errors import GitError
from mdtodo.git.true_history import read_history, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.git.repository import Repository


class CommitRange(NamedTuple):
    """The commits `inside` are those that `end` reaches and `start` does not, with their `parents`; `base` is their
    merge base."""

    start: str
    base: str
    end: str
    inside: frozenset[str]
    parents: Mapping[str, Sequence[str]]


def read_range(repo: Repository, text: str) -> CommitRange:
    """The range `A..B`, `A...B` (both: what B has and A does not) or `A`, which is `A..HEAD`. HEAD also where a side is
    left out.

    Raises GitError where a side, or what both have in common, is not here.
    """
    parts = re.split(r"\.{2,3}", text, maxsplit=1)
    start = _commit(repo, parts[0] or "HEAD")
    end = _commit(repo, (parts[1] if len(parts) > 1 else "") or "HEAD")
    base = read_history(repo, "merge-base", start, end, ok=(0, 1)).decode().strip()
    if not base:
        raise GitError(f"{text!r} has no merge base in this clone", hint=_HINT)
    lines = read_history(repo, "rev-list", "--parents", end, f"^{start}", "--").decode().splitlines()
    parents = {commit: others for commit, *others in (line.split() for line in lines)}
    return CommitRange(start, base, end, frozenset(parents), parents)


_HINT = "a shallow clone lacks it: `git fetch --unshallow` brings it (`fetch-depth: 0` in GitHub Actions)"


def _commit(repo: Repository, revision: str) -> str:
    found = "" if revision.startswith("-") else resolve(repo, f"{revision}^{{commit}}")
    if not found:
        raise GitError(f"{revision!r} is no commit of this clone", hint=_HINT)
    return found
