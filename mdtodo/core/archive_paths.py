"""Where archives of closed tasks are: in the folder of each TODO file, under one name, in which `%Y` is the year."""

from __future__ import annotations

import re
from functools import lru_cache
from posixpath import dirname, join

#: In the name, for the year.
YEAR = "%Y"


def archive_of(archive: str, file: str, year: int) -> str:
    """The archive for the tasks of a TODO file, by what is configured."""
    return join(dirname(file), archive.replace(YEAR, f"{year:04}"))


def archive_patterns(archive: str) -> tuple[str, ...]:
    """What fits all archives, as gitignore-style patterns."""
    plain = re.sub(r"([\\*?\[\]!# ])", r"\\\1", archive).replace(YEAR, "[0-9][0-9][0-9][0-9]")
    return (f"**/{plain}" if "/" in plain else plain,)


def is_archive(archive: str, path: str) -> bool:
    """Whether a path, relative to the root, is that of an archive."""
    return _matcher(archive).fullmatch(path) is not None


@lru_cache(4)
def _matcher(archive: str) -> re.Pattern[str]:
    return re.compile(rf"(?:.*/)?{re.escape(archive).replace(re.escape(YEAR), '[0-9]{4}')}", re.DOTALL)
