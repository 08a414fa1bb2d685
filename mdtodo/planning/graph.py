"""What waits for what: `after:`, ordered lists, nesting, and the waits that a subtree inherits; cycles.

Each task is two nodes, its start and its end, so that a subtree's waits cost one edge, not one for each task:

- the start of a task waits for the start of its parent, the end of what it is `after:`, and the end of the
  task before it in the same ordered list;
- the end of a task waits for its start and for the ends of its subtasks.

A task may run when its start is free and its subtasks are closed. A closed task holds nobody up.

A task that is not to be done before a day waits for that day, and so does all that stands in it.

A list item with an unknown box is waited for like an open task that nobody can close: by the task after it in its
ordered list, and by the task around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.planning.cycles import components, cycle_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mdtodo.core.task import Status, Task


def in_order(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """The tasks by file and line."""
    return tuple(sorted(tasks, key=lambda task: (task.file, task.line, task.depth, task.id)))


class Graph:
    """A snapshot of the tasks' waits, in whatever order they come; numbers are positions in `tasks`, by file
    and line. Linear in tasks and waits.

    `deleted`: ids of tasks that are no longer there, and that nothing waits for. `today` (YYYY-MM-DD): which days a
    task is waiting for; None: none.

    `waits` and `waited_by` hold each task's own waits (`after:`, list order), not those it inherits from its
    parents; `unknown` the names in its `after:` that no task has. `boxes_before` and `boxes_inside` are the places
    (`FILE:LINE`) of the unknown boxes that the start and the end of each wait for, `days` what each start waits for
    as `from:DATE`. `cycles` has one path `("a", "b", "a")` for each strongly connected component of open tasks: a waits
    for b, b for a. Start and end of
    task i are the nodes 2i and 2i + 1; `open_waits` says which open ones each waits for, `topological_order` puts
    those first, and `cyclic` are the nodes of cycles.
    """

    def __init__(
        self, tasks: Iterable[Task], deleted: frozenset[str] = frozenset(), today: str | None = None
    ) -> None:
        self.tasks = in_order(tasks)
        self.index = {task.id: position for position, task in enumerate(self.tasks)}
        self.closed = [task.status.closed for task in self.tasks]
        self.parents = [self.index.get(task.parent or "", -1) for task in self.tasks]
        self.children: list[list[int]] = [[] for _ in self.tasks]
        for position, parent in enumerate(self.parents):
            if parent >= 0:
                self.children[parent].append(position)
        self.waits, self.unknown = self._own_waits(deleted)
        self.boxes_before = [_places(task, task.boxes_before) for task in self.tasks]
        self.boxes_inside = [_places(task, task.boxes_inside) for task in self.tasks]
        self.days = [_days(task, today) for task in self.tasks]
        self._boxes = frozenset(
            place for places in (*self.boxes_before, *self.boxes_inside) for place in places
        )
        self.waited_by: list[list[int]] = [[] for _ in self.tasks]
        for position, waits in enumerate(self.waits):
            for other in waits:
                self.waited_by[other].append(position)
        self.open_waits = self._open_waits()
        self.topological_order, rest = self._topological_order()
        cyclic = self._order_components(rest)
        self.cyclic = frozenset(node for component in cyclic for node in component)
        self.cycles = self._cycles(cyclic)
        self._around: list[tuple[str, ...]] = []

    def blockers(self, task_id: str) -> tuple[str, ...]:
        """What an open task waits for: ids of open tasks, unknown names as written, places of unknown boxes, and days.

        Its own waits come first, then those of the tasks around it, then its open subtasks and the boxes in it.
        Empty for a closed task.
        """
        position = self.index[task_id]
        if self.closed[position]:
            return ()
        inside = [self.tasks[child].id for child in self.children[position] if not self.closed[child]]
        inside += self.boxes_inside[position]
        around = self._waits_around(position)
        return tuple(dict.fromkeys((*around, *inside))) if inside else around

    def never_starts(self, position: int) -> bool:
        """Whether the task waits for something that no task can close: an unknown name or box, or a day to come."""
        return bool(self.unknown[position] or self.boxes_before[position] or self.days[position])

    def never_ends(self, position: int) -> bool:
        """Whether the task is open and has an unknown box in it."""
        return bool(self.boxes_inside[position]) and not self.closed[position]

    def is_box(self, name: str) -> bool:
        """Whether this, of what blocks a task, is the place of an unknown box."""
        return name in self._boxes

    @staticmethod
    def day(name: str) -> str | None:
        """The day that this, of what blocks a task, stands for; None where it is none."""
        # no id has a colon, and no place of a box ends so
        return name[len(_DAY) :] if name.startswith(_DAY) and name.count("-") == 2 else None

    def is_awaited(self, task_id: str) -> bool:
        """Whether a task waits for this one itself: `after:` it, next in its list, or its parent."""
        position = self.index[task_id]
        return bool(self.waited_by[position]) or self.parents[position] >= 0

    @property
    def edges(self) -> Iterator[tuple[str, str]]:
        """`(waiting, waited for)` ids: own waits, and those of parents for subtasks; closed ones too."""
        return (
            (task.id, self.tasks[other].id)
            for position, task in enumerate(self.tasks)
            for other in dict.fromkeys((*self.waits[position], *self.children[position]))
        )

    def _own_waits(self, deleted: frozenset[str]) -> tuple[list[list[int]], list[tuple[str, ...]]]:
        """Known and unknown waits of each task beyond its parent's, which reach it through its start."""
        named: dict[str, int] = {}
        for position, task in enumerate(self.tasks):
            if task.explicit_id is not None:
                named.setdefault(task.explicit_id, position)
        waits: list[list[int]] = []
        unknown: list[tuple[str, ...]] = []
        for task, parent in zip(self.tasks, self.parents, strict=True):
            if not task.after and task.previous is None:
                waits.append([])
                unknown.append(())
                continue
            inherited = self.tasks[parent].after if parent >= 0 else ()
            # A task that adds none shares its parent's tuple, so long lists are not compared name by name.
            own = [] if task.after is inherited else list(dict.fromkeys(task.after))
            if own and inherited:
                passed = frozenset(inherited)
                own = [one for one in own if one not in passed]
            known = [named[one] for one in own if one in named]
            if task.previous in self.index:
                known.append(self.index[task.previous])
            waits.append(list(dict.fromkeys(known)))
            unknown.append(tuple(one for one in own if one not in named and one not in deleted))
        return waits, unknown

    def _waits_around(self, position: int) -> tuple[str, ...]:
        """Open waits of a task and of those around it; one without its own shares its parent's tuple."""
        # Parents stand before their subtasks, so theirs are known.
        for one in range(len(self._around), position + 1):
            parent = self.parents[one]
            outer = self._around[parent] if parent >= 0 else ()
            if self.waits[one] or self.never_starts(one):
                own = [self.tasks[other].id for other in self.waits[one] if not self.closed[other]]
                own += (*self.unknown[one], *self.boxes_before[one], *self.days[one])
                outer = tuple(dict.fromkeys((*own, *outer))) if own else outer
            self._around.append(outer)
        return self._around[position]

    def _open_waits(self) -> list[list[int]]:
        """Node -> open nodes that it waits for."""
        open_waits: list[list[int]] = []
        for position, parent in enumerate(self.parents):
            start = [2 * other + 1 for other in self.waits[position] if not self.closed[other]]
            end = [2 * child + 1 for child in self.children[position] if not self.closed[child]]
            # A closed task keeps the waits of its start, for the open ones inside it.
            open_waits.append([2 * parent, *start] if parent >= 0 else start)
            open_waits.append([] if self.closed[position] else [2 * position, *end])
        return open_waits

    def _topological_order(self) -> tuple[list[int], list[int]]:
        """The nodes, what is waited for first (Kahn 1962), and those for which that cannot be."""
        freed_by: list[list[int]] = [[] for _ in self.open_waits]
        for node, before in enumerate(self.open_waits):
            for other in before:
                freed_by[other].append(node)
        left = [len(before) for before in self.open_waits]
        order = [node for node, count in enumerate(left) if not count]
        # The list grows while it is walked.
        for node in order:
            for other in freed_by[node]:
                left[other] -= 1
                if not left[other]:
                    order.append(other)
        return order, [node for node, count in enumerate(left) if count]

    def _order_components(self, rest: list[int]) -> list[list[int]]:
        """Puts the nodes in and behind cycles at the end of that order; the cycles' components."""
        within = frozenset(rest)
        found = components({node: [one for one in self.open_waits[node] if one in within] for node in rest})
        self.topological_order += [node for component in found for node in component]
        # A task that waits for itself is one of them: its start and its end are two nodes.
        return [component for component in found if len(component) > 1]

    def _cycles(self, cyclic: list[list[int]]) -> tuple[tuple[str, ...], ...]:
        follow = dict(enumerate(self.open_waits)) if cyclic else {}
        paths = sorted(cycle_path(component, follow) for component in cyclic)
        return tuple(tuple(self.tasks[position].id for position in path) for path in paths)


