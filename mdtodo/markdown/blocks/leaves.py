r"""What a line of markdown may be, as patterns: the leaves of the block structure.

Source: the GitHub Flavored Markdown specification 0.29, and where it leaves room what cmark-gfm does. Every
pattern is linear on any input (possessive where two parts could share a character) and ends at the line's
end, which is "\n" or "\r\n" here (a lone "\r" has been read as "\n" before). Most files need few of them, and
to compile all would take longer than to read a small file, so each is compiled when it is first asked for.
"""

from __future__ import annotations

import re
from functools import cache

# Only single characters are repeated possessively. Groups are not, as in `(?:ab)*+`: Python before 3.11.5 matches
# those wrongly (gh-106052).
_EOL = rb"\r?\n"
_SPACE = rb"[ \t\v\f]"
_PUNCTUATION = rb"[!-/:-@\[-`{-~]"

#: `# Heading`: 1 the hashes.
ATX = rb"(#{1,6})(?:[ \t]++|(?=" + _EOL + rb"))"
SETEXT = rb"(?:=++|-++)[ \t]*+" + _EOL
#: 1 or 2 the fence.
OPEN_FENCE = rb"(`{3,}+)[^`\n]*+\n|(~{3,}+)"
CLOSE_FENCE = rb"(`{3,}+|~{3,}+)[ \t]*+" + _EOL
#: `1.` or `1)` before white space: 1 the number.
ORDERED = rb"([0-9]{1,9}+)[.)](?=[ \t\r\n])"
_QUOTE_MARKS = rb">++"
_BREAK_RUNS = {mark: rb"[%c \t]*+" % mark for mark in b"*_-"}

_TAG = rb"(/?)([A-Za-z][A-Za-z0-9]*+)([ \t\v\f\r\n>]|/>)"
# The text of GFM 0.29 has no `textarea`; cmark-gfm (from 0.29.0.gfm.7 on) and CommonMark 0.31 do. Any of the four end
# tags ends the block. CommonMark 0.31 also has `search` among the block tags, which cmark-gfm has not.
_RAW_TAGS = frozenset({b"script", b"pre", b"style", b"textarea"})
_RAW_TAG_END = rb"(?i:</(?:script|pre|style|textarea)>)"
_BLOCK_TAGS = frozenset(
    b"""
    address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt
    fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link
    main menu menuitem nav noframes ol optgroup option p param section source title summary table tbody td tfoot th
    thead tr track ul
    """.split()
)
_HTML_ENDS = {2: b"-->", 3: b"?>", 4: b">", 5: b"]]>"}
_NAME = rb"[A-Za-z][A-Za-z0-9-]*+"
_VALUE = rb"(?:[^ \t\r\n\v\f\"'=<>`]++|'[^'\n]*+'|\"[^\"\n]*+\")"
_ATTRIBUTE = rb"%b++[a-zA-Z_:][a-zA-Z0-9:._-]*+(?:%b*+=%b*+%b)?" % (_SPACE, _SPACE, _SPACE, _VALUE)
# No \v among the blanks at the end: so in cmark-gfm, although the specification calls it white space.
_WHOLE_TAG = rb"<(?:%b(?:%b)*%b*+/?>|/%b%b*+>)[\t\f ]*+%b" % (_NAME, _ATTRIBUTE, _SPACE, _NAME, _SPACE, _EOL)

_MARKER = rb"%b*+:?+-++:?+%b*+" % (_SPACE, _SPACE)
DELIMITER_ROW = rb"\|?%b(?:\|%b)*\|?%b*+%b" % (_MARKER, _MARKER, _SPACE, _EOL)
# A backslash keeps the pipe after it, also one that is escaped itself: cmark-gfm takes the longest match, which
# is `\` and `\|` in `\\|`. So do the quotes in _TITLE.
_CELL = rb"(?:[^|\r\n]|(?<=\\)\|)[^|\r\n]*(?:(?<=\\)\|[^|\r\n]*)*"
_PIPE = rb"\|" + _SPACE + rb"*+"

_LABEL = rb"\[([^\\\[\]]*(?:\\%b?[^\\\[\]]*)*)\]:" % _PUNCTUATION
_BREAK = rb"[ \t]*+(?:\n[ \t]*+)?"
_LINE_END = rb"[ \t]*+\n"
# cmark-gfm passes over whatever follows a backslash, a line end too.
_ANGLE_TARGET = rb"(?s:<[^<>\\\n]*(?:\\.[^<>\\\n]*)*>)"
_TARGET_STEP = rb"[^()\\ \t\n\r]++|\\%b?+|[()]" % _PUNCTUATION
_TITLE = rb"\"[^\"]*(?:(?<=\\)\"[^\"]*)*\"|'[^']*(?:(?<=\\)'[^']*)*'|\([^()]*(?:(?<=\\)[()][^()]*)*\)"
# Those of cmark-gfm: the specification has 999 characters, and lets a parser limit parentheses (GFM 6.6).
_LABEL_LIMIT = 1000
_PARENTHESES_LIMIT = 32

