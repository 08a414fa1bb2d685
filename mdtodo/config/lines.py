"""Where a key stands in a TOML text; `tomllib` does not say."""

from __future__ import annotations

import re
from functools import lru_cache

_Lines = dict[tuple[str, ...], int]
_Keys = dict[tuple[str, ...], list[tuple[int, str]]]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_QUOTES = re.compile(r'"""|\'\'\'')


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """The 1-based line of the key at `path`, or of what is nearest around it; None where neither is found."""
    first, keys = _places(text)
    best, found = 0, None
    for depth in range(1, len(path) + 1):
        here = path[:depth]
        if here in first:
            best, found = depth, first[here]
        for number, line in keys.get(here, ()):
            inside = depth + len(_inline(line, path, depth))
            if inside > best:
                best, found = inside, number
    return found


@lru_cache(2)
def _places(text: str) -> tuple[_Lines, _Keys]:
    """The first line of each key and of each part of one, and all lines of each key, with their numbers. A text with
    many mistakes is asked for them again and again."""
    first: _Lines = {}
    keys: _Keys = {}
    table: tuple[str, ...] = ()
    for number, line in _outside_strings(text):
        header = re.match(rf"\s*\[\[?\s*({_KEY})\s*\]", line)
        key = None if header else re.match(rf"\s*({_KEY})\s*=", line)
        if header:
            table = _parts(header[1])
        here = table if header else (*table, *_parts(key[1])) if key else ()
        for depth in range(1, len(here) + 1):
            first.setdefault(here[:depth], number)
        if key:
            keys.setdefault(here, []).append((number, line))
    return first, keys


def _outside_strings(text: str) -> list[tuple[int, str]]:
    """Numbered lines that do not start inside a multi-line string."""
    lines: list[tuple[int, str]] = []
    quote: str | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if quote is None:
            lines.append((number, line))
        for found in _QUOTES.findall(line):
            quote = found if quote is None else None if found == quote else quote
    return lines


def _parts(key: str) -> tuple[str, ...]:
    return tuple(_unquoted(part) for part in re.findall(_PART, key))


def _unquoted(part: str) -> str:
    if part[0] not in "\"'":
        return part
    import tomllib

    try:
        return str(tomllib.loads(f"key = {part}")["key"])
    except tomllib.TOMLDecodeError:
        return part


def _inline(line: str, path: tuple[str, ...], depth: int) -> tuple[str, ...]:
    """How much more of `path` an inline table on this line names."""
    more: list[str] = []
    for part in path[depth:]:
        if not re.search(rf"[{{,]\s*[\"']?{re.escape(part)}[\"']?\s*[=.]", line):
            break
        more.append(part)
    return tuple(more)
