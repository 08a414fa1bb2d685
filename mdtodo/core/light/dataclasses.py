"""`dataclass` of the standard library, in a fifth of the time, for settings (frozen) and for what a command makes once
(`eq=False, repr=False`).

The standard library writes the methods of each class as source and compiles them at every start. These are the same for
all classes and read the fields when they are called, which is slower, so this is for what is made a few times. To a
type checker it is that of the standard library: import it where not TYPE_CHECKING.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, FrozenInstanceError, fields
from typing import Any, TypeVar

T = TypeVar("T")


def dataclass(*, frozen: bool = False, slots: bool = False, kw_only: bool = False, **methods: bool) -> Any:
    """The decorator; `methods` are `eq` and `repr`: what is frozen has both, and what is not has neither."""
    assert methods == ({} if frozen else {"eq": False, "repr": False})

    def decorate(cls: type[T]) -> type[T]:
        frozen_methods = (_repr, _eq, _hash, _setattr, _delattr, *((_getstate, _setstate) if slots else ()))
        for method in (_init, *(frozen_methods if frozen else ())):
            setattr(cls, f"_{method.__name__}__", method)
        return dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)

    return decorate


def _init(self: Any, *values: Any, **named: Any) -> None:
    every = type(self).__dataclass_fields__.values()
    places = [one.name for one in every if one.init and not one.kw_only]
    if len(values) > len(places):
        raise TypeError(f"{type(self).__name__}() takes {len(places)} values, and there are {len(values)}")
    for name, value in zip(places, values, strict=False):
        if name in named:
            raise TypeError(f"{type(self).__name__}() has {name!r} twice")
        named[name] = value
    kept = {one.name for one in fields(self)}
    for_post_init: list[Any] = []  # InitVar
    for one in every:
        if one.init and one.name in named:
            value = named.pop(one.name)
        elif one.default is not MISSING:
            value = one.default
        elif one.default_factory is not MISSING:
            value = one.default_factory()
        elif one.init:
            raise TypeError(f"{type(self).__name__}() lacks {one.name!r}")
        else:
            continue
        if one.name in kept:
            object.__setattr__(self, one.name, value)
        else:
            for_post_init.append(value)
    if named:
        raise TypeError(f"{type(self).__name__}() has no {', '.join(map(repr, named))}")
    if hasattr(self, "__post_init__"):
        self.__post_init__(*for_post_init)


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
