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
_LONG = [
    (len(one), frozenset(one))
    for one in ("priority", "after", "every", "needs", "worker", "expand", "failed")
]
_LONGEST = 12
_PRIORITIES = frozenset({"critical", "highest", "high", "medium", "low", "lowest"})
_BANGS = frozenset({"!critical", "!high", "!medium", "!low"})
_SIGNS = "🔺⏫🔼🔽⏬🆔⛔📅📆🗓🛫⏳🔁✅"
_SPECIAL = ":#!^(\\"
_UNITS = {"m": 1, "h": 60, "d": 480}

Keys = dict[str, list[str]]

_NOTHING: Keys = {}


def keys_of(text: str) -> Keys:
    """Each key with its values. Raises UnsureError where one may be wrong, or another program's."""
    if not text.isascii() and any(sign in text for sign in _SIGNS):
        raise UnsureError
    for sign in _SPECIAL:
        if sign in text:
            break
    else:
        return _NOTHING
    if "::" in text or "^" in text or "\\\n" in text or (text[:1] == "(" and text[2:3] == ")"):
        raise UnsureError
    found: Keys = {}
    for word in text.split():
        if word[0] == "!":
            _bang(word, found)
        elif ":" in word:
            _colon(word, found)
    if ("id" in found or "after" in found) and any(sign in text for sign in ("`", "<", "](", "[[")):
        raise UnsureError
    return found


def minutes(value: str) -> int:
    """Of an estimate that `keys_of` has let pass."""
    return int(value[:-1]) * _UNITS[value[-1]]


def is_title_word(word: str) -> bool:
    """Not of a word that may be a key: titles that differ have other words, but for those."""
    return ":" not in word and word[0] not in "#!"


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
    letters = frozenset(name)
    return any(
        abs(length - len(name)) < 2 and len(letters & others) >= len(others) - 1 for length, others in _LONG
    )


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
