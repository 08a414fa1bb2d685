"""What processors came to, from both places that know: this clone's journal, and the receipts on this branch.

The journal has what never landed (a check that still holds, a result that was deferred); git has what other clones
did, and all that is left where the journal is gone. A run of a task that is in both counts once.
"""

from __future__ import annotations

import os
from itertools import groupby, islice
from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.receipts.log import logged_commits, logged_receipts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdtodo.core.results import PastRun
    from mdtodo.git.repository import Repository
    from mdtodo.receipts.log import LoggedReceipt

#: Commits of git's history that are looked at, and receipts that are taken from them.
NEWEST = 5000

_TOLD = frozenset({Outcome.DONE, Outcome.FAILED, Outcome.DEFERRED, Outcome.SKIPPED})


def past_runs(repo: Repository) -> tuple[PastRun, ...]:
    """The newest runs of processors, oldest first. Reads only; GitError where git cannot read the history.

    A person's word, a parent that was closed with its subtasks, and a cached result are none.
    """
    landed = islice(logged_receipts(repo, newest=NEWEST), NEWEST)
    return _merged((*_by_commit(landed), *_journal(repo)))


def runs_with_metrics(repo: Repository, task_id: str) -> tuple[PastRun, ...]:
    """Those of one task whose processor has measured something, from the same places, and as far back as they go."""
    landed = (one for commit in logged_commits(repo, measured=task_id) for one in commit.receipts())
    found = (*_by_commit(one for one in landed if one.task_id == task_id), *_journal(repo, task_id))
    return tuple(one for one in _merged(found) if one.metrics)


def landed_durations(repo: Repository) -> dict[str, float]:
    """What `StateStore.durations` would say of a new state, which has the receipts of git alone."""
    from mdtodo.storage.runs import medians

    landed = islice(logged_receipts(repo, newest=NEWEST), NEWEST)
    return medians(
        (one.task_id, one.seconds) for one in landed if one.outcome == Outcome.DONE and one.attempt
    )


def _merged(runs: Iterable[PastRun]) -> tuple[PastRun, ...]:
    """The journal's come second, and count where both have a run: they have the time of the result, not of the
    commit."""
    found: dict[tuple[str, str], PastRun] = {}
    for one in runs:
        if one.attempts > 0 and one.outcome in _TOLD:
            before = found.get((one.run, one.task_id))
            if before is not None:
                one = one._replace(title=one.title or before.title, worker=one.worker or before.worker)
            found[one.run, one.task_id] = one
    return tuple(sorted(found.values(), key=lambda one: one.finished or 0.0))


def _by_commit(receipts: Iterable[LoggedReceipt]) -> Iterator[PastRun]:
    """Those of the oldest commit first, as commits of one second have no other order; those of one commit as its
    message has them."""
    commits = [list(those) for _, those in groupby(receipts, key=lambda one: one.commit)]
    for those in reversed(commits):
        yield from (one.past_run() for one in those)


def _journal(repo: Repository, task_id: str | None = None) -> Iterator[PastRun]:
    from mdtodo.storage.rows import KEPT
    from mdtodo.storage.state import StateStore, folder

    if not os.path.exists(os.path.join(folder(repo), "state.db")):
        return
    with StateStore.open(repo, create=False) as state:
        rows = state.history(task_id, limit=KEPT)
    yield from reversed(rows)
