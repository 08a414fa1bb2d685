"""Names in the configuration and in tasks, and what to say about one that nobody knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Names of processors, patterns, lanes and workers, and explicit ids.
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"

#: More names than this are not listed.
_LISTED = 12
#: Of more names than this, only those that share most pairs of letters are compared: difflib takes its time.
_COMPARED = 40


def is_name(text: str) -> bool:
    """Whether `text` is a name as SPEC 1 has it: a letter or digit, then letters, digits, `.`, `_`, `-`."""
    return re.fullmatch(NAME, text) is not None


def nearest(name: str, valid: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The valid name that looks most like `name`, or None where none does. Deterministic. `cutoff`: the least
    likeness, see difflib."""
    from difflib import get_close_matches

    by_folded: dict[str, str] = {}
    for one in sorted(set(valid)):
        by_folded.setdefault(one.casefold(), one)
    folded = name.casefold()
    candidates = list(by_folded)
    if len(candidates) > _COMPARED:
        pairs = _pairs(folded)
        candidates.sort(key=lambda one: len(pairs & _pairs(one)), reverse=True)
    close = get_close_matches(folded[:200], candidates[:_COMPARED], n=1, cutoff=cutoff)
    return by_folded[close[0]] if close else None


def suggestion(name: str, valid: Iterable[str], also: Iterable[str] = ()) -> str:
    """What to say after `unknown …`: the nearest valid name, else the valid ones, as ` (…)`; "" if none.

    `also`: names that are valid as well, of which one that is much alike is told where none of `valid` is rather alike.

    >>> suggestion("tets", ["tests", "lint"])
    ' (did you mean "tests"?)'
    """
    names = sorted(set(valid))
    near = nearest(name, names, 0.6) or nearest(name, also, 0.75) or nearest(name, names)
    if near is not None:
        return f' (did you mean "{near}"?)'
    return f" (known: {', '.join(names)})" if 0 < len(names) <= _LISTED else ""


def _pairs(text: str) -> set[str]:
    return {text[start : start + 2] for start in range(len(text) - 1)}
