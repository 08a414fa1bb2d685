"""Text of strangers in markdown that others render: a cell of a table, a link, a block of code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mdtodo.reporting.text import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Every ASCII sign that could mean something to GFM, to HTML, or to what GitHub makes of text (mentions, issues,
#: emoji, addresses, formulas). A character reference is never structure (CommonMark 0.31, 2.5).
_SIGNS = re.compile(r"[!-/:-@\[-`{-~]")
_HARMLESS = frozenset(" ,;'\"/=?%")


def escaped(text: str) -> str:
    """The text on one line, such that a renderer shows just these characters, also in a cell of a table."""
    return _SIGNS.sub(_reference, one_line(text))


def link(text: str, url: str | None) -> str:
    """`[text](url)`; without a url the text. `url` is ours, with its parts quoted."""
    return escaped(text) if url is None else f"[{escaped(text)}]({url})"


def code_block(text: str, language: str = "text") -> str:
    """A fenced block that nothing in the text ends."""
    shown = printable(text).rstrip("\n")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of GFM; its cells are escaped already."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (names, ["---"] * len(names), *rows))


def _reference(sign: re.Match[str]) -> str:
    found = sign.group()
    return found if found in _HARMLESS else f"&#{ord(found)};"
