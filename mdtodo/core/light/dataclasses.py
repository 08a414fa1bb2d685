"""`dataclass(frozen=True, slots=True)`, in a fifth of the time.

The standard library writes the methods of each class as source and compiles them at every start. These are the same for
all classes and read the fields when they are called, which is slower, so this is for what is made a few times, as
settings are. To a type checker it is that of the standard library: import it where not TYPE_CHECKING.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, FrozenInstanceError, fields
from typing import Any, TypeVar

T = TypeVar("T")


def dataclass(*, frozen: bool, slots: bool) -> Any:
    """The decorator; both must be True."""
    assert frozen
    assert slots

    def decorate(cls: type[T]) -> type[T]:
        for method in (_init, _repr, _eq, _hash, _setattr, _delattr, _getstate, _setstate):
            setattr(cls, f"_{method.__name__}__", method)
        return dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)

    return decorate


def _init(self: Any, *values: Any, **named: Any) -> None:
    every = fields(self)
    for one, value in zip(every, values, strict=False):
        if one.name in named:
            raise TypeError(f"{type(self).__name__}() has {one.name!r} twice")
        named[one.name] = value
    if len(values) > len(every):
        raise TypeError(f"{type(self).__name__}() takes {len(every)} values, and there are {len(values)}")
    for one in every:
        if one.name in named:
            value = named.pop(one.name)
        elif one.default is not MISSING:
            value = one.default
        elif one.default_factory is not MISSING:
            value = one.default_factory()
        else:
            raise TypeError(f"{type(self).__name__}() lacks {one.name!r}")
        object.__setattr__(self, one.name, value)
    if named:
        raise TypeError(f"{type(self).__name__}() has no {', '.join(map(repr, named))}")


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, one.name) for one in fields(self) if one.compare])


def _repr(self: Any) -> str:
    shown = ", ".join([f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr])
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: object) -> Any:
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _setattr(_: Any, name: str, __: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, one.name) for one in fields(self)])


def _setstate(self: Any, state: tuple[Any, ...]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)
