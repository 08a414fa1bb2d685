"""Where the keys of a task line stand, in every dialect; `read` says what they mean.

Dialects: `plain` (`key:value`, `#tag`, `!high`), `emoji` (Obsidian Tasks), `dataview` (`[key:: value]`,
`(key:: value)`), `todotxt` (`(A)` as the first word) and `block` (`^name` as the last word, as in Obsidian).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING

from mdtodo.markdown.keys.estimates_and_dates import SPAN_IN_WORDS
from mdtodo.markdown.keys.inline import verbatim_ranges

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import NamedTuple
else:
    from mdtodo.core.light.named_tuples import NamedTuple


class Token(NamedTuple):
    """One key as it stands in the text: characters `start` to `end`.

    `name` is that of the first column of the reference (`after` for ⛔ and dependsOn), or `tag`. `value`
    is as written, except for priorities written as a sign, which read as their word.
    """

    name: str
    value: str
    start: int
    end: int
    dialect: str


PLAIN = (
    *(
        "priority",
        "id",
        "after",
        "est",
        "due",
        "from",
        "every",
        "needs",
        "lane",
        "worker",
        "run",
        "expand",
        "failed",
        "done",
    ),
)
"""Names of keys, as written in `key:value`."""

DATAVIEW = {
    **{name: name for name in PLAIN},
    "dependson": "after",
    "completion": "done",
    "start": "from",
    "scheduled": "from",
}
"""What a Dataview field's name, in lower case, stands for."""

PRIORITIES = {
    "critical": "critical",
    "highest": "critical",
    "high": "high",
    "medium": "medium",
    "low": "low",
    "lowest": "low",
}
PRIORITY_SIGNS = {"🔺": "critical", "⏫": "high", "🔼": "medium", "🔽": "low", "⏬": "low"}
PRIORITY_LETTERS = {"A": "critical", "B": "high", "C": "medium", "D": "low"}
EMOJI = {
    "🆔": "id",
    "⛔": "after",
    "📅": "due",
    "📆": "due",
    "🗓": "due",
    "🛫": "from",
    "⏳": "from",
    "🔁": "every",
    "✅": "done",
}

# `id::` is a field of Dataview and `run://` an address. Punctuation after a value separates it from the next word.
_WORD = re.compile(
    r"(?<!\S)(?:"
    r"#(?P<tag>[^\s#]\S*)"
    r"|!(?P<bang>[A-Za-z]++)[,;.:!?]*+(?!\S)"
    rf"|(?P<name>{'|'.join(PLAIN)}):(?P<value>(?!:|//)\S*[^\s,;])[,;]*+(?!\S)"
    r")"
)
_ASCII_TAG = re.compile(r"\w[\w/+-]*(?:\.(?=\w)[\w/+-]*)*", re.ASCII)
# `[[due:: x]]` is a wiki link, `[due:: x](y)` a link, `![due:: x]` an image: none is a field.
_FIELD = re.compile(
    r"(?<![\[!])(?:"
    r"\[[ \t]*+([A-Za-z]++)[ \t]*+::([^\[\]\n]++)\](?!\()"
    r"|\([ \t]*+([A-Za-z]++)[ \t]*+::([^()\n]++)\))"
)
_BANGS = "critical", "high", "medium", "low"
_BANG = re.compile(rf"(?<!\S)!(?!(?:{'|'.join(_BANGS)})\b)[A-Za-z]")
# An odd number of backslashes; of an even one each escapes the next (GFM 6.1, 6.12).
_HARD_BREAK = re.compile(r"(?<!\\)((?:\\\\)*)\\\n")
_LETTER = re.compile(r"\s*+\(([A-D])\)(?!\S)")
_BLOCK = re.compile(r"(?<!\S)\^([A-Za-z0-9][A-Za-z0-9._-]*+)\s*+\Z")
# `#123` is an issue, no tag.
_SOME_LETTER = re.compile(r"[^\d_/+.-]")
_PUNCTUATION = frozenset(",;.:!?")
_QUOTES = frozenset("\"'\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a«»「」『』")
_CLOSING = "*_~)]}>"
_SEPARATOR = re.compile(r"[,;]+(?!\S)")
_SEPARATOR_OF_TAG = re.compile(r"[,;.:!?]+(?!\S)")


