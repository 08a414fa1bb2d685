"""What a worker leaves when nothing is left that it could do, and for whom. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.task import State
from mdtodo.core.titles import title_and_id
from mdtodo.run.unstarted import waits_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.core.task import Task
    from mdtodo.run.joint.peers import Peers
    from mdtodo.run.ready_queue import ReadyQueue

#: So many tasks of one kind are named.
_NAMED = 5


def left_over(queue: ReadyQueue, peers: Peers, not_started: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each kind, with the tasks of it; those that have given up have sentences of their own.
    `not_started`: what kept a task that was about to start."""
    kinds: dict[str, list[str]] = {}
    for task in queue.plan.tasks.values():
        if queue.is_selected(task) and (found := _why_left(queue, task, peers)) is not None:
            kind, named = found
            if kind == _REST and task.id in not_started:
                named = f"{named}, {not_started[task.id]}"
            kinds.setdefault(kind, []).append(named)
    return tuple(_sentence(kind, named) for kind, named in sorted(kinds.items(), key=_order))


def _why_left(queue: ReadyQueue, task: Task, peers: Peers) -> tuple[str, str] | None:
    """Of which kind it is, and how it is named there; None for what is not left, or told of elsewhere."""
    it, state = title_and_id(task), queue.state(task)
    if state in _TOLD or task.id in queue.outcomes:
        return None
    if task.id in peers.in_hand:
        return "in the hands of other workers", f"{it} ({peers.in_hand[task.id].worker})"
    if task.id in peers.done:
        return "done by other workers, and still open in the files of this work tree", it
    if state is State.DOING:
        return "in progress by hand", it
    if queue.blocked(task):
        return "blocked", f"{it} {waits_for(queue, task)}"
    if queue.processor(task) is None:
        return "manual", it
    if task.worker not in (None, queue.options.worker):
        return f"for the worker {task.worker}", it
    if lacking := queue.missing_capabilities(task):
        return f"for a worker that can {', '.join(sorted(lacking))}", it
    return _REST, it


def _sentence(kind: str, named: list[str]) -> str:
    more = f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"left, {kind}: {'; '.join(named[:_NAMED])}{more}"


def _order(item: tuple[str, list[str]]) -> tuple[bool, str]:
    return item[0] == "blocked", item[0]


_TOLD = (State.DONE, State.CANCELLED, State.FAILED)
#: As where the limit was reached.
_REST = "not started"
