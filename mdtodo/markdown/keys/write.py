"""How a key is written into a task's first paragraph, as the smallest change of its characters."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice, product
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core.task import Priority
from mdtodo.errors import EditError
from mdtodo.markdown.keys.dialects import (
    PLAIN,
    PRIORITY_LETTERS,
    PRIORITY_SIGNS,
    Token,
    end_with_punctuation,
    without_hard_breaks,
)
from mdtodo.markdown.keys.inline import atomic_ranges
from mdtodo.markdown.keys.read import FIELDS, Keys, read_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Splice(NamedTuple):
    """Replace the characters `start` to `end` by `new`."""

    start: int
    end: int
    new: str


def write_key(text: str, name: str, value: str | None, dialect: str | None = None) -> str:
    """The text with the key set, or removed where `value` is None: see `key_splices`.

    `write_key(write_key(text, name, value), name, None) == text` wherever the text had no such key.
    """
    return apply_splices(text, key_splices(text, name, value, dialect))


def key_splices(
    text: str, name: str, value: str | None, dialect: str | None = None, keys: Keys | None = None
) -> list[Splice]:
    """The splices, in order and apart from each other, that set the key, or remove it where `value` is None.

    Nothing where the key says `value` already. A new key goes to the end of the first line, or further down
    if that line ends inside a code span, a link or inline HTML; before a last `^name`, trailing blanks and a
    hard break's backslash. Its form is the one that the line uses, else `dialect`, else `key:value`. A key
    that is there keeps its form. `keys` are those of the text, if they have been read already.

    Raises EditError for a value that the key cannot have, and where any other key or the title would change.
    """
    before = keys or read_keys(text)
    wanted = _wanted(name, value)
    if isinstance(wanted, Priority):
        value = wanted.value
    if getattr(before, field_of(name)) == wanted and (value is not None or not _named(before, name)):
        return []
    # Tried and read again: what else a new key would touch (a link, a title's comma, another dialect) is the reader's
    # to say, and rules of our own would one day differ from his.
    for splices in _candidates(text, before, name, value, dialect):
        if _only_changes(before, read_keys(apply_splices(text, splices)), name, wanted):
            return splices
    verb = "removed from" if value is None else "added to"
    raise EditError(f"{name}: cannot be {verb} this line without changing the rest of it")


def apply_splices(text: str, splices: Sequence[Splice]) -> str:
    """The text with the splices made, which are in order."""
    pieces: list[str] = []
    at = 0
    for start, end, new in splices:
        pieces += text[at:start], new
        at = end
    return "".join(pieces) + text[at:]


def field_of(name: str) -> str:
    """The field of `Keys` that holds the key; EditError for a key that is not written."""
    if name not in PLAIN:
        raise EditError(f"there is no key {name!r} to write")
    return FIELDS.get(name, name)


def favourite_dialect(tokens: Iterable[Token]) -> str | None:
    """The dialect that most of these keys are written in, of the keys that have several; None without any."""
    counts: dict[str, int] = {}
    for token in tokens:
        if token.name in SEVERAL_FORMS and token.dialect in ("plain", *_FORMS):
            counts[token.dialect] = counts.get(token.dialect, 0) + 1
    return max(counts, key=counts.__getitem__) if counts else None


_FORMS = {
    "emoji": {"priority": "", "id": "🆔", "after": "⛔", "due": "📅", "from": "🛫", "done": "✅"},
    "dataview": {
        "priority": "priority",
        "id": "id",
        "after": "dependsOn",
        "est": "est",
        "due": "due",
        "from": "start",
        "done": "completion",
    },
}
SEVERAL_FORMS = frozenset(_FORMS["dataview"])
"""The keys whose form depends on what the line, or the file, uses."""

_SIGN_OF = {word: sign for sign, word in reversed(PRIORITY_SIGNS.items())}
_LETTER_OF = {word: letter for letter, word in PRIORITY_LETTERS.items()}
_LAST_BACKSLASH = re.compile(r"(?<!\\)(?:\\\\)*\\$")
#: Each try reads the whole paragraph, and one of a thousand lines would take a thousand of them.
_LINES_TRIED = 8


@lru_cache(256)
def _wanted(name: str, value: str | None) -> object:
    """What the key will read as; EditError for a value that it cannot have."""
    field = field_of(name)
    if value is None:
        default: object = getattr(Keys(""), field)
        return default
    keys = read_keys(f"{name}:{value}")
    wanted: object = getattr(keys, field)
    if [token.value for token in keys.tokens] != [value] or keys.problems or wanted in (None, ()):
        raise EditError(f"{name}: cannot have the value {value[:80]!r}")
    return wanted


def _named(keys: Keys, name: str) -> list[Token]:
    return [token for token in keys.tokens if token.name == name]


def _candidates(
    text: str, keys: Keys, name: str, value: str | None, dialect: str | None
) -> Iterator[list[Splice]]:
    """What may be tried, best first."""
    there = _named(keys, name)
    if value is None:
        yield removal(text, there)
    elif there:
        # These add up, so what is left of them would still count; of the others the first one counts alone.
        more = there[1:] if name in ("after", "needs") else []
        yield [_replacement(text, there[0], value), *removal(text, more)]
    else:
        forms = _new_key(text, keys, name, value, dialect), _plain_key(name, value)
        ends = places(text, keys)
        # Where no title stands before it, 🆔 is a word and `id:` none.
        for new, place in product(dict.fromkeys(forms), ends):
            yield [Splice(place, place, f" {new}" if text[:place].strip() else f"{new} ")]


def _only_changes(before: Keys, after: Keys, name: str, wanted: object) -> bool:
    """Whether title and values are what they were but for this key."""
    change: dict[str, Any] = {field_of(name): wanted}
    intended = before._replace(**change)
    return after._replace(tokens=(), problems=()) == intended._replace(tokens=(), problems=())


# --- Removing and replacing ---------------------------------------------------------------------------------


def removal(text: str, tokens: Sequence[Token]) -> list[Splice]:
    """Each token with one blank beside it; a further line that holds nothing else goes as a whole."""
    text = without_hard_breaks(text)
    splices: list[Splice] = []
    done = 0
    for token in tokens:
        start, end = token.start, end_with_punctuation(text, token)
        if start > done and text[start - 1] in " \t" and not text[end : end + 1].strip():
            start -= 1
        elif text[end : end + 1] in (" ", "\t") and not text[max(start - 1, 0) : start].strip():
            end += 1
        splices.append(Splice(start, end, ""))
        done = end
    return _whole_lines(text, splices)


def _whole_lines(text: str, splices: Sequence[Splice]) -> list[Splice]:
    by_line: dict[int, list[Splice]] = {}
    for splice in splices:
        by_line.setdefault(text.rfind("\n", 0, splice.start), []).append(splice)
    whole: list[Splice] = []
    for newline, those in by_line.items():
        end = text.find("\n", newline + 1)
        end = len(text) if end < 0 else end
        line = apply_splices(text[:end], those)[newline + 1 :]
        whole += those if newline < 0 or line.strip() else [Splice(newline, end, "")]
    return whole


def _replacement(text: str, token: Token, value: str) -> Splice:
    """The same key in the same form with another value."""
    source = text[token.start : token.end]
    if token.dialect == "todotxt":
        return Splice(token.start + 1, token.end - 1, _LETTER_OF[value])
    if token.dialect == "emoji" and token.name == "priority":
        return Splice(token.start, token.end, _SIGN_OF[value])
    if source.startswith("!"):
        return Splice(token.start + 1, token.end, value)
    start = token.start + source.rindex(token.value)
    return Splice(start, start + len(token.value), value)


# --- A new key ----------------------------------------------------------------------------------------------


def _new_key(text: str, keys: Keys, name: str, value: str, dialect: str | None) -> str:
    dialect = favourite_dialect(keys.tokens) or dialect
    form = _FORMS.get(dialect or "", {}).get(name)
    if form is None:
        return _plain_key(name, value)
    if dialect == "emoji":
        return f"{form} {value}" if form else _SIGN_OF[value]
    brackets = {text[token.start] for token in keys.tokens if token.dialect == "dataview"}
    return f"({form}:: {value})" if brackets == {"("} else f"[{form}:: {value}]"


def _plain_key(name: str, value: str) -> str:
    return f"!{value}" if name == "priority" else f"{name}:{value}"


def places(text: str, keys: Keys) -> list[int]:
    """Where a new key, or a tag, may go, best first."""
    return list(islice(_line_ends(text, keys), _LINES_TRIED))


def _line_ends(text: str, keys: Keys) -> Iterator[int]:
    """The end of each line that does not end inside something."""
    closed = atomic_ranges(text) if "\n" in text else []
    block = next((token for token in keys.tokens if token.dialect == "block"), None)
    nth = start = 0
    while start <= len(text):
        end = text.find("\n", start)
        last = end < 0
        end = len(text) if last else end
        while nth < len(closed) and closed[nth][1] <= end:
            nth += 1
        if nth == len(closed) or closed[nth][0] >= end:
            # Behind the paragraph's last line a backslash breaks nothing: it is a word of the title.
            yield _place_on_line(text, start, end, None if last else _LAST_BACKSLASH, block)
        start = end + 1


def _place_on_line(
    text: str, start: int, end: int, hard_break: re.Pattern[str] | None, block: Token | None
) -> int:
    line = text[start:end]
    if hard_break and hard_break.search(line):
        line = line[:-1]
    line = line.rstrip(" \t")
    if block and start <= block.start and block.end == start + len(line):
        line = text[start : block.start].rstrip(" \t")
        if not line:
            return block.start
    return start + len(line)
