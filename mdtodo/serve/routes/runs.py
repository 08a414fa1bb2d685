"""`/runs`: started, watched, interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdtodo.core.results import Outcome
from mdtodo.reporting.json_documents import iso
from mdtodo.reporting.runs import run_document
from mdtodo.serve.access.rules import Person, refuse_without
from mdtodo.serve.http.answers import answered
from mdtodo.serve.http.bodies import fields
from mdtodo.serve.http.problems import Problem
from mdtodo.serve.http.queries import Query
from mdtodo.serve.service import service_of
from mdtodo.storage.run_history import known_runs
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from mdtodo.core.results import PastRun
    from mdtodo.serve.live.runs import StartedRun
    from mdtodo.serve.repositories.checkout import Snapshot

#: Tasks that one run may be asked for by id.
_IDS = 1000


async def start(request: Request) -> Response:
    """`POST /runs`: tasks by id, or whatever is ready; the name of the run at once."""
    person, service = _may_run(request), service_of(request)
    given = await fields(request, ids=list)
    project = service.projects.one(Query(request.query_params).project)
    snapshot, ids = await project.snapshot(), given.texts("ids")
    if len(ids) > _IDS:
        raise Problem(422, f"ids: at most {_IDS}")
    for one in ids:
        if one not in snapshot.records:
            raise Problem(422, f"ids: no task has the id {one[:80]!r}")
    started = await service.runs.start(project.name, snapshot.repo.root, ids)
    service.log.write("run", run=started.run, project=project.name, token=person.token, by=person.email)
    where = f"{request.url.path}/{started.run}"
    return answered(request, {"run": started.run}, 202, etag=False, Location=where)


async def show(request: Request) -> Response:
    """`GET /runs/{id}`: how far it is, and what it came to."""
    service, run = service_of(request), request.path_params["id"]
    query = Query(request.query_params)
    started = service.runs.get(run)
    snapshots, _ = await service.projects.snapshots(started.project if started else query.project)
    for snapshot in snapshots:
        found = await service.looked(snapshot, lambda snapshot=snapshot: _known(snapshot, run))  # type: ignore[misc]
        if found is not None or started is not None:
            document = _document(run, snapshot.name, found, started)
            return answered(request, document)
    raise Problem(404, f"no run is called {run[:80]!r}")


async def interrupt(request: Request) -> Response:
    """`DELETE /runs/{id}`: what is done is kept."""
    person, service = _may_run(request), service_of(request)
    run = request.path_params["id"]
    started = service.runs.get(run)
    if started is None:
        snapshots, _ = await service.projects.snapshots(Query(request.query_params).project)
        for snapshot in snapshots:
            if await service.looked(snapshot, lambda snapshot=snapshot: _known(snapshot, run)):  # type: ignore[misc]
                raise Problem(
                    409, f"the run {run} was not started by this server, so it is not for it to end"
                )
        raise Problem(404, f"no run is called {run[:80]!r}")
    if started.exit_code is not None:
        raise Problem(409, f"the run {run} is over")
    started.interrupt()
    service.log.write("interrupted", run=run, token=person.token, by=person.email)
    return answered(request, {"run": run, "state": started.state}, 202, etag=False)


def _may_run(request: Request) -> Person:
    person: Person = request.scope["person"]
    refuse_without(person, "run")
    if not service_of(request).allow_runs:
        raise Problem(
            403,
            "this server starts no runs",
            hint="`mdtodo serve --allow-runs` does",
            more={"missing": "--allow-runs"},
        )
    return person


def _known(snapshot: Snapshot, run: str) -> dict[str, Any] | None:
    """What the journal and the receipts know of a run; None where it is none."""
    found = next((one for one in known_runs(snapshot.repo) if one.run == run), None)
    with StateStore.open(snapshot.repo, create=False) as state:
        active = {name: started for name, _, started in state.active_runs()}
        rows = [one for one in state.history(limit=5000) if one.run == run]
        hands = [task for name, task in state.in_hand() if name == run]
    if found is None and run not in active:
        return None
    tasks = [_task(snapshot, one) for one in reversed(rows)]
    told = run_document(found) if found is not None else {"commits": []}
    return {
        "active": run in active,
        "started": iso(active[run], "milliseconds") if run in active else told.get("started"),
        "finished": None if run in active else told.get("finished"),
        "in_hand": hands,
        "tasks": tasks,
        "commits": told["commits"],
    }


def _task(snapshot: Snapshot, row: PastRun) -> dict[str, Any]:
    """A result of the journal, as far as it goes, by the names of `run --json`."""
    known = snapshot.project.tasks.get(row.task_id)
    return {
        "id": row.task_id,
        "title": row.title or (known.title if known else None),
        "outcome": row.outcome,
        "finished": iso(row.finished, "milliseconds"),
        "processor": row.processor,
        "attempts": row.attempts,
        "duration": row.seconds,
        "exit_code": row.exit_code,
    }


def _document(
    run: str, project: str, known: dict[str, Any] | None, started: StartedRun | None
) -> dict[str, Any]:
    """`run --json` once it is over here; else as much of it as is known by now."""
    document: dict[str, Any] = {"version": 1, "project": project, "run": run}
    if started is not None and started.report is not None:
        document |= started.report
    else:
        tasks = known["tasks"] if known else []
        counts = {one.value: sum(task["outcome"] == one for task in tasks) for one in Outcome}
        document |= {key: known[key] if known else None for key in ("started", "finished")}
        document |= {"tasks": tasks, "summary": counts, "commits": known["commits"] if known else []}
    document["in_hand"] = known["in_hand"] if known and known["active"] else []
    if started is not None:
        more = {"exit_code": started.exit_code, "messages": list(started.said)}
        return {**document, "state": started.state, "ids": list(started.ids), **more}
    state = "running" if known and known["active"] else "finished"
    return {**document, "state": state, "ids": None, "exit_code": None, "messages": []}
