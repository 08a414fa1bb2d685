"""`run --report FILE`: a report of a run for other programs to show, as markdown or as JUnit's XML."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mdtodo.core.results import Outcome
from mdtodo.errors import InputError, UsageError
from mdtodo.reporting.github_summary import Links, heading, messages, results, tails
from mdtodo.system.files import keep

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    from mdtodo.core.results import RunReport, TaskRun

#: What XML 1.0 cannot hold, whatever it is written as.
_NEVER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def form_of(path: str) -> Callable[[RunReport], str]:
    """What makes the text of this file, an absolute path, by how its name ends.

    Raises UsageError for a name with another end, InputError where no file can be written there.
    """
    forms = {".md": markdown, ".xml": junit}
    form = forms.get(os.path.splitext(path)[1].lower())
    if form is None:
        raise UsageError(f"--report {path!r} must end in .md, for markdown, or .xml, for JUnit")
    folder = os.path.dirname(path)
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise InputError("is no file: nothing was run", file=path)
    if os.path.isdir(path) or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        why = "is a folder" if os.path.isdir(path) else f"no file can be made in {folder}"
        raise InputError(f"{why}: nothing was run", file=path)
    return form


def write(path: str, text: str) -> None:
    """The file, whole or not at all. Raises InputError where it cannot be written."""
    try:
        keep(path, text.encode("utf-8", "replace"))
    except OSError as error:
        raise InputError(f"the report cannot be written: {error.strerror}", file=path) from error


def markdown(report: RunReport) -> str:
    """As in the summary of the Action: counts, a table of the tasks, what a person should know, output of failures."""
    nowhere = Links("")
    parts = [heading("run", report, ()), results(report, nowhere), messages(report), *tails(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def junit(report: RunReport) -> str:
    """One test suite, in which each task is a test case: failed, skipped (it did not run, or is not over), or passed.

    The name is the title, with the id where a title stands there twice; the class is its file.
    """
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    counts = {
        "tests": len(report.tasks),
        "failures": sum(task.failed for task in report.tasks),
        "errors": 0,
        "skipped": sum(_is_skipped(task) for task in report.tasks),
    }
    seconds = f"{sum(task.duration or 0.0 for task in report.tasks):.3f}"
    sums = {**{name: str(count) for name, count in counts.items()}, "time": seconds}
    top = Element("testsuites", {"name": "mdtodo", **sums})
    suite = SubElement(top, "testsuite", {"name": "mdtodo run", "timestamp": report.started, **sums})
    titles = [task.title for task in report.tasks]
    for task in report.tasks:
        suite.append(_case(task, alone=titles.count(task.title) == 1))
    indent(top)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(top, encoding="unicode")}\n'


def _case(task: TaskRun, *, alone: bool) -> Element:
    from xml.etree.ElementTree import Element, SubElement

    said = {
        "classname": task.file,
        "name": task.title if alone else f"{task.title} ({task.id})",
        "file": task.file,
        "line": str(task.line),
        "time": f"{task.duration or 0.0:.3f}",
    }
    case = Element("testcase", {name: _text(value) for name, value in said.items()})
    properties = SubElement(case, "properties")
    facts = {"id": task.id, "outcome": task.outcome.value, "processor": task.processor or ""}
    for name, value in {**facts, "attempts": str(task.attempts)}.items():
        SubElement(properties, "property", {"name": name, "value": _text(value)})
    if task.failed:
        kind = task.failure.value if task.failure is not None else task.outcome.value
        failure = SubElement(case, "failure", {"type": kind, "message": _text(task.reason or "failed")})
        failure.text = _text(task.tail)
    elif _is_skipped(task):
        SubElement(case, "skipped", {"message": _text(task.reason or task.outcome.value)})
    return case


def _is_skipped(task: TaskRun) -> bool:
    return not task.failed and task.outcome not in (Outcome.DONE, Outcome.CACHED)


def _text(text: str) -> str:
    """As XML can hold it: escapes of terminals, NUL and halves of characters become the sign for what is unknown."""
    return _NEVER.sub("\ufffd", text)
