"""`mdtodo status`: of a quiet repository, and while a run goes on."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.git.repository import discover
from mdtodo.storage.state import StateStore
from tests.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

KEYS = [
    *("version", "timestamp", "status", "tasks_total", "by_priority", "by_status", "by_state", "by_category"),
    *(
        "tasks_processed",
        "tasks_completed",
        "tasks_failed",
        "subtasks_generated",
        "active_workers",
        "workers",
    ),
    *("running", "runners", "cpu_percent", "memory_percent", "held_back"),
    *("queues", "ready", "blocked", "parallel_processing", "load_balancing", "thread_utilization"),
    *("worker_efficiency", "load_balance_score"),
]
LANE = {"active", "capacity", "processed", "completed", "failed", "average_duration", "last_activity"}

CONFIG = """
[processors.ok]
run = "sleep 0.05"
[processors.bad]
run = "exit 3"
[processors.wait]
run = "touch begun.$MDTODO_TASK_ID; until test -e gate; do sleep 0.01; done"
"""


def test_the_status_of_an_empty_repository_is_idle_and_writes_nothing(repo: Checkout, inside: Mdtodo) -> None:
    document = inside("status", "--json").json
    assert list(document) == KEYS
    assert (document["status"], document["tasks_total"], document["active_workers"]) == ("idle", 0, 0)
    assert [name for name in KEYS if document[name] is None] == [
        *("subtasks_generated", "cpu_percent", "memory_percent", "held_back"),
        *("thread_utilization", "worker_efficiency", "load_balance_score"),
    ]
    assert (document["running"], document["runners"]) == ([], [])
    assert not (repo.root / ".git" / "mdtodo").exists()
    said = inside("status")
    assert "No run is in progress; 0 of 0 tasks are closed" in said.out
    assert "`mdtodo add" in said.err


def test_subtasks_are_counted_whoever_makes_them(repo: Checkout, inside: Mdtodo) -> None:
    """By `expand`, with and without a commit, by a processor, and by a run that expands first."""
    config = """
