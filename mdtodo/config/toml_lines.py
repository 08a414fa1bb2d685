"""The line of a key in a TOML text: `tomllib` does not say it, so it is given one statement at a time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_Path = tuple[str, ...]

#: A statement of several lines ends on a line with one of these. Others are not tried: a list of a thousand
#: lines would be parsed a thousand times.
_ENDS = ("]", "}", '"""', "'''")


def line_of(text: str, path: _Path) -> int | None:
    """The 1-based line where the statement begins that defines the key at `path`, or the nearest key around it;
    the first where several do. None where the text has neither."""
    lines = key_lines(text)
    around = (path[:depth] for depth in range(len(path), 0, -1))
    return next((lines[key] for key in around if key in lines), None)


@lru_cache(2)  # both files, since a text with many mistakes is asked for the line of each
def key_lines(text: str) -> Mapping[_Path, int]:
    """The line where each key and table is first defined; tables of an array share the path of the array.

    A text that is not TOML is read to its first mistake.
    """
    lines: dict[_Path, int] = {}
    table: _Path = ()
    for number, statement, parsed in _statements(text):
        header = statement.lstrip().startswith("[")
        found: list[tuple[_Path, object]] = [(() if header else table, parsed)]
        while found:  # no recursion: a dotted key may have more parts than Python allows frames
            path, value = found.pop()
            lines.setdefault(path, number)
            if isinstance(value, dict):
                found += [((*path, key), inner) for key, inner in value.items()]
        if header:
            table = path
    return lines


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, object]]]:
    """The first line, text and values of each statement; a comment or an empty line is one without values."""
    import tomllib

    first, statement = 1, ""
    # not by splitlines(), which also breaks at characters that are part of a line in TOML
    for number, line in enumerate(text.split("\n"), 1):
        statement += f"{line}\n"
        if number > first and not any(end in line for end in _ENDS):
            continue
        try:
            parsed = tomllib.loads(statement)
        except (ValueError, RecursionError):
            continue  # the value goes on in the next line: cut off inside of it, no statement is TOML
        yield first, statement, parsed
        first, statement = number + 1, ""
