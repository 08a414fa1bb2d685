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


def terminal_width() -> int | None:
    """Columns of the terminal that standard output is; None where it is none."""
    import shutil
    import sys

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def paragraph(text: str, *, first: str = "", rest: str = "") -> str:
    """The text on one line, or on a terminal in lines that fit it: the first one begins with `first`, others `rest`."""
    width = terminal_width()
    if width is None or len(first) + len(text) <= width:
        return first + text
    import textwrap

    return textwrap.fill(
        text,
        max(width, 20),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
