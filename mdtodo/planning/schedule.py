"""In which order tasks are started, and how many at once.

The order: priority; the longest chain of work that waits for a task; due date; file and line. Of tasks that
are equal but for their place, those of the same category go together.

A chain is measured in minutes, and where minutes are equal in tasks. A task with subtasks adds what its
estimate leaves over beyond theirs, since an estimate is shared out among subtasks.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from mdtodo.model import Status
from mdtodo.planning.graph import Tracker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.planning.graph import Graph

    #: minutes, tasks
    Length = tuple[float, int]

_NEVER = "9999-99-99"


def ranks(graph: Graph, minutes: Mapping[str, float], categories: Mapping[str, str | None]) -> dict[str, int]:
    """For each open task its place if all were ready: of those that are, the one of the lowest rank is next.

    `minutes` of work by id (a task that is not in it has none), `categories` by id. Deterministic.
    """
    keys = _keys(graph, minutes, categories, Tracker(graph).ready())
    return {task_id: rank for rank, task_id in enumerate(sorted(keys, key=keys.__getitem__))}


def order(graph: Graph, ranks: Mapping[str, int]) -> tuple[str, ...]:
    """The open tasks in plan order: each time the best of those that may run once the ones before are closed.

    The tasks that can never run, in or behind a cycle or an unknown name, stand at the end, by rank.
    """
    tracker = Tracker(graph)
    heap = [(ranks[task_id], task_id) for task_id in tracker.ready()]
    heapify(heap)
    planned: dict[str, None] = {}
    while heap:
        task_id = heappop(heap)[1]
        planned[task_id] = None
        for freed in tracker.close(task_id, Status.DONE):
            heappush(heap, (ranks[freed], freed))
    stuck = [task_id for task_id in ranks if task_id not in planned]
    return (*planned, *sorted(stuck, key=ranks.__getitem__))


def critical_path(graph: Graph, minutes: Mapping[str, float]) -> tuple[str, ...]:
    """The longest chain of open tasks that can run, each waiting for the one before it."""
    able = _able(graph)
    ahead, following = _lengths(graph, minutes, able)
    starts = [node for node in sorted(able) if node % 2 == 0 and not graph.closed[node // 2]]
    if not starts:
        return ()
    node = max(starts, key=lambda one: ahead[one])
    path: list[str] = []
    while node >= 0:
        if node % 2:
            path.append(graph.tasks[node // 2].id)
        node = following[node]
    return tuple(path)


def work(graph: Graph, measured: Mapping[str, float]) -> dict[str, float]:
    """Minutes of work by id, of open tasks: measured, else estimated; a parent's beyond its subtasks'.

    `measured` holds minutes by id (medians of past durations), and wins.
    """
    found: dict[str, float] = {}
    totals = [0] * len(graph.tasks)
    for position in range(len(graph.tasks) - 1, -1, -1):
        task = graph.tasks[position]
        inside = sum(totals[child] for child in graph.children[position])
        totals[position] = inside if task.estimate is None else task.estimate
        if not graph.closed[position]:
            found[task.id] = measured.get(task.id, max(0, totals[position] - inside))
    return found


class Lanes:
    """Counts what runs, so that neither a lane's cap nor `jobs` is ever exceeded. An unknown lane takes 1."""

    __slots__ = ("_active", "_caps", "_jobs")

    def __init__(self, caps: Mapping[str, int], jobs: int) -> None:
        """`caps`: tasks at once by lane; `jobs`: in all, at least 1."""
        if jobs < 1:
            raise ValueError(f"jobs must be at least 1, not {jobs}")
        self._caps = dict(caps)
        self._jobs = jobs
        self._active: dict[str, int] = {}

    def capacity(self, lane: str) -> int:
        """How many tasks of this lane may run at once."""
        return min(self._caps.get(lane, 1), self._jobs)

    def active(self, lane: str) -> int:
        """How many tasks of this lane run."""
        return self._active.get(lane, 0)

    def may_start(self, lane: str) -> bool:
        """Whether one more task of this lane may run now."""
        return sum(self._active.values()) < self._jobs and self.active(lane) < self.capacity(lane)

    def start(self, lane: str) -> None:
        """One more task runs. Raises ValueError if it must not."""
        if not self.may_start(lane):
            raise ValueError(f"no room in lane {lane}")
        self._active[lane] = self.active(lane) + 1

    def finish(self, lane: str) -> None:
        """A task of this lane has ended. Raises ValueError if none runs."""
        if not self.active(lane):
            raise ValueError(f"nothing runs in lane {lane}")
        self._active[lane] -= 1


Key = tuple[int, float, int, str, int, int]


def _keys(
    graph: Graph,
    minutes: Mapping[str, float],
    categories: Mapping[str, str | None],
    ready: Iterable[str],
) -> dict[str, Key]:
    """What to sort by, for each open task.

    A category's place among equals is that of its first task that is ready now, else of its first task; what
    gets ready later and stands before that keeps its own.
    """
    ahead, _ = _lengths(graph, minutes, set(range(len(graph.needs))) - graph.knotted)
    equal: dict[str, tuple[int, float, int, str]] = {}
    for position, task in enumerate(graph.tasks):
        if not graph.closed[position]:
            waiting, tasks = ahead[2 * position + 1]
            equal[task.id] = (task.priority.rank, -waiting, -tasks, task.due or _NEVER)
    places: dict[object, int] = {}
    for task_id in (*ready, *equal):
        category = categories.get(task_id)
        if category is not None:
            places.setdefault((equal[task_id], category), graph.index[task_id])
    keys: dict[str, Key] = {}
    for task_id, key in equal.items():
        place = graph.index[task_id]
        together = places.get((key, categories.get(task_id)), place)
        keys[task_id] = (*key, min(place, together), place)
    return keys


def _lengths(graph: Graph, minutes: Mapping[str, float], among: set[int]) -> tuple[list[Length], list[int]]:
    """For each node the longest chain of work that comes after it, and its next node on that (-1: none).

    Only chains through the nodes in `among` count, which must hold no cycle. A task's work lies at its end.
    """
    ahead: list[Length] = [(0.0, 0)] * len(graph.needs)
    following = [-1] * len(graph.needs)
    for node in reversed(graph.sequence):
        if node not in among:
            continue
        position = node // 2
        length = ahead[node]
        if node % 2:
            own = minutes.get(graph.tasks[position].id, 0)
            length = (length[0] + own, length[1] + (not graph.children[position]))
        for before in graph.needs[node]:
            if before not in among:
                continue
            known, by = ahead[before], following[before]
            if by < 0 or length > known or (length == known and node < by):
                ahead[before], following[before] = length, node
    return ahead, following


def _able(graph: Graph) -> set[int]:
    """The nodes of tasks that can run, if all goes well."""
    able: set[int] = set()
    for node in graph.sequence:
        hindered = node % 2 == 0 and graph.unknown[node // 2]
        if not hindered and able.issuperset(graph.needs[node]):
            able.add(node)
    return able
