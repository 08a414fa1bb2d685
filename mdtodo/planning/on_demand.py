"""A value for each task, worked out when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeVar

T = TypeVar("T")


class OnDemand(Mapping[str, T]):
    """What `make` gives for each of these names, in their order, once."""

    def __init__(self, names: Collection[str], make: Callable[[str], T]) -> None:
        self._names, self._known = names, _Known(names, make)

    def __getitem__(self, name: str) -> T:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


class _Known(dict[str, T]):
    """A dict, whose look-up of what is known is C's."""

    def __init__(self, names: Collection[str], make: Callable[[str], T]) -> None:
        self._names, self._make = names, make

    def __missing__(self, name: str) -> T:
        if name not in self._names:
            raise KeyError(name)
        made = self[name] = self._make(name)
        return made
