"""What a line of markdown may be, as patterns: the leaves of the block structure.

Source: the GitHub Flavored Markdown specification 0.29, and where it leaves room what cmark-gfm does. Every
pattern is linear on any input (possessive where two parts could share a character) and ends at the line's
end, which is "\\n" or "\\r\\n" here (a lone "\\r" has been read as "\\n" before).
"""

from __future__ import annotations

import re

_EOL = rb"\r?\n"
_SPACE = rb"[ \t\v\f]"
_PUNCTUATION = rb"[!-/:-@\[-`{-~]"

#: `# Heading`: 1 the hashes, 2 the blanks after them.
ATX = re.compile(rb"(#{1,6})(?:([ \t]++)|(?=" + _EOL + rb"))")
SETEXT = re.compile(rb"(?:=++|-++)[ \t]*+" + _EOL)
OPEN_FENCE = re.compile(rb"(`{3,}+)[^`\n]*+\n|(~{3,}+)")
CLOSE_FENCE = re.compile(rb"(`{3,}+|~{3,}+)[ \t]*+" + _EOL)
#: `1.` or `1)`, and what is white space after it.
ORDERED = re.compile(rb"([0-9]{1,9}+)[.)](?=[ \t\r\n])")
_BREAK_RUNS = {mark: re.compile(rb"[%c \t]*+" % mark) for mark in b"*_-"}

_TAG = rb"[A-Za-z][A-Za-z0-9-]*+"
_VALUE = rb"(?:[^ \t\r\n\v\f\"'=<>`]++|'[^'\n]*+'|\"[^\"\n]*+\")"
_ATTRIBUTE = (
    _SPACE + rb"++[a-zA-Z_:][a-zA-Z0-9:._-]*+(?:" + _SPACE + rb"*+=" + _SPACE + rb"*+" + _VALUE + rb")?+"
)
_BLOCK_TAGS = (
    rb"address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl"
    rb"|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h1|h2|h3|h4|h5|h6|head|header|hr|html|iframe"
    rb"|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|section|source|title|summary"
    rb"|table|tbody|td|tfoot|th|thead|tr|track|ul"
)
_HTML = re.compile(
    rb"<(?:(?P<k1>(?i:script|pre|style)[ \t\v\f\r\n>])|(?P<k2>!--)|(?P<k3>\?)|(?P<k4>![A-Z])"
    rb"|(?P<k5>!\[(?i:CDATA)\[)|(?P<k6>/?(?i:" + _BLOCK_TAGS + rb")(?:[ \t\v\f\r\n]|/?>)))"
)
_HTML_7 = re.compile(
    rb"<(?:"
    + _TAG
    + rb"(?:"
    + _ATTRIBUTE
    + rb")*+"
    + _SPACE
    + rb"*+/?>|/"
    + _TAG
    + _SPACE
    + rb"*+>)[\t\f ]*+"
    + _EOL
)
_HTML_ENDS = {
    1: re.compile(rb"</(?:script|pre|style)>", re.IGNORECASE),
    2: re.compile(rb"-->"),
    3: re.compile(rb"\?>"),
    4: re.compile(rb">"),
    5: re.compile(rb"\]\]>"),
}

_MARKER = _SPACE + rb"*+:?+-++:?+" + _SPACE + rb"*+"
DELIMITER_ROW = re.compile(rb"\|?+" + _MARKER + rb"(?:\|" + _MARKER + rb")*+\|?+" + _SPACE + rb"*+" + _EOL)
_CELL = re.compile(rb"(?:[^|\r\n]++|(?<=\\)\|)++")
_PIPE = re.compile(rb"\|" + _SPACE + rb"*+")

_LABEL = re.compile(rb"\[((?:[^\\\[\]]|\\" + _PUNCTUATION + rb"?+)*+)\]:")
_BREAK = re.compile(rb"[ \t]*+(?:\n[ \t]*+)?+")
_LINE_END = re.compile(rb"[ \t]*+\n")
_ANGLE_TARGET = re.compile(rb"<(?:[^<>\\\n]++|\\.)*+>", re.DOTALL)
_TARGET = re.compile(rb"(?:[^()\\ \t\n\r]++|\\" + _PUNCTUATION + rb"?+|[()])*+")
_TARGET_STEP = re.compile(rb"[^()\\ \t\n\r]++|\\" + _PUNCTUATION + rb"?+|[()]")
_TITLE = re.compile(
    rb"\"[^\"]*(?:(?<=\\)\"[^\"]*)*\"|'[^']*(?:(?<=\\)'[^']*)*'|\([^()]*(?:(?<=\\)[()][^()]*)*\)"
)
_LABEL_LIMIT = 1000
_PARENTHESES_LIMIT = 32


