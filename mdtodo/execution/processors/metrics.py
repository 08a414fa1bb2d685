"""The metrics that a processor reports: which are kept, and what is said of the others.

Each becomes a trailer of a commit, so what its name and its value may be is bounded here, where they come in.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mdtodo.core.titles import few

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How many of one attempt are kept, and characters of a name.
COUNT, LONGEST = 100, 64
_NAMED = 3


def keep_metrics(found: Mapping[object, object], kept: dict[str, float]) -> str | None:
    """Add these metrics to `kept`, a blank in a name as `_`; a sentence on those that are refused, None if none is."""
    refused: dict[str, str] = {}
    for given, value in found.items():
        name, measured = str(given).strip(" ").replace(" ", "_"), number(value)
        if (reason := _wrong_name(name)) is not None:
            refused[name] = reason
        elif measured is None:
            refused[name] = "its value is no finite number"
        elif name not in kept and len(kept) >= COUNT:
            refused[name] = f"no more than {COUNT} are kept"
        else:
            kept[name] = measured
    return _sentence(refused) if refused else None


def number(value: object) -> float | None:
    """A finite number; booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        as_float = float(value)
    except OverflowError:
        # an integer of hundreds of digits
        return None
    return as_float if math.isfinite(as_float) else None


def _wrong_name(name: str) -> str | None:
    if not name:
        return "it has no name"
    if len(name) > LONGEST:
        return f"its name has more than {LONGEST} characters"
    # line ends, other blanks, controls, lone surrogates, and what turns the direction of writing
    if "=" in name or not name.isprintable():
        return "its name has `=`, or a character that cannot be seen"
    return None


def _sentence(refused: Mapping[str, str]) -> str:
    """So many of them by name; the text is the processor's, so it is shown as Python would write it."""
    shown = [f"{name[:LONGEST]!a}: {reason}" for name, reason in refused.items()]
    return f"metric refused: {few(shown, _NAMED, apart=True)}"