auto_expand = true
[processors.more]
run = "test -e gate || echo '{\\"subtask\\": \\"- [ ] look again\\"}' > $MDTODO_OUTPUT; touch gate"
[patterns.two]
steps = ["one", "other"]
"""
    text = "- [ ] a expand:two id:a\n- [ ] b expand:two id:b\n- [ ] c run:more\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": config})
    assert inside("status", "--json").json["subtasks_generated"] is None
    counts = []
    for command in (("expand", "a"), ("expand", "b", "--commit"), ("run",)):
        inside(*command)
        counts.append(inside("status", "--json").json["subtasks_generated"])
    assert counts == [2, 4, 5]
    repo.write("TODO.md", repo.read("TODO.md") + b"- [ ] d est:12h expand:two\n")
    inside("run")
    assert inside("status", "--json").json["subtasks_generated"] == 7


def test_the_status_after_a_run_counts_what_it_did(repo: Checkout, inside: Mdtodo) -> None:
    text = "- [ ] a run:ok !low\n- [ ] b run:bad\n- [ ] c after:x\n- [ ] x id:x\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    inside("run", "-j", "4", code=1)
    document = inside("status", "--json").json
    figures = inside("stats", "--json").json["processors"]
    assert (document["status"], document["ready"], document["blocked"]) == ("idle", 1, 1)
    assert (document["tasks_processed"], document["tasks_completed"], document["tasks_failed"]) == (2, 1, 1)
    assert all(set(lane) == LANE for lane in document["workers"].values())
    low = document["workers"]["low"]
    assert (low["active"], low["capacity"], low["completed"], low["failed"]) == (0, 50, 1, 0)
    assert low["average_duration"] == figures[1]["median_duration"]
    assert document["queues"] == {"critical": 0, "high": 0, "medium": 1, "low": 0, "general": 0}
    with StateStore.open(discover(str(repo.root)), create=False) as state:
        ((_, started, finished),) = state.ended_runs(limit=9)
    expected = sum(one["total_duration"] for one in figures) / (4 * (finished - started))
    assert document["worker_efficiency"] == pytest.approx(expected, rel=0.05)
    out = inside("status").out
    assert "1 of 4 tasks are closed" in out
    assert "█" not in out
    assert "█" in inside("--color", "always", "status").out


@pytest.mark.parametrize(
    ("columns", "last"),
    [(80, "last activity"), (60, "average"), (50, "failed"), (34, "done"), (20, "ready"), (8, "lane")],
)
def test_lanes_on_a_narrow_terminal_have_fewer_columns(
    repo: Checkout, inside: Mdtodo, columns: int, last: str
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok !low\n- [ ] b run:bad\n", ".mdtodo.toml": CONFIG})
    inside("run", code=1)
    with Terminal(["status"], repo.root, columns, 24, NO_COLOR="1") as terminal:
        assert terminal.end() == 0
        rows = terminal.text.rstrip().splitlines()
    heading = next(number for number, row in enumerate(rows) if row.startswith("lane"))
    assert rows[heading].endswith(last)
    assert [row.split()[0] for row in rows[heading + 1 :]] == ["medium", "low"]
    assert "…" not in "".join(rows[heading:])


def test_the_status_during_a_run_shows_its_tasks(repo: Checkout, inside: Mdtodo) -> None:
    text = (
        "- [ ] a run:wait id:a\n- [ ] b run:wait id:b\n- [ ] c run:wait after:a id:c\n- [ ] d run:ok id:d\n"
    )
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    command = [sys.executable, "-m", "mdtodo", "run", "-j", "3"]

    def phases() -> list[str]:
        return sorted(one["phase"] for one in inside("status", "--json").json["running"])

    with subprocess.Popen(
        command, cwd=repo.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        try:
            until(lambda: all((repo.root / f"begun.{name}").exists() for name in "ab"))
            until(lambda: phases() == ["landing", "running", "running"])
            document = inside("status", "--json").json
            out = inside("status").out
        finally:
            repo.write("gate", "")
        assert run.wait(timeout=120) == 0
    assert (document["status"], document["active_workers"]) == ("running", 1)
    assert document["thread_utilization"] == pytest.approx(2 / 3)
    assert document["workers"]["medium"]["active"] == 2
    assert (document["parallel_processing"], document["load_balancing"]) == (True, False)
    assert (document["by_state"]["running"], document["by_state"]["landing"]) == (2, 1)
    assert "1 run in progress, 67 % of the slots busy" in out
    assert inside("status", "--json").json["status"] == "idle"


def test_watching_redraws_in_place(repo: Checkout) -> None:
    text = "- [ ] first one run:wait id:a !low\n- [ ] second run:ok after:a\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    with Terminal(["status", "--watch", "--interval", "0.1"], repo.root, 70, 24) as terminal:
        terminal.read_until("No run is in progress; 0 of 2 tasks are closed")
        command = [sys.executable, "-m", "mdtodo", "run"]
        run = subprocess.Popen(command, cwd=repo.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            terminal.read_until("a        first one  wait")
            terminal.resize(60, 24)
            repo.write(".mdtodo.toml", "[broken\n")
            terminal.read_until(".mdtodo.toml:")
        finally:
            repo.write(".mdtodo.toml", CONFIG)
            repo.write("gate", "")
        terminal.read_until("2 of 2 tasks are closed")
        assert run.wait(timeout=60) == 0
        assert terminal.text.count("tasks are closed") == 1, terminal.text
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 0
        assert not terminal.screen.cursor.hidden
    assert terminal.text.count("tasks are closed") == 1, terminal.text
    assert "Ctrl-C to stop" in terminal.text


GROUPED = """# Shop
## Backend
- [ ] Payments #api est:8h @ada
  - [x] Tables #api/db est:2h
