"""Named tuples as JSON, and back, by the annotations of their fields: the one codec of what is kept or handed on.

JSON's encoder writes a named tuple as the list of its fields, and an enumeration as its value. Read is such a list, or
an object with the fields by their names; fields at the end of a list, and names, that are not known here are passed
over, and what is missing has its default. So a field that comes later stands last, with a default.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from mdtodo.core.light.named_tuples import NamedTuple

T = TypeVar("T")


def dumps(value: object) -> str:
    """One line of JSON: named tuples, enumerations, sets, mappings, and what JSON has itself."""
    return _ENCODER.encode(value)


def loads(kind: type[T], text: str | bytes) -> T:
    """What `dumps` wrote of this type. ValueError for anything else."""
    return decode(kind, json.loads(text))


def decode(kind: type[T], data: object) -> T:
    """The same for what JSON has been read from. ValueError where it is not of this type."""
    key: Any = kind
    reader = _reader_of(key)
    try:
        _check((data,), (reader.classes,))
        made: T = reader.convert(data) if reader.convert else data  # type: ignore[assignment]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"this is no {getattr(kind, '__name__', kind)}") from error
    return made


def named(value: tuple[Any, ...]) -> dict[str, Any]:
    """The fields of a named tuple by their names, but for those that have their default."""
    defaults: Mapping[str, object] = getattr(value, "_field_defaults", {})
    fields: Sequence[str] = getattr(value, "_fields", ())
    found = zip(fields, value, strict=True)
    return {name: field for name, field in found if name not in defaults or field != defaults[name]}


def _plain(value: object) -> object:
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


# made once: json.dumps with options makes an encoder at each call
_ENCODER = json.JSONEncoder(default=_plain, separators=(",", ":"))


class _Reader(NamedTuple):
    """The classes that the JSON of a type may have, and what makes the value of it; None where it is the same."""

    classes: tuple[type, ...]
    convert: Callable[[Any], Any] | None = None


def _check(values: Sequence[object], classes: Sequence[tuple[type, ...]]) -> None:
    # `all` and `map` walk in C: of a long list there are a hundred thousand values
    if not all(map(isinstance, values, classes)):
        raise ValueError("a value is not of its type")


@cache
def _reader_of(kind: Any) -> _Reader:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if get_origin(kind) is not None or isinstance(kind, UnionType):
        return _of_parts(kind)
    if issubclass(kind, Enum):
        return _Reader((str,), {member.value: member for member in kind}.__getitem__)
    return _Reader((list, dict), _of_fields(kind))


_PLAIN: Mapping[Any, _Reader] = {
    **{one: _Reader((one,)) for one in (str, int, bool, NoneType)},
    float: _Reader((float, int)),
    object: _Reader((object,)),
    Any: _Reader((object,)),
}


def _of_parts(kind: Any) -> _Reader:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is tuple and parts[1:] != (...,):
        row = _row_of([_reader_of(part) for part in parts])
        return _Reader((list,), lambda values: tuple(row([*_whole(values, len(parts))])))
    if origin in (tuple, list, frozenset):
        return _Reader((list,), _all_of(origin, _reader_of(parts[0])))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        reader = _reader_of(parts[1])
        return _Reader(
            (dict,), lambda found: dict(zip(found, _every(reader, [*found.values()]), strict=True))
        )
    return _one_of(parts)


def _one_of(kinds: Sequence[Any]) -> _Reader:
    """One kind or None; or several named tuples, as objects, which have the names of the fields that it must have."""
    readers = [_reader_of(kind) for kind in kinds]
    classes = tuple(one for reader in readers for one in reader.classes)
    converted = [(kind, one.convert) for kind, one in zip(kinds, readers, strict=True) if one.convert]
    if len(converted) < 2:
        convert = converted[0][1] if converted else None
        return _Reader(classes, convert and (lambda value: None if value is None else convert(value)))
    needed = [({*kind._fields} - {*kind._field_defaults}, convert) for kind, convert in converted]

    def read(value: dict[str, Any]) -> Any:
        for names, convert in needed:
            if names <= value.keys():
                return convert(value)
        raise ValueError("fields are missing")

    return _Reader((dict,), read)


def _every(reader: _Reader, values: list[Any]) -> list[Any]:
    _check(values, [reader.classes] * len(values))
    return values if reader.convert is None else list(map(reader.convert, values))


def _all_of(origin: Callable[[list[Any]], Any], reader: _Reader) -> Callable[[list[Any]], Any]:
    return lambda values: origin(_every(reader, values)) if values else origin([])


def _whole(values: list[Any], width: int) -> list[Any]:
    if len(values) != width:
        raise ValueError(f"there are {len(values)} values and not {width}")
    return values


def _row_of(readers: Sequence[_Reader]) -> Callable[[list[Any]], list[Any]]:
    """What reads values of these kinds, in this order; there may be less of them."""
    classes = [one.classes for one in readers]
    converts = [(at, one.convert) for at, one in enumerate(readers) if one.convert is not None]

    def read(values: list[Any]) -> list[Any]:
        _check(values, classes)
        for at, convert in converts:
            if at < len(values):
                values[at] = convert(values[at])
        return values

    return read


def _of_fields(kind: Any) -> Callable[[list[Any] | dict[str, Any]], Any]:
    hints = get_type_hints(kind, localns=_NAMES)
    fields, defaults = kind._fields, kind._field_defaults
    readers = [_reader_of(hints[name]) for name in fields]
    width, row = len(fields), _row_of(readers)

    @cache
    def row_of(given: tuple[str, ...]) -> Callable[[list[Any]], list[Any]]:
        return _row_of([readers[fields.index(name)] for name in given])

    def read(data: list[Any] | dict[str, Any]) -> Any:
        if isinstance(data, dict):
            given = tuple([name for name in fields if name in data or name not in defaults])
            values = row_of(given)([data[name] for name in given])
            return kind(**dict(zip(given, values, strict=True)))
        values = row(data[:width])
        return kind._make(values) if len(values) == width else kind(*values)

    return read


#: What annotations may name that a module imports for type checkers alone.
_NAMES = {"Mapping": Mapping, "Sequence": Sequence, "Any": Any}
