"""Receipts that come later than the boxes that they are of: HEAD has their edits already, and gets their trailers, in a
commit that changes no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.errors import GitError
from mdtodo.receipts.log import logged_commits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mdtodo.landing.job import Job
    from mdtodo.receipts.log import LoggedReceipt

#: Commits with receipts that are looked at where the commit is gone that HEAD was when the run began.
NEWEST = 2000


def carried(job: Job, head: str | None) -> frozenset[str]:
    """The tasks whose receipts of this run `head` carries already, as after a landing that was killed."""
    if head is None or job.since is None or job.since == head:
        return frozenset()
    try:
        found = list(_receipts(job, f"{job.since}..{head}"))
    except GitError:
        found = list(_receipts(job, head))
    return frozenset(one.task_id for one in found if one.run == job.run_id)


def _receipts(job: Job, revision: str) -> Iterator[LoggedReceipt]:
    for commit in logged_commits(job.repo, revision, newest=NEWEST):
        yield from commit.receipts()
