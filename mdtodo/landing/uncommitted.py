"""What was ticked in the work tree, and could not be committed since HEAD does not have the line. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.core.titles import few, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.receipt import Receipt

#: So many tasks, and so many files, are named.
_NAMED = 3


def not_committed(receipts: Sequence[Receipt]) -> tuple[str, ...]:
    """One sentence for all of these, with what to do; none if there are none."""
    if not receipts:
        return ()
    names = few([quoted(one.title, one.task_id) for one in receipts], _NAMED)
    done = all(one.outcome in (Outcome.DONE, Outcome.CACHED) for one in receipts)
    lines = "that line" if len(receipts) == 1 else "those lines"
    files = list(dict.fromkeys(edit.anchor.file for one in receipts for edit in one.edits))
    which = ", ".join(files) if len(files) <= _NAMED else f"the {len(files)} files"
    what = "ticked" if done else "changed"
    # what has failed proves nothing, so nobody waits for its receipt
    follow = "" if not done else ", its receipt follows" if len(receipts) == 1 else ", their receipts follow"
    return (f"{what}, but not committed: {names}: HEAD does not have {lines} yet; commit {which}{follow}",)
