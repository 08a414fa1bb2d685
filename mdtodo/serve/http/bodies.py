"""Bodies of requests: JSON of a bounded size, that comes within a bounded time."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from mdtodo.core.names import suggestion
from mdtodo.serve.http.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

#: Bytes of a body, and seconds that it may take.
LONGEST = 256 * 1024
PATIENCE = 30.0


class Fields:
    """What a body has. `known`: each field with its type; Raises Problem (422) for any other, or of another type."""

    def __init__(self, given: dict[str, Any], known: dict[str, type]) -> None:
        for name in given:
            if name not in known:
                raise Problem(422, f"unknown field {name[:40]!r}{suggestion(name, known)}")
        # to JSON 1.0 is the number 1
        told: dict[str, Any] = {
            name: int(one) if isinstance(one, float) and one.is_integer() else one
            for name, one in given.items()
        }
        self._given = {name: value for name, value in told.items() if value is not None}
        for name, value in self._given.items():
            _refuse_other_type(name, value, known[name])

    def text(self, name: str) -> str | None:
        """A text, None where it is left out or empty."""
        found = self._given.get(name)
        return found if isinstance(found, str) and found else None

    def number(self, name: str) -> int | None:
        """A whole number, None where it is left out."""
        found = self._given.get(name)
        return found if isinstance(found, int) else None

    def texts(self, name: str) -> list[str]:
        """Several texts."""
        found = self._given.get(name)
        return found if isinstance(found, list) else []

    def needed(self, name: str) -> str:
        """A text that there has to be."""
        found = self.text(name)
        if found is None:
            raise Problem(422, f"the field {name!r} is needed")
        return found


def _refuse_other_type(name: str, value: object, wanted: type) -> None:
    if wanted is list:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Problem(422, f"{name} is a list of texts")
        texts = value
    elif not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise Problem(422, f"{name} is {_TYPES[wanted]}")
    else:
        texts = [value] if isinstance(value, str) else []
    if wanted is int and isinstance(value, int) and abs(value) >= _LARGEST:
        raise Problem(422, f"{name} is too large")
    if any("\0" in one or any("\ud800" <= sign <= "\udfff" for sign in one) for one in texts):
        raise Problem(422, f"{name} has a character that no text has")


_TYPES: dict[type, str] = {str: "a text", int: "a whole number", bool: "true or false"}
_LARGEST = 10**18


async def fields(request: Request, **known: type) -> Fields:
    """The JSON object in the body; none where that is empty. Raises Problem for what is none, or too large, or slow."""
    data = await body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if data and kind != "application/json":
        raise Problem(415, "the body must be application/json")
    if not data:
        return Fields({}, known)
    try:
        given = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "the body is no JSON") from error
    if not isinstance(given, dict):
        raise Problem(422, "the body must be a JSON object")
    return Fields(given, known)


async def body(request: Request) -> bytes:
    """The bytes of the body. Raises Problem (413) as soon as there are too many, however they come."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and (len(told) > len(str(LONGEST)) + 1 or int(told) > LONGEST):
        raise _too_large()
    found = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for part in request.stream():
                found += part
                if len(found) > LONGEST:
                    raise _too_large()
    except TimeoutError as error:
        raise Problem(408, "the body did not come in time", headers={"Connection": "close"}) from error
    return bytes(found)


def _too_large() -> Problem:
    return Problem(413, f"a body has at most {LONGEST} bytes", headers={"Connection": "close"})
