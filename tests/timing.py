"""What takes how long, said so that it holds on any machine, however much that has to do beside."""

from __future__ import annotations

import gc
from math import inf
from time import process_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: A machine that does much else slows a measurement down, by waiting for caches and memory, and never speeds it up.
TRIES = 8


def cpu_seconds(work: Callable[[], object]) -> float:
    """Processor seconds of this process for one call."""
    gc.disable()
    try:
        start = process_time()
        work()
        return process_time() - start
    finally:
        gc.enable()


def grows_linearly(seconds: Callable[[int], float], small: int, large: int) -> bool:
    """Whether `large` takes about as much longer than `small` as it is larger, and not the square of that.

    `seconds` measures one size, as `cpu_seconds` does. The best of several tries counts for each.
    """
    times = large / small
    few = many = inf
    for _ in range(TRIES):
        few, many = min(few, seconds(small)), min(many, seconds(large))
        if many <= few * times**1.5 + 0.001 * times:
            return True
    return False
