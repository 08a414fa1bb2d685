"""Gitignore-style patterns against names, as git has them. The one door to pathspec, which is slow to import.

pathspec knows which folders and files a pattern reaches (`**`, slashes, `!`, the last one decides). What stands for a
character is read here, byte by byte as git's wildmatch does: pathspec has other rules for blanks at the end, for
backslashes and classes inside brackets, for newlines, and for what is no pattern at all.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence, Set


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path, relative to the root with `/` between names, matches these patterns; the last one decides.

    A path is what `os.fsdecode` gives, so it may hold every byte but NUL. A pattern that git cannot read, such as one
    with a single backslash at its end, matches nothing.
    """
    patterns = list(patterns)
    return _usual_matcher(patterns) or _matcher(patterns)


def _usual_matcher(patterns: Sequence[str]) -> Callable[[str], bool] | None:
    """The same for `NAME`, `**/NAME` and `FOLDER/**/*.END`, without pathspec; None for any other pattern."""
    usual = [_USUAL(pattern) for pattern in patterns]
    if None in usual:
        return None
    names = {found["name"] for found in usual if found and found["name"]}
    below = {(found["folder"], found["end"]) for found in usual if found and found["folder"]}

    def matches(path: str) -> bool:
        # what is below a folder that matches, matches
        first, *rest = parts = path.split("/")
        return not names.isdisjoint(parts) or any(
            first == folder and any(part.endswith(end) for part in rest) for folder, end in below
        )

    return matches


_USUAL = re.compile(
    r"(?:\*\*/)?(?P<name>\w[\w.-]*)|(?P<folder>\w[\w.-]*)/\*\*/\*(?P<end>\.[\w.-]+)", re.ASCII
).fullmatch


def _matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    from pathspec import GitIgnoreSpec

    lines = [line for pattern in patterns if (line := _line(pattern.rstrip("\n"))) is not None]
    # of its backends the one that is always there, and that takes every name
    spec = GitIgnoreSpec.from_lines(lines, backend="simple")
    return lambda path: bool(spec.match_file(_inert(path)))


_LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: Bytes that mean themselves to pathspec and to Python's regular expressions, also between brackets; each other one
#: is a character of the private use area.
_PLAIN = frozenset(map(ord, _LETTERS + _LETTERS.upper() + "0123456789_./"))
_CHARACTERS = [chr(byte) if byte in _PLAIN else chr(0xE000 + byte) for byte in range(256)]
_IS_PLAIN = re.compile(r"[A-Za-z0-9_./]*").fullmatch
_SLASH = ord("/")


def _inert(path: str) -> str:
    """A path in characters that mean nothing but themselves, one for each byte."""
    return path if _IS_PLAIN(path) else "".join(map(_CHARACTERS.__getitem__, _bytes(path)))


def _bytes(text: str) -> bytes:
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:  # half of a surrogate pair, which no name can hold
        return text.encode("utf-8", "replace")


def _line(pattern: str) -> str | None:
    """A pattern for pathspec, in the characters of `_inert`; None for one that matches nothing."""
    sign, data = "", _without_blanks(_bytes(pattern))
    if data.startswith(b"!"):
        sign, data = "!", data[1:]
    elif data.startswith(b"#"):
        return None
    name = data.removesuffix(b"/")
    # In git `\/a` matches nothing: an escaped slash anchors no pattern, and no path begins with one.
    glob = None if data.startswith(rb"\/") else _glob(name)
    if not glob or glob == "/" or "//" in glob or name.endswith(b"/"):
        return None
    # git takes three stars and more between slashes for two.
    glob = re.sub(r"(^|/)\*{3,}(?=/|$)", r"\1**", glob)
    if b"/" in name and "/" not in glob:
        glob = f"/{glob}"  # a slash between brackets is one of the pattern too
    if name == data:
        return sign + glob
    # `**/` and `a/**/` are folders, which pathspec takes for files too
    return sign + (f"{glob}/*/" if glob == "**" or glob.endswith("/**") else f"{glob}/")


def _without_blanks(data: bytes) -> bytes:
    """Without the spaces at the end that no backslash keeps."""
    # A backslash keeps the blank after it (gitignore: trailing spaces), so no `rstrip`.
    kept = re.match(rb"(?:\\.|[^\\ ]| +(?! *$))*", data, re.DOTALL)
    return data if kept is None or data.endswith(b"\\") else kept[0]


def _glob(data: bytes) -> str | None:
    shown: list[str] = []
    at = 0
    while at < len(data):
        byte, at = data[at], at + 1
        if byte == ord("["):
            found = _bracket(data, at)
            if found is None or not found[0]:
                return None
            shown.append(f"[{''.join(_CHARACTERS[one] for one in sorted(found[0]))}]")
            at = found[1]
        elif byte == ord("\\"):
            if at == len(data):
                return None
            shown.append(_CHARACTERS[data[at]])
            at += 1
        else:
            shown.append(chr(byte) if byte in b"*?" else _CHARACTERS[byte])
    return "".join(shown)


def _bracket(data: bytes, at: int) -> tuple[Set[int], int] | None:
    """The bytes that the brackets which begin before `at` stand for, and where they end; None where they do not, or
    name an unknown class. What goes on in them is as in wildmatch.c: a range begins with a byte that ends none."""
    negated = data[at : at + 1] in (b"!", b"^")
    at += negated
    found: set[int] = set()
    first, before = True, 0
    while at < len(data) and (first or data[at] != ord("]")):
        first = False
        if data[at] == ord("-") and before and data[at + 1 : at + 2] not in (b"", b"]"):
            at += 2 if data[at + 1] == ord("\\") else 1
            found.update(range(before, data[at] + 1) if at < len(data) else ())
            before = 0
        elif (named := re.compile(rb"\[:([^\]]*):\]").match(data, at)) is not None:
            if named[1].decode("latin-1") not in _classes():
                return None
            found.update(_classes()[named[1].decode()].encode())
            at, before = named.end() - 1, 0
        else:
            at += data[at] == ord("\\")
            before = data[at] if at < len(data) else 0
            found.add(before)
        at += 1
    if at >= len(data):
        return None
    # Whatever they hold, brackets match no slash in git (WM_PATHNAME in wildmatch.c).
    return (frozenset(range(1, 256)) - found if negated else found) - {_SLASH}, at + 1


@cache
def _classes() -> Mapping[str, str]:
    import string

    return {
        "alnum": string.ascii_letters + string.digits,
        "alpha": string.ascii_letters,
        "blank": " \t",
        "cntrl": "".join(map(chr, (*range(32), 127))),
        "digit": string.digits,
        "graph": string.ascii_letters + string.digits + string.punctuation,
        "lower": string.ascii_lowercase,
        "print": string.ascii_letters + string.digits + string.punctuation + " ",
        "punct": string.punctuation,
        "space": " \t\n\r\v\f",
        "upper": string.ascii_uppercase,
        "xdigit": string.hexdigits,
    }
