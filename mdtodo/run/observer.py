"""Who watches a run: what it tells while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.results import TaskRun
    from mdtodo.core.task import Task


class Observer(Protocol):
    """Called from the thread of the run, in the order in which things happen."""

    def begin(self, expected: int, seconds_of: dict[str, float]) -> None:
        """The run begins: how many tasks may be done in it, and how long those took before that did run
        before."""

    def started(self, task: Task, attempt: int) -> None:
        """An attempt has begun."""

    def progressed(self, task: Task, percent: float) -> None:
        """The processor says how far it is, 0 to 100."""

    def retrying(self, task: Task, attempt: int, delay: float, reason: str) -> None:
        """An attempt failed, and the next one begins after `delay` seconds."""

    def finished(self, done: TaskRun) -> None:
        """The task is over in this run."""

    def expect(self, more: int) -> None:
        """There is so much more to do than was thought, or less: a processor added subtasks."""

    def others(self, in_hand: Sequence[tuple[str, Task]]) -> None:
        """What other workers have in hand now, each with the worker's name."""

    def say(self, sentence: str) -> None:
        """Something a person should know."""

    def flush(self) -> None:
        """The run waits now: what was told has to be seen."""
