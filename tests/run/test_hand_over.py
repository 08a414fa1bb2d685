"""Many tasks are handed over in parts: who is free meanwhile does not wait for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mdtodo.core.results import Result
from mdtodo.execution.executor import AttemptEvent
from mdtodo.git.repository import discover
from mdtodo.project.project import read_config
from mdtodo.reporting.progress import PlainProgress
from mdtodo.run import loop
from mdtodo.run.run import run
from mdtodo.run.run_options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from mdtodo.core.task import Json
    from tests.conftest import Checkout


class Patient:
    """Says that all is done once it has had all; what it had when it was asked, and for how long it may wait."""

    capacity, elsewhere = 7, False

    def __init__(self, tasks: int) -> None:
        self._tasks = tasks
        self._had: list[str] = []
        self.asked: list[tuple[int, bool]] = []

    def open(self) -> None: ...
    def close(self) -> None: ...
    def wake(self) -> None: ...
    def cancel(self, attempt: str) -> None: ...
    def unmet(self, needs: frozenset[str]) -> str | None: ...
    def awaited(self, needs: frozenset[str]) -> str | None: ...

    def submit(self, spec: Json) -> None:
        self._had.append(str(spec["attempt"]))

    def events(self, timeout: float | None = None) -> Sequence[AttemptEvent]:
        self.asked.append((len(self._had), timeout == 0.0))
        if len(self._had) < self._tasks:
            return []
        return [AttemptEvent("finished", attempt, Result(0)) for attempt in self._had]


def test_who_is_free_is_heard_before_all_are_handed_over(
    repo: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_AT_ONCE", 3)
    todo = "".join(f"- [ ] task {number} run:p\n" for number in range(7))
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": '[processors.p]\nrun = "true"\n'})
    found, patient = discover(str(repo.root)), Patient(7)
    report = run(found, read_config(found), Options(jobs=7), PlainProgress(quiet=True), executor=patient)
    assert patient.asked == [(3, True), (6, True), (7, False)]
    assert [str(task.outcome) for task in report.tasks] == ["done"] * 7
    assert repo.head("TODO.md").decode() == todo.replace("[ ]", "[x]")
