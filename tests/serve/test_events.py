"""What changes is told as it changes, by whichever process it was."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.conftest import made_repository
from tests.serve.server import PATIENCE, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Checkout
    from tests.serve.server import Events, Server


def until_told(events: Events, task: str) -> dict[str, Any]:
    """The first event in which this task is another one."""
    while True:
        told = events.next("tasks").data
        found: list[dict[str, Any]] = [one for one in told["changed"] if one["id"] == task]
        if found:
            return found[0]


def tick(repo: Checkout, task: str) -> None:
    """In an editor."""
    text = repo.read("TODO.md").decode()
    line = next(one for one in text.splitlines() if f"id:{task}" in one)
    repo.write("TODO.md", text.replace(line, line.replace("- [ ]", "- [x]")))


def test_a_client_is_greeted(server: Server) -> None:
    with server.events() as events:
        hello = events.next()
        assert (hello.name, hello.data["projects"]) == ("hello", ["shop"])
        assert events.response.getheader("content-type").startswith("text/event-stream")
        assert events.response.getheader("cache-control") == "no-store"


@pytest.mark.parametrize("who", ["editor", "command", "server", "git"])
def test_a_change_by_any_process_is_told(server: Server, shared: Checkout, calls: Any, who: str) -> None:
    task = {"editor": "one", "command": "two", "server": "three", "git": "four"}[who]
    with server.events() as events:
        events.next("hello")
        if who == "editor":
            tick(shared, task)
        elif who == "command":
            calls(shared.root, "done", task, "--commit")
        elif who == "server":
            assert server.word(task, "done").status == 200
        else:
            tick(shared, task)
            shared.git("commit", "-qam", "Ticked")
        found = until_told(events, task)
        assert (found["status"], found["project"]) == ("done", "shop")
        assert found == {**found, "etag": server.etag(task)}


def test_a_change_is_told_within_a_fifth_of_a_second(server: Server, shared: Checkout) -> None:
    delays = []
    with server.events() as events:
        events.next("hello")
        server.get("tasks")
        for turn in range(5):
            time.sleep(0.3)
            began = time.monotonic()
            shared.write("TODO.md", shared.read("TODO.md") + b"\nline %d\n" % turn)
            delays.append(events.next("change").at - began)
            events_after = time.monotonic()
            while time.monotonic() < events_after + 0.1:
                pass
    assert min(delays) < 0.2, delays  # the least: others are at work on the machine too


def test_head_moves_and_the_state_changes(server: Server, shared: Checkout, calls: Any) -> None:
    with server.events() as events:
        events.next("hello")
        shared.git("commit", "-q", "--allow-empty", "-m", "Nothing")
        assert "head" in events.next("change").data["what"]
        calls(shared.root, "claim", "five", "--name", "ann", "--json", "--no-commit")
        while "state" not in events.next("change").data["what"]:
            pass
        assert until_told(events, "five")["claim"]["worker"] == "ann"


def test_a_new_list_in_a_new_folder_is_told(server: Server, shared: Checkout) -> None:
    with server.events() as events:
        events.next("hello")
        shared.write("deep/er/TODO.md", "- [ ] New id:new\n")
        assert until_told(events, "new")["file"] == "deep/er/TODO.md"
        shutil.rmtree(shared.root / "deep")
        while "new" not in events.next("tasks").data["removed"]:
            pass
    assert server.ask("GET", "tasks/new").status == 404


def test_a_run_is_told(server: Server) -> None:
    with server.events() as events:
        events.next("hello")
        run = server.ask("POST", "runs", {"ids": ["tests"]}, token=True).json["run"]
        begun, ended = events.next("run").data, events.next("run").data
        assert begun == {"project": "shop", "run": run, "state": "running", "exit_code": None}
        assert ended == {"project": "shop", "run": run, "state": "finished", "exit_code": 0}


def test_who_comes_back_is_told_what_was_missed(server: Server, shared: Checkout) -> None:
    with server.events() as events:
        events.next("hello")
        tick(shared, "six")
        last = events.next("change").id
    tick(shared, "seven")
    time.sleep(1)
    with server.events(last=last) as events:
        assert "reload" not in {events.next().name for _ in range(2)}
    with server.events(last="another.12") as events:
        assert {events.next().name for _ in range(2)} == {"hello", "reload"}


def test_a_repository_that_vanishes_is_told_and_so_is_its_return(tmp_path: Path) -> None:
    repo, other = made_repository(tmp_path / "shop"), made_repository(tmp_path / "other")
    with serving(repo.root, "--repo", ".", "--repo", str(other.root)) as server, server.events() as events:
        events.next("hello")
        assert len(server.get("tasks?state=done")["tasks"]) == 2
        (tmp_path / "shop").rename(tmp_path / "away")
        gone = events.next("project").data
        assert gone["project"] == "shop"
        assert gone["error"]
        told = server.get("tasks?state=done")
        assert [one["project"] for one in told["tasks"]] == ["other"]
        assert list(told["unavailable"]) == ["shop"]
        assert server.ask("GET", "tasks?project=shop").status == 503
        assert server.get("projects")["projects"][1]["error"] == told["unavailable"]["shop"]
        assert server.get("/health") == {"live": True, "ready": True}
        (tmp_path / "away").rename(tmp_path / "shop")
        assert events.next("project").data == {"project": "shop", "error": None}
        assert len(server.get("tasks?state=done")["tasks"]) == 2
        tick(repo, "one")
        assert until_told(events, "one")["status"] == "done"


def test_a_list_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    repo = made_repository(tmp_path / "shop")
    with serving(repo.root) as server, server.events() as events:
        events.next("hello")
        text = repo.read("TODO.md")
        repo.write("TODO.md", b"- [ ] \xff\n")
        assert "TODO.md" in events.next("project").data["error"]
        answer = server.ask("GET", "tasks")
        assert (answer.status, "TODO.md" in answer.detail) == (503, True)
        assert server.get("/health") == {"live": True, "ready": False}
        assert server.ask("GET", "/health?ready").status == 503
        repo.write("TODO.md", text)
        assert events.next("project").data["error"] is None
        repo.write(".mdtodo.toml", "job = 1\n")
        assert "did you mean" in events.next("project").data["error"]


def test_a_client_that_never_reads_costs_nobody_anything(tmp_path: Path) -> None:
    """Many, each on a socket of its own that nobody reads; they go on for as long as it takes to change much."""
    tasks = "".join(f"- [ ] Task {number} {'x' * 2000} id:t{number}\n" for number in range(90))
    repo = made_repository(tmp_path / "shop", **{"TODO.md": tasks})
    with serving(repo.root) as server:
        deaf = [server.raw(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n") for _ in range(20)]
        server.get("tasks")
        before = memory(server)
        with server.events() as events:
            events.next("hello")
            for turn in range(12):
                repo.write("TODO.md", tasks.replace("Task", f"Turn {turn}"))
                while not events.next("tasks").data["changed"]:
                    pass
        assert memory(server) - before < 60_000_000
        for one in deaf:
            one.close()


def test_500_idle_streams(tmp_path: Path) -> None:
    repo = made_repository(tmp_path / "shop")
    with serving(repo.root) as server:
        server.get("tasks")
        before = memory(server)
        idle = [server.raw(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n") for _ in range(500)]
        for one in idle:
            assert one.recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
        assert server.get("tasks/one")["tasks"]
        assert time.monotonic() - began < PATIENCE / 10
        assert memory(server) - before < 60_000_000
        assert memory(server) < 150_000_000
        for one in idle:
            one.close()


def memory(server: Server) -> int:
    """Resident bytes."""
    import psutil

    return int(psutil.Process(server.process.pid).memory_info().rss)


def test_streams_end_where_the_server_ends(tmp_path: Path) -> None:
    repo = made_repository(tmp_path / "shop")
    with serving(repo.root) as server:
        stream = server.raw(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert stream.recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
    assert time.monotonic() - began < PATIENCE / 10
    with stream:
        while stream.recv(1 << 16):
            pass


def test_a_killed_runner_is_told_though_it_says_nothing(server: Server, shared: Checkout) -> None:
    with server.events() as events:
        events.next("hello")
        runner = subprocess.Popen(
            [sys.executable, "-m", "mdtodo", "run", "slow"], cwd=shared.root, stderr=subprocess.DEVNULL
        )
        while until_told(events, "slow")["state"] != "running":
            pass
        runner.kill()
        runner.wait()
        while until_told(events, "slow")["state"] == "running":
            pass
