"""The plan of a large repository as it was made before, in `.git/mdtodo/plans/`: every task of it, its processor, its
state, and what it waits for.

It holds for the same bytes in the same files, by git's ids, under the same rules and configuration, as long as the
world says what it said then (see `plan_inputs`). Of few other bytes the plan follows from it (see `changed_plan`).
Leases and durations of past runs are put to it as they are now; the order, which follows from durations, has a file of
its own. Deleting any of it costs time alone.
"""

from __future__ import annotations

from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core.digest import hexdigest
from mdtodo.project.cache.changed_plan import PlanBefore, Planned, changed_files
from mdtodo.project.cache.plan_columns import PlanColumns
from mdtodo.project.cache.task_columns import GROUPS, columns_of, tasks_of
from mdtodo.project.plan_inputs import Said
from mdtodo.project.rules_key import rules_key
from mdtodo.storage.caches.value_cache import load, read_parts, read_value, write_parts, write_value
from mdtodo.system.collector import paused_collector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.planning.plan import Plan
    from mdtodo.project.cache.work_tree_ids import Content
    from mdtodo.project.plan_inputs import World

_FOLDER = "plans"
#: Bytes of a file from which on it pays to keep them too: after a change only a part of it is made into tasks.
LARGE = 1 << 16
#: What it goes by; the texts of large files; routes, states and what is waited for; and the tasks.
_PARTS = 3 + GROUPS
#: Of the first: the inputs, what the world said, the marked files, and how many tasks there are.
_ABOUT = 4

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
        self._parts: list[memoryview] = []
        self._about: Any = None
        rules = rules_key(config)
        self._inputs = rules, tuple(ids.items())
        # of this work tree: others have other files
        self._name = f"{hexdigest(repo.root.encode('utf-8', 'surrogateescape'))[:8]}-{rules[:16]}"

    def read(self, world: World) -> KeptPlan | None:
        """The plan, if all that it was made of is the same now."""
        with paused_collector():  # all that is read stays
            self._parts = read_parts(self._repo, _FOLDER, self._name)
            if len(self._parts) != _PARTS:
                return None
            about = self._about = load(self._parts[0])
            if not isinstance(about, tuple) or about[:1] != (self._inputs,):
                return None
            said = Said(*about[1])
            if not said.holds(world):
                return None
            tasks = self._tasks()
            columns = PlanColumns.from_plain(*load(self._parts[2]))
            made = columns.plan({task.id: task for task in tasks}, self._config, said, world)
            return KeptPlan(made, said, about[2])

    def before(self, content: Content, world: World) -> PlanBefore | None:
        """The plan that was read, if few of these files have other bytes, it goes by the same rules, and the world says
        the same."""
        about = self._about
        texts = self._texts_before()
        if not self._is_by_these_rules() or not changed_files(content, dict(about[0][1]), texts):
            return None
        if not Said(*about[1]).holds(world):
            return None
        return PlanBefore(dict(about[0][1]), texts, Said(*about[1]), about[2], self._planned)

    def _planned(self) -> Planned:
        with paused_collector():
            return Planned(self._tasks(), PlanColumns.from_plain(*load(self._parts[2])))

    def _is_by_these_rules(self) -> bool:
        about = self._about
        return isinstance(about, tuple) and len(about) == _ABOUT and about[0][0] == self._inputs[0]

    def tasks_before(self) -> dict[str, list[Task]]:
        """The tasks of the plan that was read and no longer holds, by the ids of their files; of a file without any,
        none. Files of the same bytes have the same tasks, but for what other files have."""
        if not self._is_by_these_rules():
            return {}
        files = dict(self._about[0][1])
        found: dict[str, list[Task]] = {oid: [] for oid in files.values()}
        for file, tasks in groupby(self._tasks(), key=lambda task: task.file):
            found[files[file]] = list(tasks)
        return found

    def marked_before(self) -> dict[str, bool]:
        """Of the same files, by their ids, whether they have what may be a conflict marker."""
        if not self._is_by_these_rules():
            return {}
        return {oid: file in self._about[2] for file, oid in self._about[0][1]}

    def _tasks(self) -> list[Task]:
        return tasks_of([load(part) for part in self._parts[3:]], self._about[3])

    def _texts_before(self) -> dict[str, bytes]:
        return load(self._parts[1]) if self._is_by_these_rules() else {}

    def _texts(self, content: Content) -> dict[str, bytes]:
        """The large files, as far as they have been read, now or before."""
        known = self._texts_before()
        ids = dict(self._about[0][1]) if known else {}
        found = {file: text for file, text in known.items() if content.ids.get(file) == ids[file]}
        return {**found, **{file: data for file, data in content.data.items() if len(data) >= LARGE}}

    def write(self, kept: KeptPlan, columns: PlanColumns, content: Content) -> None:
        """Keep the plan of these files."""
        tasks = kept.plan.tasks
        about = self._inputs, tuple(kept.said), kept.marked, len(tasks)
        write_parts(
            self._repo,
            _FOLDER,
            self._name,
            chain((about, self._texts(content), columns.plain()), columns_of(list(tasks.values()))),
        )

    def with_order(self, kept: KeptPlan) -> Plan:
        """The plan with its order and all that goes with it, as it was worked out before or is now."""
        name, made = f"{self._name}-order", kept.plan
        inputs = self._inputs, tuple(kept.said), tuple(sorted(made.measured.items()))
        known = read_value(self._repo, _FOLDER, name)
        if isinstance(known, tuple) and known[:1] == (inputs,):
            return made.given(**dict(zip(_ORDER, known[1], strict=True)))
        write_value(self._repo, _FOLDER, name, (inputs, tuple([getattr(made, one) for one in _ORDER])))
        return made