def without_hard_breaks(text: str) -> str:
    """The text with a blank for each backslash that only breaks its line, so that it ends no word."""
    return _HARD_BREAK.sub(r"\1 \n", text) if "\\\n" in text else text


def find_keys(text: str) -> list[Token]:
    """Every key of the text in order, good or bad; none overlaps another. Linear in the text's length."""
    text, whole = without_hard_breaks(text), text
    words = "#" in text or ":" in text or "!" in text
    # In this order: words within what an earlier form has taken are no keys, as `#x` in `[id:: a #x]`.
    tokens = list(_dataview_keys(text)) if words and "::" in text else []
    if not text.isascii():
        tokens += _emoji_keys(text, _ranges_of(tokens))
    if words:
        tokens += _plain_keys(text, _ranges_of(tokens))
    if "(" in text and (letter := _LETTER.match(text)):
        value = PRIORITY_LETTERS[letter[1]]
        tokens.append(Token("priority", value, letter.start(1) - 1, letter.end(1) + 1, "todotxt"))
    if "^" in text and (block := _BLOCK.search(text, text.rindex("^"))):
        tokens.append(Token("id", block[1], block.start(), block.end(1), "block"))
    if not tokens:
        return tokens
    # At the end, since few lines have a key, and fewer one with code or a link beside it.
    if closed := verbatim_ranges(whole):
        taken = Ranges(closed)
        tokens = [token for token in tokens if taken.free(token.start, token.end)]
    if len(tokens) > 1:
        tokens.sort(key=lambda token: token.start)
    return _without_ornaments(text, tokens) if any(map(_may_be_ornament, tokens)) else tokens


def unknown_priorities(text: str) -> list[tuple[int, str]]:
    """Offset and word of each `!word` that is nearly a priority, and so stays title; `!important` is a word."""
    if "!" not in text or not _BANG.search(text):
        return []
    found = [m for m in _WORD.finditer(text) if m["bang"] and _is_nearly_priority(m["bang"].lower())]
    taken = Ranges(verbatim_ranges(text)) if found else Ranges(())
    return [(m.start(), m["bang"]) for m in found if taken.free(m.start(), m.end("bang"))]


def _is_nearly_priority(word: str) -> bool:
    """Also `highest` and `lowest`, which are values of `priority:` alone."""
    return word not in _BANGS and (word in PRIORITIES or any(is_slip(word, name) for name in _BANGS))


def is_slip(name: str, key: str) -> bool:
    """Whether two neighbouring letters of the key are swapped, or one letter is off in a key of five or more."""
    if abs(len(name) - len(key)) > 1:
        return False
    first = next((at for at, (one, other) in enumerate(zip(name, key, strict=False)) if one != other), None)
    if first is None:
        return len(key) >= 5  # one letter too many, or too few, at the end
    rest, wanted = name[first:], key[first:]
    if rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]:
        return len(key) >= 3
    return len(key) >= 5 and (rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:])


def end_with_punctuation(text: str, token: Token) -> int:
    """Where the token ends, with the punctuation that separated it from the next word."""
    if text[token.end : token.end + 1] not in _PUNCTUATION:
        return token.end
    pattern = _SEPARATOR_OF_TAG if text[token.start] in "#!" else _SEPARATOR
    separator = pattern.match(text, token.end)
    return separator.end() if separator else token.end


class Ranges:
    """Ranges of the text that belong to something already; in order, and apart."""

    __slots__ = ("ends", "starts")

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        self.starts = [start for start, _ in ranges]
        self.ends = [end for _, end in ranges]

    def free(self, start: int, end: int) -> bool:
        """Whether nothing of `start` to `end` is taken."""
        before = bisect_left(self.starts, end)
        return before == 0 or self.ends[before - 1] <= start


