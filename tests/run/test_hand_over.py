"""Many tasks are handed over in parts: who is free meanwhile does not wait for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.core.results import Result
from mdtodo.execution.executor import AttemptEvent
from mdtodo.execution.local.pool import LocalPool
from mdtodo.git.repository import discover
from mdtodo.project.project import read_config
from mdtodo.reporting.progress import PlainProgress
from mdtodo.run import loop
from mdtodo.run.journal import RunJournal
from mdtodo.run.run import run
from mdtodo.run.run_options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

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


@pytest.mark.parametrize(
    ("options", "config", "expected"),
    [
        (Options(jobs=2), "", ["expect 2"]),
        (Options(jobs=9), "", ["expect 3"]),
        (Options(jobs=9, limit=1), "", ["expect 1"]),
        (Options(jobs=9), 'inputs = ["TODO.md"]\n', []),  # perhaps nothing is to be run
    ],
)
def test_processes_are_started_for_what_may_begin_and_let_go_before_the_landing(
    repo: Checkout, monkeypatch: pytest.MonkeyPatch, options: Options, config: str, expected: list[str]
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(LocalPool, "expect", lambda _, attempts: heard.append(f"expect {attempts}"))
    monkeypatch.setattr(LocalPool, "release", lambda _: heard.append("release"))
    submit, land = LocalPool.submit, RunJournal.land
    monkeypatch.setattr(LocalPool, "submit", lambda *given: (heard.append("submit"), submit(*given)))
    monkeypatch.setattr(RunJournal, "land", lambda journal: (heard.append("land"), land(journal)))
    todo = "".join(f"- [ ] task {number} run:p\n" for number in range(3))
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": f'[processors.p]\nrun = "true"\n{config}'})
    found = discover(str(repo.root))
    run(found, read_config(found), options, PlainProgress(quiet=True))
    submitted = ["submit"] * (options.limit or 3)
    assert heard == [*expected, *submitted, "release", "land"]