_compiled = cache(re.compile)


def match(pattern: bytes, text: bytes, at: int) -> re.Match[bytes] | None:
    """What `pattern`, one of the above, finds at `at`."""
    found: re.Match[bytes] | None = _compiled(pattern).match(text, at)
    return found


def break_end(text: bytes, at: int) -> int:
    """Where the run of blanks and of the character at `at` ends: a thematic break, if the line ends there."""
    found = match(_BREAK_RUNS[text[at]], text, at)
    return found.end() if found is not None else at


def marks_end(text: bytes, at: int) -> int:
    """Where the run of quote marks at `at` ends."""
    found = match(_QUOTE_MARKS, text, at)
    return found.end() if found is not None else at


def without_closing_hashes(heading: bytes) -> bytes:
    """The text of an ATX heading, without hashes that follow a blank at its end."""
    text = heading.rstrip(b" \t")
    bare = text.rstrip(b"#")
    return bare.rstrip(b" \t") if not bare or bare[-1] in b" \t" else text


def html_kind(text: bytes, at: int, *, interrupts: bool) -> int:
    """Which of the seven kinds of HTML block starts with the "<" at `at`; 0 for none.

    The seventh, any tag alone on its line, cannot interrupt a paragraph.
    """
    after = text[at + 1 : at + 9]
    if after.startswith(b"!--"):
        return 2
    if after.startswith(b"?"):
        return 3
    if after.startswith(b"!"):
        # Kind 4 needs an ASCII capital (`<!doctype` is kind 4 from CommonMark 0.31 on); `<![cdata[` opens kind 5 in
        # cmark-gfm in any case of its letters.
        return 4 if after[1:2].isupper() else 5 if after.upper() == b"![CDATA[" else 0
    tag = match(_TAG, text, at + 1)
    if tag is not None:
        name = tag[2].lower()
        if name in _RAW_TAGS and not tag[1] and tag[3] != b"/>":
            return 1
        if name in _BLOCK_TAGS:
            return 6
    return 7 if not interrupts and match(_WHOLE_TAG, text, at) is not None else 0


def html_ends(kind: int, text: bytes, start: int, end: int) -> bool:
    """Whether an HTML block of one of the first five kinds ends on the line text[start:end]."""
    if kind == 1:
        return _compiled(_RAW_TAG_END).search(text, start, end) is not None
    return kind in _HTML_ENDS and text.find(_HTML_ENDS[kind], start, end) >= 0


def columns(text: bytes, at: int) -> int:
    """How many cells the line from `at` on has as a row of a table; 0 where it cannot be one."""
    found = match(_PIPE, text, at)
    at = found.end() if found is not None else at
    count = 0
    while True:
        cell = match(_CELL, text, at)
        at = cell.end() if cell is not None else at
        pipe = match(_PIPE, text, at)
        if cell is None and pipe is None:
            return count
        count += 1
        if pipe is None:
            return count
        at = pipe.end()


def is_row(text: bytes, at: int) -> bool:
    """Whether a non-blank line from `at` on may be a further row of a table: not when it is a lone pipe."""
    found = match(_PIPE, text, at)
    return found is None or text[found.end()] not in b"\r\n"


def definitions(content: bytes) -> int:
    r"""How many lines at its start a paragraph (each line with "\n") spends on link reference definitions."""
    at = 0
    while content.startswith(b"[", at):
        end = _definition(content, at)
        if end is None:
            break
        at = end
    return content.count(b"\n", 0, at)


def _definition(content: bytes, at: int) -> int | None:
    label = match(_LABEL, content, at)
    if label is None or len(label[1]) > _LABEL_LIMIT or not label[1].strip(b" \t\n\r"):
        return None
    gap = match(_BREAK, content, label.end())
    target = _target(content, gap.end() if gap is not None else label.end())
    if target is None:
        return None
    # A title that does not end its line is none: the definition ends on the line before, if it can (GFM 4.7).
    plain = match(_LINE_END, content, target)
    gap = match(_BREAK, content, target)
    if gap is not None and gap.end() > target:
        title = match(_TITLE, content, gap.end())
        titled = match(_LINE_END, content, title.end()) if title is not None else None
        if titled is not None:
            return titled.end()
    return plain.end() if plain is not None else None


def _target(content: bytes, at: int) -> int | None:
    """Just after the link destination that starts at `at`; None where none does.

    Parentheses need not be balanced, but a closing one that was never opened ends it.
    """
    if content.startswith(b"<", at):
        angle = match(_ANGLE_TARGET, content, at)
        return angle.end() if angle is not None else None
    if at >= len(content) or content[at] in b" \t\n\r":
        return None
    depth = 0
    while (step := match(_TARGET_STEP, content, at)) is not None:
        depth += {b"(": 1, b")": -1}.get(step[0], 0)
        if depth > _PARENTHESES_LIMIT:
            return None
        if depth < 0:
            return at
        at = step.end()
    return at