def _ranges_of(tokens: list[Token]) -> Ranges:
    return Ranges(sorted((token.start, token.end) for token in tokens)) if tokens else _NO_RANGES


def _dataview_keys(text: str) -> Iterator[Token]:
    for found in _FIELD.finditer(text):
        name = DATAVIEW.get((found[1] or found[3]).lower())
        value = (found[2] or found[4]).strip()
        if name and _is_value(value) and _may_be(name, value):
            yield Token(name, value, found.start(), found.end(), "dataview")


def _is_value(written: str) -> bool:
    """Not so in `"N tests failed:" list`, `**due:** soon` and `[ends after:]`, where a quotation or the like ends."""
    first = written[:1]
    return not (first in _QUOTES or (first in _CLOSING and not written.strip(f"{_CLOSING}.!?")))


def _may_be(name: str, value: str) -> bool:
    """Not so of `from:main` and `[start:: here]`, which are words of a title: only what stands for a day is meant as
    the key, be it `from:tomorrow`, which no file can have."""
    return name != "from" or value[0].isdecimal() or bool(_day_words().fullmatch(value))


def _emoji_keys(text: str, taken: Ranges) -> Iterator[Token]:
    """Emoji keys. A sign with no value of its shape behind it is an ornament (`✅ Fixed`, `📅 2 weeks`): title."""
    signs, behind = _emoji_patterns()
    at = 0
    while found := signs.search(text, at):
        start, at = found.span()
        sign = found[1]
        if sign in PRIORITY_SIGNS:
            if taken.free(start, at):
                yield Token("priority", PRIORITY_SIGNS[sign], start, at, "emoji")
            continue
        found = behind[EMOJI[sign]].match(text, at)
        if found and taken.free(start, found.end()):
            at = found.end()
            yield Token(EMOJI[sign], found[1], start, at, "emoji")


def _may_be_ornament(token: Token) -> bool:
    return token.dialect == "emoji" and token.name in ("id", "after")


def _without_ornaments(text: str, tokens: Sequence[Token]) -> list[Token]:
    """Of 🆔 and ⛔, which any word may follow, only those behind which the line has nothing but keys; none where the
    text has nothing but keys: `⛔ Blocked by legal` and the heading `⛔ Blocked` are words."""
    kept: list[Token] = []
    start, only_keys, words = len(text), True, False
    for token in reversed(tokens):
        gap = text[token.end : start]
        line = gap.partition("\n")[0]
        only_keys = (only_keys or line is not gap) and _is_between_keys(line)
        words = words or not _is_between_keys(gap)
        start = token.start
        if only_keys or not _may_be_ornament(token):
            kept.append(token)
        else:
            words = True
    kept.reverse()
    if words or not _is_between_keys(text[:start]):
        return kept
    return [token for token in kept if not _may_be_ornament(token)]


def _is_between_keys(text: str) -> bool:
    return not text or text.isspace() or _between_keys().fullmatch(text) is not None


def _plain_keys(text: str, taken: Ranges) -> Iterator[Token]:
    for found in _WORD.finditer(text):
        tag, bang, name, value = found.groups()
        start = found.start()
        if tag:
            name, value = "tag", tag.rstrip(",;.:!?")
            end = start + 1 + len(value)
            if not _is_tag(value):
                continue
        elif bang:
            name, value, end = "priority", bang.lower(), found.end(2)
            if value not in _BANGS:
                continue
        elif _is_value(value) and _may_be(name, value):
            end = found.end(4)
        else:
            continue
        if not taken.starts or taken.free(start, end):
            yield Token(name, value, start, end, "plain")


def _is_tag(word: str) -> bool:
    if word.isalpha():
        return True
    pattern = _ASCII_TAG if word.isascii() else _any_tag()
    return bool(pattern.fullmatch(word) and _SOME_LETTER.search(word))


