"""Ctrl-C, twice: the first stops the run in good order, the second at once."""

from __future__ import annotations

import signal
import threading
from dataclasses import field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
    from types import FrameType
else:
    from mdtodo.core.light.dataclasses import dataclass

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True, eq=False, repr=False)
class Interrupt:
    """While it is entered, SIGINT, SIGTERM and SIGHUP set `asked` and call `wake` instead of raising; a
    second one calls `stop_now`, and raises KeyboardInterrupt.

    Outside the main thread, where signals cannot be caught, it does nothing.
    """

    wake: Callable[[], None]
    stop_now: Callable[[], None]
    asked: bool = False
    _before: dict[int, Any] = field(default_factory=dict)

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                # what is ignored stays ignored: SIGHUP under nohup, SIGINT in the background job of a script
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._caught)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            self.stop_now()
            raise KeyboardInterrupt
        # before the wake: the run looks at it as soon as it wakes up
        self.asked = True
        self.wake()
