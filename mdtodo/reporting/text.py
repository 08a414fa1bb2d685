"""Text of strangers on a terminal: what could steer it is made visible instead."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

#: C0 and C1 controls but tab and line feed, the line and paragraph separators, and the bidirectional
#: overrides (Unicode TR36, "Trojan Source").
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with every control character replaced by `\\xNN` or `\\uNNNN`; tabs and line feeds stay."""
    return text if text.isprintable() else _STEERING.sub(_visible, text)


def one_line(text: str) -> str:
    """The text, printable, and on one line."""
    return printable(" ".join(text.split()))


def redraws(stream: TextIO) -> bool:
    """Whether it is a terminal on which lines can be drawn again."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def room(title: int, facts: Sequence[int], width: int, *, least: int = 24) -> tuple[int, int]:
    """Of a line with a title and facts behind it, two columns apart, all in columns: how many facts it has room for,
    the first ones first, and the columns that are left for the title; a title of more than `least` gives way only so
    far, where facts can go."""
    shown = len(facts)
    while shown and min(title, least) + sum(facts[:shown]) + 2 * shown > width:
        shown -= 1
    return shown, max(1, width - sum(facts[:shown]) - 2 * shown)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
