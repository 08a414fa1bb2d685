"""What a configured value may be: how it is called, checked and written.

A `ValueType` reads one value, a `Table` any number of named ones, a `Record` the fields of a dataclass. They are
the types and checks of the fields in `settings`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mdtodo.core.names import is_name, suggestion

Read = Callable[[object], Any]


class InvalidError(Exception):
    """A value that cannot be; `path` leads to it, the outermost key first."""

    def __init__(self, sentence: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.path = path


class ValueType:
    """One value: `description` names it for people, `read` checks and converts it, `show` gives its TOML value."""

    __slots__ = ("description", "read", "show")

    def __init__(
        self, description: str, read: Read, show: Callable[[Any], object] = lambda value: value
    ) -> None:
        self.description = description
        self.read = read
        self.show = show


class Table:
    """Named values of one shape; `check_name` refuses a key, `prepare` accepts a shorter way to write it."""

    __slots__ = ("check_name", "of", "prepare")

    def __init__(
        self,
        of: Shape,
        check_name: Callable[[str], None],
        prepare: Callable[[object], object] = lambda value: value,
    ) -> None:
        self.of = of
        self.check_name = check_name
        self.prepare = prepare


class Record:
    """The fields of a dataclass that carry a `shape` in their metadata."""

    __slots__ = ("cls",)

    def __init__(self, cls: type) -> None:
        self.cls = cls


Shape = ValueType | Table | Record


def described(shape: Shape, doc: str) -> dict[str, object]:
    """The metadata of a field: its type and check, and what the reference says of it."""
    return {"shape": shape, "doc": doc}


def shown(value: object) -> str:
    """A value in a sentence, short."""
    import json

    plain = isinstance(value, str | bool | int | float)
    try:
        text = json.dumps(value, ensure_ascii=False) if plain else str(value)
    except ValueError:  # Python writes no number of more than 4,300 digits, but reads it in base 16
        return "a number that is too long to be shown"
    return text if len(text) <= 60 else text[:57] + "..."


def must_be(what: str, value: object) -> InvalidError:
    """The sentence for a value of the wrong type or out of range."""
    return InvalidError(f"must be {what}, not {shown(value)}")


def boolean() -> ValueType:
    """`true` or `false`."""

    def read(value: object) -> bool:
        if not isinstance(value, bool):
            raise must_be("true or false", value)
        return value

    return ValueType("true or false", read)


def integer(low: int, high: int | None = None) -> ValueType:
    """A whole number from `low` to `high`, or to the largest of TOML; true and false are none."""
    description = (
        f"a whole number from {low} to {high}" if high is not None else f"a whole number, {low} or more"
    )
    # TOML has no more than 64 bits, but tomllib reads numbers of any length
    limit = (1 << 63) - 1 if high is None else high

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):  # in Python true is the whole number 1
            raise must_be(description, value)
        if not low <= value <= limit:
            raise must_be(description, value)
        return value

    return ValueType(description, read)


def number(low: float, high: float) -> ValueType:
    """A number from `low` to `high`, whole or not."""
    description = f"a number from {low:g} to {high:g}"

    def read(value: object) -> float:
        # "not in between" instead of "below or above": nan is neither
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise must_be(description, value)
        return float(value)

    return ValueType(description, read)


def choice(*words: str, into: Callable[[str], Any] = str) -> ValueType:
    """One of a few words."""
    description = " or ".join(f'"{word}"' for word in words)

    def read(value: object) -> Any:
        if not isinstance(value, str):
            raise must_be(description, value)
        if value not in words:
            raise InvalidError(f"must be {description}, not {shown(value)}{suggestion(value, words)}")
        return into(value)

    return ValueType(description, read, str)


def single_line(description: str = "a string") -> ValueType:
    """A text that is not blank, on one line."""

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise must_be(description, value)
        # \x09 is left out: a tab may be in a line
        if not value.strip() or re.search(r"[\x00-\x08\n\x0b-\x1f\x7f]", value):
            raise InvalidError(f"must be {description} on one line, not {shown(value)}")
        return value

    return ValueType(description, read)


def string_list(description: str, of: ValueType | None = None, *, least: int = 0) -> ValueType:
    """A list of texts, at least `least`."""
    one = of or single_line()

    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise must_be(description, value)
        if len(value) < least:
            raise InvalidError(f"must be {description}, and not empty")
        return tuple(_list_item(one, index, item) for index, item in enumerate(value))

    return ValueType(description, read, list)


def _list_item(of: ValueType, index: int, item: object) -> str:
    try:
        return str(of.read(item))
    except InvalidError as wrong:
        raise InvalidError(wrong.sentence, (f"[{index}]",)) from None


def name_of(noun: str) -> ValueType:
    """A name that tasks can write, in `needs:` for example."""
    description = f"a {noun} name (letters, digits, '.', '_', '-')"

    def read(value: object) -> str:
        if not isinstance(value, str) or not is_name(value):
            raise must_be(description, value)
        return value

    return ValueType(description, read)


def check_name(noun: str) -> Callable[[str], None]:
    """Refuses a table key that cannot be written as the value of a key in a task."""

    def check(key: str) -> None:
        if not is_name(key):
            raise InvalidError(
                f"is not a valid name for a {noun}: use letters, digits, '.', '_' and '-', and begin with a letter "
                "or digit"
            )

    return check


def any_name(key: str) -> None:
    """Accepts every table key."""
    if not key.strip():
        raise InvalidError("has an empty name")
