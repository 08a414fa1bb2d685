"""The routes that change nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mdtodo import __version__
from mdtodo.serve.http.answers import answered
from mdtodo.serve.http.json_text import etag_of, json_bytes
from mdtodo.serve.http.problems import Problem
from mdtodo.serve.http.queries import Query
from mdtodo.serve.live.events import EventStream, encoded
from mdtodo.serve.openapi.document import document
from mdtodo.serve.routes import documents
from mdtodo.serve.service import service_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from mdtodo.serve.repositories.checkout import Snapshot


async def health(request: Request) -> Response:
    """That it lives; and whether it can work, as was so when it read last: with `ready` 503 where it cannot."""
    ready = service_of(request).is_ready()
    if Query(request.query_params, "ready").flag("ready") and not ready:
        raise Problem(503, "no repository can be read")
    return answered(request, {"live": True, "ready": ready}, etag=False)


async def description(request: Request) -> Response:
    """All of this, in OpenAPI."""
    return answered(request, document())


def listing(name: str) -> Callable[[Request], Awaitable[Response]]:
    """A route that lists entries of all repositories."""
    one = documents.LISTINGS[name]

    async def endpoint(request: Request) -> Response:
        query = Query(request.query_params, *one.parameters, filters=one.filters)
        service = service_of(request)
        snapshots, unavailable = await service.projects.snapshots(query.project)
        one.refuse_unknown_task(snapshots, query)

        async def make() -> dict[str, Any]:
            found: list[dict[str, Any]] = []
            for snapshot in snapshots:
                found += await service.looked(snapshot, partial(one.entries, snapshot, query))
            made = one.document(found, query)
            return {**made, "unavailable": unavailable} if unavailable else made

        return await _kept_answer(request, name, query, snapshots, unavailable, make)

    return endpoint


def report(name: str) -> Callable[[Request], Awaitable[Response]]:
    """A route that has one document for each repository; where there are several, all of them in one."""
    one = documents.REPORTS[name]

    async def endpoint(request: Request) -> Response:
        query = Query(request.query_params, *one.parameters, filters=one.filters)
        service = service_of(request)
        snapshots, unavailable = await service.projects.snapshots(query.project)

        async def make() -> dict[str, Any]:
            found = []
            for snapshot in snapshots:
                made = await service.looked(snapshot, partial(one.document, snapshot, query))
                found.append({"project": snapshot.name, **made})
            if query.project is not None or len(service.projects) == 1:
                return found[0]
            return {"version": 1, "projects": found, **({"unavailable": unavailable} if unavailable else {})}

        if one.volatile:
            made = await make()
            return answered(request, made, etag=_weak_tag(made, one.volatile))
        return await _kept_answer(request, name, query, snapshots, unavailable, make)

    return endpoint


def _weak_tag(document: dict[str, Any], volatile: tuple[str, ...]) -> str:
    parts = [document, *document.get("projects", ())]
    lasting = [
        {key: value for key, value in one.items() if key not in (*volatile, "projects")} for one in parts
    ]
    return "W/" + etag_of(json_bytes(lasting))


async def _kept_answer(
    request: Request,
    name: str,
    query: Query,
    snapshots: list[Snapshot],
    unavailable: dict[str, str],
    make: Callable[[], Awaitable[dict[str, Any]]],
) -> Response:
    """The same bytes as long as nothing has changed."""
    key = (name, query.key, tuple(unavailable.items()))
    return answered(request, await service_of(request).kept.made(key, snapshots, make))


async def projects(request: Request) -> Response:
    """The repositories that are served."""
    service = service_of(request)
    query = Query(request.query_params)
    snapshots, unavailable = await service.projects.snapshots(query.project)
    return answered(request, documents.projects(snapshots, unavailable))


async def events(request: Request) -> Response:
    """What changes, as it changes."""
    service = service_of(request)
    query = Query(request.query_params)
    service.projects.chosen(query.project)
    await service.read_all()  # so that what changes from here on is told
    client = service.hub.join(request.headers.get("last-event-id"))
    service.look()
    names = [one.name for one in service.projects]
    return EventStream(service.hub, client, encoded("hello", {"version": __version__, "projects": names}))
