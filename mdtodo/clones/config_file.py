"""A file of git's configuration, written whole: see git-config(1), "Syntax"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\b": "\\b"})


def config_text(pairs: Iterable[tuple[str, str]]) -> bytes:
    """The text of a file with these names and values, such as `("core.bare", "false")`, in their order."""
    lines: list[str] = []
    for name, value in pairs:
        section, _, rest = name.partition(".")
        subsection, dot, key = rest.rpartition(".")
        # in the name of a subsection nothing but these two is escaped
        inner = subsection.replace("\\", "\\\\").replace('"', '\\"')
        lines += [
            f'[{section} "{inner}"]' if dot else f"[{section}]",
            f'\t{key} = "{value.translate(_ESCAPES)}"',
        ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
