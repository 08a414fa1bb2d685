"""Refusals, as problem details (RFC 9457): a status code, and the sentence that the command line would print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from mdtodo.errors import ConfigError, GitError, InputError, MdtodoError, UsageError
from mdtodo.serve.http.json_text import json_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What each status code is called; a problem's type is `about:blank`, so its title is that of the code.
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    428: "Precondition Required",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Problem(Exception):  # noqa: N818  # it is called so by the standard
    """A request that is refused: its status code, and a sentence for a person; `more` are further members of the
    answer, `headers` those that the code asks for."""

    def __init__(
        self,
        status: int,
        sentence: str,
        *,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.hint = hint
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    @classmethod
    def of(cls, error: MdtodoError, *, writing: bool = False) -> Problem:
        """That of an error of the command line. `writing`: where git refuses a change, that is a conflict; where
        nothing can be read, there is no service."""
        if isinstance(error, UsageError):
            return cls(422, str(error), hint=error.hint)
        if isinstance(error, ConfigError | InputError):
            return cls(503, str(error), hint=error.hint)
        refused = error.exit_code == 1 or (writing and isinstance(error, GitError | MdtodoError))
        return cls(409 if refused else 503, str(error), hint=error.hint)

    def response(self) -> Response:
        """The answer."""
        told: dict[str, object] = {
            "type": "about:blank",
            "title": TITLES[self.status],
            "status": self.status,
            "detail": self.sentence,
            **({"hint": self.hint} if self.hint else {}),
            **self.more,
        }
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(json_bytes(told), self.status, headers, "application/problem+json")


def not_found(what: str) -> Problem:
    """404: there is nothing that is called so."""
    return Problem(404, what)