#: Marks of the direction of writing, which stand beside dates in Hebrew and Arabic text.
_MARKS = "\u200e\u200f\u061c"

# What few lines need is compiled when the first one does: together they cost a tenth of Python's own start.


@cache
def _any_tag() -> re.Pattern[str]:
    """No ASCII punctuation but a few, no general, CJK or full-width punctuation."""
    char = r"[^\s\x00-/:-@\[-^`{-\x7f‐-⁞、-】！-／]"
    return re.compile(rf"{char}(?:{char}|[-/+]|\.(?={char}))*")


@cache
def _day_words() -> re.Pattern[str]:
    """What people call a day, seen from today."""
    day = r"today|tomorrow|yesterday|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
    several = r"\d{1,4}[ _-]?(?:days?|weeks?|months?|years?|[dwmy])"
    return re.compile(
        rf"{day}|\+{several}|in[ _-]{several}|(?:next|this)[ _-](?:week|month|year|{day})",
        re.ASCII | re.IGNORECASE,
    )


@cache
def _emoji_patterns() -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    """A sign, and what may stand behind each.

    Values are bounded, so that a word made of signs is not read to its end for each of them.
    """
    gap = rf"[ \t{_MARKS}]{{0,9}}+"
    # Another sign may follow at once, and `2026-12-01T10:00` or a span of days is none.
    date = re.compile(gap + r"(\d{4}-\d\d-\d\d)(?![\w/–—-])", re.ASCII)
    signs = "".join([*PRIORITY_SIGNS, *EMOJI])
    one = rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,199}}+(?![^\s,;{signs}{_MARKS}])"
    name = re.compile(f"{gap}({one})")
    names = re.compile(f"{gap}({one}(?:[ \t]{{0,9}},[ \t]{{0,9}}{one}){{0,99}})")
    # `every week on Monday` is a rule of the calendar
    span = re.compile(rf"{gap}({SPAN_IN_WORDS})(?![\w-]|[ \t]*,|[ \t]+(?:{'|'.join(_RULES)})\b)", re.ASCII)
    sign = re.compile(f"([{signs}])[\ufe0e\ufe0f]?")
    return sign, {"id": name, "after": names, "due": date, "from": date, "every": span, "done": date}


#: Words with which Obsidian's text of a recurrence goes on.
_RULES = "on", "at", "in", "for", "until", "when", "and", "or", "except", "starting"


def rules_of_recurrence(text: str) -> list[tuple[int, str]]:
    """Offset and words of each recurrence behind 🔁 that is no span of time, and so stays title."""
    if "🔁" not in text:
        return []
    taken = Ranges(sorted([*verbatim_ranges(text), *((one.start, one.end) for one in find_keys(text))]))
    found = _recurrence().finditer(text)
    return [(one.start(), one[1].strip()) for one in found if taken.free(one.start(), one.end())]


@cache
def _recurrence() -> re.Pattern[str]:
    return re.compile(r"🔁[\ufe0e\ufe0f]?[ \t]{0,9}(every\b(?:[ \t,]*+[A-Za-z0-9]++(?![:\w]))*+)", re.ASCII)


@cache
def _between_keys() -> re.Pattern[str]:
    """What may stand between keys: also the fields of Obsidian Tasks that are read as words here."""
    return re.compile(
        rf"(?:[\s,;{_MARKS}]"
        r"|[➕❌🛫⏳⌛][\ufe0e\ufe0f]?[ \t]{0,9}\d{4}-\d\d-\d\d(?![\w-])"
        r"|🏁[\ufe0e\ufe0f]?[ \t]{0,9}[A-Za-z]++"
        r"|🔁[\ufe0e\ufe0f]?[ \t]{0,9}every\b[A-Za-z0-9, \t]*+"
        r")*",
        re.ASCII,
    )


_NO_RANGES = Ranges(())
