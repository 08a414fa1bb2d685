"""How much a run has yet to do. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.core.task import Task
    from mdtodo.run.ready_queue import ReadyQueue


def to_come(queue: ReadyQueue) -> int:
    """The tasks that have yet to end in this run if all goes well; of those that were not begun, no more than its limit
    lets start."""
    tasks = queue.reachable()
    fresh = sum(task.id not in queue.attempts for task in tasks)
    limit = queue.options.limit
    left = fresh if limit is None else min(fresh, max(0, limit - len(queue.attempts)))
    return len(tasks) - fresh + left


def held_by_lanes(queue: ReadyQueue, expected: Sequence[Task]) -> Iterator[str]:
    """A sentence for each lane that lets fewer of these tasks run at once than `--jobs` asks for."""
    asked, caps = queue.options.jobs or 0, queue.config.lanes
    for lane, count in Counter(task.lane for task in expected).items():
        cap = caps.get(lane, asked)
        if cap < min(asked, count):
            yield (
                f"of the lane {lane} {cap} tasks run at once, though {asked} jobs were asked for: "
                f"`lanes = {{ {lane} = {asked} }}` in [tool.mdtodo] lets more run"
            )
