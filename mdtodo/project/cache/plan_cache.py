"""The plan of a large repository as it was made before, in `.git/mdtodo/plans/`: every task of it, its processor, its
state, and what it waits for.

It holds for the same bytes in the same files, by git's ids, under the same rules and configuration, as long as the
world says what it said then (see `plan_inputs`). Leases and durations of past runs are put to it as they are now; the
order, which follows from durations, has a file of its own. Deleting any of it costs time alone.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core.digest import hexdigest
from mdtodo.core.task import State
from mdtodo.planning.plan import Plan
from mdtodo.planning.route import Route
from mdtodo.project.cache.task_columns import columns_of, tasks_of
from mdtodo.project.plan_inputs import Said
from mdtodo.project.rules_key import rules_key
from mdtodo.storage.caches.value_cache import read_value, write_value
from mdtodo.system.collector import paused_collector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.planning.graph import Graph
    from mdtodo.project.plan_inputs import World

_FOLDER = "plans"
#: The inputs, what the world said, the plan itself, and the marked files.
_PARTS = 4
_STATES = {one.value: one for one in State}

#: What `next` and `plan` work out of all tasks.
_ORDER = ("order", "minutes", "critical_path", "cycles", "earliest_starts")


class KeptPlan(NamedTuple):
    """A plan without leases, what it goes by, and the files with what may be a conflict marker."""

    plan: Plan
    said: Said
    marked: tuple[str, ...]


class PlanCache:
    """Plans of these files, by git's ids of their bytes."""

    def __init__(self, repo: Repository, config: Config, ids: Mapping[str, str]) -> None:
        self._repo, self._config = repo, config
        self._known: Any = None
        rules = rules_key(config)
        self._inputs = rules, tuple(ids.items())
        # of this work tree: others have other files
        self._name = f"{hexdigest(repo.root.encode('utf-8', 'surrogateescape'))[:8]}-{rules[:16]}"

    def read(self, world: World) -> KeptPlan | None:
        """The plan, if all that it was made of is the same now."""
        with paused_collector():  # all that is read stays
            known = self._known = read_value(self._repo, _FOLDER, self._name)
            if not isinstance(known, tuple) or known[:1] != (self._inputs,):
                return None
            said = Said(*known[1])
            if not said.holds(world):
                return None
            return KeptPlan(self._plan(known[2], said, world), said, known[3])

    def tasks_before(self) -> dict[str, list[Task]]:
        """The tasks of the plan that was read and no longer holds, by the ids of their files; of a file without any,
        none. Files of the same bytes have the same tasks, but for what other files have."""
        known = self._known
        if not isinstance(known, tuple) or len(known) != _PARTS or known[0][0] != self._inputs[0]:
            return {}
        files = dict(known[0][1])
        found: dict[str, list[Task]] = {oid: [] for oid in files.values()}
        for file, tasks in groupby(tasks_of(known[2][0], len(known[2][3])), key=lambda task: task.file):
            found[files[file]] = list(tasks)
        return found

    def _plan(self, kept: tuple[Any, ...], said: Said, world: World) -> Plan:
        columns, kinds, routes, states, blocked_by = kept
        tasks = tasks_of(columns, len(states))
        ids = [task.id for task in tasks]
        known = [Route(*one) for one in kinds]
        return Plan(
            tasks=dict(zip(ids, tasks, strict=True)),
            routes=dict(zip(ids, map(known.__getitem__, routes), strict=True)),
            states=dict(zip(ids, map(_STATES.__getitem__, states), strict=True)),
            blocked_by=dict(zip(ids, blocked_by, strict=True)),
            make_graph=lambda: _graph(tasks, said),
            measured={name: seconds / 60 for name, seconds in world.durations.items()},
            processor_needs={name: one.needs for name, one in self._config.processors.items() if one.needs},
        )

    def write(self, kept: KeptPlan) -> None:
        """Keep the plan of these files."""
        made, numbers = kept.plan, dict[Route, int]()
        routes = [numbers.setdefault(made.routes[name], len(numbers)) for name in made.tasks]
        value = (
            columns_of(list(made.tasks.values())),
            [tuple(one) for one in numbers],
            routes,
            [made.states[name].value for name in made.tasks],
            [made.blocked_by[name] for name in made.tasks],
        )
        write_value(self._repo, _FOLDER, self._name, (self._inputs, tuple(kept.said), value, kept.marked))

    def with_order(self, kept: KeptPlan) -> Plan:
        """The plan with its order and all that goes with it, as it was worked out before or is now."""
        name, made = f"{self._name}-order", kept.plan
        inputs = self._inputs, tuple(kept.said), tuple(sorted(made.measured.items()))
        known = read_value(self._repo, _FOLDER, name)
        if isinstance(known, tuple) and known[:1] == (inputs,):
            return made.given(**dict(zip(_ORDER, known[1], strict=True)))
        write_value(self._repo, _FOLDER, name, (inputs, tuple([getattr(made, one) for one in _ORDER])))
        return made


def _graph(tasks: list[Task], said: Said) -> Graph:
    from mdtodo.planning.graph import Graph

    return Graph(tasks, frozenset(said.deleted), said.today)
