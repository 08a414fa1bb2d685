"""A local pool in a thread of its own, for whoever cannot wait for its events itself."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from mdtodo.execution.local.pool import SILENCE, LocalPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from mdtodo.core.task import Json
    from mdtodo.execution.executor import AttemptEvent

_LONG = 3600.0


class PoolThread:
    """A pool with `jobs` processes; `deliver` is called with each event, in that thread. All methods are for any
    thread, and return at once but for `close`."""

    def __init__(
        self, jobs: int, deliver: Callable[[AttemptEvent], None], *, silence: float = SILENCE
    ) -> None:
        self._pool = LocalPool(jobs, silence=silence)
        self._deliver = deliver
        self._orders: deque[tuple[Callable[..., None], object]] = deque()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="mdtodo pool", daemon=True)

    @property
    def capacity(self) -> int:
        """How many attempts run at once."""
        return self._pool.capacity

    def start(self) -> None:
        """Start the pool and its thread."""
        # before the thread: a `wake` before it is open would be lost
        self._pool.open()
        self._thread.start()

    def submit(self, spec: Json) -> None:
        """As that of an Executor."""
        self._order(self._pool.submit, spec)

    def cancel(self, attempt: str) -> None:
        """As that of an Executor."""
        self._order(self._pool.cancel, attempt)

    def close(self) -> None:
        """End what still runs, and wait for that. A second call does nothing."""
        self._ended = True
        self._pool.wake()
        if self._thread.ident is not None:
            self._thread.join()

    def _order(self, call: Callable[..., None], argument: object) -> None:
        self._orders.append((call, argument))
        self._pool.wake()

    def _work(self) -> None:
        try:
            while not self._ended:
                while self._orders:
                    call, argument = self._orders.popleft()
                    call(argument)
                for event in self._pool.events(_LONG):
                    self._deliver(event)
        finally:
            self._pool.close()
