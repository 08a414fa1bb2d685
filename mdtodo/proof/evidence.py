"""What a commit's message says of proofs: receipts of tasks, and words for all ticks that were there before. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.results import REWRITTEN
from mdtodo.receipts.trailers import groups, in_paragraphs

if TYPE_CHECKING:
    from mdtodo.proof.history import Commit
    from mdtodo.receipts.trailers import RunTrailers

#: Outcomes that prove a tick; all others end its proof.
PROVING = frozenset({"done", "cached"})

#: Outcomes that say nothing of the tick.
NO_WORD = frozenset({"skipped", "deferred", "interrupted"}) | REWRITTEN

#: Processors of receipts that are none of the configuration's: a person, a parent ticked with its subtasks, and a box
#: that was opened as its proof is older than `every:` allows.
PERSON, ROLLUP, EVERY = "person", "rollup", "every"
OTHERS = (PERSON, ROLLUP, EVERY, "undo")

#: In the place of a processor: somebody has taken the tick as it stood.
ACCEPTED = "accept"


class Evidence(NamedTuple):
    """One receipt of one tick. `commit` is None for one in this clone's journal; `processor` that of the receipt, or
    ACCEPTED; `by` the e-mail of whoever gave a word; `tree` as in a Receipt."""

    commit: str | None
    run: str
    task_id: str
    processor: str
    by: str | None = None
    tree: str | None = None


def runs_of(commit: Commit, *, ticks: bool) -> tuple[RunTrailers, ...]:
    """The receipts in the trailers of a commit; where it `ticks` a box itself, also those in paragraphs of nothing but
    such lines, as squashed messages have them. In the order of their runs, which is that of time."""
    lines = commit.trailers.split("\n")
    if ticks and "Mdtodo-" in commit.message:
        lines += in_paragraphs(commit.message)
    return tuple(sorted(groups(lines), key=lambda group: group.run)) if any(lines) else ()


def says_something(commit: Commit) -> bool:
    """Whether there may be anything of it in the message."""
    return bool(commit.trailers) or "Mdtodo-" in commit.message


def reverted_by(commit: Commit) -> str | None:
    """The commit that this one takes back, as `git revert` writes it; None for others."""
    found = _REVERT.search(commit.message)
    return found[1] if found else None


_REVERT = re.compile(r"^This reverts commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)[.,]", re.MULTILINE)