- [x] Login #API @ada @bob
## Frontend `ui`
- [ ] Cart !high @bob
- [-] Banner est:1h
"""
#: by, then of each group its name, open, closed, hours and tasks without an estimate
GROUPS: dict[str, list[tuple[object, ...]]] = {
    "file": [("TODO.md", 2, 3, 6, 1), ("todo/more.md", 1, 0, 0.5, 0)],
    "section": [
        ("Shop > Backend", 1, 2, 6, 0),
        ("Shop > Frontend `ui`", 1, 1, None, 1),
        (None, 1, 0, 0.5, 0),
    ],
    "tag": [("api", 1, 2, 6, 0), ("api/db", 0, 1, 0, 0), (None, 2, 1, 0.5, 1)],
    "category": [("security", 0, 1, 0, 0), (None, 3, 2, 6.5, 1)],
    "priority": [("high", 1, 0, None, 1), ("medium", 2, 3, 6.5, 0)],
    "assignee": [("ada", 1, 1, 6, 0), ("bob", 1, 1, None, 1), (None, 1, 2, 0.5, 0)],
}


def test_groups_say_how_far_they_are(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": GROUPED, "todo/more.md": "- [ ] Other est:30m\n"})
    for by, groups in GROUPS.items():
        document = inside("status", "--by", by, "--json").json
        assert list(document) == ["version", "timestamp", "tasks_total", "by", "groups"]
        assert (document["tasks_total"], document["by"]) == (6, by)
        found = [
            (one[by], one["open"], one["closed"], one["hours_left"], one["no_estimate"])
            for one in document["groups"]
        ]
        assert found == groups, by
        head, *rows = inside("status", "--by", by).out.splitlines()
        assert head.split() == [by, *["open", "closed", "percent", "hours", "left", "no", "estimate"]]
        for row, (name, still_open, closed, hours, bare) in zip(rows, groups, strict=True):
            assert row.startswith(str(name or "-"))
            assert row.split()[-6:-3] == [
                str(still_open),
                str(closed),
                str(round(100 * closed / (still_open + closed))),
            ]  # type: ignore[operator]
            assert row.split()[-2:] == ["-" if hours is None else f"{hours:g}", str(bare or "-")]
    assert not (repo.root / ".git" / "mdtodo").exists()
    assert "█" in inside("--color", "always", "status", "--by", "tag").out
    assert "--by" in inside("status", "--by", "colour", code=2).err


@pytest.mark.parametrize("columns", [30, 50, 60, 100])
def test_the_groups_fit_the_terminal_and_their_watch_redraws_them(repo: Checkout, columns: int) -> None:
    long = "# A heading that is longer than the terminal is wide " + "日本語" * 20 + "\n"
    repo.commit("Base", **{"TODO.md": long + "- [ ] a id:a\n- [ ] b est:2h\n"})
    with Terminal(
        ["status", "--by", "section", "--watch", "--interval", "0.1"], repo.root, columns, 24
    ) as terminal:
        terminal.read_until(" 0 %")
        repo.write("TODO.md", repo.read("TODO.md").replace(b"[ ] a", b"[x] a"))
        terminal.read_until(" 50 %")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 0
        rows = terminal.text.splitlines()
    assert len([row for row in rows if "A heading" in row]) == 1, rows
    assert any("…" in row and "50 %" in row for row in rows)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_watching_without_a_terminal_prints_it_again(repo: Checkout, options: tuple[str, ...]) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    command = [sys.executable, "-m", "mdtodo", "status", "--watch", "--interval", "0.1", *options]
    with subprocess.Popen(command, cwd=repo.root, stdout=subprocess.PIPE) as watch:
        assert watch.stdout is not None
        word = b'"tasks_total": 1' if options else b"0 of 1 tasks are closed"
        seen = itertools.islice((line for line in watch.stdout if word in line), 3)
        assert len(list(seen)) == 3
        watch.send_signal(signal.SIGINT)
        assert b"\x1b" not in watch.stdout.read()
        assert watch.wait(timeout=30) == 0


def until(holds: Callable[[], bool]) -> None:
    """Wait for it, for at most 30 seconds."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        os.sched_yield()


def test_a_claim_is_shown_with_who_has_it_though_no_run_is_in_progress(
    repo: Checkout, inside: Mdtodo
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] One run:ok id:one\n- [ ] Two id:two\n", ".mdtodo.toml": CONFIG})
    for name, who in (("one", "alice"), ("two", "bob")):
        inside("claim", name, "--name", who)
    said = inside("status").out
    assert said.startswith("No run is in progress; 0 of 2 tasks are closed")
    assert [row.split() for row in said.splitlines()[3:5]] == [
        ["one", "One", "alice", "alice", "claimed", "-"],
        ["two", "Two", "bob", "bob", "claimed", "-"],
    ]


