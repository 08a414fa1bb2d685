"""The keys of a task's text, where all of them are written plainly and are right.

Knows `key:value`, `#tag` and `!high`; what may be a key in another spelling, or nearly one, makes it give up.
"""

from mdtodo.fast_path.blocks import UnsureError

TYPE_CHECKING = False  # that of typing takes as long to import as all of this
if TYPE_CHECKING:
    from collections.abc import Callable

#: Keys that may be there once, and those that add up.
_ONCE = frozenset(
    {"priority", "id", "est", "due", "from", "every", "lane", "worker", "run", "failed", "done"}
)
_MANY = frozenset({"after", "needs"})
#: What else means a key, here or elsewhere; `expand` takes the whole program.
_OTHERS = frozenset(
    {
        *("expand", "timeout", "prio", "deadline", "estimate", "repeat", "recur"),
        *("depends", "depends-on", "depends_on", "dependson", "blocked-by", "blocked_by"),
    }
)
#: Keys of four letters or less, of which two may be swapped; and longer ones, of which one may be wrong.
_SHORT = frozenset("".join(sorted(one)) for one in ("id", "est", "due", "from", "lane", "run", "done"))
_LONG = ("priority", "after", "every", "needs", "worker", "expand", "failed")
_ASCII_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST = 12
_PRIORITIES = frozenset({"critical", "highest", "high", "medium", "low", "lowest"})
_BANGS = frozenset({"!critical", "!high", "!medium", "!low"})
#: Signs that are keys alone, or before a word; and those that are one before a date.
_SIGNS = "🔺⏫🔼🔽⏬🆔⛔🔁"
_DATE_SIGNS = {"📅": "due", "📆": "due", "🗓": "due", "🛫": "from", "⏳": "from", "✅": "done"}
_SPECIAL = ":#!^(\\"
_UNITS = {"m": 1, "h": 60, "d": 480}

Keys = dict[str, list[str]]


def keys_of(text: str) -> Keys:
    """Each key with its values. Raises UnsureError where one may be wrong, or another program's."""
    found: Keys = {}
    if not text.isascii():
        _signs(text, found)
    for sign in _SPECIAL:
        if sign in text:
            break
    else:
        return found
    letter = text[:1] == "(" and text[2:3] == ")" and text[1] in "ABCD"
    if letter or "^" in text or "\\\n" in text or ("::" in text and _may_be_field(text)):
        raise UnsureError
    for word in text.split():
        if word[0] == "!":
            _bang(word, found)
        elif ":" in word:
            _colon(word, found)
    if ("id" in found or "after" in found) and any(sign in text for sign in ("`", "<", "](", "[[")):
        raise UnsureError
    return found


def _signs(text: str, found: Keys) -> None:
    """Keys that are dates behind a sign; without a date it is an ornament."""
    if any(sign in text for sign in _SIGNS):
        raise UnsureError
    for sign, name in _DATE_SIGNS.items():
        _, *behind = text.split(sign) if sign in text else ("",)
        for rest in behind:
            value = rest.lstrip("\ufe0e\ufe0f\u200e\u200f\u061c \t")[:11]
            if value[:1].isdecimal():
                if not _is_date(value[:10]) or value[10:].strip():
                    raise UnsureError
                _add(name, value[:10], found)


def _may_be_field(text: str) -> bool:
    """Whether it may have a field of Dataview, as `[due:: x]`."""
    for before in text.split("::")[:-1]:
        name = before.rstrip(" \t")
        bare = name.rstrip(_ASCII_LETTERS)
        if bare != name and bare.rstrip(" \t")[-1:] in ("[", "("):
            return True
    return False


def minutes(value: str) -> int:
    """Of an estimate that `keys_of` has let pass."""
    return int(value[:-1]) * _UNITS[value[-1]]


def is_title_word(word: str) -> bool:
    """Not of a word that may be a key: titles that differ have other words, but for those."""
    return ":" not in word and word[0] not in "#!" and word[0] not in _DATE_SIGNS and not _is_date_like(word)


def _is_date_like(word: str) -> bool:
    return word[:4].isdecimal() and word[4:5] == "-"


def _bang(word: str, found: Keys) -> None:
    bare = word.rstrip(",;.:!?")
    if bare in _BANGS:
        _add("priority", bare[1:], found)
    elif word[1:2].isalpha():
        raise UnsureError


def _colon(word: str, found: Keys) -> None:
    name, _, value = word.partition(":")
    if value.startswith("//"):
        return
    value = value.rstrip(",;")
    if name in _ONCE or name in _MANY:
        if not value or not _RIGHT[name](value):
            raise UnsureError
        for one in value.split(",") if name in _MANY else (value,):
            _add(name, one, found)
    elif _may_be_meant(name.lower()):
        raise UnsureError


def _add(name: str, value: str, found: Keys) -> None:
    if name in found and name in _ONCE:
        raise UnsureError
    found.setdefault(name, []).append(value)


def _may_be_meant(name: str) -> bool:
    """Whether it is a key in other letters, nearly one, or what another program calls one."""
    if (
        not 1 < len(name) <= _LONGEST
        or not name.isascii()
        or not name.replace("-", "").replace("_", "").isalpha()
    ):
        return False
    if name in _ONCE or name in _MANY or name in _OTHERS or "".join(sorted(name)) in _SHORT:
        return True
    return any(abs(len(key) - len(name)) < 2 and _is_slip(name, key) for key in _LONG)


def _is_slip(name: str, key: str) -> bool:
    """Whether one letter is another one, missing or too many, or two neighbours are swapped."""
    at = 0
    while at < min(len(name), len(key)) and name[at] == key[at]:
        at += 1
    rest, wanted = name[at:], key[at:]
    swapped = rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]
    return swapped or rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:]


def is_name(value: str) -> bool:
    """As those of ids."""
    bare = value.replace("-", "a").replace("_", "a").replace(".", "a")
    return value.isascii() and value[:1].isalnum() and bare.isalnum()


def _are_names(value: str) -> bool:
    return all(map(is_name, value.split(",")))


def _is_date(value: str) -> bool:
    """Whether it is surely one of the calendar."""
    year, month, day = value[:4], value[5:7], value[8:]
    if (
        len(value) != 10
        or value[4] + value[7] != "--"
        or not value.isascii()
        or not (year + month + day).isdecimal()
    ):
        return False
    return year > "0000" and "01" <= month <= "12" and "01" <= day <= ("28" if month == "02" else "30")


def _is_number_of(units: str, value: str) -> bool:
    count = value[:-1]
    return value[-1] in units and value.isascii() and count.isdecimal() and len(count) < 5


_RIGHT: "dict[str, Callable[[str], bool]]" = {
    "priority": _PRIORITIES.__contains__,
    "id": is_name,
    "after": _are_names,
    "needs": _are_names,
    "est": lambda value: _is_number_of("mhd", value),
    "due": _is_date,
    "from": _is_date,
    "done": _is_date,
    "every": lambda value: _is_number_of("wdhm", value) and value[0] != "0",
    "lane": is_name,
    "worker": is_name,
    "run": is_name,
    "failed": lambda value: value.isascii() and value.isdecimal() and len(value) < 7,
}
