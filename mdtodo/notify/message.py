"""What a message says: JSON for programs, a title and lines of text for people. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mdtodo.core.results import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mdtodo.core.results import RunReport, TaskRun
    from mdtodo.core.task import Task

    Json = Mapping[str, Any]

#: By event of the configuration: its type in a message, and what a person reads of one task, and of more.
TYPES = {
    "failed": ("task.failed", "a task failed", "{} tasks failed"),
    "gave_up": ("task.gave_up", "a task was given up", "{} tasks were given up"),
    "manual_ready": ("task.manual_ready", "a task is ready for a person", "{} tasks are ready for a person"),
    "run": ("run.finished", "", ""),
}
#: Tasks that one message tells of; characters of a title, an error; of output.
TASKS, TITLE, ERROR, OUTPUT = 50, 300, 500, 2000
#: How a task failed where the words for it are our own, and not those of its processor.
_OURS = (Failure.TIMEOUT, Failure.SIGNAL, Failure.LOST, Failure.CONFLICT)


class Origin(NamedTuple):
    """Where messages come from: the name of the repository, the host, and the run."""

    project: str
    host: str
    run: str


def failed_task(done: TaskRun, *, output: bool) -> dict[str, Any]:
    """A task that failed. Without `output` nothing that its processor wrote, not even in the words of an error."""
    told: dict[str, Any] = {
        "id": done.id,
        "title": done.title[:TITLE],
        "file": done.file,
        "line": done.line,
        "processor": done.processor,
        "attempts": done.attempts,
        "seconds": done.duration,
        "exit_code": done.exit_code,
        "reason": done.failure.value if done.failure else None,
        "error": _error(done, output=output),
    }
    return told | ({"output": done.tail[-OUTPUT:]} if output else {})


def _error(done: TaskRun, *, output: bool) -> str | None:
    ours = done.failure in _OURS or re.fullmatch(r"exit \d+", done.reason)
    return done.reason[:ERROR] or None if ours or output else None


def manual_task(task: Task) -> dict[str, Any]:
    """A task that nothing but a person can do, and that waits for nothing more."""
    return {
        "id": task.id,
        "title": task.title[:TITLE],
        "file": task.file,
        "line": task.line,
        "priority": task.priority.value,
        "due": task.due,
    }


def tasks_data(origin: Origin, tasks: Sequence[Json], more: int = 0) -> dict[str, Any]:
    """The `data` of a message on tasks; `more` are those that it has no room for."""
    kept = list(tasks[:TASKS])
    return {**origin._asdict(), "tasks": kept, "more": more + len(tasks) - len(kept)}


def run_data(origin: Origin, report: RunReport) -> dict[str, Any]:
    """The `data` of a message on a run that has ended."""
    return {
        **origin._asdict(),
        "started": report.started,
        "finished": report.finished,
        "exit_code": report.exit_code,
        "summary": dict(report.summary),
        "commits": list(report.commits[:TASKS]),
        "error": None,
    }


def broken_run_data(origin: Origin, error: str, exit_code: int) -> dict[str, Any]:
    """The same of one that could not go on."""
    found: dict[str, Any] = {"started": None, "finished": None, "exit_code": exit_code, "summary": {}}
    return {**origin._asdict(), **found, "commits": [], "error": error[:ERROR]}


def headline(event: str, data: Json) -> str:
    """`shop: 2 tasks failed`, on one line."""
    if event == "run":
        said = ", ".join(f"{number} {name}" for name, number in data["summary"].items() if number)
        ended = "could not go on" if data["error"] else said or "nothing done"
        return f"{data['project']}: run {data['run']}: {ended}"
    _, one, more = TYPES[event]
    number = len(data["tasks"]) + data["more"]
    return f"{data['project']}: {one if number == 1 else more.format(number)}"


def text(event: str, data: Json) -> str:
    """A line for each task, or what a run came to, with the host and the run."""
    lines = [data["error"]] if event == "run" and data["error"] else []
    for task in data.get("tasks", ()):
        lines.append(f"{task['title']} ({task['id']}), {task['file']}:{task['line']}{_why(task)}")
        lines += [f"  | {line}" for line in str(task.get("output", "")).splitlines()]
    lines += [f"and {data['more']} more"] if data.get("more") else []
    return "\n".join([*lines, f"on {data['host']}, run {data['run']}"])


def _why(task: Json) -> str:
    why = task.get("error") or task.get("reason")
    due = f", due {task['due']}" if task.get("due") else ""
    return f": {why}" if why else due
