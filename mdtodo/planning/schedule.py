"""In which order tasks are started, and how many at once.

The order: priority; the longest chain of work that begins with a task, its own work included; due date; file and
line, with tasks of the same category together. Longest chain first is HLFET (Adam, Chandy, Dickson 1974): it starts
early what would otherwise hold up the end, whether that is one long task or a long chain of short ones.

A chain is measured in minutes, and where minutes are equal in tasks. A task with subtasks adds what its
estimate leaves over beyond theirs, since an estimate is shared out among subtasks.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.core.task import Status
from mdtodo.planning.graph import Tracker

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mdtodo.planning.graph import Graph

    #: minutes, tasks
    Length = tuple[float, int]

# Later than any date, as text.
_NEVER = "9999-99-99"


class SortKey(NamedTuple):
    """A task's sort key, before its category, file and line: the least comes first.

    `minutes` and `tasks` are those of the longest chain that begins with it, negated.
    """

    priority: int
    minutes: float
    tasks: int
    due: str


def ranks(graph: Graph, minutes: Mapping[str, float], categories: Mapping[str, str | None]) -> dict[str, int]:
    """For each open task its place if all were ready: of those that are, the one of the lowest rank is next.

    `minutes` of work by id (a task that is not in it has none), `categories` by id. Deterministic.
    """
    keys = _keys(graph, minutes, categories, Tracker(graph).ready())
    return {task_id: rank for rank, task_id in enumerate(sorted(keys, key=keys.__getitem__))}


def sort_keys(graph: Graph, minutes: Mapping[str, float]) -> dict[str, SortKey]:
    """Of each open task, by id. Ids that are compared by it compare as `ranks` does, as long as it differs."""
    ahead, _ = _lengths(graph, minutes, _acyclic(graph))
    found: dict[str, SortKey] = {}
    for position, task in enumerate(graph.tasks):
        if not graph.closed[position]:
            length, tasks = _with_own(graph, minutes, position, ahead[2 * position + 1])
            found[task.id] = SortKey(task.priority.rank, -length, -tasks, task.due or _NEVER)
    return found


def order(graph: Graph, ranks: Mapping[str, int]) -> tuple[str, ...]:
    """The open tasks in plan order: each time the best of those that may run once the ones before are closed.

    The tasks that can never run, in or behind a cycle, an unknown name or box, stand at the end, by rank.
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
    runnable = _runnable(graph)
    ahead, following = _lengths(graph, minutes, runnable)
    # In order, as the first of equal chains is taken, and a set has no order.
    starts = [
        node
        for node in sorted(runnable)
        if node % 2 == 0 and node + 1 in runnable and not graph.closed[node // 2]
    ]
    if not starts:
        return ()
    return _path(graph, following, max(starts, key=lambda one: ahead[one]))


def chain(graph: Graph, minutes: Mapping[str, float], task_id: str) -> tuple[str, ...]:
    """The longest chain of work that begins with an open task, itself first."""
    _, following = _lengths(graph, minutes, _acyclic(graph))
    return _path(graph, following, 2 * graph.index[task_id] + 1)


def earliest_starts(graph: Graph, minutes: Mapping[str, float]) -> dict[str, float]:
    """Minutes until each open task could start if nothing but what it waits for held it up, by id.

    Tasks that can never run are not in it.
    """
    runnable = _runnable(graph)
    ends = [0.0] * len(graph.open_waits)
    found: dict[str, float] = {}
    for node in graph.topological_order:
        if node not in runnable:
            continue
        before = max((ends[other] for other in graph.open_waits[node]), default=0.0)
        task_id = graph.tasks[node // 2].id
        if node % 2 and not graph.closed[node // 2]:
            found[task_id] = before
            before += minutes.get(task_id, 0)
        ends[node] = before
    return found


class Correction(NamedTuple):
    """What estimates of one processor are multiplied by, and how many tasks that was measured on."""

    factor: float
    tasks: int


#: Tasks, estimated and measured, from which on the estimates of their processor are corrected.
CORRECTED_FROM = 5


def corrections(
    graph: Graph, processors: Mapping[str, str], measured: Mapping[str, float]
) -> dict[str, Correction]:
    """Of the processors that enough tasks tell of: the median of measured over estimated. `measured` are minutes by id.

    Not of a parent, whose estimate covers its subtasks, while its processor is the final check alone.
    """
    ratios: dict[str, list[float]] = {}
    for task in graph.tasks if measured else ():
        name = processors.get(task.id)
        if name is not None and task.estimate and task.id in measured and not task.children:
            ratios.setdefault(name, []).append(measured[task.id] / task.estimate)
    return {
        name: Correction(median(those), len(those))
        for name, those in sorted(ratios.items())
        if len(those) >= CORRECTED_FROM
    }


def work_minutes(
    graph: Graph, measured: Mapping[str, float], factors: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Minutes of work by id, of open tasks: estimated, else measured; a parent's estimate beyond its subtasks'.

    `measured` holds minutes by id (medians of past durations, see `expected_minutes`), `factors` what estimates are
    multiplied by.
    """
    found: dict[str, float] = {}
    totals = [0] * len(graph.tasks)
    # From the back: subtasks stand after their parents.
    for position in range(len(graph.tasks) - 1, -1, -1):
        task = graph.tasks[position]
        inside = sum(totals[child] for child in graph.children[position])
        totals[position] = inside if task.estimate is None else task.estimate
        if not graph.closed[position]:
            left = max(0, totals[position] - inside) * (factors or {}).get(task.id, 1)
            found[task.id] = measured.get(task.id, 0) if task.estimate is None else left
    return found


def expected_minutes(
    graph: Graph, processors: Mapping[str, str], measured: Mapping[str, float]
) -> dict[str, float]:
    """How long each open task should take, going by past runs, in minutes by id; nothing where nothing was measured.

    The median of its own past runs; else of those of the same processor and title; else of all. `measured` holds
    the medians by id, also of tasks that are closed by now or gone. A task without a processor is not in it: a
    parent that is ticked with its subtasks takes no time of its own, and how long a person takes was never measured.
    """
    if not measured:
        return {}
    alike: dict[tuple[str | None, str], list[float]] = {}
    for task in graph.tasks:
        if task.id in measured:
            alike.setdefault((processors.get(task.id), task.title), []).append(measured[task.id])
    medians = {one: median(values) for one, values in alike.items()}
    general = median(measured.values())
    return {
        task.id: measured.get(task.id, medians.get((processors.get(task.id), task.title), general))
        for position, task in enumerate(graph.tasks)
        if not graph.closed[position] and task.id in processors
    }


class Lanes:
    """Counts what runs, so that neither a lane's cap nor `jobs` is ever exceeded. An unknown lane takes 1."""

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

    @classmethod
    def ahead(cls, caps: Mapping[str, int], jobs: int, prefetch: int) -> Lanes:
        """For what is handed over, `prefetch` for each job, of which only `jobs` run: the cap of a lane counts if it is
        less, as so many can never run at once anyway."""
        most = prefetch * jobs
        return cls({lane: cap if cap < jobs else most for lane, cap in caps.items()}, most)

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
            raise ValueError(f"nothing is running in lane {lane}")
        self._active[lane] -= 1


#: a task's SortKey, then the place of its category and its own, by file and line
Key = tuple[SortKey, int, int]


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
    equal, own = sort_keys(graph, minutes), graph.index
    places: dict[object, int] = {}
    for names in (ready, equal):
        for name in sorted(names, key=own.__getitem__):
            if (category := categories.get(name)) is not None:
                places.setdefault((equal[name], category), own[name])
    return {
        name: (sort_key, min(own[name], places.get((sort_key, categories.get(name)), own[name])), own[name])
        for name, sort_key in equal.items()
    }


def _acyclic(graph: Graph) -> set[int]:
    return set(range(len(graph.open_waits))) - graph.cyclic


def _path(graph: Graph, following: list[int], node: int) -> tuple[str, ...]:
    """The tasks whose ends are on the way from a node on."""
    path: list[str] = []
    while node >= 0:
        if node % 2:
            path.append(graph.tasks[node // 2].id)
        node = following[node]
    return tuple(path)


def median(values: Collection[float]) -> float:
    """Of at least one; `statistics` takes long to import."""
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _lengths(graph: Graph, minutes: Mapping[str, float], among: set[int]) -> tuple[list[Length], list[int]]:
    """For each node the longest chain of work that comes after it, and its next node on that (-1: none).

    Only chains through the nodes in `among` count, which must hold no cycle. A task's work lies at its end.
    """
    ahead: list[Length] = [(0.0, 0)] * len(graph.open_waits)
    following = [-1] * len(graph.open_waits)
    for node in reversed(graph.topological_order):
        if node not in among:
            continue
        position = node // 2
        length = _with_own(graph, minutes, position, ahead[node]) if node % 2 else ahead[node]
        for before in graph.open_waits[node]:
            if before not in among:
                continue
            known, by = ahead[before], following[before]
            # Of equal chains the one through the earlier task: the path stays the same from call to call.
            if by < 0 or length > known or (length == known and node < by):
                ahead[before], following[before] = length, node
    return ahead, following


def _with_own(graph: Graph, minutes: Mapping[str, float], position: int, after: Length) -> Length:
    """The length of what comes after a task's end, and its own work."""
    # A parent counts as no task of its own: nesting makes no chain longer.
    return after[0] + minutes.get(graph.tasks[position].id, 0), after[1] + (not graph.children[position])


def _runnable(graph: Graph) -> set[int]:
    """The nodes of tasks that can run, if all goes well."""
    runnable: set[int] = set()
    for node in graph.topological_order:
        hindered = graph.never_ends(node // 2) if node % 2 else graph.never_starts(node // 2)
        if not hindered and runnable.issuperset(graph.open_waits[node]):
            runnable.add(node)
    return runnable
