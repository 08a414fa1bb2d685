"""What a run owes to attempts on other machines: the commit that they begin with, somebody who can, another try where
one was lost. Where all of them run on this machine, that is nothing.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import field
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any

from mdtodo.core.results import Failure
from mdtodo.core.titles import few, title_and_id
from mdtodo.errors import MdtodoError
from mdtodo.git.head import read_head
from mdtodo.git.repository import discover
from mdtodo.run.start.throttle import Throttle, cpu_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from dataclasses import dataclass

    from mdtodo.config.processor_settings import Processor
    from mdtodo.config.settings import Config
    from mdtodo.core.results import Result
    from mdtodo.core.task import Task
    from mdtodo.execution.executor import AttemptEvent, Executor
    from mdtodo.git.repository import Repository
    from mdtodo.git.session import GitSession
    from mdtodo.project.project import Project
    from mdtodo.run.ready_queue import ReadyQueue
    from mdtodo.run.run_options import Options
else:
    from mdtodo.core.light.dataclasses import dataclass

#: How often a task may be lost in a run.
LOST = 3
#: Seconds after which it is said again whom a run waits for.
AGAIN = 30.0


@dataclass(eq=False, repr=False)
class Elsewhere:
    """Of the attempts of one run in its `pool`."""

    pool: Executor
    repo: Repository
    git: Callable[[], GitSession]
    say: Callable[[str], None]
    lost: Counter[str] = field(default_factory=Counter)
    #: What attempts that were handed in wait for, and when that is to be said next.
    _awaited: dict[str, float] = field(default_factory=dict)

    def throttle(self, config: Config) -> Throttle:
        """What looks at the load; of other machines each knows its own."""
        if self.pool.elsewhere:
            return Throttle(100, 100)
        return Throttle(cpu_limit(config.max_cpu), config.max_memory)

    def unmet(self, queue: ReadyQueue, tasks: Iterable[Task]) -> dict[str, str]:
        """Why nobody can do some of the tasks, by id."""
        found: dict[str, str] = {}
        for task in tasks if self.pool.elsewhere else ():
            processor = queue.processor(task)
            if processor is not None and processor.executor is None:
                reason = self.pool.unmet(frozenset((*task.needs, *processor.needs)))
                found |= {} if reason is None else {task.id: reason}
        return found

    def placed(self, spec: dict[str, Any], task: Task, processor: Processor) -> dict[str, Any]:
        """The spec, with what its attempt needs on another machine."""
        if not self.pool.elsewhere:
            return spec
        if processor.executor == "local":
            return spec | {"local": True}
        needs = sorted({*task.needs, *processor.needs})
        spec |= {"needs": needs, "interpreter": sys.executable, "commit": None}
        if spec["clone"] is None:
            commit = read_head(self.git()).commit
            spec["commit"] = {"source": self._source, "commit": commit, "cwd": processor.cwd or "."}
        return spec

    def adapt(self, queue: ReadyQueue) -> None:
        """As many at once as there are places now, where nobody asked for another number; and say whom it waits for."""
        if self.pool.elsewhere:
            queue.jobs = queue.options.jobs or self.pool.capacity
            self._tell_awaited(queue, monotonic())

    def _tell_awaited(self, queue: ReadyQueue, now: float) -> None:
        """Name what nobody there can do: at once, and again from time to time, as somebody may still come."""
        waits: dict[str, list[Task]] = {}
        for name in sorted(queue.running - queue.landing):
            processor = queue.processor(task := queue.plan.tasks[name])
            if processor is not None and processor.executor is None:
                reason = self.pool.awaited(frozenset((*task.needs, *processor.needs)))
                waits.setdefault(reason or "", []).append(task)
        waits.pop("", None)
        self._awaited = {reason: at for reason, at in self._awaited.items() if reason in waits}
        for reason, tasks in waits.items():
            if now >= self._awaited.get(reason, now):
                self._awaited[reason] = now + AGAIN
                self.say(
                    f"{few([title_and_id(task) for task in tasks], apart=True)}: {reason}; waiting for one that comes"
                )

    def try_again(self, task: Task, event: AttemptEvent) -> bool:
        """Whether its attempt was lost, and it is to be tried on another machine: that is no failure of it."""
        if event.kind != "lost" or not self.pool.elsewhere:
            return False
        self.lost[task.id] += 1
        again = self.lost[task.id] < LOST
        if again:
            self.say(f"{title_and_id(task)}: {event.message}; it is tried elsewhere")
        return again

    def judged(self, task: Task, event: AttemptEvent, result: Result) -> Result:
        """The result; nobody is to blame where it was lost too often."""
        if event.kind != "lost" or not self.pool.elsewhere:
            return result
        error = f"it was lost {self.lost[task.id]} times: {result.error}"
        return result._replace(exit_code=None, error=error, failed_by=Failure.CONFLICT)

    @cached_property
    def _source(self) -> dict[str, Any]:
        from mdtodo.clones.source import read_source

        return read_source(self.repo)._asdict()


def cluster_of(options: Options, config: Config, repo: Repository) -> Executor | None:
    """The cluster that a run was asked to use, connected; None where all of it runs here.

    Raises UsageError for what is no URL, and MdtodoError where no scheduler can be used.
    """
    url = config.executor.url if options.executor is None else options.executor
    if url in ("", "local"):
        return None
    from mdtodo.execution.dask.address import read_address, refuse_insecure

    address = read_address(url)
    if not options.insecure:
        refuse_insecure(address)
    from mdtodo.execution.dask.executor import DaskExecutor

    patience = config.executor.reconnect if options.reconnect is None else options.reconnect
    # a repository of its own, as threads of the executor's ask git too
    found = DaskExecutor(address, discover(repo.root), jobs=config.jobs, reconnect=patience)
    found.open()
    return found


def refuse_dirty(project: Project, queue: ReadyQueue, git: GitSession) -> None:
    """Raise MdtodoError where a task would run in the checkout, and that has changes that no commit has: workers have
    the commit alone. TODO files do not count, as nobody there reads them."""
    config = project.config
    processors = [queue.processor(task) for task in queue.reachable()]
    if not any(one and one.executor is None and not config.isolates(one) for one in processors):
        return
    from mdtodo.git.files.status import begin_status

    if read_head(git).commit is None:
        raise MdtodoError("workers of a cluster have what is committed, and there is no commit yet")
    changed = [one.path for one in begin_status(project.repo)() if one.path not in project.documents]
    if changed:
        raise MdtodoError(
            f"workers of a cluster have what is committed, and this is not: {few(changed, 3)}",
            hint='commit it first, or say `executor = "local"` for processors that need it',
        )
