"""What other programs read: the JSON documents of the contract, each with its version."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mdtodo.planning.task_json import task_record
from mdtodo.reporting.text import escaped_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mdtodo.core.results import RunReport
    from mdtodo.core.task import Finding, Task
    from mdtodo.planning.plan import Plan


def print_tasks_json(plan: Plan, tasks: Iterable[Task]) -> None:
    """`{"version": 1, "tasks": [TASK, ...]}`."""
    print_json({"version": 1, "tasks": (task_record(plan, task.id) for task in tasks)})


def print_findings_json(findings: Iterable[Finding], *, commits: bool = False) -> None:
    """`{"version": 1, "findings": [{"file", "line", "severity", "code", "message"}, ...]}`; with `commits` each has
    `commit` too."""
    print_json(findings_document(findings, commits=commits))


def findings_document(findings: Iterable[Finding], *, commits: bool = False) -> dict[str, object]:
    """What `check --json` prints."""
    rows = [finding_document(one) | ({"commit": one.commit} if commits else {}) for one in findings]
    return {"version": 1, "findings": rows}


def finding_document(one: Finding) -> dict[str, object]:
    """A finding in JSON."""
    told = {"file": one.file, "line": one.line, "severity": one.severity.value}
    return {**told, "code": one.code, "message": one.message}


def print_json(document: Mapping[str, object]) -> None:
    """One JSON document on standard output: UTF-8, a line for each entry and for each entry of a list in it. An
    iterator stands for a list, whose entries are made as they are printed.

    So that a person can read it, and that the encoder written in C, which cannot indent, does the work. No character
    in it steers a terminal.
    """
    pieces = _pieces(document)
    # the buffer, as JSON is UTF-8 in every locale (RFC 8259)
    while some := "".join(islice(pieces, _TOGETHER)):
        sys.stdout.buffer.write(some.encode("utf-8", "backslashreplace"))
    sys.stdout.flush()


#: Pieces of a document that are written at once.
_TOGETHER = 1_000


def _pieces(document: Mapping[str, object]) -> Iterator[str]:
    between = "{\n"
    for key, value in document.items():
        yield f"{between}  {_compact(key)}: "
        between = ",\n"
        if not isinstance(value, list | Iterator):
            yield _compact(value)
            continue
        lead = "[\n    "
        for item in value:
            yield lead + _compact(item)
            lead = ",\n    "
        yield "[]" if lead[0] == "[" else "\n  ]"
    yield ("{\n" if between[0] == "{" else "") + "\n}\n"


def iso(moment: float | None, unit: str = "seconds") -> str | None:
    """Unix time as ISO 8601 in UTC, to the second, or to `milliseconds`; None for what is no date, as of a clock that
    was wrong."""
    if moment is None:
        return None
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(moment, UTC).isoformat(timespec=unit)
    except (OverflowError, ValueError, OSError):
        return None


def renamed(one: NamedTuple, **names: str) -> dict[str, object]:
    """Its fields as entries of a document, those of `names` under the names that these give them."""
    return {names.get(name, name): value for name, value in one._asdict().items()}


def _compact(value: object) -> str:
    return escaped_json(_ENCODE(value))


# made once: json.dumps with options makes an encoder at each call
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode


def print_run_json(report: RunReport) -> None:
    """The one object of `run --json`."""
    print_json(run_document(report))


def run_document(report: RunReport) -> dict[str, object]:
    """What `run --json` prints."""
    tasks = [
        {
            "id": task.id,
            "title": task.title,
            "outcome": task.outcome.value,
            "reason": task.failure,
            "error": task.error,
            "started": task.started,
            "finished": task.finished,
            "processor": task.processor,
            "attempts": task.attempts,
            "duration": task.duration,
            "exit_code": task.exit_code,
            "log": task.log,
            "metrics": dict(task.metrics),
        }
        for task in report.tasks
    ]
    return {
        "version": 1,
        "run": report.run,
        "started": report.started,
        "finished": report.finished,
        "tasks": tasks,
        "summary": report.summary,
        "commits": list(report.commits),
    }
