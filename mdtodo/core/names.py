"""Names in the configuration and in tasks, and what to say about one that nobody knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Names of processors, patterns, lanes and workers, and explicit ids.
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"

#: Names that workers give themselves, as `user@host`; a task can ask for those of them that are a NAME.
WORKER = r"[A-Za-z0-9._@-]+"

#: More names than this are not listed.
_LISTED = 12
#: Of more names than this, only those that share most pairs of letters are compared: difflib takes its time.
_COMPARED = 40
#: Of more than so many that share a pair of letters, only those with a rare one.
_LOOKED_AT = 1000
#: Letters of a name that are compared: difflib takes the square of their number.
_LONGEST = 200


_IS_NAME = re.compile(NAME).fullmatch


def is_name(text: str) -> bool:
    """Whether `text` is a name: a letter or digit, then letters, digits, `.`, `_`, `-`."""
    return _IS_NAME(text) is not None


def counted(number: int, noun: str) -> str:
    """As `1 task`, `2 tasks`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Names:
    """Valid names, sorted, and ready for many wrong ones to be compared with them."""

    def __init__(self, valid: Iterable[str]) -> None:
        self.names = sorted(set(valid))
        self._by_folded: dict[str, str] = {}
        self._having: dict[str, list[str]] | None = None

    def nearest(self, name: str, cutoff: float = 0.5) -> str | None:
        """See `nearest`."""
        from difflib import get_close_matches

        if not self._by_folded:  # not before a name is unknown: mostly none is
            for one in self.names:
                self._by_folded.setdefault(one.casefold()[:_LONGEST], one)
        folded = name.casefold()[:_LONGEST]
        candidates: Iterable[str] = self._by_folded
        if len(self._by_folded) > _COMPARED:
            candidates = self._alike(folded)
        close = get_close_matches(folded, candidates, n=1, cutoff=cutoff)
        return self._by_folded[close[0]] if close else None

    def _alike(self, folded: str) -> list[str]:
        """Those that share most pairs of letters, of so many that share the rarest ones."""
        if self._having is None:
            self._having = {}
            for one in self._by_folded:
                for pair in _pairs(one):
                    self._having.setdefault(pair, []).append(one)
        pairs = _pairs(folded)
        found: dict[str, None] = {}
        # sorted(pairs), since the order of a set of texts is another one in each process
        for having in sorted((self._having.get(pair, []) for pair in sorted(pairs)), key=len):
            found |= dict.fromkeys(having[: _LOOKED_AT - len(found)])
            if len(found) >= _LOOKED_AT:
                break
        return sorted(found, key=lambda one: (-len(pairs & _pairs(one)), abs(len(one) - len(folded)), one))[
            :_COMPARED
        ]


def nearest(name: str, valid: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The valid name that looks most like `name`, or None where none does. Deterministic. `cutoff`: the least
    likeness, see difflib."""
    return Names(valid).nearest(name, cutoff)


def suggestion(name: str, valid: Iterable[str] | Names, also: Iterable[str] = ()) -> str:
    """What to say after `unknown …`: the nearest valid name, else the valid ones, as ` (…)`; "" if none.

    `also`: names that are valid as well, of which one that is much alike is told where none of `valid` is rather alike.

    >>> suggestion("tets", ["tests", "lint"])
    ' (did you mean "tests"?)'
    """
    known = valid if isinstance(valid, Names) else Names(valid)
    near = known.nearest(name, 0.6) or nearest(name, also, 0.75) or known.nearest(name)
    if near is not None:
        return f' (did you mean "{near}"?)'
    return f" (known: {', '.join(known.names)})" if 0 < len(known.names) <= _LISTED else ""


def _pairs(text: str) -> set[str]:
    return {text[start : start + 2] for start in range(len(text) - 1)}