def break_end(text: bytes, at: int) -> int:
    """Where the run of the character at `at` and of blanks ends, which is a thematic break if that is the
    line's end.
    """
    found = _BREAK_RUNS[text[at]].match(text, at)
    return found.end() if found is not None else at


def without_closing_hashes(heading: bytes) -> bytes:
    """The text of an ATX heading without the hashes at its end, which must follow a blank, and without blanks
    there.
    """
    text = heading.rstrip(b" \t")
    bare = text.rstrip(b"#")
    return bare.rstrip(b" \t") if not bare or bare[-1] in b" \t" else text


def html_kind(text: bytes, at: int, *, interrupts: bool) -> int:
    """Which of the seven kinds of HTML block starts at `at`; 0 for none. The seventh cannot interrupt a
    paragraph.
    """
    found = _HTML.match(text, at)
    if found is not None:
        return int((found.lastgroup or "k0")[1:])
    return 7 if not interrupts and _HTML_7.match(text, at) is not None else 0


def html_ends(kind: int, text: bytes, start: int, end: int) -> bool:
    """Whether an HTML block of one of the first five kinds ends on the line text[start:end]."""
    pattern = _HTML_ENDS.get(kind)
    return pattern is not None and pattern.search(text, start, end) is not None


def columns(text: bytes, at: int) -> int:
    """How many cells the line from `at` on has as a row of a table; 0 where it cannot be one."""
    found = _PIPE.match(text, at)
    at = found.end() if found is not None else at
    count = 0
    while True:
        cell = _CELL.match(text, at)
        at = cell.end() if cell is not None else at
        pipe = _PIPE.match(text, at)
        if cell is None and pipe is None:
            return count
        count += 1
        if pipe is None:
            return count
        at = pipe.end()


def is_row(text: bytes, at: int) -> bool:
    """Whether a non-blank line from `at` on may be a further row of a table: not when it is a lone pipe."""
    found = _PIPE.match(text, at)
    return found is None or text[found.end()] not in b"\r\n"


def definitions(content: bytes) -> int:
    """How many lines at its start a paragraph (each line with "\\n") spends on link reference definitions."""
    at = 0
    while content.startswith(b"[", at):
        end = _definition(content, at)
        if end is None:
            break
        at = end
    return content.count(b"\n", 0, at)


def _definition(content: bytes, at: int) -> int | None:
    label = _LABEL.match(content, at)
    if label is None or len(label[1]) > _LABEL_LIMIT or not label[1].strip(b" \t\n\r"):
        return None
    gap = _BREAK.match(content, label.end())
    target = _target(content, gap.end() if gap is not None else label.end())
    if target is None:
        return None
    plain = _LINE_END.match(content, target)
    gap = _BREAK.match(content, target)
    if gap is not None and gap.end() > target:
        title = _TITLE.match(content, gap.end())
        titled = _LINE_END.match(content, title.end()) if title is not None else None
        if titled is not None:
            return titled.end()
    return plain.end() if plain is not None else None


def _target(content: bytes, at: int) -> int | None:
    """Just after the link destination that starts at `at`; None where none does."""
    if content.startswith(b"<", at):
        angle = _ANGLE_TARGET.match(content, at)
        return angle.end() if angle is not None else None
    if at >= len(content) or content[at] in b" \t\n\r":
        return None
    found = _TARGET.match(content, at)
    end = found.end() if found is not None else at
    return (
        end if content.find(b"(", at, end) < 0 and content.find(b")", at, end) < 0 else _balanced(content, at)
    )


def _balanced(content: bytes, at: int) -> int | None:
    """Just after a destination with parentheses: a closing one that was never opened ends it."""
    depth = 0
    while (step := _TARGET_STEP.match(content, at)) is not None:
        depth += {b"(": 1, b")": -1}.get(step[0], 0)
        if depth > _PARENTHESES_LIMIT:
            return None
        if depth < 0:
            return at
        at = step.end()
    return at
