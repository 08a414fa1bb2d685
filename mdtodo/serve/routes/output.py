"""`/tasks/{id}/output`: what a task's processor has printed, also as it comes; and the server's own log."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from mdtodo.core.task import State
from mdtodo.errors import MdtodoError, UsageError
from mdtodo.reporting.attempts import attempts_document
from mdtodo.serve.http.answers import answered
from mdtodo.serve.http.problems import Problem
from mdtodo.serve.http.queries import Query
from mdtodo.serve.live.streams import stream_until_gone
from mdtodo.serve.service import service_of
from mdtodo.storage.task_logs import attempts_of, last_log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from mdtodo.serve.repositories.projects import ServedProject

#: Bytes of a part, seconds between two looks at a log that grows, and between two at whether its task goes on.
_PART, _PAUSE, _ASK = 1 << 16, 0.1, 0.5
#: Followers at once: each looks at a file again and again.
_FOLLOWERS = 200


async def output(request: Request) -> Response:
    """The captured output of the last attempt, or of another; `follow`: until the task ends; `list`: the attempts."""
    query = Query(request.query_params, "attempt", "run", "follow", "list")
    service, task_id = service_of(request), request.path_params["id"]
    project, snapshot = await service.projects.holding(query.project, task_id)
    if query.flag("list"):
        found = await service.looked(snapshot, partial(attempts_of, snapshot.repo, task_id))
        return answered(request, attempts_document(found))
    number, run = query.number("attempt", most=10**6), query.text("run")
    follow = query.flag("follow")
    if follow and (number or run):
        raise Problem(422, "follow is for what runs now: leave attempt and run out")
    running = snapshot.project.plan.states[task_id] is State.RUNNING
    if follow and running:
        if len(service.followers) >= _FOLLOWERS:
            raise Problem(503, "too many follow output", headers={"Retry-After": "10"})
        return OutputStream(_followed(project, task_id), service.followers)
    try:
        path = await service.looked(
            snapshot, partial(last_log, snapshot.repo, task_id, run=run, number=number)
        )
    except UsageError as error:
        raise Problem(404, error.sentence) from error
    return OutputStream(_whole(path), set())


async def logs(request: Request) -> Response:
    """The newest lines of the server's own log, those behind the one with the number `after`."""
    query = Query(request.query_params, "after")
    lines = service_of(request).log.lines(query.number("after", 0, least=0, most=10**9) or 0)
    return answered(request, {"version": 1, "lines": lines})


async def _whole(path: str | None) -> AsyncIterator[bytes]:
    start = 0
    while path is not None and (part := _part(path, start)):
        yield part
        start += len(part)


async def _followed(project: ServedProject, task_id: str) -> AsyncIterator[bytes]:
    """The output of the attempt that goes on, as it comes, and of those that follow it; until the task is over."""
    read: dict[str, int] = {}
    path: str | None = None
    asked, runs = 0.0, True
    while True:
        if time.monotonic() - asked > _ASK:
            asked = time.monotonic()
            path, runs = await _now(project, task_id)
        while path is not None and (part := _part(path, read.get(path, 0))):
            read[path] = read.get(path, 0) + len(part)
            yield part
        if not runs:
            return
        await asyncio.sleep(_PAUSE)


async def _now(project: ServedProject, task_id: str) -> tuple[str | None, bool]:
    """Where the output of its last attempt is, and whether it goes on."""
    try:
        snapshot = await project.snapshot()
        states = snapshot.project.plan.states
        path = await project.look(partial(last_log, snapshot.repo, task_id))
    except MdtodoError:  # no attempt has printed anything yet, or the repository has gone
        known = project.known
        return None, known is not None and known.project.plan.states.get(task_id) is State.RUNNING
    return path, states.get(task_id) is State.RUNNING


def _part(path: str, start: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # it was deleted just now, as too old
        return b""
    try:
        return os.pread(descriptor, _PART, start)
    finally:
        os.close(descriptor)


class OutputStream(Response):
    """Bytes as they come: plain text, whatever a program has printed. `among`: where it counts while it goes on."""

    media_type = "text/plain"

    def __init__(self, parts: AsyncIterator[bytes], among: set[object]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._parts = parts
        self._among = among

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if scope["method"] == "HEAD":
            self._parts = _whole(None)
        self._among.add(self)
        await stream_until_gone(lambda: self._send(send), receive, lambda: self._among.discard(self))

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for part in self._parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
