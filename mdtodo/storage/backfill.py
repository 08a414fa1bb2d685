"""The backfill of a new state, from the receipts that git has."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

from mdtodo.core import codec
from mdtodo.errors import GitError
from mdtodo.receipts.log import logged_receipts, past_run

if TYPE_CHECKING:
    from mdtodo.git.repository import Repository
    from mdtodo.storage.database import Database

#: Commits of git's history that are looked at, and receipts that are taken from them.
KEPT = 5000

_INSERT = (
    "INSERT INTO results (run_id, task_id, attempt, outcome, processor, exit_code, seconds, finished, landed,"
    " commit_id, inputs, metrics) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def backfill(database: Database, repo: Repository) -> None:
    """Fill a new state with the newest receipts: what each came to, when, and how long it took."""
    # Before everything that is recorded from now on, whatever the clock of a commit's author said.
    latest = time.time() - 1
    rows: list[tuple[object, ...]] = []
    try:
        for one in islice(logged_receipts(repo, newest=KEPT), KEPT):
            then = min(latest, past_run(one).finished or latest)
            task = (one.run, one.task_id, one.attempt, one.outcome, one.processor, one.exit_code, one.seconds)
            rows.append((*task, then, then, one.commit, one.inputs, codec.dumps(one.metrics)))
    except GitError:  # a history that git cannot read is no reason to have no state
        rows.clear()
    if rows:
        with database.writing("memory") as db:
            # Oldest first, since the highest id counts as the newest.
            db.executemany(_INSERT, reversed(rows))
