"""Text of strangers on a terminal: what could steer it is made visible instead."""

from __future__ import annotations

import re

#: C0 and C1 controls but tab and line feed, the line and paragraph separators, and the bidirectional
#: overrides (Unicode TR36, "Trojan Source").
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

#: The same, and the marks that have a direction (Unicode's property Bidi_Control).
_STEERING_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

#: Select Graphic Rendition, ECMA-48 8.3.117.
_COLOUR = re.compile("(?:\x1b\\[|\x9b)[0-9;:]*m")


def printable(text: str) -> str:
    """The text with every control character replaced by `\\xNN` or `\\uNNNN`; tabs and line feeds stay."""
    return text if text.isprintable() else _STEERING.sub(_visible, text)


def printable_output(data: bytes) -> str:
    """What a program printed, printable: without colours, a carriage return as the end of a line.

    Colours go too, since text can be hidden in them.
    """
    text = _COLOUR.sub("", data.decode("utf-8", "replace").replace("\r\n", "\n")).replace("\r", "\n")
    return printable(text)


def escaped_json(text: str) -> str:
    """JSON that means the same, in which nothing steers a terminal: such characters can only stand in its strings."""
    return text if text.isascii() and "\x7f" not in text else _STEERING_JSON.sub(_escaped, text)


def one_line(text: str) -> str:
    """The text, printable, and on one line."""
    return printable(" ".join(text.split()))


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
