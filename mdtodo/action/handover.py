"""What the step that works leaves for the one that delivers: a folder with its results, and a bundle of its receipts.

The one that delivers believes nothing of it, since processors ran where it was written.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mdtodo.action.bundle import read_regular
from mdtodo.core.results import GivenUp, Outcome, RunReport, TaskRun
from mdtodo.core.task import Finding, Severity
from mdtodo.errors import MdtodoError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESULTS, _BUNDLE = "results.json", "receipts.bundle"
#: Bytes that the results may have.
_LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Handover:
    """`code` is how the Action ends; `findings` None where not checked."""

    code: int
    report: RunReport | None
    findings: tuple[Finding, ...] | None

    def write(self, folder: str) -> None:
        """Into a folder that `new_folder` has made."""
        plain = asdict(self) | {"report": self.report and self.report._asdict()}
        if self.report is not None:
            plain["report"]["tasks"] = [task._asdict() for task in self.report.tasks]
        if self.findings is not None:
            plain["findings"] = [finding._asdict() for finding in self.findings]
        path = os.path.join(folder, _RESULTS)
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            json.dump(plain, file)

    @classmethod
    def load(cls, folder: str) -> Handover:
        """Read it. Raises UsageError where there is none that can be read."""
        try:
            return cls._read(json.loads(read_regular(os.path.join(folder, _RESULTS), _LARGEST)))
        except (MdtodoError, ValueError, TypeError, KeyError, AttributeError, AssertionError, RecursionError):
            raise UsageError('the step "Run mdtodo" left no results to report') from None

    @classmethod
    def _read(cls, plain: dict[str, object]) -> Handover:
        report, findings, code = plain["report"], plain["findings"], plain["code"]
        if not isinstance(code, int) or not 0 <= code < 256:
            raise ValueError("no exit code")
        return cls(
            code,
            None if report is None else _report(report),  # type: ignore[arg-type]
            None if findings is None else tuple(map(_finding, findings)),  # type: ignore[call-overload]
        )


def new_folder(environ: Mapping[str, str]) -> str:
    """One that only this user can read, in the runner's temporary folder."""
    return tempfile.mkdtemp(prefix="mdtodo-", suffix=".results", dir=environ.get("RUNNER_TEMP") or None)


def bundle_of(folder: str) -> str:
    """Where the bundle of receipts is, if there are any."""
    return os.path.join(folder, _BUNDLE)


def remove(folder: str) -> None:
    """All of it, as far as that can be done."""
    shutil.rmtree(folder, ignore_errors=True)


def _report(plain: dict[str, object]) -> RunReport:
    tasks, given_up = plain.pop("tasks"), plain.pop("given_up")
    assert isinstance(tasks, list)
    assert isinstance(given_up, list)
    made = tuple(TaskRun(**task | {"outcome": Outcome(task["outcome"])}) for task in tasks)
    lists = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}
    return RunReport(**plain | lists, tasks=made, given_up=tuple(GivenUp(*one) for one in given_up))  # type: ignore[arg-type]


def _finding(plain: dict[str, object]) -> Finding:
    return Finding(**plain | {"severity": Severity(str(plain["severity"]))})  # type: ignore[arg-type]
