"""What a plan is made of beside tasks and configuration: asked as it is made, and kept with the answers, so that one
from before is known to be what would be made now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NamedTuple

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan
    from mdtodo.project.deleted_tasks import DeletedTasks
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class World(NamedTuple):
    """`leased` are ids of tasks that a live worker has, `durations` medians of past runs in seconds; `available` says
    whether a recipe can be carried out here, None where it does not matter; `deleted` which tasks were done, and are no
    longer there."""

    leased: frozenset[str]
    durations: Mapping[str, float]
    available: Callable[[str], bool] | None
    deleted: DeletedTasks


class Said(NamedTuple):
    """What the world said when a plan was made: `today` where a task waits for a day, `missing` ids that open tasks
    wait for and no task has, those of them that were `deleted`, and which of the `recipes` that were asked for can be
    carried out. Leases and durations are not in it: a plan is told of them afterwards."""

    today: str | None = None
    missing: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    recipes: tuple[tuple[str, bool], ...] = ()

    def holds(self, world: World) -> bool:
        """Whether it says the same now."""
        return (
            self.today in (None, _today())
            and frozenset(self.deleted) == world.deleted.done(self.missing)
            and all(world.available is not None and world.available(one) is can for one, can in self.recipes)
        )


def make_plan(tasks: Sequence[Task], config: Config, world: World) -> Plan:
    """The plan of these tasks, as the world is now."""
    from mdtodo.planning.plan import plan

    return plan(
        tasks,
        config,
        leased=world.leased,
        durations=world.durations,
        available=world.available,
        deleted=world.deleted.awaited_by(tasks),
        today=_day(tasks),
    )


def make_plan_to_keep(tasks: Sequence[Task], config: Config, world: World) -> tuple[Plan, Said]:
    """The same without leases, and what the world has said to it."""
    asked: dict[str, bool] = {}

    def available(name: str) -> bool:
        assert world.available is not None
        asked[name] = world.available(name)
        return asked[name]

    able = None if world.available is None else available
    made = make_plan(tasks, config, world._replace(leased=frozenset(), available=able))
    for name in made.tasks if able else ():
        _ = made.routes[name]  # all of them are worked out now, as it asks then
    missing = sorted(world.deleted.missing(tasks))
    deleted = sorted(world.deleted.done(missing))
    return made, Said(_day(tasks), tuple(missing), tuple(deleted), tuple(sorted(asked.items())))


def _day(tasks: Sequence[Task]) -> str | None:
    """The date here, where any task waits for a day."""
    return None if all(task.not_before is None for task in tasks) else _today()


def _today() -> str:
    from mdtodo.planning.dates import local_today

    return local_today().isoformat()
