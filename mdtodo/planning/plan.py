"""Tasks to a plan: what each is about, what proves it, what it waits for, and which is next.

What a plan is worked out by is imported when one is: one that was kept needs none of it.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from mdtodo.core.task import State, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from dataclasses import dataclass

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.planning.graph import Graph
    from mdtodo.planning.route import Route
    from mdtodo.planning.routing import Router
    from mdtodo.planning.schedule import Correction
else:
    from mdtodo.core.light.dataclasses import dataclass


# No slots, which leave `cached_property` no place for its values.
@dataclass(frozen=True)
class Plan:
    """What is to be done now, as a function of the tasks alone; all mappings are by id, by file and line.

    `blocked_by` holds ids, unknown names, places of unknown boxes and `from:DATE`, empty where nothing is waited for;
    `measured` minutes of past runs; `processor_needs` capabilities, by processors. What only some commands need, or of
    only some tasks, is worked out when it is asked for, once.
    """

    tasks: Mapping[str, Task]
    routes: Mapping[str, Route]
    states: Mapping[str, State]
    blocked_by: Mapping[str, tuple[str, ...]]
    make_graph: Callable[[], Graph]
    measured: Mapping[str, float]
    processor_needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def graph(self) -> Graph:
        """What waits for what."""
        return self.make_graph()

    def given(self, **known: object) -> Plan:
        """This plan, which need not work out these of its properties."""
        self.__dict__.update(known)
        return self

    def leasing(self, leased: frozenset[str]) -> Plan:
        """This plan, when live workers have these tasks."""
        now = {
            one: State.RUNNING for one in leased if one in self.tasks and not self.tasks[one].status.closed
        }
        if not now:
            return self
        made = replace(self, states=ChainMap(now, self.states))  # type: ignore[arg-type]  # which it never changes
        return made.given(**{name: value for name, value in self.__dict__.items() if name != "states"})

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """One path `("a", "b", "a")` for each strongly connected component: a waits for b, b for a."""
        return self.graph.cycles

    def needs(self, task_id: str) -> frozenset[str]:
        """The capabilities that a worker must have for the task, its processor's included."""
        of_processor = self.processor_needs.get(self.routes[task_id].processor or "", ())
        return frozenset((*self.tasks[task_id].needs, *of_processor))

    @cached_property
    def blocks(self) -> Mapping[str, tuple[str, ...]]:
        """For each task that is waited for the open ones that wait for it: `blocked_by`, seen from the other end."""
        found: dict[str, list[str]] = {}
        for name, others in self.blocked_by.items():
            for other in others:
                found.setdefault(other, []).append(name)
        return {other: tuple(names) for other, names in found.items() if other in self.tasks}

    @cached_property
    def minutes(self) -> Mapping[str, float]:
        """The work that the plan reckons with, of each open task: its estimate, corrected by what its processor took
        for others, else what past runs suggest."""
        from mdtodo.planning.schedule import expected_minutes, work_minutes

        expected = expected_minutes(self.graph, self._processors, self.measured)
        factors = {task: self.corrections[name].factor for task, name in self.corrected.items()}
        return work_minutes(self.graph, expected, factors)

    @cached_property
    def corrections(self) -> Mapping[str, Correction]:
        """By processor: what estimates are multiplied by, where enough of them were measured."""
        if not self.measured:
            return {}
        from mdtodo.planning.schedule import corrections

        return corrections(self.graph, self._processors, self.measured)

    @cached_property
    def corrected(self) -> Mapping[str, str]:
        """The open tasks whose estimates are corrected, each with its processor."""
        return {
            task_id: name
            for task_id, name in self._processors.items()
            if name in self.corrections
            and self.tasks[task_id].estimate
            and not self.tasks[task_id].status.closed
        }

    @cached_property
    def _processors(self) -> Mapping[str, str]:
        found = ((task_id, route.processor) for task_id, route in self.routes.items())
        return {task_id: name for task_id, name in found if name is not None}

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """For each open task its place among those that are ready together: the lowest starts first."""
        from mdtodo.planning.schedule import ranks

        categories = {task_id: route.category for task_id, route in self.routes.items()}
        return ranks(self.graph, self.minutes, categories)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The open tasks in plan order, also those that may not start yet."""
        from mdtodo.planning.schedule import order

        return order(self.graph, self.ranks)

    @cached_property
    def lengths(self) -> Mapping[str, float]:
        """How long each open task takes beside the others: `minutes`, or as long as each other where nothing says."""
        if any(self.minutes.values()):
            return self.minutes
        return {name: float(not self.tasks[name].children) for name in self.order}

    @cached_property
    def earliest_starts(self) -> Mapping[str, float]:
        """In units of `lengths`, when each open task could start if nothing but what it waits for held it up; not of
        those that never can."""
        from mdtodo.planning.schedule import earliest_starts

        return earliest_starts(self.graph, self.lengths)

    @cached_property
    def critical_path(self) -> tuple[str, ...]:
        """The longest chain of open tasks that can run, as ids, the first to run first."""
        from mdtodo.planning.schedule import critical_path

        return critical_path(self.graph, self.minutes)


def plan(
    tasks: Iterable[Task],
    config: Config,
    *,
    leased: frozenset[str] = frozenset(),
    durations: Mapping[str, float] | None = None,
    available: Callable[[str], bool] | None = None,
    deleted: frozenset[str] = frozenset(),
    today: str | None = None,
) -> Plan:
    """The plan of these tasks, in whatever order they come.

    `leased`: ids of tasks that a live worker has. `durations`: medians of past runs in seconds, by id. `available`:
    whether a recipe could be carried out here, see `Router`. `deleted`: ids of tasks that were done, and are no longer
    there. `today` (YYYY-MM-DD): what is not to be done before a later day is blocked until then.
    """
    from mdtodo.planning.graph import Graph, in_order
    from mdtodo.planning.on_demand import OnDemand
    from mdtodo.planning.routing import Router

    by_id = {task.id: task for task in in_order(tasks)}
    graph = cache(lambda: Graph(by_id.values(), deleted, today))
    router = cache(lambda: Router(config, available))
    routes = OnDemand(by_id, lambda name: router().route(by_id[name]))
    blocked_by = OnDemand(by_id, lambda name: graph().blockers(name))
    return Plan(
        tasks=by_id,
        routes=routes,
        states=OnDemand(
            by_id, lambda name: _state(by_id[name], graph(), routes, blocked_by[name], config, leased)
        ),
        blocked_by=blocked_by,
        make_graph=graph,
        measured={task_id: seconds / 60 for task_id, seconds in (durations or {}).items()},
        processor_needs={name: one.needs for name, one in config.processors.items() if one.needs},
    )


def plan_for_check(tasks: Iterable[Task], config: Config, router: Router | None = None) -> Plan:
    """What `check` needs of a plan: the graph, and routes of those tasks that name their processor; no states.

    `router` is one of this configuration, for many plans.
    """
    from mdtodo.planning.graph import Graph

    graph = Graph(tasks)
    named = [task for task in graph.tasks if task.own_run is not None]
    if named and router is None:
        from mdtodo.planning.routing import Router

        router = Router(config)
    # Only where a task says `run:`: a router makes a table of words, which takes as long as to parse 150 tasks.
    routes = {task.id: router.route(task) for task in named} if router is not None else {}
    return Plan({task.id: task for task in graph.tasks}, routes, {}, {}, lambda: graph, {})


def _state(
    task: Task,
    graph: Graph,
    routes: Mapping[str, Route],
    blocked_by: tuple[str, ...],
    config: Config,
    leased: frozenset[str],
) -> State:
    """The first that holds, of: closed, running, doing, failed too often, blocked, manual, ready."""
    if task.status.closed:
        return State.DONE if task.status is Status.DONE else State.CANCELLED
    # Before the box: what a live worker has is running, also where the file says `[/]`.
    if task.id in leased:
        return State.RUNNING
    if task.status is Status.DOING:
        return State.DOING
    if task.failures >= config.max_failures:
        return State.FAILED
    if blocked_by:
        return State.BLOCKED
    if routes[task.id].processor is None and not (config.rollup and _rolls_up(task, graph)):
        return State.MANUAL
    return State.READY


def _rolls_up(task: Task, graph: Graph) -> bool:
    """Whether an unblocked parent is done with its subtasks: not if all of them were cancelled, nor where
    `run:` names a processor."""
    subtasks = graph.children[graph.index[task.id]]
    return task.own_run is None and any(graph.tasks[child].status is Status.DONE for child in subtasks)
