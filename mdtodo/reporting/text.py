"""Text of strangers on a terminal: what could steer it is made visible instead."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from mdtodo.core.light.patterns import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

#: C0 and C1 controls but tab and line feed, the line and paragraph separators, and the bidirectional
#: overrides (Unicode TR36, "Trojan Source").
_STEERING = lazy_pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

#: The same, and the marks that have a direction (Unicode's property Bidi_Control).
_STEERING_JSON = lazy_pattern("[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

#: A command in a sentence.
_COMMAND = lazy_pattern("`[^`]*`")

#: Select Graphic Rendition, ECMA-48 8.3.117.
_COLOUR = lazy_pattern("(?:\x1b\\[|\x9b)[0-9;:]*m")


def printable(text: str) -> str:
    r"""The text with every control character replaced by `\xNN` or `\uNNNN`; tabs and line feeds stay."""
    # a quick look first: all that `_STEERING` has is unprintable to Python
    return text if text.isprintable() else _STEERING.sub(_visible, text)


def printable_output(data: bytes) -> str:
    """What a program printed, printable: without colours, a carriage return as the end of a line.

    Colours go too, since text can be hidden in them.
    """
    text = _COLOUR.sub("", data.decode("utf-8", "replace").replace("\r\n", "\n")).replace("\r", "\n")
    return printable(text)


def escaped_json(text: str) -> str:
    """JSON that means the same, in which nothing steers a terminal: such characters can only stand in its strings."""
    # json has escaped U+0000 to U+001F already
    return text if text.isascii() and "\x7f" not in text else _STEERING_JSON.sub(_escaped, text)


def one_line(text: str) -> str:
    """The text, printable, and on one line."""
    return printable(" ".join(text.split()))


def one_lines(texts: Sequence[str]) -> Sequence[str]:
    """The same of many, most of which are so already."""
    # the only white space that is printable is the blank
    if "".join(texts).isprintable() and not _BLANKS.search("\n".join(["", *texts, ""])):
        return texts
    return [one_line(text) for text in texts]


#: Blanks that `one_line` would take out of lines that are printable.
_BLANKS = re.compile("  | \n|\n ")


def terminal_width(stream: TextIO | None = None) -> int | None:
    """Columns of the terminal that `stream` is, or standard output; None where it is none."""
    import sys

    stream = stream or sys.stdout
    if not stream.isatty():
        return None
    if not os.environ.get("COLUMNS"):
        with suppress(OSError, ValueError):
            # of this stream, as shutil asks for standard output only; 0 where nobody has given a pty a size
            return os.get_terminal_size(stream.fileno()).columns or 80
    import shutil  # which loads what compresses archives

    return shutil.get_terminal_size().columns


def paragraph(text: str, *, first: str = "", rest: str = "", stream: TextIO | None = None) -> str:
    """The text on one line, or on a terminal in lines that fit it: the first one begins with `first`, others `rest`.

    A command in backticks stays on one line where that has room for it.
    """
    width = terminal_width(stream)
    if width is None or len(first) + len(text) <= width:
        return first + text
    import textwrap

    width = max(width, 20)
    # a NUL is no blank to textwrap, and printable text has none of its own
    whole = _COMMAND.sub(
        lambda match: match[0].replace(" ", "\0") if len(match[0]) + len(rest) <= width else match[0], text
    )
    return textwrap.fill(
        whole,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    ).replace("\0", " ")


def tell(sentence: str, *, first: str = "mdtodo: ", rest: str = "  ") -> None:
    """A sentence for a person, on standard error; lines of it that are indented stay as they are."""
    import sys

    import click

    click.echo(message(sentence, first=first, rest=rest, stream=sys.stderr), err=True)


def tell_each(sentences: Iterable[str]) -> None:
    """Each as `tell` does, on one line."""
    for sentence in sentences:
        tell(one_line(sentence))


def print_patch(patch: str, *, color: bool) -> None:
    """A patch in text, so that it cannot steer a terminal."""
    import click

    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in printable(patch).split("\n")[:-1]:
        click.echo(click.style(line, styles.get(line[:1])) if color else line, color=color)


def message(sentence: str, *, first: str = "mdtodo: ", rest: str = "  ", stream: TextIO) -> str:
    """The same as text that `stream` can show."""
    begun, *others = printable(sentence).split("\n")
    folded = (line if line[:1] in ("", " ") else paragraph(line, rest=rest, stream=stream) for line in others)
    return "\n".join([paragraph(begun, first=first, rest=rest, stream=stream), *folded])


def columns(
    head: Sequence[tuple[str, str]], texts: Iterable[str], width: int, *, colored: bool
) -> Iterator[str]:
    """Lines of a table without lines: the cells of `head`, each with the style of `click.style`, the last one so
    wide, and beside them the texts, each from a new line on. On a narrow terminal the texts are below.
    """
    import click

    *signs, (name, style) = head
    cells = [*signs, (f"{name:<{width}}", style)]
    plain = "  ".join(text for text, _ in cells) + "  "
    styles = [{"fg": style} if style not in ("dim", "bold") else {style: True} for _, style in cells]
    shown = "  ".join(
        click.style(text, **how) if colored else text for (text, _), how in zip(cells, styles, strict=True)
    )
    narrow = (terminal_width() or 1000) < 2 * width + 24
    if narrow:
        yield shown.rstrip()
    indent = " " * (4 if narrow else len(plain))
    for number, text in enumerate(texts):
        lines = paragraph(text, first=indent, rest=indent).split("\n")
        if not number and not narrow:
            lines[0] = f"{shown}  {lines[0][len(plain) :]}"
        yield from lines


def redraws(stream: TextIO) -> bool:
    """Whether it is a terminal on which lines can be drawn again."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def shows(text: str) -> bool:
    """Whether standard output can show this text."""
    import sys

    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


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


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
