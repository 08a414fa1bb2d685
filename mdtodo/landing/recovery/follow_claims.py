"""Claims of tasks that were reworded: without an `id:` such a task has another id, and its claim goes with it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mdtodo.core.task import Status
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Collection

    from mdtodo.core.task import Anchor, Task
    from mdtodo.project.project import Project
    from mdtodo.storage.leases import Lease


def follow_claims(project: Project, state: StateStore | None = None) -> bool:
    """Give claims, also ended ones, to their tasks as they are called now; whether there were such.

    It is the one task of that file that is marked as begun by the same worker, that nobody has by its own id, and that
    stands where the claimed one stood or has most of its words. Where there is none, or several, nothing is changed.
    """
    if state is None:
        with StateStore.open(project.repo, create=False) as reading:
            if all(one.task_id in project.tasks for one in reading.claims()):
                return False
        with StateStore.open(project.repo) as state:
            return follow_claims(project, state)
    claims = state.claims()
    held, followed = {one.task_id for one in claims}, False
    for claim in claims:
        if claim.task_id not in project.tasks and (was := state.claimed_anchor(claim.task_id)) is not None:
            task = _now(project, claim, was, held)
            if task is not None:
                state.move_claim(claim, task.id)
                held.add(task.id)
                followed = True
    return followed


def _now(project: Project, claim: Lease, was: Anchor, held: Collection[str]) -> Task | None:
    found = [
        task
        for task in project.tasks.values()
        if (task.file, task.status, task.worker) == (was.file, Status.DOING, claim.worker)
        and task.id not in held
        and _is_reworded(task.anchor, was)
    ]
    return found[0] if len(found) == 1 else None


def _is_reworded(now: Anchor, was: Anchor) -> bool:
    if (now.section, now.before, now.after) == (was.section, was.before, was.after):
        return True
    words, before = Counter((now.title or "").split()), Counter((was.title or "").split())
    return 5 * (words & before).total() >= 4 * before.total() > 0
