"""Receipts that have landed already, and that somebody has taken back since."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from mdtodo.git.repository import read_blobs
from mdtodo.landing.merge.revert import make_edits
from mdtodo.receipts.log import logged_receipts
from mdtodo.receipts.trailers import Trailer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.core.edits import Edit
    from mdtodo.core.receipt import Receipt
    from mdtodo.core.task import Status
    from mdtodo.git.repository import Repository

#: Commits that are looked at: those that were made since a run was killed.
NEWEST = 2000


def taken_back_since(
    repo: Repository, run_id: str, receipts: Iterable[Receipt], statuses: Mapping[str, Status]
) -> frozenset[str]:
    """The ids of those tasks whose receipt of this run git has, although HEAD does not show it any more.

    To land them again would be a second receipt for one proof, against the word of who took it back.
    """
    # By attempt as well: a task that had new subtasks has two receipts in one run, and git may have the first alone.
    told: dict[tuple[str, str | None], int] = {}
    for one in islice(logged_receipts(repo, newest=NEWEST), NEWEST):
        if one.run == run_id:
            key = one.task_id, one.at
            told[key] = max(one.attempt, told.get(key, 0))
    return frozenset(
        receipt.task_id
        for receipt in receipts
        # one from before there was `at=` has none
        if any(
            receipt.attempt <= told.get((receipt.task_id, at), -1) for at in (Trailer.of(receipt).at, None)
        )
        and _would_change(repo, receipt, statuses)
    )


def _would_change(repo: Repository, receipt: Receipt, statuses: Mapping[str, Status]) -> bool:
    by_file: dict[str, list[Edit]] = {}
    for edit in receipt.edits:
        by_file.setdefault(edit.anchor.file, []).append(edit)
    blobs = read_blobs(repo, [f"HEAD:{file}" for file in by_file])
    for file, edits in by_file.items():
        data = blobs[f"HEAD:{file}"]
        if (
            data is not None
            and make_edits(repo, data, {receipt.task_id: edits}, statuses, file=file, once=True).made
        ):
            return True
    return False
