"""What a configured value may be: how it is called, checked and written.

A `ValueType` reads one value, a `Table` any number of named ones, a `Record` the fields of a dataclass. They are
the types and checks of the fields in `settings`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeVar

from mdtodo.core.names import is_name, suggestion

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from mdtodo.core.light.named_tuples import NamedTuple

Read = Callable[[object], Any]
_T = TypeVar("_T")


class InvalidError(Exception):
    """A value that cannot be; `path` leads to it, the outermost key first."""

    def __init__(self, sentence: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.path = path


class ValueType(NamedTuple):
    """One value: `description` names it for people, `read` checks and converts it, `show` gives its TOML value."""

    description: str
    read: Read
    show: Callable[[Any], object] = lambda value: value


class Table(NamedTuple):
    """Named values of one shape; `check_name` refuses a key, `prepare` accepts a shorter way to write it."""

    of: Shape
    check_name: Callable[[str], None]
    prepare: Callable[[object], object] = lambda value: value


class Record(NamedTuple):
    """The fields of a dataclass that carry a `shape` in their metadata."""

    cls: type


Shape = ValueType | Table | Record


def key(shape: Shape, doc: str, default: _T) -> _T:
    """A field of the settings, with its shape and its documentation."""
    return field(default=default, metadata={"shape": shape, "doc": doc})


def table(shape: Table, doc: str, factory: Callable[[], Mapping[str, _T]] = dict) -> Mapping[str, _T]:
    """The same for what has entries by name; `factory` makes those that are there without any configuration."""
    return field(default_factory=factory, metadata={"shape": shape, "doc": doc})


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


def checked(
    description: str, test: Callable[[Any], bool], convert: Callable[[Any], Any] = lambda value: value
) -> ValueType:
    """A value that passes the test; `convert` makes of it what is kept."""

    def read(value: object) -> Any:
        if not test(value):
            raise must_be(description, value)
        return convert(value)

    return ValueType(description, read)


def boolean() -> ValueType:
    """`true` or `false`."""
    return checked("true or false", lambda value: isinstance(value, bool))


def integer(low: int, high: int | None = None) -> ValueType:
    """A whole number from `low` to `high`, or to the largest of TOML; true and false are none."""
    description = (
        f"a whole number from {low} to {high}" if high is not None else f"a whole number, {low} or more"
    )
    # TOML has no more than 64 bits, but tomllib reads numbers of any length
    limit = (1 << 63) - 1 if high is None else high
    # by the very type: in Python true is the whole number 1
    return checked(description, lambda value: type(value) is int and low <= value <= limit)


def number(low: float, high: float) -> ValueType:
    """A number from `low` to `high`, whole or not."""
    # "in between" instead of "not below or above": nan is neither
    return checked(
        f"a number from {low:g} to {high:g}",
        lambda value: type(value) in (int, float) and low <= value <= high,
        float,
    )


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


def list_of(description: str, of: ValueType | None = None, *, least: int = 0) -> ValueType:
    """A list of such values, of texts if nothing else is said; at least `least`."""
    one = of or single_line()

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise must_be(description, value)
        if len(value) < least:
            raise InvalidError(f"must be {description}, and not empty")
        return tuple(_list_item(one, index, item) for index, item in enumerate(value))

    return ValueType(description, read, list)


def _list_item(of: ValueType, index: int, item: object) -> Any:
    try:
        return of.read(item)
    except InvalidError as wrong:
        raise InvalidError(wrong.sentence, (f"[{index}]",)) from None


def name_of(noun: str) -> ValueType:
    """A name that tasks can write, in `needs:` for example."""
    description = f"a {noun} name (letters, digits, '.', '_', '-')"
    return checked(description, lambda value: isinstance(value, str) and is_name(value))


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
