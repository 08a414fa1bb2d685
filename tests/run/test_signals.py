"""Ctrl-C, at the moments that real processes do not hit on demand: an executor that says what it is told to."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from mdtodo.core.results import Result
from mdtodo.execution.executor import AttemptEvent
from mdtodo.git.repository import discover
from mdtodo.project.project import read_config
from mdtodo.reporting.progress import PlainProgress
from mdtodo.run.run import run
from mdtodo.run.run_options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mdtodo.core.task import Json
    from tests.conftest import Checkout

TODO = "- [ ] one run:p\n- [ ] two run:p\n- [ ] three run:p after:x\n- [ ] x id:x run:p\n"


class Interrupted:
    """Three attempts start; then comes Ctrl-C, and only after it what `results` say of each."""

    capacity, elsewhere = 3, False

    def __init__(self, results: dict[str, dict[str, object]]) -> None:
        self._results = results
        self._attempts: dict[str, str] = {}
        self._rounds = 0

    def open(self) -> None: ...
    def close(self) -> None: ...
    def wake(self) -> None: ...
    def cancel(self, attempt: str) -> None: ...
    def unmet(self, needs: frozenset[str]) -> str | None: ...
    def awaited(self, needs: frozenset[str]) -> str | None: ...

    def submit(self, spec: Json) -> None:
        self._attempts[str(spec["attempt"])] = spec["task"]["title"]  # type: ignore[index, call-overload]

    def events(self, timeout: float | None = None) -> Sequence[AttemptEvent]:
        self._rounds += 1
        if self._rounds == 1:
            os.kill(os.getpid(), signal.SIGINT)
            return [AttemptEvent("started", attempt) for attempt in self._attempts]
        return [
            AttemptEvent("finished", attempt, Result(None)._replace(**self._results[title]))
            for attempt, title in self._attempts.items()
        ]


@pytest.fixture
def report(repo: Checkout):
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": '[processors.p]\nrun = "true"\n'})

    def of(**results: dict[str, object]):
        found = discover(str(repo.root))
        return run(
            found,
            read_config(found),
            Options(jobs=3),
            PlainProgress(quiet=True),
            executor=Interrupted(results),
        )

    return of


def test_an_attempt_that_was_done_before_it_could_be_ended_is_kept(repo: Checkout, report) -> None:
    found = report(one={"exit_code": 0}, two={"exit_code": 0, "interrupted": True}, x={"exit_code": 0})
    assert found.interrupted
    outcomes = {task.title: str(task.outcome) for task in found.tasks}
    assert outcomes["one"] == outcomes["x"] == "done"
    assert outcomes["two"] == "interrupted"
    assert repo.head("TODO.md").decode() == TODO.replace("[ ] one", "[x] one").replace("[ ] x", "[x] x")
    assert repo.status() == []


def test_an_attempt_that_failed_as_it_was_ended_is_no_failure(repo: Checkout, report) -> None:
    lost = {"exit_code": None, "error": "the pool process died"}
    found = report(one={"exit_code": -15}, two=lost, x={"exit_code": 1})
    assert [str(task.outcome) for task in found.tasks] == ["interrupted"] * 3 + ["blocked"]
    assert repo.read("TODO.md").decode() == TODO
