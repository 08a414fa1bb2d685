"""The description as a whole: each path, what it takes, and what it answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from mdtodo import __version__
from mdtodo.planning.analysis.list_order import KEYS
from mdtodo.planning.analysis.task_groups import GROUPS
from mdtodo.serve.http.queries import FILTERS, MOST
from mdtodo.serve.openapi.schemas import INTEGER, SCHEMAS, STRING, Schema, closed, ref, several, words

Operation = dict[str, Any]

_DESCRIPTION = """\
What `mdtodo serve` answers: the JSON of the commands, and changes as the commands make them, each a commit with a
receipt. A change needs a token (`Authorization: Bearer`), and so does everything else on an address that others reach.
Every object has the name of its repository in `project`; `?project=NAME` chooses one.\
"""


def _parameter(name: str, schema: Schema, description: str, **more: Any) -> Schema:
    return {"name": name, "in": "query", "schema": schema, "description": description, **more}


def _values(name: str, known: tuple[str, ...] | None) -> Schema:
    schema = several(words(*known) if known else STRING)
    return _parameter(
        name, schema, "As in `list`; several values by commas or again.", style="form", explode=True
    )


_ID = {"name": "id", "in": "path", "required": True, "schema": STRING}
_PROJECT = _parameter("project", STRING, "The repository that is meant.")
_FLAG = words("true", "false", "1", "0", "")
_FILTERS = [
    *(_values(name, known) for name, (_, known) in FILTERS.items()),
    _parameter("overdue", _FLAG, "Open, and due before today."),
    _parameter("due_before", STRING, "Due before this day: 2026-12-01, tomorrow, friday or +2w."),
    _parameter("can", STRING, "Needs nothing but these capabilities."),
]
_PAGE = [
    _parameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST}, "So many are a page."),
    _parameter("cursor", STRING, "`next_cursor` of the page before."),
]
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": STRING,
    "description": "The `etag` of the task that is changed, or `*`. Without it the answer is 428.",
}
_IF_NONE_MATCH = {"name": "If-None-Match", "in": "header", "required": False, "schema": STRING}

_REFUSALS = {
    400: "The request is none.",
    401: "There is no token, or a wrong one.",
    403: "The token may not, `missing` says what; or the request comes from a page of another host.",
    404: "There is no such thing.",
    405: "The method is not for this.",
    408: "The body did not come in time.",
    409: "The rules refuse it, as the command does.",
    412: "The task has changed since; `etag` is its version now.",
    413: "The body is too large.",
    415: "The body is of another type.",
    421: "This server has another name.",
    422: "Something in the request is not valid.",
    428: "If-Match is lacking.",
    429: "Too often.",
    503: "The repository cannot be read now, or too much goes on.",
}


def _content(schema: str, kind: str = "application/json") -> Schema:
    return {kind: {"schema": ref(schema)}}


def _operation(
    summary: str,
    answers: dict[int, Schema],
    *refusals: int,
    parameters: tuple[Schema, ...] | list[Schema] = (),
    body: Schema | None = None,
    needed: bool = True,
) -> Operation:
    known = sorted({400, 401, 403, 405, 421, 422, 429, *refusals})
    told = {str(code): answer for code, answer in answers.items()}
    told |= {str(code): {"$ref": f"#/components/responses/{code}"} for code in known}
    made: Operation = {"summary": summary, "parameters": list(parameters), "responses": told}
    if body is not None:
        made["requestBody"] = {"required": needed, "content": {"application/json": {"schema": body}}}
    return made


def _read(summary: str, schema: str, *refusals: int, parameters: list[Schema] | None = None) -> Operation:
    """One that changes nothing: with an entity tag."""
    etag = {"ETag": {"schema": STRING}}
    answers: dict[int, Schema] = {
        200: {"description": summary, "headers": etag, "content": _content(schema)},
        304: {"description": "The client has it."},
    }
    named = [_PROJECT, *(parameters or []), _IF_NONE_MATCH]
    return _operation(summary, answers, 404, 503, *refusals, parameters=named)


def _change(
    summary: str,
    schema: str,
    body: Schema | None,
    *refusals: int,
    status: int = 200,
    parameters: list[Schema] | None = None,
    needed: bool = True,
) -> Operation:
    """One that changes something: it needs a token that may."""
    answers = {status: {"description": summary, "content": _content(schema)}}
    more = (400, 404, 408, 409, 413, 415, 503, *refusals)
    named = [_PROJECT, *(parameters or [])]
    made = _operation(summary, answers, *more, parameters=named, body=body, needed=needed)
    return {**made, "security": [{"token": []}]}


def _text(**names: Schema) -> Schema:
    """A body of these fields, each of which may be left out; a trailing `_` marks one that may not."""
    optional = tuple(name for name in names if not name.endswith("_"))
    return closed("", optional, **names)


_TOKEN = INTEGER | {"description": "That of a claim, as `claim` gave it.", "maximum": 10**17}
_LINE = STRING | {"minLength": 1}


@cache
def paths() -> dict[str, dict[str, Operation]]:
    """What each path answers to each method."""
    api = "/api/v1"
    statuses = words("done", "todo", "cancelled")
    one = f"{api}/tasks/{{id}}"
    return {
        f"{api}/tasks": {
            "get": _read(
                "The tasks that the filters mean, in the order of files and lines; all of them without `limit`.",
                "Tasks",
                parameters=[*_FILTERS, _parameter("sort", words(*KEYS), "Another order."), *_PAGE],
            ),
            "post": _change(
                "Add a task: one line.",
                "ChangedTask",
                _text(text_=_LINE, under=STRING, section=STRING, file=STRING),
                status=201,
            ),
        },
        one: {
            "parameters": [_ID],  # type: ignore[dict-item]  # of all its methods
            "get": _read("One task, with its text.", "OneTask"),
            "patch": _change(
                "Give it a status, on a person's word.",
                "ChangedTask",
                _text(status_=statuses, token=_TOKEN),
                *(412, 428),
                parameters=[_IF_MATCH],
            ),
            "delete": _change("Cancel it.", "ChangedTask", None, 412, 428, parameters=[_IF_MATCH]),
        },
        f"{one}/claim": {
            "post": _change(
                "Take it for a program, for the time of `lease`; with `token` renew that claim.",
                "Claim",
                _text(name=STRING, token=_TOKEN),
                parameters=[_ID],
            )
        },
        f"{one}/release": {
            "post": _change("Give it back.", "Release", _text(token_=_TOKEN), parameters=[_ID])
        },
        f"{one}/note": {
            "post": _change("Write a note below it.", "ChangedTask", _text(text_=_LINE), parameters=[_ID])
        },
        f"{one}/expand": {
            "post": _change(
                "Break it down into subtasks.",
                "ChangedTask",
                _text(pattern=STRING),
                parameters=[_ID],
                needed=False,
            )
        },
        f"{one}/output": {"get": _output()},
        f"{api}/next": {
            "get": _read(
                "What to do next, in plan order.",
                "NextTasks",
                parameters=[
                    _parameter("n", {"type": "integer", "minimum": 1, "maximum": MOST}, "So many."),
                    _parameter("for", STRING, "What leads to the task with this id."),
                    *_FILTERS,
                ],
            )
        },
        f"{api}/plan": {"get": _read("The plan.", "Plans", parameters=_FILTERS)},
        f"{api}/status": {
            "get": _read(
                "What goes on.",
                "Statuses",
                parameters=[_parameter("by", words(*GROUPS), "How far each group of tasks is.")],
            )
        },
        f"{api}/stats": {
            "get": _read(
                "What was.",
                "AllStatistics",
                parameters=[
                    _parameter("by", words("processor", "lane", "category", "worker"), "Groups of runs."),
                    _parameter("since", STRING, "A date, or a time before now such as 7d."),
                    _values("processor", None),
                ],
            )
        },
        f"{api}/findings": {"get": _read("What is wrong in the TODO files.", "Findings")},
        f"{api}/receipts": {
            "get": _read(
                "Receipts, newest first.",
                "Receipts",
                parameters=[_parameter("task", STRING, "Those of this task."), *_PAGE],
            )
        },
        f"{api}/runs": {
            "get": _read("Runs, newest first.", "Runs", parameters=_PAGE),
            "post": _change(
                "Start a run of these tasks, or of what is ready; needs `--allow-runs`.",
                "StartedRun",
                _text(ids=several(STRING) | {"maxItems": 1000}),
                status=202,
                needed=False,
            ),
        },
        f"{api}/runs/{{id}}": {
            "parameters": [_ID],  # type: ignore[dict-item]  # of all its methods
            "get": _read("How far a run is, and what it came to.", "Run"),
            "delete": _change("Interrupt it: what is done is kept.", "InterruptedRun", None, status=202),
        },
        f"{api}/projects": {"get": _read("The repositories.", "Projects")},
        f"{api}/events": {"get": _events()},
        f"{api}/logs": {"get": _logs()},
        "/session": _session(),
        "/health": {"get": _health()},
        "/metrics": {"get": _metrics()},
        "/openapi.json": {
            "get": _operation("This description.", {200: {"description": "It.", "content": _any_json()}})
        },
    }


def _ok(schema: str) -> Schema:
    return {"description": "It.", "content": _content(schema)}


def _any_json() -> Schema:
    return {"application/json": {"schema": {"type": "object"}}}


def _output() -> Operation:
    kinds = {"text/plain": {"schema": STRING}, **_content("Attempts")}
    named = [
        *(_ID, _PROJECT),
        _parameter("attempt", {"type": "integer", "minimum": 1, "maximum": 10**6}, "Of this attempt."),
        _parameter("run", STRING, "In the run whose id begins so."),
        _parameter("follow", _FLAG, "Of a task that runs: as it comes, until it is over."),
        _parameter("list", _FLAG, "The attempts, in place of output."),
    ]
    summary = "The captured output of the last attempt."
    answers: dict[int, Schema] = {
        200: {"description": summary, "content": kinds},
        304: {"description": "The client has it."},
    }
    return _operation(summary, answers, 404, 503, parameters=named)


def _events() -> Operation:
    summary = "What changes, as it changes: `hello`, `change`, `tasks`, `run`, `project`, `reload`."
    named = [_PROJECT, {"name": "Last-Event-ID", "in": "header", "required": False, "schema": STRING}]
    answers = {200: {"description": summary, "content": {"text/event-stream": {"schema": STRING}}}}
    return _operation(summary, answers, 404, 503, parameters=named)


def _logs() -> Operation:
    after = _parameter("after", {"type": "integer", "minimum": 0, "maximum": 10**9}, "Those behind this one.")
    answers: dict[int, Schema] = {200: _ok("Log"), 304: {"description": "The client has it."}}
    return _operation("The newest lines of the server's own log.", answers, 404, parameters=[_PROJECT, after])


def _health() -> Operation:
    ready = _parameter("ready", _FLAG, "503 where no repository can be read, in place of `ready: false`.")
    summary = "That it lives, and whether it can read a repository; never needs a token."
    return _operation(summary, {200: _ok("Health")}, 503, parameters=[ready])


def _metrics() -> Operation:
    summary = "Figures of the repositories in Prometheus' text format."
    kinds = {kind: {"schema": STRING} for kind in ("text/plain", "application/openmetrics-text")}
    return _operation(
        summary, {200: {"description": summary, "content": kinds}}, 404, 503, parameters=[_PROJECT]
    )


def _session() -> dict[str, Operation]:
    signed = {204: {"description": "The cookie is set."}}
    taken = {204: {"description": "The cookie is taken away."}}
    token = _text(token_=_LINE)
    sign_in = _operation("Sign in: a cookie for this token.", signed, 400, 408, 413, 415, body=token)
    return {
        "get": _operation("Who asks, and what the token may.", {200: _ok("Session")}),
        "post": sign_in,
        "delete": _operation("Sign out.", taken),
    }


@cache
def document() -> dict[str, Any]:
    """All of it."""
    problem = {"application/problem+json": {"schema": ref("Problem")}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "mdtodo", "version": __version__, "description": _DESCRIPTION},
        "paths": paths(),
        "components": {
            "schemas": SCHEMAS,
            "responses": {
                str(code): {"description": said, "content": problem} for code, said in _REFUSALS.items()
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