class Tracker:
    """Counts, for each task of a graph, what still holds it up. All closings together cost linear time.

    A task that waits for an unknown name or box, is in a cycle, or waits for such a task never gets free.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._closed = list(graph.closed)
        self._inside = [
            sum(not graph.closed[child] for child in children) + len(boxes)
            for children, boxes in zip(graph.children, graph.boxes_inside, strict=True)
        ]
        self._waiting = [
            sum(not graph.closed[other] for other in waits) + graph.never_starts(position) + (parent >= 0)
            for position, (waits, parent) in enumerate(zip(graph.waits, graph.parents, strict=True))
        ]
        self._free: set[int] = set()
        started = [position for position, count in enumerate(self._waiting) if not count]
        self._start(started)

    def ready(self) -> tuple[str, ...]:
        """The open tasks that nothing holds up, by file and line."""
        return self._ids(self._free)

    def close(self, task_id: str, status: Status) -> tuple[str, ...]:
        """Takes note that a task is done or cancelled; the tasks that this made free, by file and line.

        Any other status, and a task that is closed already, changes nothing.
        """
        position = self._graph.index[task_id]
        if self._closed[position] or not status.closed:
            return ()
        self._closed[position] = True
        self._free.discard(position)
        started = []
        for other in self._graph.waited_by[position]:
            self._waiting[other] -= 1
            if not self._waiting[other]:
                started.append(other)
        newly = self._start(started)
        parent = self._graph.parents[position]
        if parent >= 0:
            self._inside[parent] -= 1
            newly += self._offer([parent])
        return self._ids(newly)

    def _start(self, started: list[int]) -> list[int]:
        """Passes free starts on to the subtasks; the tasks that may run now."""
        # The list grows while it is walked: recursion has a limit, nesting has none.
        for position in started:
            for child in self._graph.children[position]:
                self._waiting[child] -= 1
                if not self._waiting[child]:
                    started.append(child)
        return self._offer(started)

    def _offer(self, positions: list[int]) -> list[int]:
        newly = [
            one
            for one in positions
            if not (self._closed[one] or self._waiting[one] or self._inside[one] or one in self._free)
        ]
        self._free.update(newly)
        return newly

    def _ids(self, positions: set[int] | list[int]) -> tuple[str, ...]:
        return tuple(self._graph.tasks[position].id for position in sorted(positions))


#: Before the day in what blocks a task.
_DAY = "from:"


def _days(task: Task, today: str | None) -> tuple[str, ...]:
    waits = today is not None and task.not_before is not None and task.not_before > today
    return (f"{_DAY}{task.not_before}",) if waits else ()


def _places(task: Task, lines: Iterable[int]) -> tuple[str, ...]:
    return tuple([f"{task.file}:{line}" for line in lines]) if lines else ()
