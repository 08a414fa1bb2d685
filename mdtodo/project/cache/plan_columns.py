"""What a plan says of each of its tasks, as columns of plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core.task import State
from mdtodo.planning.plan import Plan
from mdtodo.planning.route import Route
from mdtodo.project.plan_inputs import make_plan_to_keep

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.planning.graph import Graph
    from mdtodo.project.plan_inputs import Said, World

_STATES = {one.value: one for one in State}


class PlanColumns(NamedTuple):
    """The routes that there are, and of each task the number of its own, its state, and what it waits for."""

    kinds: list[Route]
    routes: list[int]
    states: list[str]
    blocked_by: list[tuple[str, ...]]

    @classmethod
    def of(cls, made: Plan) -> PlanColumns:
        """Those of a plan."""
        numbers: dict[Route, int] = {}
        routes = [numbers.setdefault(made.routes[name], len(numbers)) for name in made.tasks]
        states = [made.states[name].value for name in made.tasks]
        return cls(list(numbers), routes, states, [made.blocked_by[name] for name in made.tasks])

    def plain(self) -> tuple[Any, ...]:
        """For `from_plain`, without classes of ours."""
        return [tuple(one) for one in self.kinds], *self[1:]

    @classmethod
    def from_plain(cls, kinds: Iterable[tuple[Any, ...]], *columns: Any) -> PlanColumns:
        """What `plain` has given."""
        return cls([Route(*one) for one in kinds], *columns)

    def plan(self, tasks: Mapping[str, Task], config: Config, said: Said, world: World) -> Plan:
        """The plan of these tasks, without leases. Its graph is made when it is asked for."""
        return Plan(
            tasks=tasks,
            routes=dict(zip(tasks, map(self.kinds.__getitem__, self.routes), strict=True)),
            states=dict(zip(tasks, map(_STATES.__getitem__, self.states), strict=True)),
            blocked_by=dict(zip(tasks, self.blocked_by, strict=True)),
            make_graph=lambda: _graph(tasks.values(), said),
            measured={name: seconds / 60 for name, seconds in world.durations.items()},
            processor_needs={name: one.needs for name, one in config.processors.items() if one.needs},
        )


def make_plan_and_columns(
    tasks: Sequence[Task], config: Config, world: World, *, graph: bool
) -> tuple[Plan, PlanColumns, Said]:
    """As `make_plan_to_keep`, with the columns. Unless the `graph` is wanted, the plan is without: it is half as much
    as the tasks, and who lists them needs none."""
    made, said = make_plan_to_keep(tasks, config, world)
    by_id, columns = made.tasks, PlanColumns.of(made)
    if graph:
        return made, columns, said
    del made
    return columns.plan(by_id, config, said, world), columns, said


def _graph(tasks: Iterable[Task], said: Said) -> Graph:
    from mdtodo.planning.graph import Graph

    return Graph(tasks, frozenset(said.deleted), said.today)
