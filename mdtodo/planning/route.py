"""Where a task belongs, and what proves it: what `routing` finds out."""

from __future__ import annotations

from typing import NamedTuple


class Route(NamedTuple):
    """`rule` says what decided on category and kind, `because` on the processor; "" where nothing did.

    `passed_over` is what would have decided on the processor of a task that has none, had its category or kind not been
    guessed.
    """

    category: str | None
    kind: str | None
    rule: str
    processor: str | None = None
    because: str = ""
    passed_over: str = ""