PHASES = """
max_cpu = 100
max_memory = 100
[processors]
ok.run = "true"
bad.run = "exit 3"
skip.run = "exit 77"
[processors.flaky]
run = "exit 1"
retries = 1
retry_delay = "1h"
[processors.wait]
run = "echo '{\\"progress\\": 40}' >> $MDTODO_OUTPUT; until test -e gate; do sleep 0.02; done"
[processors.killed]
run = "date +%s.%N > began; sleep 0.7; date +%s.%N > ended; kill -9 $PPID; sleep 60"
"""
PHASED = """\
- [ ] waits for its retry !high run:flaky id:b lane:general
- [ ] runs run:wait id:a lane:general
- [ ] has no room in its lane run:ok id:g lane:general
- [ ] is done run:ok id:c
- [ ] fails run:bad id:d
- [ ] does not apply run:skip id:e
- [ ] loses its process run:killed id:h
- [ ] waits for one that runs run:ok after:a id:f
- [ ] is for a person id:m
- [ ] is claimed run:ok id:k !low
"""


def test_each_figure_is_what_truly_happened(repo: Checkout, inside: Mdtodo) -> None:
    """A run with a task in each phase, which is interrupted; and one that is killed."""
    repo.commit("Base", **{"TODO.md": PHASED, ".mdtodo.toml": PHASES})
    inside("claim", "k", "--name", "alice")
    run = subprocess.Popen(
        [sys.executable, "-m", "mdtodo", "run", "-j", "4"], cwd=repo.root, stderr=subprocess.DEVNULL
    )
    began = time.time()

    def now() -> dict[str, Any]:
        return inside("status", "--json").json

    def phases() -> dict[str, str]:
        return {one["id"]: one["phase"] for one in now()["running"]}

    expected = {
        "a": "running",
        "k": "running",
        "b": "retrying",
        "c": "landing",
        "d": "landing",
        "h": "landing",
    }
    try:
        until(lambda: phases() == expected and now()["running"][0]["progress"] is not None)
        document, text = now(), inside("status").out
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=60) == 130
    finally:
        run.kill()
        run.wait()

    took = float(repo.read("ended")) - float(repo.read("began"))
    seconds = {
        one["processor"]: one["total_duration"] for one in inside("stats", "--json").json["processors"]
    }
    # the run hears of the start a moment after it
    assert took - 0.3 < seconds["killed"] < took + 5
    settled = seconds["ok"] + seconds["bad"] + seconds["killed"]
    assert {name: count for name, count in document["by_state"].items() if count} == {
        "running": 2,
        "retrying": 1,
        "landing": 3,
        "ready": 2,
        "blocked": 1,
        "manual": 1,
    }
    assert [document[name] for name in ("status", "tasks_total", "ready", "blocked")] == ["running", 10, 2, 1]
    assert [document[f"tasks_{name}"] for name in ("processed", "completed", "failed")] == [4, 1, 2]
    assert (document["active_workers"], document["thread_utilization"]) == (1, 0.25)
    assert {name: lane["active"] for name, lane in document["workers"].items() if lane["active"]} == {
        "general": 1,
        "low": 1,
    }
    assert document["workers"]["general"]["capacity"] == 1
    assert document["workers"]["medium"]["average_duration"] == pytest.approx(settled / 3, abs=0.05)
    assert document["queues"] == {"critical": 0, "high": 0, "medium": 1, "low": 0, "general": 1}
    assert [document[name] for name in ("cpu_percent", "memory_percent", "held_back")] == [None] * 3
    assert [document[name] for name in ("worker_efficiency", "load_balance_score")] == [None] * 2
    of_run = {(one["worker"], one["run"]) for one in document["running"] if one["id"] != "k"}
    assert len(of_run) == 1
    assert {
        one["id"]: (one["processor"], one["attempt"], one["progress"]) for one in document["running"]
    } == {
        "a": ("wait", 1, 40.0),
        "k": (None, None, None),
        "b": ("flaky", 1, None),
        "c": ("ok", 1, None),
        "d": ("bad", 1, None),
        "h": ("killed", 1, None),
    }
    for one in document["running"]:
        if one["id"] != "k":
            assert 0 <= one["seconds"] <= time.time() - began + 1
    (runner,) = document["runners"]
    name = os.uname().nodename
    assert [runner[key] for key in RUNNER] == [f"{name}-{run.pid}", name, run.pid, None, "live", 5, 4, 1, 2]
    assert runner["total_duration"] == pytest.approx(settled, abs=0.05)
    assert runner["average_duration"] == pytest.approx(settled / 3, abs=0.05)
    for words in ("a runs wait", "k is claimed alice", "b waits for its retry flaky", "c is done ok"):
        assert any(row.split()[: len(words.split())] == words.split() for row in text.splitlines()), text

    after = now()
    assert [after[name] for name in ("status", "active_workers", "thread_utilization")] == ["idle", 0, None]
    assert [one["id"] for one in after["running"]] == ["k"]
    assert [after["runners"][0][key] for key in RUNNER[4:]] == ["gone", 0, 4, 1, 2]
    assert (after["by_status"]["done"], after["tasks_processed"]) == (1, 4)
    assert 0 < after["worker_efficiency"] <= settled / (4 * took)

    with subprocess.Popen([sys.executable, "-m", "mdtodo", "-q", "run", "a"], cwd=repo.root) as killed:
        until(lambda: phases().get("a") == "running")
        killed.kill()
    last = now()
    assert [last[name] for name in ("status", "active_workers")] == ["idle", 0]
    assert (last["by_state"]["running"], last["workers"]["general"]["active"], last["queues"]["general"]) == (
        1,
        0,
        3,
    )
    assert [one["state"] for one in last["runners"]] == ["silent", "gone"]
    assert [last["runners"][0][key] for key in RUNNER[5:]] == [0, 0, 0, 0]


