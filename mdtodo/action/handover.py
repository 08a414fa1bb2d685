"""What the step that works leaves for the one that delivers: a file that only this user can read."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mdtodo.core.results import GivenUp, Outcome, RunReport, TaskRun
from mdtodo.core.task import Finding, Severity
from mdtodo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Handover:
    """`code` is how the Action ends, `start` the commit that was checked out; `findings` None where not checked."""

    code: int
    root: str
    start: str
    push: bool
    pull_request: bool
    report: RunReport | None
    findings: tuple[Finding, ...] | None

    def write(self, environ: Mapping[str, str]) -> str:
        """Into a new file in the runner's temporary folder; its path."""
        plain = asdict(self) | {"report": self.report and self.report._asdict()}
        if self.report is not None:
            plain["report"]["tasks"] = [task._asdict() for task in self.report.tasks]
        if self.findings is not None:
            plain["findings"] = [finding._asdict() for finding in self.findings]
        number, path = tempfile.mkstemp(
            prefix="mdtodo-", suffix=".json", dir=environ.get("RUNNER_TEMP") or None
        )
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            json.dump(plain, file)
        return path

    @classmethod
    def load(cls, path: str) -> Handover:
        """Read it, and remove it. Raises UsageError where there is none."""
        try:
            with open(path, encoding="utf-8") as file:
                plain = json.load(file)
            os.unlink(path)
        except (OSError, ValueError):
            raise UsageError('the step "Run mdtodo" left no results to report') from None
        report, findings = plain.pop("report"), plain.pop("findings")
        return cls(
            **plain,
            report=None if report is None else _report(report),
            findings=None if findings is None else tuple(map(_finding, findings)),
        )


def _report(plain: dict[str, object]) -> RunReport:
    tasks, given_up = plain.pop("tasks"), plain.pop("given_up")
    assert isinstance(tasks, list)
    assert isinstance(given_up, list)
    made = tuple(TaskRun(**task | {"outcome": Outcome(task["outcome"])}) for task in tasks)
    lists = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}
    return RunReport(**plain | lists, tasks=made, given_up=tuple(GivenUp(*one) for one in given_up))  # type: ignore[arg-type]


def _finding(plain: dict[str, object]) -> Finding:
    return Finding(**plain | {"severity": Severity(str(plain["severity"]))})  # type: ignore[arg-type]
