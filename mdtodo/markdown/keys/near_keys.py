"""Words that are nearly keys: misspelt, in capitals, with a blank after the colon, or called otherwise elsewhere.

They stay title, since a guess is no key. A warning that is wrong teaches people to pass over all of them, so what
may be a word of the text (`test: x`, `line:12`, `alter:x`, `what it needs: time`) is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.markdown.keys.dialects import PLAIN, PRIORITIES, Ranges, Token, find_keys, is_slip
from mdtodo.markdown.keys.estimates_and_dates import is_date, parse_estimate, parse_span
from mdtodo.markdown.keys.inline import verbatim_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class NearKey(NamedTuple):
    """One of them: characters `start` to `end`, with or without blanks between its colon and its value.

    `key` is the one that is meant; None: one that a processor has, and a task has not.
    """

    start: int
    end: int
    name: str
    blank: bool
    value: str
    key: str | None


def near_keys(text: str) -> list[NearKey]:
    """All of a task's first paragraph or of a heading, in order. Linear in the text's length."""
    if ":" not in text:
        return []
    words = [near for found in _WORD.finditer(text) if (near := _near(found)) is not None]
    if not words:
        return []
    taken, end, meant = Ranges(verbatim_ranges(text)), _End(text), list[NearKey]()
    # `prio:📅 2026-12-01` has a key in it.
    keys = Ranges([(token.start, token.end) for token in find_keys(text)])
    # From the end, as what comes last is followed by keys alone, and then so is what stands before it.
    for word in reversed(words):
        if (
            taken.free(word.start, word.end)
            and keys.free(word.start, word.end)
            and _is_meant(word, text, end)
        ):
            meant.append(word)
            end.begins_with(word)
    return meant[::-1]


#: What else a key is called; None: what a processor has, and a task has not.
SYNONYMS: Mapping[str, str | None] = {
    "timeout": None,
    "prio": "priority",
    "deadline": "due",
    "estimate": "est",
    "repeat": "every",
    "recur": "every",
    **dict.fromkeys(
        ("depends", "depends-on", "depends_on", "dependson", "blocked-by", "blocked_by"), "after"
    ),
}

#: Words of English and its neighbours that are as near to a key as a slip of the finger.
_ORDINARY = """
    akter alter arter aster ater efter rafter need needy deeds feeds heeds leeds nerds reeds seeds weeds
    worked workers corker porker werker yorker expande expands expend urn ets set form avery emery ever evers very
    bailed fabled filed foiled hailed jailed mailed nailed railed sailed tailed wailed
"""
#: Where one of these stands before `needs: x`, a sentence goes on.
_GRAMMAR = """
    an the to and or of by for in on at as is are was be it its this that these those which what who whom with from
    into before after when if then than must should can could will would may not no we you i he she they each every
    all any still also only how why where new
"""

_is_ordinary, _is_grammar = (frozenset(words.split()).__contains__ for words in (_ORDINARY, _GRAMMAR))

# Not a key as it should be, nor what begins with a quote, nor `id::x` and `run://x`.
_WORD = re.compile(
    rf"(?<!\S)(?!(?:{'|'.join(PLAIN)}):[^\s:])([A-Za-z][A-Za-z_-]{{1,11}}):([ \t]{{0,2}}+)"
    r"((?![:\"'`“”„‘’«»]|//)\S*[^\s,;])[,;]*+(?!\S)"
)
_NAME_PATTERN = r"(?=[0-9._-]*+[A-Za-z])[A-Za-z0-9][A-Za-z0-9._-]*+"
_NAMES = re.compile(rf"{_NAME_PATTERN}(?:,{_NAME_PATTERN})*")
_DATE_LIKE = re.compile(r"\d{1,4}[-./]\d")
_SEPARATORS = re.compile(r"[\s,;.]*+")


def _near(found: re.Match[str]) -> NearKey | None:
    name, blanks, value = found.groups()
    known = name.lower()
    key = SYNONYMS[known] if known in SYNONYMS else known if known in PLAIN else _nearest(known)
    if key is None and known != "timeout":
        return None
    return NearKey(found.start(), found.end(3), name, bool(blanks), value, key)


@lru_cache(1024)
def _nearest(name: str) -> str | None:
    """The key that this is by a slip: two letters swapped, or in a key of five letters or more one letter wrong."""
    if _is_ordinary(name):
        return None
    return next((key for key in PLAIN if is_slip(name, key)), None)


def _is_meant(near: NearKey, text: str, end: _End) -> bool:
    """Whether the word is meant as a key and not as a word, by its value and by where it stands."""
    key, value = near.key, near.value
    if key is None:
        return near.name == "timeout" and not near.blank and value[:1].isdecimal()
    if key in _TELLING:
        if near.blank:
            # `Priority: High / Low` is a question, and `priority: high` alone is YAML.
            whole = key != "priority" or (near.start > 0 and end.follows(near.end))
            return whole and bool(_TELLING[key](value))
        return key == "priority" or bool(_TELLING[key](value) or _DATE_LIKE.match(value))
    if key == "failed":
        return not near.blank and value.isdecimal()
    if near.name == "ID" or not _NAMES.fullmatch(value):
        return False
    return not near.blank or (near.name.islower() and end.follows(near.end) and _ends_a_title(near, text))


#: Values that say by themselves that a key is meant.
_TELLING: Mapping[str, Callable[[str], object]] = {
    "priority": lambda value: value.lower() in PRIORITIES,
    "est": lambda value: parse_estimate(value) is not None,
    "every": lambda value: parse_span(value) is not None,
    **dict.fromkeys(("due", "done", "from"), is_date),
}


def _ends_a_title(near: NearKey, text: str) -> bool:
    """Whether what stands before is a title of its own, and no sentence that `needs: x` would go on."""
    if near.name not in PLAIN:
        return True
    *_, last = ["", *text[max(0, near.start - 12) : near.start].split()]
    if last == "a":
        return near.start < len("a  ")  # a title, not the article
    return not _is_grammar(last.lower()) if last else near.name == "run"


class _End:
    """Where the keys at the end of a text begin, and what is meant as one of them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = len(text)
        self._keys: list[Token] | None = None

    def follows(self, at: int) -> bool:
        """Whether nothing but keys stands from `at` on."""
        if self._keys is None:
            self._keys = find_keys(self._text)
            self._begin_with_keys(self._keys)
        return self._reaches(at)

    def begins_with(self, near: NearKey) -> None:
        """What is meant as a key counts as one."""
        if self.follows(near.end) and self._keys is not None:
            self._at = min(self._at, near.start)
            self._begin_with_keys(self._keys)

    def _begin_with_keys(self, keys: list[Token]) -> None:
        while keys and self._reaches(keys[-1].end):
            self._at = min(self._at, keys.pop().start)

    def _reaches(self, at: int) -> bool:
        found = _SEPARATORS.match(self._text, at)
        return found is not None and found.end() >= self._at


def sentence(near: NearKey) -> str:
    """What is wrong with it, and what is meant."""
    value = near.value if len(near.value) <= 40 else near.value[:40] + "…"
    if near.key is None:
        return f"`{near.name}:{value}` has no effect on a task's line; set `{near.name}` of its processor"
    if near.blank:
        return f"`{near.name}: {value}` is not a key; did you mean `{near.key}:{value}`, without a blank?"
    return f"`{near.name}:{value}` is not a key; did you mean `{near.key}:`?"
