"""Answers: JSON with an entity tag, or that the client has it already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from mdtodo.serve.http.json_text import etag_of, json_bytes

if TYPE_CHECKING:
    from starlette.requests import Request

_OK = 200


def answered(
    request: Request,
    document: dict[str, Any] | bytes,
    status: int = _OK,
    *,
    etag: str | bool = True,
    **headers: str,
) -> Response:
    """The document with its entity tag, or 304 where the client has it. `etag`: the tag, or whether there is one."""
    body = document if isinstance(document, bytes) else json_bytes(document)
    tag = etag_of(body) if etag is True else etag or None
    told = {"Cache-Control": "private, no-cache", **({"ETag": tag} if tag else {}), **headers}
    if tag and status == _OK and has(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=told)
    return Response(body, status, told, "application/json")


def has(known: str | None, tag: str) -> bool:
    """Whether the list of tags in a header names this one, strong or weak."""
    return known is not None and (known.strip() == "*" or _bare(tag) in map(_bare, known.split(",")))


def has_strongly(known: str, tag: str) -> bool:
    """The same for a change: a weak tag fits nothing."""
    return known.strip() == "*" or tag in [one.strip() for one in known.split(",")]


def _bare(tag: str) -> str:
    return tag.strip().removeprefix("W/")
