"""What a run sends to others: an observer that passes on what it is told, and tells the notifier of some of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mdtodo.core.results import Failure, Outcome
from mdtodo.core.task import State
from mdtodo.errors import MdtodoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mdtodo.config.settings import Config
    from mdtodo.core.results import RunReport, TaskRun
    from mdtodo.core.task import Task
    from mdtodo.git.repository import Repository
    from mdtodo.notify.notifier import Notifier
    from mdtodo.run.observer import Observer
    from mdtodo.run.ready_queue import ReadyQueue


class Messages:
    """The messages of a run, none where none are configured. `queue` is known once the tasks are read."""

    def __init__(self, observer: Observer, notifier: Notifier | None) -> None:
        self._observer, self._notifier = observer, notifier
        self._queue: ReadyQueue | None = None
        self._manual_before: frozenset[str] = frozenset()

    @classmethod
    @contextmanager
    def of(cls, repo: Repository, config: Config, observer: Observer) -> Iterator[Messages]:
        """Until everything has landed; in the end, what was not sent yet is, for a few seconds at most."""
        if not (config.notify.webhook or config.notify.urls):
            yield cls(observer, None)
            return
        from mdtodo.notify.notifier import Notifier

        notifier = Notifier.open(repo, config.notify, observer.say)
        try:
            yield cls(observer, notifier)
        except MdtodoError as error:
            if notifier is not None:
                notifier.broke("; ".join(error.sentences), error.exit_code)
            raise
        finally:
            if notifier is not None:
                notifier.close()

    def begin_with(self, run_id: str, queue: ReadyQueue) -> None:
        """That run takes these tasks."""
        if self._notifier is not None:
            self._queue, self._notifier.run = queue, run_id
            self._manual_before = frozenset(_manual(queue))

    def ended(self, report: RunReport) -> None:
        """The run is over, and has landed."""
        if self._notifier is not None and self._queue is not None:
            if not self._queue.options.verify:
                self._notifier.manual(_manual(self._queue), self._manual_before)
            self._notifier.ended(report)

    def begin(self, expected: int, seconds_of: dict[str, float]) -> None:
        """As an observer is told."""
        self._observer.begin(expected, seconds_of)

    def started(self, task: Task, attempt: int) -> None:
        """As an observer is told."""
        self._observer.started(task, attempt)

    def progressed(self, task: Task, percent: float) -> None:
        """As an observer is told."""
        self._observer.progressed(task, percent)

    def retrying(self, task: Task, attempt: int, delay: float, reason: str) -> None:
        """As an observer is told."""
        self._observer.retrying(task, attempt, delay, reason)

    def finished(self, done: TaskRun) -> None:
        """As an observer is told; that a task has failed is sent."""
        self._observer.finished(done)
        if self._notifier is not None and done.outcome is Outcome.FAILED:
            self._notifier.failed(done, gave_up=self._gives_up(done))

    def expect(self, more: int) -> None:
        """As an observer is told."""
        self._observer.expect(more)

    def others(self, in_hand: Sequence[tuple[str, Task]]) -> None:
        """As an observer is told."""
        self._observer.others(in_hand)

    def say(self, sentence: str) -> None:
        """As an observer is told."""
        self._observer.say(sentence)

    def flush(self) -> None:
        """As an observer is told."""
        self._observer.flush()

    def _gives_up(self, done: TaskRun) -> bool:
        """Whether that was the last run that tries it. A conflict is nobody's failed run."""
        queue = self._queue
        if queue is None or queue.options.verify or done.failure is Failure.CONFLICT or not done.attempts:
            return False
        task = queue.plan.tasks.get(done.id)
        return task is not None and task.failures + 1 >= queue.config.max_failures


def _manual(queue: ReadyQueue) -> dict[str, Task]:
    """What a person alone can do, and could do now."""
    return {name: task for name, task in queue.plan.tasks.items() if queue.state(task) is State.MANUAL}
