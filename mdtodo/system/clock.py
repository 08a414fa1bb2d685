"""A clock that all processes of this machine share, and that nobody sets."""

from __future__ import annotations

import time


def boot_clock() -> float:
    """Seconds of it; they go on while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def boot_id() -> str:
    """Which start of which machine the clock counts from; "" where nothing tells."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except (OSError, ValueError):
        return ""
