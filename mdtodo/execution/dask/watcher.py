"""What is told to the scheduler of a cluster: to run nothing of ours again, and to keep no events of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distributed import SchedulerPlugin

if TYPE_CHECKING:
    from distributed import Scheduler

#: With this the keys and the topics of all runs begin.
PREFIX = "mdtodo/"


class Watcher(SchedulerPlugin):
    """A task of ours whose worker dies is lost, while `allowed-failures` is for all others what it is: Dask would run
    it three times more. What was told of attempts is not kept either: they are many."""

    name = "mdtodo"
    idempotent = True

    async def start(self, scheduler: Scheduler) -> None:
        """Called by Dask on the scheduler."""
        self._scheduler = scheduler

    def transition(self, key: Any, start: str, finish: str, *_: Any, **__: Any) -> None:
        """Called by Dask."""
        if finish == "processing" and isinstance(key, str) and key.startswith(PREFIX):
            self._scheduler.tasks[key].suspicious = self._scheduler.allowed_failures

    def log_event(self, topic: str, msg: Any) -> None:
        """Called by Dask, once the event has gone to who listens."""
        if topic.startswith(PREFIX):
            self._scheduler._broker.truncate(topic)
