"""Receipts for a person who asks: those of one task, or of all, newest first."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mdtodo.core.titles import few
from mdtodo.errors import UsageError
from mdtodo.markdown.anchors import place_digest
from mdtodo.project.project import MIN_ID_PREFIX, too_short
from mdtodo.receipts.log import logged_receipts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mdtodo.core.task import Anchor
    from mdtodo.git.repository import Repository
    from mdtodo.receipts.trailers import Trailer
    from mdtodo.storage.rows import JournalEntry


@contextmanager
def journal_entries(repo: Repository) -> Iterator[Callable[[Trailer], JournalEntry | None]]:
    """What this clone's journal has of a receipt that a commit has: nothing of one of another clone, or of long ago."""
    from mdtodo.storage.state import StateStore, folder

    if not os.path.exists(os.path.join(folder(repo), "state.db")):
        yield lambda _: None
        return
    with StateStore.open(repo, create=False) as state:
        yield lambda one: state.landed(one.run, one.task_id, one.attempt)


def receipts_of(
    repo: Repository, name: str, known: Mapping[str, str], anchor: Anchor | None = None
) -> Iterator[Trailer]:
    """The receipts of the one task with this id, or this beginning of an id, whether a file still has it or not.

    `known` are the titles of the tasks that the files have now, by id, and `anchor` is that of the one with this very
    id: where others are equal to it, receipts that say they are of another place are not its own, whose id moved.
    Raises UsageError where the name fits no task, or several.
    """
    # lazily: the first receipt is shown before git has read the whole history
    if name in known:
        return (one for one in logged_receipts(repo) if one.task_id == name and _may_be_of(one, anchor))
    found: dict[str, list[Trailer]] = {task_id: [] for task_id in known if task_id.startswith(name)}
    for one in logged_receipts(repo):
        if one.task_id.startswith(name):
            found.setdefault(one.task_id, []).append(one)
    return iter(found[_meant(name, found, known)])


def _may_be_of(receipt: Trailer, anchor: Anchor | None) -> bool:
    if anchor is None or anchor.explicit or (anchor.alone and not anchor.elsewhere):
        return True
    return receipt.at in (None, place_digest(anchor))


def _meant(name: str, found: Mapping[str, list[Trailer]], known: Mapping[str, str]) -> str:
    if name in found:
        return name
    if len(name) < MIN_ID_PREFIX:
        raise too_short(name)
    if not found:
        raise UsageError(
            f"no task has the id {name!r}, and no receipt on this branch names one",
            hint="`mdtodo list` shows the ids of tasks, `mdtodo log` those of receipts",
        )
    if len(found) > 1:
        titles = {
            task_id: known.get(task_id) or next((one.title for one in those if one.title), "no title")
            for task_id, those in found.items()
        }
        shown = few([f"{task_id} ({title[:40]})" for task_id, title in titles.items()], 8, apart=True)
        raise UsageError(f"the id {name!r} matches {len(found)} tasks: {shown}", hint="type more of it")
    return next(iter(found))
