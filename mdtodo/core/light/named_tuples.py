"""`NamedTuple`, made in half the time, as each start makes a hundred.

That of the standard library compiles every annotation that is a text, as all are under `from __future__ import
annotations`. Here they stay texts. To a type checker it is that of the standard library: import it where not
TYPE_CHECKING.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any


class _NamedTupleMeta(type):
    """Of `NamedTuple` alone: the classes that are derived from it are tuples."""

    def __new__(cls, name: str, _: tuple[type, ...], namespace: dict[str, Any]) -> Any:
        annotations = namespace.get("__annotations__", {})
        defaults = [namespace[one] for one in annotations if one in namespace]
        module = namespace["__module__"]
        make: Any = namedtuple
        made = make(name, annotations, defaults=defaults, module=module)
        for one, value in namespace.items():
            if one not in annotations and one != "__module__":
                setattr(made, one, value)
        made.__new__.__annotations__ = annotations
        return made


NamedTuple = type.__new__(_NamedTupleMeta, "NamedTuple", (), {})
