"""What processors came to, from both places that know: this clone's journal, and the receipts on this branch.

The journal has what never landed (a check that still holds, a result that was deferred); git has what other clones
did, and all that is left where the journal is gone. A run of a task that is in both counts once.
"""

from __future__ import annotations

import os
from itertools import groupby, islice
from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.receipts.log import logged_receipts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.core.results import PastRun
    from mdtodo.git.repository import Repository

#: Commits of git's history that are looked at, and receipts that are taken from them.
NEWEST = 5000

_TOLD = frozenset({Outcome.DONE, Outcome.FAILED, Outcome.DEFERRED, Outcome.SKIPPED})


def past_runs(repo: Repository) -> tuple[PastRun, ...]:
    """The newest runs of processors, oldest first. Reads only; GitError where git cannot read the history.

    A person's word, a parent that was closed with its subtasks, and a cached result are none.
    """
    found: dict[tuple[str, str], PastRun] = {}
    # The journal second, so that its entry counts: it has the time of the result, not of the commit.
    for one in (*_landed(repo), *_journal(repo)):
        if one.attempts > 0 and one.outcome in _TOLD:
            before = found.get((one.run, one.task_id))
            if before is not None:
                one = one._replace(title=one.title or before.title, worker=one.worker or before.worker)
            found[one.run, one.task_id] = one
    return tuple(sorted(found.values(), key=lambda one: one.finished or 0.0))


def _landed(repo: Repository) -> Iterator[PastRun]:
    """By commit oldest first, as commits of one second have no other order; those of one commit as its message has
    them."""
    receipts = islice(logged_receipts(repo, newest=NEWEST), NEWEST)
    commits = [list(those) for _, those in groupby(receipts, key=lambda one: one.commit)]
    for those in reversed(commits):
        yield from (one.past_run() for one in those)


def _journal(repo: Repository) -> Iterator[PastRun]:
    from mdtodo.storage.rows import KEPT
    from mdtodo.storage.state import StateStore, folder

    if not os.path.exists(os.path.join(folder(repo), "state.db")):
        return
    with StateStore.open(repo, create=False) as state:
        rows = state.history(limit=KEPT)
    yield from reversed(rows)
