"""The job summary of GitHub Actions, in parts of markdown. All text of strangers is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from mdtodo.core.results import Outcome
from mdtodo.planning.analysis.durations import format_seconds
from mdtodo.reporting.markdown import code_block, escaped, link, table
from mdtodo.reporting.mermaid import flowchart

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mdtodo.core.results import RunReport
    from mdtodo.core.task import Finding, Task
    from mdtodo.planning.plan import Plan

#: Rows of a table that are shown.
ROWS = 500
#: Tasks whose output is shown.
TAILS = 20

_MARKS = {
    Outcome.DONE: "✅",
    Outcome.CACHED: "✅",
    Outcome.FAILED: "❌",
    Outcome.DEFERRED: "⏳",
    Outcome.SKIPPED: "➖",
    Outcome.BLOCKED: "⏸",
    Outcome.INTERRUPTED: "⚠",
}


class Links(NamedTuple):
    """Where files of a commit are shown; nowhere without a server and a commit."""

    base: str

    @classmethod
    def of(cls, environ: Mapping[str, str], commit: str) -> Links:
        """From GITHUB_SERVER_URL and GITHUB_REPOSITORY."""
        server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
        if not (server.startswith(("https://", "http://")) and repository and commit):
            return cls("")
        return cls(f"{quote(server.rstrip('/'), safe=':/')}/{quote(repository)}/blob/{quote(commit)}")

    def to(self, file: str, line: int) -> str | None:
        """The line of the file as it is written, not as it is rendered."""
        return f"{self.base}/{quote(file, errors='surrogateescape')}?plain=1#L{line}" if self.base else None


def heading(mode: str, report: RunReport | None, said: Iterable[str]) -> str:
    """`### mdtodo run: 3 done, 1 failed`, and sentences."""
    counts = [f"{count} {name}" for name, count in report.summary.items() if count] if report else []
    result = (report.nothing if report.idle else ", ".join(counts)) if report else ""
    first = f"### mdtodo {mode}" + (f": {result}" if result else "")
    return "\n\n".join([first, *map(escaped, said)])


def sentences(said: Iterable[str]) -> str:
    """Sentences as a list."""
    return "\n".join(f"- {escaped(sentence)}" for sentence in said)


def messages(report: RunReport) -> str:
    """What a person should know of the run."""
    return sentences(report.messages)


def results(report: RunReport, links: Links) -> str:
    """A table of what became of each task, with a link to its line."""
    rows = [
        (
            f"{_MARKS[Outcome.FAILED] if task.failed else _MARKS[task.outcome]} {task.outcome.value}",
            f"{link(task.title, links.to(task.file, task.line))} <code>{escaped(task.id)}</code>",
            escaped(task.processor or ""),
            "" if task.duration is None else format_seconds(task.duration),
            escaped(task.reason),
        )
        for task in report.tasks
    ]
    return _table(("outcome", "task", "processor", "duration", "why"), rows)


def findings(found: Sequence[Finding], links: Links) -> str:
    """A table of what `check` has found."""
    if not found:
        return "`mdtodo check` has no findings."
    rows = [
        (
            f"{'❌' if one.severity.value == 'error' else '⚠'} {one.severity.value}",
            link(f"{one.file}:{one.line}", links.to(one.file, one.line)),
            escaped(one.code),
            escaped(one.message),
        )
        for one in found
    ]
    return _table(("severity", "place", "code", "finding"), rows)


def preview(tasks: Sequence[Task], links: Links) -> str:
    """A table of what would run, in order."""
    if not tasks:
        return "Nothing would run."
    rows = [
        (
            str(number),
            f"{link(task.title, links.to(task.file, task.line))} <code>{escaped(task.id)}</code>",
            task.priority,
        )
        for number, task in enumerate(tasks, 1)
    ]
    return f"Would run: {len(tasks)}\n\n" + _table(("", "task", "priority"), rows)


def graph(plan: Plan, also: Collection[str]) -> str:
    """The plan, drawn; nothing where nothing is left of it."""
    if not plan.order and not also:
        return ""
    return f"#### The plan\n\n{code_block(flowchart(plan, also=also), 'mermaid')}"


def tails(report: RunReport) -> list[str]:
    """The end of the output of what failed."""
    failed = [task for task in report.tasks if task.failed and task.tail.strip()][:TAILS]
    return [f"#### {escaped(task.title)}\n\n{code_block(task.tail)}" for task in failed]


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    shown = table(names, rows[:ROWS])
    return shown if len(rows) <= ROWS else f"{shown}\n\nand {len(rows) - ROWS} more"
