"""Which tasks a run takes, as far as plan, settings and what it was asked for say that. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.task import State
from mdtodo.planning.routing import processor_of

if TYPE_CHECKING:
    from dataclasses import dataclass

    from mdtodo.config.processor_settings import Processor
    from mdtodo.config.settings import Config
    from mdtodo.core.task import Task
    from mdtodo.planning.plan import Plan
    from mdtodo.run.run_options import Options
else:
    from mdtodo.core.light.dataclasses import dataclass

_NOT_RUNNABLE = frozenset({State.DONE, State.CANCELLED, State.DOING, State.RUNNING})


@dataclass(slots=True, eq=False, repr=False)
class Scope:
    """What one run is about: the newest `plan`, and what it was asked for."""

    plan: Plan
    config: Config
    options: Options

    def accepts(self, task: Task) -> bool:
        """Whether this run may take the task once it is free: open, routed, meant, and within its powers."""
        return self._would_accept(task) and not self._has_given_up(task)

    def is_selected(self, task: Task) -> bool:
        """Whether the task is one of those that were asked for, by id, by filters, or as all of them."""
        return self.options.chosen is None or task.id in self.options.chosen

    def given_up(self) -> list[Task]:
        """The tasks that this run would take, had they not failed in so many runs, in the order of files and lines."""
        tasks = self.plan.tasks.values()
        return [task for task in tasks if self._has_given_up(task) and self._would_accept(task)]

    def missing_capabilities(self, task: Task) -> frozenset[str]:
        """The capabilities that the task needs and this worker does not have."""
        if self.options.can is None:
            return frozenset()
        found = self.processor(task)
        return frozenset({*task.needs, *(found.needs if found else ())} - self.options.can)

    def processor(self, task: Task) -> Processor | None:
        """The task's processor, if it has one."""
        return processor_of(task, self.plan.routes[task.id].processor, self.config)

    def _would_accept(self, task: Task) -> bool:
        if not self.is_selected(task) or self.processor(task) is None:
            return False
        may = self._is_claimed_for(task) or task.id in self.options.merged
        if self.plan.states[task.id] in _NOT_RUNNABLE and not may:
            return False
        mine = task.worker in (None, self.options.worker) or self._is_claimed_for(task)
        return mine and not self.missing_capabilities(task)

    def _is_claimed_for(self, task: Task) -> bool:
        """Whether the task was claimed, and this run has the token."""
        return self.options.token is not None and task.id in self.options.asked and not task.status.closed

    def _has_given_up(self, task: Task) -> bool:
        return self.plan.states[task.id] is State.FAILED and task.id not in self.options.asked
