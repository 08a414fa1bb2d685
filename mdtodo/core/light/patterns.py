"""Regular expressions that are compiled when they are first used: most calls need few, and a long one takes 1 ms."""

from __future__ import annotations

import re
from typing import Any, cast


def lazy_pattern(pattern: str, flags: re.RegexFlag | int = 0) -> re.Pattern[str]:
    """`re.compile`, put off."""
    return cast("re.Pattern[str]", _Lazy(pattern, flags))


class _Lazy:
    def __init__(self, pattern: str, flags: re.RegexFlag | int) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> Any:
        # found in the instance from then on, so a second use costs nothing
        method = self.__dict__[name] = getattr(re.compile(*self._given), name)
        return method
