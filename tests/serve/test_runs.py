"""Runs over HTTP: processes of their own, whose names are known at once."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.conftest import made_repository
from tests.serve.server import PATIENCE, Server, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Checkout


def until(found: Callable[[], Any]) -> Any:
    """What it gives, as soon as that is something."""
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.03)
    return value


def over(server: Server, run: str) -> dict[str, Any]:
    """A run, once it is over."""

    def look() -> dict[str, Any] | None:
        told: dict[str, Any] = server.get(f"runs/{run}")
        return None if told["state"] in ("running", "interrupting") else told

    found: dict[str, Any] = until(look)
    return found


def start(server: Server, *ids: str) -> str:
    answer = server.ask("POST", "runs", {"ids": list(ids)}, token=True)
    assert answer.status == 202, answer
    assert answer.headers["location"] == f"/api/v1/runs/{answer.json['run']}"
    return str(answer.json["run"])


def test_a_run_of_a_task_ticks_it_and_tells_what_came_of_it(server: Server, shared: Checkout) -> None:
    run = start(server, "tests")
    told = over(server, run)
    assert (told["state"], told["exit_code"], told["ids"], told["project"]) == (
        "finished",
        0,
        ["tests"],
        "shop",
    )
    assert [(one["id"], one["outcome"]) for one in told["tasks"]] == [("tests", "done")]
    assert told["commits"] == [shared.git("rev-parse", "HEAD")]
    assert f"Mdtodo-Run: {run}" in shared.git("log", "-1", "--format=%B")
    assert server.get("tasks/tests")["tasks"][0]["status"] == "done"
    assert server.ask("GET", "tasks/tests/output").body == b"it is good\n"
    attempts = server.get("tasks/tests/output?list")["attempts"]
    assert [(one["run"], one["outcome"]) for one in attempts] == [(run, "done")]
    assert run in [one["id"] for one in server.get("runs")["runs"]]
    assert server.get("receipts?task=tests")["receipts"][0]["run"] == run


def test_a_task_that_fails(server: Server) -> None:
    told = over(server, start(server, "links"))
    assert (told["state"], told["exit_code"], told["tasks"][0]["outcome"]) == ("finished", 1, "failed")
    assert server.ask("GET", "tasks/links/output").body == b"it is broken\n"


def test_output_is_followed_as_it_comes(server: Server, shared: Checkout) -> None:
    run = start(server, "told")
    until((shared.root / ".git/one").exists)
    (live,) = until(lambda: [one for one in server.get("status")["running"] if one["id"] == "told"])
    assert live["run"] == run
    until(lambda: "told" in server.get(f"runs/{run}")["in_hand"])
    connection = server.connect()
    connection.request("GET", "/api/v1/tasks/told/output?follow")
    response = connection.getresponse()
    assert response.getheader("content-type") == "text/plain; charset=utf-8"
    assert response.readline() == b"one\n"
    (shared.root / ".git/go").touch()
    assert response.read() == b"two\n"
    connection.close()
    assert over(server, run)["exit_code"] == 0
    assert server.ask("GET", "tasks/told/output?follow").body == b"one\ntwo\n", "it is over, and all is there"


def test_a_run_is_interrupted_and_what_was_done_is_kept(server: Server, shared: Checkout) -> None:
    run = start(server, "slow")
    until((shared.root / ".git/begun").exists)
    answer = server.ask("DELETE", f"runs/{run}", token=True)
    assert (answer.status, answer.json) == (202, {"run": run, "state": "interrupting"})
    told = over(server, run)
    assert (told["state"], told["exit_code"]) == ("interrupted", 130)
    assert server.get("tasks/slow")["tasks"][0]["state"] == "ready"
    again = server.ask("DELETE", f"runs/{run}", token=True)
    assert (again.status, again.detail) == (409, f"the run {run} is over")


def test_a_run_of_somebody_else_is_seen_and_not_ended(server: Server, shared: Checkout, calls: Any) -> None:
    calls(shared.root, "run", "--priority", "low", "--json")  # nothing of it, so it leaves no run
    calls(shared.root, "run", "links", "--json")
    told = server.get("runs")["runs"][0]
    known = server.get(f"runs/{told['id']}")
    assert (known["state"], [one["id"] for one in known["tasks"]]) == ("finished", ["links"])
    refused = server.ask("DELETE", f"runs/{told['id']}", token=True)
    assert (refused.status, "was not started by this server" in refused.detail) == (409, True)
    assert server.ask("DELETE", "runs/nothing", token=True).status == 404


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"ids": ["nothing"]}, "ids: no task has the id 'nothing'"),
        ({"ids": ["--push"]}, "ids: no task has the id '--push'"),
        ({"ids": "tests"}, "ids is a list of texts"),
        ({"ids": [1]}, "ids is a list of texts"),
        ({"ids": ["tests"] * 1001}, "ids: at most 1000"),
        ({"id": ["tests"]}, "unknown field 'id'"),
    ],
)
def test_what_names_no_tasks_starts_nothing(server: Server, body: object, sentence: str) -> None:
    answer = server.ask("POST", "runs", body, token=True)
    assert answer.status == 422, answer
    assert sentence in answer.detail


def test_without_leave_nothing_is_run(tmp_path: Path) -> None:
    repo = made_repository(tmp_path / "r")
    with serving(repo.root) as server:
        assert server.get("/session", token=True)["runs_allowed"] is False
        answer = server.ask("POST", "runs", {}, token=True)
        assert (answer.status, answer.json["missing"]) == (403, "--allow-runs")
        assert server.ask("DELETE", "runs/x", token=True).status == 403


def test_where_the_server_ends_its_run_ends_in_good_order(tmp_path: Path) -> None:
    repo = made_repository(tmp_path / "r")
    with serving(repo.root, "--allow-runs") as server:
        run = start(server, "tests", "slow")
        until((repo.root / ".git/begun").exists)
        until(lambda: server.get(f"runs/{run}")["tasks"])
    log = repo.git("log", "-1", "--format=%B")
    assert "Mdtodo-Task: tests done good" in log, "what was done has landed"
    assert b"- [ ] Slow" in repo.head("TODO.md") == repo.read("TODO.md")
    assert repo.git("status", "--porcelain") == ""


def test_where_the_server_is_killed_its_run_goes_on(tmp_path: Path) -> None:
    repo = made_repository(tmp_path / "r")
    with serving(repo.root, "--allow-runs", expect=-signal.SIGKILL) as server:
        start(server, "told")
        until((repo.root / ".git/one").exists)
        os.kill(server.process.pid, signal.SIGKILL)
    (repo.root / ".git/go").touch()
    until(lambda: b"- [x] Told" in repo.head("TODO.md"))


def test_too_many_runs_at_once_are_refused(tmp_path: Path) -> None:
    repo = made_repository(tmp_path / "r")
    with serving(repo.root, "--allow-runs") as server:
        start(server, "slow")
        until((repo.root / ".git/begun").exists)
        for _ in range(3):
            start(server, "told")
        answer = server.ask("POST", "runs", {"ids": ["tests"]}, token=True)
        if answer.status != 202:  # those that found the task in hand may be over by now
            assert (answer.status, "runs go on in r" in answer.detail) == (429, True)
            assert int(answer.headers["retry-after"]) > 0
