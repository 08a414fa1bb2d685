"""`/tasks` and `/tasks/{id}`: what there is, and a person's word on it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mdtodo.core.task import Status
from mdtodo.errors import MdtodoError
from mdtodo.serve.access.rules import Person, refuse_without
from mdtodo.serve.http.answers import answered, has_strongly
from mdtodo.serve.http.bodies import fields
from mdtodo.serve.http.problems import Problem
from mdtodo.serve.http.queries import Query
from mdtodo.serve.routes import changes, documents
from mdtodo.serve.service import service_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from mdtodo.serve.repositories.checkout import Snapshot
    from mdtodo.serve.repositories.projects import ServedProject

_STATUSES = {one.value: one for one in (Status.DONE, Status.TODO, Status.CANCELLED)}


async def show(request: Request) -> Response:
    """`GET /tasks/{id}`: all of it."""
    query = Query(request.query_params)
    _, snapshot = await service_of(request).projects.holding(query.project, _id(request))
    document = documents.task(snapshot, _id(request))
    return answered(request, document, etag=document["tasks"][0]["etag"])


async def change_status(request: Request) -> Response:
    """`PATCH /tasks/{id}`: the status that a person gives it."""
    given = await fields(request, status=str, token=int)
    status = given.needed("status")
    if status not in _STATUSES:
        raise Problem(422, f"status {status[:40]!r} is none: {', '.join(_STATUSES)}")
    return await _word(request, _STATUSES[status], given.number("token"))


async def cancel(request: Request) -> Response:
    """`DELETE /tasks/{id}`: it is cancelled, and stays in its file."""
    return await _word(request, Status.CANCELLED, None)


async def _word(request: Request, status: Status, token: int | None) -> Response:
    person, wanted = speaking(request), _condition(request)
    found = await changed(
        request,
        lambda snapshot, task_id: changes.give_status(snapshot, task_id, status, person.email, token),
        condition=wanted,
    )
    return await described(request, found)


async def claim(request: Request) -> Response:
    """`POST /tasks/{id}/claim`: it is taken for a program or a person; with a token the claim is renewed."""
    person = speaking(request)
    given = await fields(request, name=str, token=int)
    name, token = given.text("name"), given.number("token")
    _, _, told = await changed(
        request, lambda snapshot, task_id: changes.claim(snapshot, task_id, name, token, person.email)
    )
    return answered(request, told, etag=False)


async def release(request: Request) -> Response:
    """`POST /tasks/{id}/release`: it is given back."""
    person = speaking(request)
    token = (await fields(request, token=int)).number("token")
    if token is None:
        raise Problem(422, "the field 'token' is needed")
    _, _, told = await changed(
        request, lambda snapshot, task_id: changes.release(snapshot, task_id, token, person.email)
    )
    return answered(request, told, etag=False)


async def note(request: Request) -> Response:
    """`POST /tasks/{id}/note`."""
    person = speaking(request)
    text = (await fields(request, text=str)).needed("text")
    found = await changed(
        request, lambda snapshot, task_id: changes.note(snapshot, task_id, text, person.email)
    )
    return await described(request, found)


async def expand(request: Request) -> Response:
    """`POST /tasks/{id}/expand`."""
    person = speaking(request)
    pattern = (await fields(request, pattern=str)).text("pattern")
    found = await changed(
        request, lambda snapshot, task_id: changes.expand(snapshot, task_id, pattern, person.email)
    )
    return await described(request, found)


async def add(request: Request) -> Response:
    """`POST /tasks`: a new task."""
    person, service = speaking(request), service_of(request)
    given = await fields(request, text=str, under=str, section=str, file=str)
    text, under, section, file = given.needed("text"), *map(given.text, ("under", "section", "file"))
    project = service.projects.one(Query(request.query_params).project)
    told = await _made(
        request, project, lambda snapshot: changes.add(snapshot, text, under, section, file, person.email)
    )
    task_id = told.pop("id")
    answer = await described(request, (project, task_id, told), 201)
    answer.headers["Location"] = f"{request.url.path}/{quote(task_id)}"
    return answer


def speaking(request: Request) -> Person:
    """Who gives their word. Raises Problem where the token may not."""
    person: Person = request.scope["person"]
    refuse_without(person, "word")
    return person


def _condition(request: Request) -> str:
    """The version of the task that the change is of. Raises Problem where none is named."""
    wanted = request.headers.get("if-match")
    if wanted is None:
        raise Problem(428, "say with If-Match which version of the task is meant: its `etag`, or * for any")
    return wanted


async def changed(
    request: Request, made: Callable[[Snapshot, str], changes.Told], *, condition: str | None = None
) -> tuple[ServedProject, str, changes.Told]:
    """Make a change of the task in the path, in the turn of its repository, and only if it is what the `condition`
    says. Raises Problem where it is not, or where the rules refuse it."""
    service, query, task_id = service_of(request), Query(request.query_params), _id(request)
    project, _ = await service.projects.holding(query.project, task_id)

    def change(snapshot: Snapshot) -> changes.Told:
        if task_id not in snapshot.records:
            raise Problem(404, f"no task has the id {task_id[:80]!r} any more")
        tag = snapshot.records[task_id]["etag"]
        if condition is not None and not has_strongly(condition, tag):
            raise Problem(412, "the task has changed since: read it again", more={"etag": tag})
        return made(snapshot, task_id)

    told = await _made(request, project, change)
    return project, task_id, told


async def _made(
    request: Request, project: ServedProject, change: Callable[[Snapshot], changes.Told]
) -> changes.Told:
    """Make it, and write down who it was."""
    service, person = service_of(request), request.scope["person"]
    try:
        told = await project.change(change, follow=True)
    except MdtodoError as error:
        raise Problem.of(error, writing=True) from error
    path = request.url.path
    service.log.write("changed", method=request.method, path=path, token=person.token, by=person.email)
    service.look()
    return told


async def described(
    request: Request, found: tuple[ServedProject, str, changes.Told], status: int = 200
) -> Response:
    """The task as it is now, with the commits that were made."""
    project, task_id, told = found
    snapshot = await project.snapshot()
    if task_id not in snapshot.records:
        return answered(request, {"version": 1, "tasks": [], **told}, status, etag=False)
    document = documents.task(snapshot, task_id)
    return answered(request, {**document, **told}, status, etag=document["tasks"][0]["etag"])


def _id(request: Request) -> str:
    found: str = request.path_params["id"]
    return found
