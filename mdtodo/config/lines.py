"""Where a key stands in a TOML text; `tomllib` does not say."""

from __future__ import annotations

import re

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_QUOTES = re.compile(r'"""|\'\'\'')


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """The 1-based line of the key at `path`, or of what is nearest around it; None where neither is found."""
    best, found = 0, None
    table: tuple[str, ...] = ()
    for number, line in _outside_strings(text):
        header = re.match(rf"\s*\[\[?\s*({_KEY})\s*\]", line)
        key = None if header else re.match(rf"\s*({_KEY})\s*=", line)
        if header:
            table = _parts(header[1])
        here = table if header else (*table, *_parts(key[1])) if key else ()
        here += _inline(line, path, len(here)) if key else ()
        common = _common(here, path)
        if common > best:
            best, found = common, number
    return found


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


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
