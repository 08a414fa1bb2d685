"""`mdtodo run`: the main job, end to end, with real processes and real git."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.git.repository import discover
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Callable[..., Said]) -> Callable[..., Said]:
    """In this process, which takes a third of the time; that a process of its own does the same, others test."""
    return inside


OK = '[processors.ok]\nrun = "true"\n'
BAD = '[processors.bad]\nrun = "echo it is broken; exit 3"\n'


def start(repo: Checkout, todo: str, config: str = OK) -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config})


def outcomes(said: Said) -> dict[str, str]:
    return {task["title"]: task["outcome"] for task in said.json["tasks"]}


def wait_for(condition: Callable[[], Any], seconds: float = 120.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


def test_a_task_is_ticked_in_a_commit_that_names_the_proof(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "# List\r\n\r\n- [ ] Tests pass run:ok\r\n")
    said = mdtodo("run", "--json")
    assert outcomes(said) == {"Tests pass": "done"}
    (task,) = said.json["tasks"]
    assert said.json["commits"] == [repo.git("rev-parse", "HEAD")]
    assert repo.read("TODO.md") == b"# List\r\n\r\n- [x] Tests pass run:ok\r\n" == repo.head("TODO.md")
    assert repo.status() == []
    message = repo.git("log", "-1", "--format=%B").splitlines()
    assert message[0] == "todo: Tests pass"
    assert f"Mdtodo-Run: {said.json['run']}" in message
    trailer = next(line for line in message if line.startswith("Mdtodo-Task: "))
    assert trailer.startswith(f"Mdtodo-Task: {task['id']} done ok exit=0 time=")
    assert re.search(r" attempt=1 at=[0-9a-f]{12} tree=[0-9a-f]{12}$", trailer)


def test_the_json_of_a_run_has_just_the_keys_of_the_contract(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:ok\n- [ ] b run:bad\n", OK + BAD)
    report = mdtodo("run", "--json", code=1).json
    assert set(report) == {"version", "run", "started", "finished", "tasks", "summary", "commits"}
    assert report["version"] == 1
    keys = {"id", "title", "outcome", "reason", "error", "started", "finished"}
    keys |= {"processor", "attempts", "duration", "exit_code", "log", "metrics"}
    assert all(set(task) == keys for task in report["tasks"])
    assert report["summary"] == {
        "done": 1,
        "failed": 1,
        "deferred": 0,
        "skipped": 0,
        "blocked": 0,
        "interrupted": 0,
        "cached": 0,
    }
    assert report["started"] < report["finished"]


def test_the_json_of_a_run_says_when_each_task_ran_and_what_went_wrong(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    slow = "[processors.slow]\nrun = 'sleep 0.3; echo $MDTODO_ATTEMPT; exit 1'\nretries = 1\nretry_delay = '10ms'\n"
    gone = "[processors.gone]\nrun = ['no-such-program']\n"
    brief = "[processors.ok]\nrun = 'sleep 0.02'\n"
    start(
        repo,
        "- [ ] p\n  - [ ] ok run:ok\n- [ ] bad id:bad run:bad\n- [ ] later after:bad run:ok\n- [ ] gone run:gone\n"
        "- [ ] slow run:slow\n",
        brief + BAD + slow + gone,
    )
    report = mdtodo("run", "--json", code=1).json
    by = {task["title"]: task for task in report["tasks"]}
    assert {title: task["error"] for title, task in by.items()} == {
        **dict.fromkeys(("p", "ok", "later")),
        "bad": "exit 3",
        "gone": "no-such-program: command not found",
        "slow": "exit 1",
    }
    ran = {title for title, task in by.items() if task["started"]}
    assert ran == {title for title, task in by.items() if task["finished"]} == {"ok", "bad", "slow"}
    for title in ran:
        started, finished = by[title]["started"], by[title]["finished"]
        assert report["started"] <= started <= finished <= report["finished"]
        assert datetime.fromisoformat(started).utcoffset() == timedelta(0)
        took = datetime.fromisoformat(finished) - datetime.fromisoformat(started)
        assert took >= timedelta(seconds=by[title]["duration"] - 0.002)
    both = (datetime.fromisoformat(by["slow"][name]) for name in ("finished", "started"))
    assert next(both) - next(both) >= timedelta(seconds=0.6)


def test_a_failure_is_counted_on_the_line_and_shown(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:bad  \n", BAD + "retries = 1\nretry_delay = '10ms'\n")
    said = mdtodo("run", code=1)
    assert "it is broken" in said.err
    assert repo.head("TODO.md") == b"- [ ] a run:bad failed:1  \n"
    assert "a failed bad exit=3" not in repo.git("log", "-1", "--format=%B")
    assert " failed bad exit=3 " in repo.git("log", "-1", "--format=%B")
    assert "attempt=2" in repo.git("log", "-1", "--format=%B")
    mdtodo("run", code=1)
    mdtodo("run", code=1)
    assert repo.head("TODO.md") == b"- [ ] a run:bad failed:3  \n"
    assert outcomes(mdtodo("run", "--json", code=1)) == {}
    assert mdtodo("list", "--json").json["tasks"][0]["state"] == "failed"
    name = mdtodo("list", "--json").json["tasks"][0]["id"]
    assert "has failed in 3 runs; it is tried again" in mdtodo("run", name, code=1).err
    assert b"failed:4" in repo.head("TODO.md")
    mdtodo("reopen", name)
    assert repo.read("TODO.md") == b"- [ ] a run:bad  \n"


def test_where_no_process_can_be_had_no_task_is_to_blame(
    repo: Checkout, mdtodo: Mdtodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok\n- [ ] b run:ok\n", ".mdtodo.toml": OK})
    monkeypatch.setattr(sys, "executable", "/bin/false")
    said = mdtodo("run", code=1)
    assert said.err.count("failed") == said.err.count("no pool process could be started") == 2
    assert repo.read("TODO.md") == b"- [ ] a run:ok\n- [ ] b run:ok\n"
    assert (repo.commits(), repo.status()) == (1, [])


def test_success_forgets_the_failures(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:ok failed:2 !high\n")
    mdtodo("run")
    assert repo.head("TODO.md") == b"- [x] a run:ok !high\n"


def test_dependencies_ordered_lists_and_parents_are_run_in_their_order(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    start(
        repo,
        "- [ ] last after:first run:log\n"
        "- [ ] parent id:first\n"
        "  1. [ ] one run:log\n"
        "  2. [ ] two run:log\n"
        "- [ ] checked run:log\n"
        "  - [ ] inner run:log\n",
        '[processors.log]\nrun = "echo $MDTODO_TASK_TITLE >> order"\n',
    )
    said = mdtodo("run", "--json", "-j", "4")
    assert set(outcomes(said).values()) == {"done"}
    order = repo.read("order").decode().split()
    assert order.index("one") < order.index("two") < order.index("last")
    assert order.index("inner") < order.index("checked")
    assert repo.head("TODO.md").count(b"[x]") == 6
    assert "first done rollup exit=0" in repo.git("log", "-1", "--format=%B")


def test_a_failed_dependency_blocks_what_waits_for_it(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a id:a run:bad\n- [ ] b after:a run:ok\n", OK + BAD)
    said = mdtodo("run", "--json", code=1)
    assert outcomes(said) == {"a": "failed", "b": "blocked"}


@pytest.mark.parametrize(("code", "outcome"), [(75, "deferred"), (77, "skipped")])
def test_deferred_and_skipped_tasks_change_nothing(
    repo: Checkout, mdtodo: Mdtodo, code: int, outcome: str
) -> None:
    start(repo, "- [ ] a run:x\n", f'[processors.x]\nrun = "exit {code}"\n')
    before = repo.git("rev-parse", "HEAD")
    assert outcomes(mdtodo("run", "--json")) == {"a": outcome}
    assert repo.git("rev-parse", "HEAD") == before
    assert repo.status() == []
    assert mdtodo("run").err.splitlines()[-1].endswith("s)")


def test_a_last_line_without_end_is_cut(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(
        repo, "- [ ] a run:x\n", "[processors.x]\nrun = \"head -c 9000 /dev/zero | tr '\\\\0' y; exit 77\"\n"
    )
    (line,) = (line for line in mdtodo("run").err.splitlines() if "yyy" in line)
    assert line.endswith("yyy…")
    assert len(line) < 300


def test_what_a_person_staged_and_changed_stays_as_it_is_after_a_run(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] one run:ok\n- [ ] two\n- [ ] three\n")
    repo.write("staged.txt", "staged\n")
    repo.write("TODO.md", "- [ ] one run:ok\n- [ ] two, staged\n- [ ] three\n")
    repo.git("add", "staged.txt", "TODO.md")
    repo.write("TODO.md", "- [ ] one run:ok\n- [ ] two, staged\n- [ ] three, changed\n")
    repo.write("untracked.txt", "u\n")
    mdtodo("run")
    assert repo.head("TODO.md") == b"- [x] one run:ok\n- [ ] two\n- [ ] three\n"
    assert repo.index("TODO.md") == b"- [x] one run:ok\n- [ ] two, staged\n- [ ] three\n"
    assert repo.read("TODO.md") == b"- [x] one run:ok\n- [ ] two, staged\n- [ ] three, changed\n"
    assert repo.status() == ["MM TODO.md", "A  staged.txt", "?? untracked.txt"]
    assert repo.git("show", "--name-only", "--format=", "HEAD") == "TODO.md"


WRITES = """[processors.w]
run = 'echo "{\\"output\\": \\"$MDTODO_TASK_TITLE.txt\\"}" >> $MDTODO_OUTPUT; echo $MDTODO_TASK_TITLE > $MDTODO_TASK_TITLE.txt'
outputs = ["*.txt"]
"""


def test_outputs_are_committed_with_the_tick_or_there_is_no_tick(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("b.txt", "old\n")
    start(repo, "- [ ] a run:w\n- [ ] b run:w\n- [ ] c run:w\n", WRITES)
    repo.write("b.txt", "a person's\n")
    said = mdtodo("run", code=1)
    assert "b.txt: it had changes that were not committed before the task began" in said.err
    assert (repo.head("a.txt"), repo.head("b.txt"), repo.head("c.txt")) == (b"a\n", b"old\n", b"c\n")
    assert repo.head("TODO.md") == repo.read("TODO.md") == b"- [x] a run:w\n- [ ] b run:w\n- [x] c run:w\n"
    assert repo.status() == [" M b.txt"]
    assert repo.git("show", "--format=", "--name-only").split() == ["TODO.md", "a.txt", "c.txt"]


def test_no_commit_ticks_the_work_tree_alone(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:ok\n")
    before = repo.git("rev-parse", "HEAD")
    said = mdtodo("run", "--no-commit", "--json")
    assert said.json["commits"] == []
    assert repo.git("rev-parse", "HEAD") == before
    assert repo.status() == [" M TODO.md"]


def test_commit_task_makes_one_commit_for_each_task(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:ok\n- [ ] b run:ok\n", 'commit = "task"\n' + OK)
    assert len(mdtodo("run", "--json").json["commits"]) == 2
    assert sorted(repo.git("log", "-2", "--format=%s").splitlines()) == ["todo: a", "todo: b"]


@pytest.mark.parametrize("operation", ["merge", "rebase", "cherry-pick", "bisect"])
def test_a_run_is_refused_during_an_operation_of_git(repo: Checkout, mdtodo: Mdtodo, operation: str) -> None:
    start(repo, "- [ ] a run:ok\n")
    repo.commit("Main", file="main\n")
    repo.git("switch", "-q", "-c", "side", "HEAD~")
    repo.commit("Side", file="side\n")
    command = {
        "merge": ["merge", "main"],
        "rebase": ["rebase", "main"],
        "cherry-pick": ["cherry-pick", "main"],
    }
    repo.git(*command.get(operation, ["bisect", "start"]), check=False)
    before = repo.git("rev-parse", "HEAD")
    said = mdtodo("run", code=3)
    assert operation in said.err
    assert repo.git("rev-parse", "HEAD") == before
    assert repo.read("TODO.md") == b"- [ ] a run:ok\n"
    mdtodo("run", "--no-commit")
    assert repo.read("TODO.md") == b"- [x] a run:ok\n"


def test_ticks_that_could_not_be_committed_are_named(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a id:a run:ok\n")
    repo.write(".mdtodo.toml", OK)
    alone = 'mdtodo: ticked, but not committed: "a" (a): HEAD does not have that line yet; commit TODO.md, its receipt follows'
    said = mdtodo("run")
    assert (said.out, alone in said.err) == ("1 done\n", True), "no commit at all yet"
    repo.commit("Base")
    assert "not committed" not in mdtodo("run").err
    more = "".join(f"- [ ] {name} id:{name} run:ok\n" for name in "bcdefgh")
    repo.write("TODO.md", f"- [x] a id:a run:ok\n{more}")
    said = mdtodo("run", "-j", "1")
    assert 'ticked, but not committed: "b" (b), "c" (c), "d" (d) and 4 more' in said.err
    assert "not committed" not in mdtodo("reopen", "c").err, "nobody asked for a commit"
    assert 'not committed: "c" (c)' in mdtodo("done", "c", "--commit").err
    assert "not committed" not in mdtodo("run", "--no-commit").err
    assert "not committed" not in mdtodo("reopen", "a", "--commit").err


def test_without_an_identity_nothing_is_started(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "- [ ] a run:once\n- [ ] b after:none run:once\n- [x] c run:once\n"
    start(repo, todo, '[processors.once]\nrun = "echo ran >> runs"\n')
    env = {"GIT_CONFIG_GLOBAL": os.devnull, "EMAIL": ""}
    repo.git("config", "user.useConfigOnly", "true")
    said = mdtodo("run", code=3, **env)
    assert "; nothing was started\n  hint: git config user.name" in said.err
    assert not (repo.root / "runs").exists()
    mdtodo("verify", **env)
    mdtodo("run", "--no-commit", **env)
    assert repo.read("runs") == b"ran\n" * 2
    mdtodo("run", **env)
    assert repo.read("TODO.md").startswith(b"- [x] a"), "nothing is ready, so nothing is refused"


@pytest.mark.parametrize("trouble", ["lock", "signing"])
def test_a_landing_that_git_refuses_is_made_up_for_without_running_again(
    repo: Checkout, mdtodo: Mdtodo, trouble: str
) -> None:
    start(repo, "- [ ] a run:once\n", '[processors.once]\nrun = "echo ran >> runs"\n')
    before = repo.git("rev-parse", "HEAD")
    lock = repo.root / ".git" / "index.lock"
    if trouble == "lock":
        lock.touch()
    else:
        repo.git("config", "commit.gpgsign", "true")
        repo.git("config", "gpg.program", "/bin/false")
    said = mdtodo("run", code=3)
    assert len(said.err.strip().splitlines()) >= 1
    assert repo.git("rev-parse", "HEAD") == before
    assert repo.read("TODO.md") == b"- [ ] a run:once\n"
    lock.unlink(missing_ok=True)
    repo.git("config", "commit.gpgsign", "false")
    mdtodo("run")
    assert repo.head("TODO.md") == b"- [x] a run:once\n"
    assert repo.read("runs") == b"ran\n"
    assert repo.git("rev-list", "--count", f"{before}..HEAD") == "1"


def test_notes_and_subtasks_of_a_processor_are_written(repo: Checkout, mdtodo: Mdtodo) -> None:
    script = (
        "import json, os, sys\n"
        "out = open(os.environ['MDTODO_OUTPUT'], 'a')\n"
        "first = 'more' not in open('TODO.md').read()\n"
        "if not os.path.exists('seen'):\n"
        "    open('seen', 'w').close()\n"
        "    out.write(json.dumps({'subtask': '- [ ] more run:ok'}) + '\\n')\n"
        "    out.write(json.dumps({'note': 'found [ ] more\\n- [ ] not a task'}) + '\\n')\n"
        "    sys.exit(75)\n"
    )
    repo.write("p.py", script)
    config = f'subtask_keys = ["run"]\n{OK}[processors.p]\nrun = ["{sys.executable}", "p.py"]\n'
    start(repo, "- [ ] a run:p\n- [ ] b\n", config)
    said = mdtodo("run", "--json")
    assert outcomes(said)["more"] == "done"
    titles = {task["title"] for task in mdtodo("list", "--json").json["tasks"]}
    assert titles == {"a", "b", "more"}
    assert b"  - [x] more run:ok\n" in repo.head("TODO.md")
    mdtodo("run")
    assert repo.head("TODO.md").startswith(b"- [x] a run:p\n")


def test_a_cycle_is_told_and_the_other_tasks_run(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a id:a after:b run:ok\n- [ ] b id:b after:a run:ok\n- [ ] c run:ok\n")
    said = mdtodo("run", code=1)
    assert "a -> b -> a" in said.err
    assert repo.head("TODO.md").endswith(b"- [x] c run:ok\n")
    assert "a -> b -> a" in mdtodo("run", "--json", code=1).err


@pytest.mark.parametrize(
    ("asked", "lanes"),
    [
        pytest.param(("-j", "3"), ["general 1", "medium 2"], id="more than both"),
        pytest.param(("-j", "2"), ["general 1"], id="more than one"),
        pytest.param((), [], id="not asked for"),
        pytest.param(("-j", "3", "--lane", "high"), [], id="another one"),
    ],
)
def test_a_lane_that_lets_fewer_run_than_were_asked_for_is_told(
    repo: Checkout, mdtodo: Mdtodo, asked: tuple[str, ...], lanes: list[str]
) -> None:
    todo = "".join(f"- [ ] single {n} lane:general run:p\n- [ ] many {n} run:p\n" for n in range(3))
    start(repo, todo + "- [ ] one !high run:p\n", '[lanes]\nmedium = 2\n[processors.p]\nrun = "true"\n')
    said = mdtodo("run", *asked).err
    assert re.findall(r"of the lane (\w+ \d) tasks run at once", said) == lanes


def test_lanes_and_jobs_hold(repo: Checkout, mdtodo: Mdtodo) -> None:
    script = (
        "import os, pathlib, time\n"
        "mine = pathlib.Path('now') / os.environ['MDTODO_TASK_ID']\n"
        "mine.touch()\n"
        "lane = os.environ['MDTODO_TASK_TITLE'].split()[0]\n"
        "time.sleep(0.15)\n"
        "with open('seen', 'a') as seen: seen.write(f'{lane} {len(os.listdir(\"now\"))}\\n')\n"
        "mine.unlink()\n"
    )
    repo.write("p.py", script)
    (repo.root / "now").mkdir()
    todo = "".join(f"- [ ] single {n} lane:general run:p\n- [ ] many {n} run:p\n" for n in range(3))
    start(repo, todo, f'[lanes]\nmedium = 2\n[processors.p]\nrun = ["{sys.executable}", "p.py"]\n')
    mdtodo("run", "-j", "3")
    counts = [int(line.split()[1]) for line in repo.read("seen").decode().splitlines()]
    assert len(counts) == 6
    assert max(counts) <= 3


def test_python_processors_run_in_the_pool(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write(
        "tools/mine.py",
        "def good(task):\n    print('hello', task.title)\n\n\ndef bad(task):\n    raise ValueError('no such thing')\n",
    )
    start(
        repo,
        "- [ ] a run:good\n- [ ] b run:bad\n",
        '[processors.good]\npython = "tools.mine:good"\n[processors.bad]\npython = "tools.mine:bad"\n',
    )
    said = mdtodo("run", "--json", code=1)
    assert outcomes(said) == {"a": "done", "b": "failed"}
    names = {task["title"]: task["id"] for task in said.json["tasks"]}
    assert "hello a" in mdtodo("output", names["a"]).out
    assert "ValueError: no such thing" in mdtodo("output", names["b"]).out


def test_the_log_is_that_of_the_last_attempt_which_may_have_printed_nothing(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    start(repo, "- [ ] a run:p\n", '[processors.p]\nrun = "test -e quiet || ! echo loud"\n')
    ran = mdtodo("run", "--json", code=1).json["tasks"][0]
    assert mdtodo("output", ran["id"]).out == "loud\n"
    assert repo.read(ran["log"]) == b"loud\n"
    repo.write("quiet", "")
    ran = mdtodo("run", "--json").json["tasks"][0]
    assert ran["log"] is None
    said = mdtodo("output", ran["id"])
    assert (said.out, "had no output" in said.err) == ("", True)


def test_filters_and_limit_choose_and_a_dry_run_starts_nothing(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:ok !low\n- [ ] b run:ok !critical\n- [ ] c run:ok\n")
    planned = [task["title"] for task in mdtodo("run", "--dry-run", "--json").json["tasks"]]
    assert planned == ["b", "c", "a"]
    assert repo.read("TODO.md").count(b"[x]") == 0
    assert outcomes(mdtodo("run", "--json", "--limit", "1")) == {"b": "done"}
    assert outcomes(mdtodo("run", "--json", "--priority", "low")) == {"a": "done"}


def test_fail_fast_starts_nothing_after_the_first_failure(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:bad !critical\n- [ ] b run:ok\n", OK + BAD)
    said = mdtodo("run", "--fail-fast", "-j", "1", "--json", code=1)
    assert outcomes(said) == {"a": "failed"}
    assert "mdtodo: 1 task that was ready was not started, because of --fail-fast\n" in said.err


def test_fail_fast_says_how_much_is_left(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(
        repo, "- [ ] a run:bad !critical\n- [ ] b run:ok\n- [ ] c run:ok\n- [ ] d after:x run:ok\n", OK + BAD
    )
    said = mdtodo("run", "--fail-fast", "-j", "1", code=1)
    assert "mdtodo: 2 tasks that were ready were not started, because of --fail-fast\n" in said.err
    assert "not started" not in mdtodo("run", "--fail-fast", "-j", "1", "--text", "a", code=1).err
    assert "not started" not in mdtodo("run", code=1).err


def test_a_timeout_fails_the_task_and_is_told(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:slow\n", '[processors.slow]\nrun = "sleep 60 & sleep 60"\ntimeout = "200ms"\n')
    said = mdtodo("run", code=1)
    assert "timed out after 200ms\n" in said.err
    assert b"failed:1" in repo.head("TODO.md")


FAILING = r"""
[processors]
ok = { run = "true" }
later = { run = "exit 75" }
exit = { run = "exit 3" }
absent = { run = ["no-such-program"] }
timeout = { run = "sleep 60", timeout = "200ms" }
signal = { run = "kill -TERM $$" }
lost = { run = "kill -KILL $PPID; sleep 60" }
output = { run = "echo '{\"subtask\": \"- [ ] new run:ok\"}' >> $MDTODO_OUTPUT" }
conflict = { run = "true", outputs = ["mine.txt"] }
"""


def test_a_task_that_failed_says_how_in_one_word(repo: Checkout, mdtodo: Mdtodo) -> None:
    words = ("ok", "later", "exit", "absent", "timeout", "signal", "lost", "output", "conflict")
    repo.commit("Mine", **{"mine.txt": "a\n"})
    start(repo, "".join(f"- [ ] {word} id:{word} run:{word}\n" for word in words), FAILING)
    repo.write("mine.txt", "b\n")
    said = {task["id"]: task["reason"] for task in mdtodo("run", "--json", code=1).json["tasks"]}
    assert said == {**{word: word for word in words}, "ok": None, "later": None, "absent": "exit"}
    logged = mdtodo("log", "--json").json["receipts"]
    assert {one["task"]: one["reason"] for one in logged} == {
        word: how for word, how in said.items() if word not in ("later", "conflict")
    }, "what put itself off, or was not started, has no receipt"
    trailers = repo.git("log", "-1", "--format=%(trailers:key=Mdtodo-Task)")
    assert re.search(r" failed signal exit=-15 .* at=[0-9a-f]{12} reason=signal tree=", trailers)


def test_what_a_processor_measures_is_kept_in_the_receipt(repo: Checkout, mdtodo: Mdtodo) -> None:
    run = """echo '{"metric": {"line coverage": 0.875, "lines": 1200}}' >> $MDTODO_OUTPUT"""
    start(repo, "- [ ] a id:a run:m\n", f"[processors.m]\nrun = {json.dumps(run)}\n")
    mdtodo("run")
    said = repo.git("log", "-1", "--format=%(trailers:key=Mdtodo-Metric,valueonly)").split("\n")
    assert [one for one in said if one] == ["a line_coverage=0.875", "a lines=1200"]
    (logged,) = mdtodo("log", "--json").json["receipts"]
    assert logged["metrics"] == {"line_coverage": 0.875, "lines": 1200.0}
    shutil.rmtree(repo.root / ".git" / "mdtodo")
    StateStore.open(discover(str(repo.root))).close()
    with closing(sqlite3.connect(repo.root / ".git" / "mdtodo" / "state.db")) as database:
        ((kept,),) = database.execute("SELECT metrics FROM results")
    assert json.loads(kept) == logged["metrics"], "a new state has it from git"


def test_a_parent_whose_processor_is_misspelt_is_not_ticked_with_its_subtasks(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    start(repo, "- [ ] p run:okk\n  - [ ] a run:ok\n- [ ] q run:okk\n  - [x] b\n")
    said = mdtodo("run", "--json")
    assert outcomes(said) == {"a": "done"}
    assert repo.head("TODO.md") == b"- [ ] p run:okk\n  - [x] a run:ok\n- [ ] q run:okk\n  - [x] b\n"


def test_a_task_that_is_over_is_told_while_others_run(repo: Checkout) -> None:
    start(
        repo,
        "- [ ] quick run:ok !critical\n- [ ] slow run:slow\n",
        OK
        + '[processors.slow]\nrun = "for i in $(seq 2000); do test -e go && exit 0; sleep 0.05; done; exit 1"\n',
    )
    command = [sys.executable, "-m", "mdtodo", "run", "-j", "1"]
    with subprocess.Popen(command, cwd=repo.root, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "quick" in process.stderr.readline()
        repo.write("go", "")
        assert "✓ done" in process.stderr.readline(), "it was let go, as its start was told in time"


def test_ctrl_c_keeps_the_tasks_that_are_done(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(
        repo,
        "- [ ] quick run:ok !critical\n- [ ] slow run:slow\n- [ ] later run:ok after:x\n- [ ] x id:x run:slow\n",
        OK + '[processors.slow]\nrun = "touch running; sleep 60"\n',
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "mdtodo", "run", "-j", "1"], cwd=repo.root, stderr=subprocess.PIPE, text=True
    )
    wait_for((repo.root / "running").exists)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "mdtodo: 1 task that was ready was not started\n" in err
    assert repo.head("TODO.md").startswith(b"- [x] quick run:ok !critical\n- [ ] slow run:slow\n")


def test_what_a_killed_run_had_finished_is_landed_by_the_next(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(
        repo,
        "- [ ] quick run:once !critical\n- [ ] slow run:slow\n",
        '[processors.once]\nrun = "echo ran >> runs"\n'
        '[processors.slow]\nrun = "test -e go && exit 0; touch running; sleep 60"\n',
    )
    process = subprocess.Popen([sys.executable, "-m", "mdtodo", "run", "-j", "1"], cwd=repo.root)
    wait_for((repo.root / "running").exists)
    process.kill()
    process.wait()
    repo.write("go", "")
    assert repo.read("TODO.md").count(b"[x]") == 0
    said = mdtodo("run")
    assert "quick" in said.err
    assert repo.head("TODO.md") == b"- [x] quick run:once !critical\n- [x] slow run:slow\n"
    assert repo.read("runs") == b"ran\n"
    assert repo.git("fsck", "--strict") == ""


def test_two_runners_share_the_work(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "".join(f"- [ ] task {n} run:p\n" for n in range(24))
    start(repo, todo, '[processors.p]\nrun = "echo $MDTODO_TASK_TITLE >> ran; sleep 0.05"\n')
    command = [sys.executable, "-m", "mdtodo", "run", "-j", "2"]
    both = [subprocess.Popen(command, cwd=repo.root, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=240) for process in both] == [0, 0]
    mdtodo("run")
    assert sorted(repo.read("ran").decode().splitlines()) == sorted(f"task {n}" for n in range(24))
    assert repo.head("TODO.md").count(b"[x]") == 24
    receipts = repo.git("log", "--format=%(trailers:key=Mdtodo-Task,valueonly)").split("\n")
    assert len([line for line in receipts if line]) == 24


def test_before_the_first_commit_a_run_ticks_the_work_tree(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a run:ok\n")
    repo.write(".mdtodo.toml", OK)
    mdtodo("run")
    assert repo.read("TODO.md") == b"- [x] a run:ok\n"


INLINE = "- [ ] a run:inline\n\n  ```sh\n  echo done > out\n  ```\n\n- [ ] b run:inline\n"


def test_a_block_in_the_task_runs_only_where_that_is_allowed(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, INLINE)
    assert outcomes(mdtodo("run", "--json")) == {}
    assert not (repo.root / "out").exists()
    assert "inline = true" in mdtodo("check", code=1).out
    repo.write(".mdtodo.toml", "inline = true\n")
    assert outcomes(mdtodo("run", "--json")) == {"a": "done"}
    assert repo.read("out") == b"done\n"
    assert "TODO.md:7: error: unknown-processor" in mdtodo("check", code=1).out


def test_a_bad_line_in_the_output_file_does_not_keep_the_tick_from_landing(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    lines = ['{"subtask": "- [x] done already"}', '{"subtask": "# a heading"}', "nonsense", '{"note": 7}']
    repo.write("lines", "\n".join(lines) + "\n")
    start(repo, "- [ ] a run:x\n- [ ] b\n", '[processors.x]\nrun = "cat lines >> $MDTODO_OUTPUT"\n')
    said = mdtodo("run")
    assert repo.head("TODO.md") == b"- [x] a run:x\n- [ ] b\n"
    assert "TODO.md: " in said.err


def test_many_notes_cost_no_more_than_many_ticks(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "".join(f"- [ ] task {number} run:note\n" for number in range(150))
    command = """printf '{"note": "%s"}\\n{"subtask": "- [ ] after %s"}\\n' $MDTODO_TASK_ID $MDTODO_TASK_ID"""
    start(repo, todo, f"[processors.note]\nrun = '''{command} >> $MDTODO_OUTPUT'''\n")
    mdtodo("run")
    assert repo.head("TODO.md").count(b"\n") == 450


@pytest.mark.parametrize("commit", ["run", "task"])
def test_a_task_that_a_person_closes_during_the_run_is_not_started(
    repo: Checkout, mdtodo: Mdtodo, commit: str
) -> None:
    todo = "- [ ] first run:edit !critical\n- [ ] closed run:ran\n- [ ] gone run:ran\n- [ ] kept run:ran\n"
    edit = "sed -i 's/\\[ \\] closed/[-] closed/; /gone/d' TODO.md"
    config = f"""commit = "{commit}"\n[processors.edit]\nrun = "{edit.replace(chr(92), chr(92) * 2)}"\n"""
    start(
        repo,
        todo,
        config + '[processors.ran]\nrun = "echo $MDTODO_TASK_TITLE >> ran"\nmatch = { title = "x" }\n',
    )
    said = mdtodo("run", "-j", "1")
    assert repo.read("ran") == b"kept\n"
    assert (
        repo.read("TODO.md") == b"- [x] first run:edit !critical\n- [-] closed run:ran\n- [x] kept run:ran\n"
    )
    assert re.search(r'"closed" \(\w+\) was not started: it was cancelled in the meantime\n', said.err)
    assert re.search(r'"gone" \(\w+\) was not started: ', said.err)


@pytest.mark.parametrize("committed", [True, False])
def test_a_todo_file_that_is_moved_during_a_run_is_followed(
    repo: Checkout, mdtodo: Mdtodo, committed: bool
) -> None:
    move = "echo ran >> runs; mkdir docs; git mv TODO.md docs/TODO.md" + (
        "; git commit -qm move" if committed else ""
    )
    start(repo, "- [ ] a run:move\n- [ ] b\n", f'[processors.move]\nrun = "{move}"\n')
    mdtodo("run")
    assert repo.read("docs/TODO.md") == b"- [x] a run:move\n- [ ] b\n"
    if committed:
        assert repo.head("docs/TODO.md") == b"- [x] a run:move\n- [ ] b\n"
        assert "done move exit=0" in repo.git("log", "-1", "--format=%B")
    assert outcomes(mdtodo("run", "--json")) == {}
    assert repo.read("runs") == b"ran\n"


def test_an_identical_task_elsewhere_is_not_ticked_for_one_that_is_gone(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    repo.write("docs/TODO.md", "- [ ] a run:ok worker:nobody\n")
    start(repo, "- [ ] a run:rm\n", OK + '[processors.rm]\nrun = "rm TODO.md"\n')
    said = mdtodo("run")
    assert repo.read("docs/TODO.md") == b"- [ ] a run:ok worker:nobody\n"
    assert "TODO.md: " in said.err


def test_a_dry_run_names_what_would_start_in_its_order(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "- [ ] waits after:x run:ok !critical\n- [ ] never after:person run:ok\n- [ ] x id:x run:ok\n"
    start(repo, todo + "- [ ] a person's id:person\n")
    planned = [task["title"] for task in mdtodo("run", "--dry-run", "--json").json["tasks"]]
    assert planned == ["x", "waits"]
    assert outcomes(mdtodo("run", "--json")) == {"x": "done", "waits": "done", "never": "blocked"}
    assert mdtodo("run", "--dry-run", "--json").json["tasks"] == []


@pytest.mark.parametrize("lost", ["2>&-", "2>/dev/full", "2>&1 >/dev/null | true", "<&- 2>&-"])
@pytest.mark.sample(2)
def test_a_run_that_nobody_listens_to_goes_on(repo: Checkout, lost: str) -> None:
    start(repo, "- [ ] task run:ok\n" * 30)
    command = f"{sys.executable} -m mdtodo run -j 2 {lost}"
    subprocess.run(command, shell=True, cwd=repo.root, stdout=subprocess.DEVNULL, timeout=60, check=True)
    assert repo.read("TODO.md") == b"- [x] task run:ok\n" * 30 == repo.head("TODO.md")


def test_retries_whose_pause_no_number_can_hold_are_all_made(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = '[processors.p]\nrun = "exit 3"\nretries = 160\nretry_delay = "0s"\nbackoff = 100\n'
    repo.commit("Base", **{"TODO.md": "- [ ] a run:p\n", ".mdtodo.toml": config})
    assert mdtodo("-q", "run", "--json", code=1).json["tasks"][0]["attempts"] == 161


def test_the_limit_counts_the_new_subtasks_too(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = (
        "jobs = 1\nsubtask_keys = [\"run\"]\n[processors]\nok.run = 'true'\n"
        'more.run = \'echo "{\\"subtask\\": \\"- [ ] new run:ok\\"}" > $MDTODO_OUTPUT\'\n'
    )
    repo.commit(
        "Base", **{"TODO.md": "".join(f"- [ ] t{n} run:more\n" for n in range(4)), ".mdtodo.toml": config}
    )
    said = mdtodo("run", "--limit", "2").err
    counted = [line.split()[0] for line in said.splitlines() if line.startswith("[")]
    assert counted == ["[-]", "[1/2]", "[2/2]"], (
        "a task that waits for its new subtask, the subtask, the task"
    )
