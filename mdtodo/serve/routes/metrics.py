"""`GET /metrics`: the figures of all repositories, in Prometheus' text format."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from mdtodo.metrics.figures import read_figures
from mdtodo.serve.http.problems import Problem
from mdtodo.serve.http.queries import Query
from mdtodo.serve.service import service_of

if TYPE_CHECKING:
    from starlette.requests import Request


async def metrics(request: Request) -> Response:
    """Of all repositories that can be read; what others lack is seen by `up` being 1 and their series missing."""
    try:
        from mdtodo.metrics.families import encoded, families
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "mdtodo":
            raise
        sentence = "this needs the package prometheus-client, which is not installed"
        raise Problem(503, sentence, hint="pip install 'git-mdtodo[serve]'") from missing
    service = service_of(request)
    snapshots, _ = await service.projects.snapshots(Query(request.query_params).project)
    found = [
        await service.looked(one, partial(read_figures, one.repo, one.config, one.project.plan, one.name))
        for one in snapshots
    ]
    body, kind = await asyncio.to_thread(encoded, families(found), request.headers.get("accept", ""))
    return Response(body, media_type=None, headers={"Content-Type": kind, "Cache-Control": "no-store"})
