"""How much a run has yet to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdtodo.run.ready_queue import ReadyQueue


def to_come(queue: ReadyQueue) -> int:
    """The tasks that have yet to end in this run if all goes well; of those that were not begun, no more than its limit
    lets start."""
    tasks = queue.reachable()
    fresh = sum(task.id not in queue.attempts for task in tasks)
    limit = queue.options.limit
    left = fresh if limit is None else min(fresh, max(0, limit - len(queue.attempts)))
    return len(tasks) - fresh + left
