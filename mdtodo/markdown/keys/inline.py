"""What a paragraph's inline constructs keep to themselves: code spans, link targets, autolinks, inline HTML.

Only where they begin and end, not what they mean. The rules are those of CommonMark 0.31 (sections 6.1, 6.3,
6.5 and 6.6), and wiki links `[[page]]` count as link targets. Linear time, also on hostile text.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Range = tuple[int, int]

# What is escaped comes first and opens nothing. Backticks are taken as a whole run, since only a run of the
# same length closes it (GFM 6.3). Of `<`, those alone that may open something.
_OPENER = re.compile(
    r"\\[\s\S]|`+|<(?=[A-Za-z?]|/[A-Za-z]|!(?:--|\[CDATA\[|[A-Za-z]))|\]\(|\[\[[^\[\]\n]*+\]\]"
)
_TICKS = re.compile(r"`+")
# The first that fits counts, so `<!` comes last, which begins two of the others.
_ENDLESS = ("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">")
_BLANKS = re.compile(r"[ \t\n]*+")
# Parentheses within parentheses in a link target; more than any real address has.
_DEEPEST = 4
_BRACKET = re.compile(r"\\[\s\S]|[\[\]]")


def verbatim_ranges(text: str) -> list[Range]:
    """The ranges, in order, whose words are no keys: code spans, link targets, autolinks, inline HTML."""
    if "`" not in text and "<" not in text and "](" not in text and "[[" not in text:
        return []
    return list(_verbatim_ranges(text))


def atomic_ranges(text: str) -> list[Range]:
    """The ranges, in order, into which nothing may be put: the verbatim ones, and brackets with their text."""
    closed = verbatim_ranges(text)
    return _merged(closed + _brackets(text, closed))


def _verbatim_ranges(text: str) -> Iterator[Range]:
    code, html = _code_ends(text), _html_ends(text)
    at = 0
    while found := _OPENER.search(text, at):
        start, at = found.span()
        first = text[start]
        end: int | None = None
        if first == "`":
            end = code(at, at - start)
        elif first == "<":
            end = html(start)
        elif first == "]":
            end = _target_end(text, at)
        elif text.startswith("[[", start):
            end = at
        if end is not None:
            yield start, end
            at = end


def _code_ends(text: str) -> Callable[[int, int], int | None]:
    """A function from the end and the length of an opening run of backticks to the end of its code span."""
    # By length, and each run dropped once it is passed: to search from every run would take quadratic time.
    starts: dict[int, list[int]] = {}
    for run in reversed(list(_TICKS.finditer(text))):
        starts.setdefault(run.end() - run.start(), []).append(run.start())

    def end(at: int, length: int) -> int | None:
        left = starts.get(length)
        while left and left[-1] < at:
            left.pop()
        return left[-1] + length if left else None

    return end


@cache
def _tag() -> re.Pattern[str]:
    """An autolink, or an HTML tag."""
    return re.compile(
        r"<(?:"
        r"[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*+>"
        r"|/[A-Za-z][A-Za-z0-9-]*+[ \t\n]*+>"
        r"|[A-Za-z][A-Za-z0-9-]*+"
        r"(?:[ \t\n]++[A-Za-z_:][A-Za-z0-9_.:-]*+"
        r"(?:[ \t\n]*+=[ \t\n]*+(?:[^ \t\n\"'=<>`]++|'[^']*+'|\"[^\"]*+\"))?)*[ \t\n]*+/?>"
        r")"
    )


def _html_ends(text: str) -> Callable[[int], int | None]:
    """A function from a `<` to the end of what it opens: an autolink, a tag, a comment; None if nothing."""
    # What was not found once is not there further on either: `<!--<!--<!--` is searched once.
    absent: set[str] = set()

    def end(start: int) -> int | None:
        if found := _tag().match(text, start):
            return found.end()
        opener, closer = next((pair for pair in _ENDLESS if text.startswith(pair[0], start)), ("", ""))
        if not opener:
            return None
        if opener == "<!" and not text[start + 2 : start + 3].isalpha():
            return None
        # "<!-->" and "<!--->" are whole comments.
        at = -1 if closer in absent else text.find(closer, start + 2)
        if at < 0:
            absent.add(closer)
            return None
        return at + len(closer)

    return end


@cache
def _target() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A link's address, with or without angle brackets, and its title."""
    pointed = r"<[^<>\n\\]*(?:\\.[^<>\n\\]*)*>"
    title = "|".join(
        rf"{opener}[^{inside}\\]*(?:\\[\s\S][^{inside}\\]*)*{closer}"
        for opener, inside, closer in (('"', '"', '"'), ("'", "'", "'"), (r"\(", "()", r"\)"))
    )
    return re.compile(rf"{pointed}|{_balanced(_DEEPEST)}"), re.compile(rf"[ \t\n]++(?:{title})")


# `re` cannot recurse: the pattern holds itself as often as `depth` says.
def _balanced(depth: int) -> str:
    """An address that holds parentheses in pairs, so deep within each other."""
    inner = rf"|\({_balanced(depth - 1)}\)" if depth else ""
    return rf"(?:[^()\x00-\x20\x7f\\]++|\\[!-/:-@\[-`{{-~]|\\(?![!-/:-@\[-`{{-~]){inner})*"


def _target_end(text: str, at: int) -> int | None:
    """Where the link target that begins after `](` ends, behind its `)`; None if it is none."""
    address, title = _target()
    at = _skip(text, at)
    if found := address.match(text, at):
        at = found.end()
    if found := title.match(text, at):
        at = found.end()
    at = _skip(text, at)
    return at + 1 if text.startswith(")", at) else None


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _brackets(text: str, closed: Sequence[Range]) -> list[Range]:
    """Pairs of brackets outside of `closed`, each with the link target that follows it."""
    if "[" not in text:
        return []
    pairs: list[Range] = []
    ends = dict(closed)
    stack: list[int] = []
    at = nth = 0
    while found := _BRACKET.search(text, at):
        start, at = found.span()
        while nth < len(closed) and closed[nth][1] <= start:
            nth += 1
        inside = nth < len(closed) and closed[nth][0] <= start
        if text[start] == "]" and stack and (not inside or start in ends):
            pairs.append((stack.pop(), ends.get(start, at)))
        elif text[start] == "[" and not inside:
            stack.append(start)
        if inside:
            at = closed[nth][1]
    return pairs


def _merged(ranges: Sequence[Range]) -> list[Range]:
    """The same places as disjoint ranges in order."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged
