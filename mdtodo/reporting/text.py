"""Text of strangers on a terminal: what could steer it is made visible instead."""

from __future__ import annotations

import re

#: C0 and C1 controls but tab and line feed, the line and paragraph separators, and the bidirectional
#: overrides (Unicode TR36, "Trojan Source").
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with every control character replaced by `\\xNN` or `\\uNNNN`; tabs and line feeds stay."""
    return text if text.isprintable() else _STEERING.sub(_visible, text)


def one_line(text: str) -> str:
    """The text, printable, and on one line."""
    return printable(" ".join(text.split()))


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
