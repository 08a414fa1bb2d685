"""Python's collector of cycles, paused while so much is made that stays that looking through it finds nothing."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def paused_collector() -> Iterator[None]:
    """Without it until the end, if it was on."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            resume_collector()


def resume_collector() -> None:
    """Look for cycles again, but not at once in what was made meanwhile: that is as old as the rest now."""
    if not gc.get_freeze_count():
        # two moves of whole lists: what there is goes to the oldest generation, without a look at it
        gc.freeze()
        gc.unfreeze()
    gc.enable()
