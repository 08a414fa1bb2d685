"""The schemas of what goes over the wire."""

from __future__ import annotations

from typing import Any

from mdtodo.core.results import Outcome
from mdtodo.core.task import Complexity, Priority, State, Status

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def ref(name: str) -> Schema:
    """The schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def several(schema: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": schema}


def by_name(schema: Schema) -> Schema:
    """An object of these, by a name."""
    return {"type": "object", "additionalProperties": schema}


def closed(description: str = "", optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """An object of just these properties, all of them there but the optional ones."""
    return open_(description, optional, **properties) | {"additionalProperties": False}


def open_(description: str = "", optional: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """An object of these properties, to which others may come."""
    said = {"description": description} if description else {}
    # a trailing _ is for names that Python keeps for itself
    named = {name.rstrip("_"): schema for name, schema in properties.items()}
    required = [name for name in named if name not in optional]
    return {"type": "object", **said, "properties": named, "required": required}


def words(*values: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(values)}


VERSION: Schema = {"type": "integer", "const": 1}
UNAVAILABLE = by_name(STRING) | {
    "description": "Of several repositories those that cannot be read, each with the reason."
}
#: What lists of pages have besides.
PAGE = {"total": INTEGER, "next_cursor": nullable(STRING), "unavailable": UNAVAILABLE}


def _listing(key: str, schema: str, *, paged: bool = True) -> Schema:
    more = PAGE if paged else {"unavailable": UNAVAILABLE}
    return closed("", ("unavailable",), version=VERSION, **{key: several(ref(schema))}, **more)


def _report(schema: str) -> Schema:
    """One document, or where there are several repositories and none was named, one for each."""
    projects = closed(
        "", ("unavailable",), version=VERSION, projects=several(ref(schema)), unavailable=UNAVAILABLE
    )
    return {"anyOf": [ref(schema), projects]}


_TASK = {
    "project": STRING,
    "id": STRING,
    "explicit_id": nullable(STRING),
    "file": STRING,
    "line": {"type": "integer", "minimum": 1},
    "title": STRING,
    "status": words(*(one.value for one in Status)),
    "state": words(*(one.value for one in State)),
    "priority": words(*(one.value for one in Priority)),
    "lane": STRING,
    "category": nullable(STRING),
    "kind": nullable(STRING),
    "tags": several(STRING),
    "needs": several(STRING),
    "worker": nullable(STRING),
    "after": several(STRING),
    "blocked_by": several(STRING),
    "blocks": several(STRING),
    "estimate_hours": nullable(NUMBER),
    "complexity": nullable(words(*(one.value for one in Complexity))),
    "due": nullable({"type": "string", "format": "date"}),
    "from": nullable({"type": "string", "format": "date"}),
    "every": nullable(STRING),
    "processor": nullable(STRING),
    "failures": INTEGER,
    "parent": nullable(STRING),
    "children": several(STRING),
    "section": several(STRING),
    "depth": INTEGER,
    "claim": nullable(closed("", worker=STRING, expires=nullable(MOMENT))),
    "etag": STRING | {"description": "The version of this task, for If-Match."},
}
_DETAILS = {
    "body": STRING | {"description": "The text below its first paragraph."},
    "waits": nullable(STRING) | {"description": "What it waits for, as a sentence."},
    "command": nullable(STRING) | {"description": "The command that proves it."},
}
_RECEIPT = {
    "project": STRING,
    "run": STRING,
    "task": STRING,
    "outcome": STRING,
    "processor": STRING,
    "commit": STRING,
    "duration": NUMBER,
    "attempt": INTEGER,
    "exit_code": nullable(INTEGER),
    "date": nullable(STRING),
    "title": nullable(STRING),
    "error": nullable(STRING),
    "started": nullable(MOMENT),
    "finished": nullable(MOMENT),
    "metrics": by_name(NUMBER),
}
_RUN_TASK = {
    "id": STRING,
    "title": nullable(STRING),
    "outcome": words(*(one.value for one in Outcome), *(one.value for one in Status), "expanded"),
    "processor": nullable(STRING),
    "attempts": INTEGER,
    "duration": nullable(NUMBER),
    "exit_code": nullable(INTEGER),
}

SCHEMAS: dict[str, Schema] = {
    "Problem": open_(
        "Why a request was refused (RFC 9457).",
        ("hint",),
        type_=STRING,
        title=STRING,
        status=INTEGER,
        detail=STRING | {"description": "The sentence that the command line would print."},
        hint=STRING,
    ),
    "Task": closed("A task, as `list --json` has it, and more.", **_TASK),
    "TaskDetails": closed("The same with its text.", **_TASK, **_DETAILS),
    "Tasks": _listing("tasks", "Task"),
    "NextTasks": _listing("tasks", "Task", paged=False),
    "OneTask": closed("", version=VERSION, tasks=several(ref("TaskDetails"))),
    "ChangedTask": closed(
        "The task as it is now; no task where it has another id by now.",
        version=VERSION,
        tasks=several(ref("TaskDetails")),
        commits=several(STRING),
        messages=several(STRING),
    ),
    "Claim": closed(
        "",
        version=VERSION,
        id=STRING,
        token=INTEGER,
        expires=nullable(MOMENT),
        commits=several(STRING),
        messages=several(STRING),
    ),
    "Release": closed(
        "", version=VERSION, id=STRING, released=BOOLEAN, commits=several(STRING), messages=several(STRING)
    ),
    "Plan": closed(
        "The open tasks in plan order, as `plan --format json` has them.",
        project=STRING,
        version=VERSION,
        tasks=several(ref("Task")),
        critical_path=several(STRING),
        edges=several({"type": "array", "items": STRING, "minItems": 2, "maxItems": 2}),
        lanes=by_name(closed("", capacity=INTEGER, tasks=several(STRING))),
        cycles=several(several(STRING)),
        corrections=several({"type": "object"}),
        opens=several(closed("", id=STRING, at=nullable(MOMENT))),
    ),
    "Plans": _report("Plan"),
    "Status": open_(
        "As `status --json` has it; with `by` the groups of tasks.",
        (
            *(
                "status",
                "by_priority",
                "by_status",
                "by_state",
                "by_category",
                "queues",
                "workers",
                "running",
            ),
            *("runners", "cpu_percent", "memory_percent", "by", "groups"),
        ),
        project=STRING,
        version=VERSION,
        timestamp=MOMENT,
        tasks_total=INTEGER,
        status=words("running", "idle"),
        by_priority=by_name(INTEGER),
        by_status=by_name(INTEGER),
        by_state=by_name(INTEGER),
        by_category=by_name(INTEGER),
        queues=by_name(INTEGER),
        workers=by_name({"type": "object"}),
        running=several(open_("", id=STRING, title=nullable(STRING), phase=STRING, worker=STRING)),
        runners=several(open_("", name=STRING, state=words("live", "silent", "gone"))),
        cpu_percent=nullable(NUMBER),
        memory_percent=nullable(NUMBER),
        by=STRING,
        groups=several({"type": "object"}),
    ),
    "Statuses": _report("Status"),
    "Statistics": open_(
        "As `stats --json` has it.",
        project=STRING,
        version=VERSION,
        since=nullable(MOMENT),
        runs=INTEGER,
        success_rate=nullable(NUMBER),
        tasks_per_hour=nullable(NUMBER),
        processors=several({"type": "object"}),
        tasks=several({"type": "object"}),
        metrics=several({"type": "object"}),
        flaky=several({"type": "object"}),
        estimates=several({"type": "object"}),
    ),
    "AllStatistics": _report("Statistics"),
    "Finding": closed(
        "",
        project=STRING,
        file=STRING,
        line=nullable(INTEGER),
        severity=words("error", "warning"),
        code=STRING,
        message=STRING,
    ),
    "Findings": _listing("findings", "Finding", paged=False),
    "Receipt": open_("As `log --json` has it.", **_RECEIPT),
    "Receipts": _listing("receipts", "Receipt"),
    "RunLine": closed(
        "As `log --runs --json` has it.",
        project=STRING,
        id=STRING,
        worker=nullable(STRING),
        started=nullable(MOMENT),
        finished=nullable(MOMENT),
        counts=by_name(INTEGER),
        success_rate=nullable(NUMBER),
        jobs=nullable(INTEGER),
        utilization=nullable(NUMBER),
        commits=several(STRING),
    ),
    "Runs": _listing("runs", "RunLine"),
    "Run": open_(
        "As `run --json` has it, or as much of it as is known by now.",
        version=VERSION,
        project=STRING,
        run=STRING,
        state=words("running", "interrupting", "interrupted", "finished"),
        started=nullable(MOMENT),
        finished=nullable(MOMENT),
        tasks=several(open_("", **_RUN_TASK)),
        summary=by_name(INTEGER),
        commits=several(STRING),
        in_hand=several(STRING),
        ids=nullable(several(STRING)),
        exit_code=nullable(INTEGER),
        messages=several(STRING),
    ),
    "StartedRun": closed("", run=STRING),
    "InterruptedRun": closed("", run=STRING, state=STRING),
    "Project": closed(
        "A repository; of one that cannot be read its name and why.",
        ("root", "head", "branch", "tasks", "by_state"),
        name=STRING,
        root=STRING,
        head=nullable(STRING),
        branch=nullable(STRING),
        tasks=INTEGER,
        by_state=by_name(INTEGER),
        error=nullable(STRING),
    ),
    "Projects": closed("", version=VERSION, projects=several(ref("Project"))),
    "Attempts": closed(
        "",
        version=VERSION,
        attempts=several(
            closed(
                "",
                run=STRING,
                attempt=INTEGER,
                outcome=nullable(STRING),
                time=nullable(MOMENT),
                size=INTEGER,
                log=nullable(STRING),
            )
        ),
    ),
    "Log": closed("", version=VERSION, lines=several(open_("", number=INTEGER, time=MOMENT, event=STRING))),
    "Session": closed(
        "Who asks, and what their token may.",
        token=nullable(STRING),
        email=nullable(STRING),
        may=several(words("read", "word", "run")),
        runs_allowed=BOOLEAN,
    ),
    "Health": closed("", live=BOOLEAN, ready=BOOLEAN),
}