RUNNER = ("name", "host", "pid", "can", "state", "in_hand", "processed", "completed", "failed")


@pytest.mark.parametrize(
    "command", [("run",), ("worker", "--name", "g1", "--can", "gpu"), ("watch",), ("worker", "--forever")]
)
def test_whatever_runs_tasks_is_a_runner(repo: Checkout, inside: Mdtodo, command: tuple[str, ...]) -> None:
    text = "- [ ] first run:wait id:a\n- [ ] second run:ok after:a\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})

    def runner() -> dict[str, Any]:
        (one,) = inside("status", "--json").json["runners"]
        return one

    with subprocess.Popen(
        [sys.executable, "-m", "mdtodo", *command],
        cwd=repo.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            until((repo.root / "begun.a").exists)
            until(lambda: runner()["in_hand"] == 1)
            assert (runner()["state"], runner()["pid"]) == ("live", process.pid)
            if "g1" in command:
                assert (runner()["name"], runner()["can"]) == ("g1", ["gpu"])
            repo.write("gate", "")
            until(lambda: runner()["completed"] == 2 and runner()["in_hand"] == 0)
            if command[0] == "watch" or "--forever" in command:
                until(lambda: inside("status", "--json").json["status"] == "idle")
                assert runner()["state"] == "live", "it waits for more"
                process.send_signal(signal.SIGINT)
        finally:
            repo.write("gate", "")
        process.wait(timeout=60)
    assert runner()["state"] == "gone"


@pytest.mark.parametrize(
    ("columns", "gone"), [(80, ""), (60, "can pid average"), (40, "can pid average last")]
)
def test_what_is_in_hand_and_the_runners_fit_a_narrow_terminal(
    repo: Checkout, inside: Mdtodo, columns: int, gone: str
) -> None:
    title = "a title that is so long that no terminal has room for all of it, with its id"
    repo.commit("Base", **{"TODO.md": f"- [ ] {title} run:wait id:long\n", ".mdtodo.toml": CONFIG})
    command = [sys.executable, "-m", "mdtodo", "worker", "--name", "somebody@a-host-with-a-long-name.example"]
    with subprocess.Popen(
        command, cwd=repo.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        try:
            until(lambda: len(inside("status", "--json").json["running"]) == 1)
            with Terminal(["status"], repo.root, columns, 40, NO_COLOR="1") as terminal:
                assert terminal.end() == 0
                rows = terminal.text.rstrip().splitlines()
        finally:
            repo.write("gate", "")
        run.wait(timeout=60)
    assert max(map(len, rows)) <= columns
    task, heading = (next(row for row in rows if row.startswith(word)) for word in ("long ", "runner"))
    assert "running" in task
    assert "…" in task
    for word in ("can", "pid", "average", "last"):
        assert (word in heading.split()) == (word not in gone.split()), rows
