"""What a client sends a tool, checked: agents make up arguments, and deserve a sentence that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.names import suggestion
from mdtodo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mdtodo.mcp.tools import Tool


class Arguments:
    """The arguments of one call. What is null or empty counts as left out.

    Raises UsageError for one that the tool does not take, that has another type, or that is lacking.
    """

    def __init__(self, name: str, tool: Tool, given: Mapping[str, object]) -> None:
        known = {**tool.arguments, "root": "text"}
        for one in given:
            if one not in known:
                raise UsageError(f"{name} has no argument {one[:40]!r}{suggestion(one, known)}")
        told = {one: value for one, value in given.items() if value is not None and value != ""}
        self._values = {one: _typed(one, value, known[one]) for one, value in told.items()}
        for one in tool.required:
            if one not in self._values:
                raise UsageError(f"{name} needs the argument {one!r}")

    def text(self, name: str) -> str | None:
        """A text, None where it was left out."""
        value = self._values.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> int | None:
        """A whole number, None where it was left out."""
        value = self._values.get(name)
        return value if isinstance(value, int) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Several texts; of an argument of one text those that commas part."""
        value = self._values.get(name)
        if isinstance(value, str):
            return tuple(one.strip() for one in value.split(",") if one.strip())
        return tuple(value) if isinstance(value, list) else ()


def _typed(name: str, value: object, kind: str) -> str | int | list[str]:
    if kind == "number":
        # some models write all numbers as text
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _DIGITS:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_DIGITS:
            return value
        raise UsageError(f"{name} is a whole number")
    if kind == "texts" and isinstance(value, list):
        return [str(_typed(name, one, "text")) for one in value]
    if not isinstance(value, str):
        raise UsageError(f"{name} is a text")
    if "\0" in value or (not value.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in value)):
        raise UsageError(f"{name} has a character that no text has")
    return [value] if kind == "texts" else value


#: Digits of a number that SQLite takes.
_DIGITS = 18
