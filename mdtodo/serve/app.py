"""The routes, and what every answer has in common."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from mdtodo.errors import MdtodoError
from mdtodo.serve.access.rules import refuse_without
from mdtodo.serve.http.problems import TITLES, Problem
from mdtodo.serve.routes import documents, metrics, output, reads, runs, sign_in, tasks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from mdtodo.serve.service import Service

    Endpoint = Callable[[Request], Awaitable[Response]]

#: The files of the page.
PAGE = os.path.join(os.path.dirname(__file__), "page")
API = "/api/v1"
#: No script but files of this server, no request to another one, in no frame; and no text becomes markup or script, but
#: for the address of the worker that the page's plan has.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types plan-layout"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


#: Files of the page are asked for again, and mostly answered by 304: after an update none of them is an old one.
_CHECKED = {"Cache-Control": "no-cache"}


def application(service: Service) -> ASGIApp:
    """The server's answers; `service` is what it works with."""
    app = Starlette(
        routes=routes(),
        exception_handlers={
            Problem: lambda _, error: error.response(),
            MdtodoError: lambda _, error: Problem.of(error).response(),
            OSError: lambda _, error: Problem(503, str(error)).response(),
            HTTPException: _plain_problem,
            Exception: lambda _, error: Problem(500, f"this is a bug in mdtodo: {error!r}").response(),
        },
    )
    app.state.service = service
    app.router.redirect_slashes = False
    return Guard(app, service)


def routes() -> list[BaseRoute]:
    """All of them; /openapi.json describes each."""
    listings = {name: reads.listing(name) for name in documents.LISTINGS}
    return [
        route("/", GET=page),
        Mount("/page", StaticFiles(directory=PAGE, check_dir=False)),
        route("/session", GET=sign_in.session, POST=sign_in.sign_in, DELETE=sign_in.sign_out),
        route("/health", GET=reads.health),
        route("/metrics", GET=metrics.metrics),
        route("/openapi.json", GET=reads.description),
        route(f"{API}/tasks", GET=listings.pop("tasks"), POST=tasks.add),
        route(f"{API}/tasks/{{id}}", GET=tasks.show, PATCH=tasks.change_status, DELETE=tasks.cancel),
        route(f"{API}/tasks/{{id}}/claim", POST=tasks.claim),
        route(f"{API}/tasks/{{id}}/release", POST=tasks.release),
        route(f"{API}/tasks/{{id}}/note", POST=tasks.note),
        route(f"{API}/tasks/{{id}}/expand", POST=tasks.expand),
        route(f"{API}/tasks/{{id}}/output", GET=output.output),
        route(f"{API}/runs", GET=listings.pop("runs"), POST=runs.start),
        route(f"{API}/runs/{{id}}", GET=runs.show, DELETE=runs.interrupt),
        *(route(f"{API}/{name}", GET=endpoint) for name, endpoint in listings.items()),
        *(route(f"{API}/{name}", GET=reads.report(name)) for name in documents.REPORTS),
        route(f"{API}/projects", GET=reads.projects),
        route(f"{API}/events", GET=reads.events),
        route(f"{API}/logs", GET=output.logs),
    ]


def route(path: str, **by_method: Endpoint) -> Route:
    """A path, and what answers each method; what 405 says of it is whole."""

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await by_method[method](request)

    return Route(path, endpoint, methods=list(by_method))


def _plain_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "only these come here"
    allowed = dict(error.headers or {})
    sentence = {404: "there is nothing here", 405: f"{request.method} is not for this"}.get(error.status_code)
    return Problem(
        error.status_code, sentence or TITLES.get(error.status_code, "refused"), headers=allowed
    ).response()


class Guard:
    """Before any route: the Host, the Origin, and who asks; behind it: the headers that every answer has."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                told = {**HEADERS, **(_CHECKED if scope["path"].startswith("/page/") else {})}
                more = [(name.lower().encode(), value.encode()) for name, value in told.items()]
                message["headers"] = [*message["headers"], *(one for one in more if one[0] not in names)]
            await send(message)

        request = Request(scope)
        try:
            _refuse_two_lengths(request)
            self._service.access.refuse_foreign(request)
            if not (scope["path"] == "/health" or sign_in.is_open(request)):
                scope["person"] = self._service.access.person(request)
                refuse_without(scope["person"], "read")
        except Problem as problem:
            answer = sign_in.refusal(request, problem) or problem.response()
            await answer(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)


def _refuse_two_lengths(request: Request) -> None:
    """Raises Problem where a body has two: a proxy in front may go by the other one, and take the rest of it for
    somebody else's request."""
    if "transfer-encoding" in request.headers and "content-length" in request.headers:
        raise Problem(400, "a body has one length", headers={"Connection": "close"})


async def page(request: Request) -> Response:
    """The page; with a token in its address it signs in first."""
    if "token" in request.query_params:
        return await sign_in.by_link(request)
    path = os.path.join(PAGE, "index.html")
    if not os.path.exists(path):
        raise HTTPException(404)
    return FileResponse(path, headers={"Cache-Control": "no-cache"})
