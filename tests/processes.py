"""A way to wait for what processes do, with a deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Seconds until what never comes is a failure. A machine may be as busy as it likes, and `sleep 60` is longer.
DEADLINE = 50.0


def eventually(condition: Callable[[], Any], deadline: float = DEADLINE) -> Any:
    """What `condition` returns once it is true; a failure if that does not come to be in time."""
    end = time.monotonic() + deadline
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.01)
    return found


def runs(pid: int) -> bool:
    """Whether the process lives; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_in(path: Path) -> int:
    """The process id that some process writes to this file, as a line."""
    return int(eventually(lambda: path.is_file() and path.read_text().endswith("\n") and path.read_text()))
