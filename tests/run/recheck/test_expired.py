"""`every:7d`: a box whose proof is too old is opened by the next run, with a receipt, and its processor runs again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.receipts.trailers import in_message
from mdtodo.storage.state import StateStore
from tests.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

HOUR = 3600.0
DAY = 24 * HOUR
CONFIG = """
[processors.ok]
run = "echo $MDTODO_TASK_ID >> .git/calls"
[processors.gate]
run = "test -e .git/gate"
"""


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


def proven(repo: Checkout, mdtodo: Mdtodo, text: str, *, ago: float, config: str = CONFIG) -> None:
    """A list whose tasks were all done by a run so many seconds ago."""
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": config})
    repo.write(".git/gate", "")
    mdtodo("run")
    date(repo, ago)


def date(repo: Checkout, ago: float) -> None:
    """The last commit was made so long ago."""
    repo.git(
        "commit", "-q", "--amend", "--no-edit", "--allow-empty", f"--date={int(time.time() - ago)} +0000"
    )


def calls(repo: Checkout) -> Counter[str]:
    path = repo.root / ".git" / "calls"
    return Counter(path.read_text().split()) if path.exists() else Counter()


def receipts(repo: Checkout, revision: str = "HEAD") -> list[tuple[str, str, str]]:
    """Task, outcome and processor of each receipt, oldest first."""
    messages = repo.git("log", "--reverse", "--topo-order", "--format=%B%x00", revision).split("\0")
    found = (one for text in messages for group in in_message(text) for one in group.tasks)
    return [(one.task_id, one.outcome, one.processor) for one in found]


def test_a_box_is_opened_with_a_receipt_and_its_task_runs_again_in_the_same_run(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    text = "- [ ] a run:ok id:a every:7d\n- [ ] b run:ok id:b\n"
    proven(repo, mdtodo, text, ago=7 * DAY + HOUR)
    before = repo.git("rev-parse", "HEAD")
    dry = mdtodo("run", "--dry-run")
    assert '"a" (a) would be opened: its proof of ' in dry.err
    assert "1 would run" in dry.err
    assert repo.git("rev-parse", "HEAD") == before
    assert '"a" (a) is open again: its proof of ' in (said := mdtodo("run").err)
    assert "is older than every:7d allows" in said
    assert receipts(repo, f"{before}..") == [("a", "todo", "every"), ("a", "done", "ok")]
    assert repo.git("log", "-1", "--format=%s", "HEAD~1") == "todo: reopened: a"
    assert repo.head("TODO.md", "HEAD~1").decode() == "- [ ] a run:ok id:a every:7d\n- [x] b run:ok id:b\n"
    assert repo.read("TODO.md").decode() == text.replace("[ ]", "[x]")
    assert (calls(repo), repo.status()) == ({"a": 2, "b": 1}, [])
    assert "nothing to run: everything is done" in mdtodo("run").out
    for check in (("check", "--strict"), ("check", "--strict", "--proof", f"{before}..HEAD")):
        assert mdtodo(*check).out == ""


@pytest.mark.parametrize("zone", ["UTC", "America/Santiago", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    ("ago", "opens"), [(7 * DAY - HOUR / 2, False), (7 * DAY + HOUR / 2, True), (-DAY, False)]
)
@pytest.mark.sample(3)
def test_a_day_has_24_hours_whatever_the_clocks_do(
    repo: Checkout, mdtodo: Mdtodo, zone: str, ago: float, opens: bool
) -> None:
    proven(repo, mdtodo, "- [ ] a run:ok id:a 🔁 every 7 days\n", ago=ago)
    assert ("is open again" in mdtodo("run", TZ=zone).err) == opens
    assert calls(repo)["a"] == 1 + opens


def test_what_is_opened_and_what_is_not(repo: Checkout, mdtodo: Mdtodo) -> None:
    text = (
        "# Nightly every:1d\n- [ ] Water id:w\n- [ ] p id:p\n  - [ ] a run:ok id:a\n"
        "- [ ] q id:q\n  - [ ] c run:ok id:c every:30d\n- [-] x\n  - [x] y id:y\n- [ ] final id:f run:ok\n  - [ ] d id:d run:ok every:30d\n"
    )
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    mdtodo("run")
    mdtodo("done", "w", "--commit")
    repo.git("rebase", "-q", "--root", "--exec", "git commit -q --amend --no-edit --date='2 days ago'")
    before = repo.git("rev-parse", "HEAD")
    said = mdtodo("run").err
    opened = {name for name, outcome, _ in receipts(repo, f"{before}..") if outcome == "todo"}
    assert opened == {"w", "a", "p", "f"}, said
    assert [one["id"] for one in mdtodo("list", "--json", "--state", "manual").json["tasks"]] == ["w"]
    last = {name: outcome for name, outcome, _ in receipts(repo, f"{before}..")}
    assert last == dict.fromkeys("apf", "done") | {"w": "todo"}
    assert calls(repo) == {"a": 2, "c": 1, "d": 1, "f": 2}


def test_filters_and_ids_say_which_are_opened(repo: Checkout, mdtodo: Mdtodo) -> None:
    proven(repo, mdtodo, "- [ ] a run:ok id:a1 every:1d #x\n- [ ] b run:ok id:b1 every:1d\n", ago=2 * DAY)
    mdtodo("run", "--tag", "x")
    assert calls(repo) == {"a1": 2, "b1": 1}
    mdtodo("run", "b1")
    assert calls(repo) == {"a1": 2, "b1": 2}


def test_a_tick_without_a_receipt_is_never_opened(repo: Checkout, mdtodo: Mdtodo) -> None:
    text = "- [x] a run:ok id:a every:1m\n- [x] Water id:w every:1m\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    mdtodo("run")
    assert repo.read("TODO.md").decode() == text
    said = mdtodo("check").out.splitlines()
    assert [line.split(":")[:4] for line in said] == [
        ["TODO.md", "1", " warning", " unproven"],
        ["TODO.md", "2", " warning", " never-expires"],
    ]
    mdtodo("done", "w", "--commit")
    assert "never-expires" not in mdtodo("check").out


def test_a_proof_that_no_commit_carries_yet_counts_by_the_journal(repo: Checkout, mdtodo: Mdtodo) -> None:
    proven(repo, mdtodo, "- [ ] a run:ok id:a every:1d\n", ago=2 * DAY)
    head = repo.git("rev-parse", "HEAD")
    for _ in range(2):
        mdtodo("run", "--no-commit")
        assert (calls(repo), repo.status(), repo.git("rev-parse", "HEAD")) == ({"a": 2}, [], head)
    mdtodo("run")
    assert calls(repo) == {"a": 2}
    with sqlite3.connect(repo.root / ".git" / "mdtodo" / "state.db") as state:
        state.execute("UPDATE results SET finished = finished - ?", (2 * DAY,))
    repo.git(
        "rebase",
        "-q",
        "--root",
        "--exec",
        "git commit -q --amend --no-edit --allow-empty --date='2 days ago'",
    )
    mdtodo("run")
    assert calls(repo) == {"a": 3}
    assert (repo.status(), mdtodo("check", "--strict").out) == ([], "")


def test_what_fails_stays_open_and_what_has_unchanged_inputs_is_run_all_the_same(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    config = CONFIG + '[processors.reads]\nrun = "echo r >> .git/calls"\ninputs = ["*.toml"]\n'
    text = "- [ ] g run:gate id:g every:1d\n- [ ] r run:reads id:r every:1d\n"
    proven(repo, mdtodo, text, ago=2 * DAY, config=config)
    (repo.root / ".git" / "gate").unlink()
    mdtodo("run", code=1)
    assert calls(repo) == {"r": 2}
    assert (
        repo.head("TODO.md").decode()
        == "- [ ] g run:gate id:g every:1d failed:1\n- [x] r run:reads id:r every:1d\n"
    )


def test_a_persons_changes_stay_and_do_not_keep_a_box_closed(repo: Checkout, mdtodo: Mdtodo) -> None:
    proven(repo, mdtodo, "- [ ] p id:p\n  - [ ] a run:ok id:a every:1d\n", ago=2 * DAY)
    repo.write("staged.py", "1\n")
    repo.git("add", "staged.py")
    repo.write(".mdtodo.toml", CONFIG + "# mine\n")
    text = repo.read("TODO.md").decode() + "- [ ] my own\n"
    repo.write("TODO.md", text)
    mdtodo("run")
    assert calls(repo) == {"a": 2}
    assert repo.read("TODO.md").decode() == text
    assert repo.status() == [" M .mdtodo.toml", " M TODO.md", "A  staged.py"]
    assert b"my own" not in repo.head("TODO.md")


def test_verify_opens_it_and_verifies_the_others(repo: Checkout, mdtodo: Mdtodo) -> None:
    proven(repo, mdtodo, "- [ ] a run:ok id:a every:1d\n- [ ] b run:ok id:b\n", ago=2 * DAY)
    assert "would be opened" in mdtodo("verify", "--dry-run").err
    assert '"a" (a) is open again' in mdtodo("verify").err
    assert calls(repo) == {"a": 1, "b": 2}
    assert repo.head("TODO.md").decode() == "- [ ] a run:ok id:a every:1d\n- [x] b run:ok id:b\n"


def test_watch_wakes_when_a_proof_is_too_old(repo: Checkout, mdtodo: Mdtodo) -> None:
    proven(repo, mdtodo, "- [ ] a run:ok id:a every:1m\n", ago=56)
    command = [sys.executable, "-m", "mdtodo", "-C", str(repo.root), "watch", "--interval", "1h"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as watch:
        try:
            eventually(lambda: calls(repo)["a"] == 2)
        finally:
            watch.send_signal(signal.SIGTERM)


def test_several_workers_open_it_once(repo: Checkout, mdtodo: Mdtodo) -> None:
    names = [f"t{number}" for number in range(6)]
    text = "".join(f"- [ ] {name} run:ok id:{name} every:1d\n" for name in names)
    proven(repo, mdtodo, text, ago=2 * DAY)
    before = repo.git("rev-parse", "HEAD")
    command = [sys.executable, "-m", "mdtodo", "-C", str(repo.root), "worker", "-j1"]
    workers = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    said = [worker.communicate(timeout=120)[1].decode() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0], said
    found = Counter((name, outcome) for name, outcome, _ in receipts(repo, f"{before}.."))
    assert found == Counter({(name, outcome): 1 for name in names for outcome in ("todo", "done")}), said
    assert calls(repo) == dict.fromkeys(names, 2)
    assert repo.status() == []


def test_what_another_worker_has_is_left_to_it(repo: Checkout, mdtodo: Mdtodo) -> None:
    """As one that has opened it, and is just proving it anew."""
    proven(repo, mdtodo, "- [ ] a run:ok id:a every:1d\n", ago=2 * DAY)
    head = repo.git("rev-parse", "HEAD")
    with StateStore.open(discover(str(repo.root))) as state:
        lease = state.lease("a", "other", 600)
        assert lease is not None
        assert "is open again" not in mdtodo("run").err
        assert (repo.git("rev-parse", "HEAD"), repo.status()) == (head, [])
        state.release(lease.token)
    assert "is open again" in mdtodo("run").err


POINTS = ("result.taken", "result.kept", "sync.kept", "prepared", "locked", "moved", "installed", "written", "landed.kept")  # fmt: skip


@pytest.mark.parametrize("commit", ["run", "task"])
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.sample(6)
def test_a_kill_costs_no_truth(repo: Checkout, mdtodo: Mdtodo, point: str, commit: str) -> None:
    text = "- [ ] p id:p\n  - [ ] a run:ok id:a every:1d\n"
    proven(repo, mdtodo, text, ago=2 * DAY, config=f'commit = "{commit}"\n{CONFIG}')
    if commit == "task":
        repo.git("rebase", "-q", "--root", "--exec", "git commit -q --amend --no-edit --date='2 days ago'")
    before = repo.git("rev-parse", "HEAD")
    command = [sys.executable, "-m", "mdtodo", "run", "-j1"]
    env = os.environ | {"MDTODO_FAULT": point}
    killed = subprocess.run(command, cwd=repo.root, env=env, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    said = mdtodo("run").err
    found = Counter((name, outcome) for name, outcome, _ in receipts(repo, f"{before}.."))
    assert found == {("a", "todo"): 1, ("p", "todo"): 1, ("a", "done"): 1, ("p", "done"): 1}, said
    assert repo.read("TODO.md").decode() == text.replace("[ ]", "[x]")
    assert (calls(repo), repo.status()) == ({"a": 2}, [])
    assert mdtodo("check", "--strict").out == ""


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_squash_of_opening_and_ticking_is_a_proof(
    repo: Checkout, mdtodo: Mdtodo, newest_first: bool
) -> None:
    text = "- [ ] p id:p\n  - [ ] a run:ok id:a every:1d\n"
    proven(repo, mdtodo, text, ago=2 * DAY)
    repo.git("checkout", "-q", "-b", "topic")
    mdtodo("run")
    bodies = repo.git("log", *([] if newest_first else ["--reverse"]), "--format=%B%x00", "HEAD~2..").split(
        "\0"
    )
    repo.git("reset", "-q", "--soft", "HEAD~3")
    repo.git("commit", "-q", "-m", "\n\n".join(["Squashed", *(one.strip() for one in bodies)]))
    assert mdtodo("check", "--strict").out == ""
    assert mdtodo("run").err.count("is open again") == 0


def test_no_processor_may_be_called_so(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a\n", ".mdtodo.toml": '[processors.every]\nrun = "true"\n'})
    assert "every" in mdtodo("list", code=3).err


def test_plan_and_show_say_when_a_box_is_opened(repo: Checkout, mdtodo: Mdtodo) -> None:
    text = "- [ ] a run:ok id:a every:1d #x\n- [ ] b run:ok id:b every:3d\n- [ ] c id:c every:1d\n"
    proven(repo, mdtodo, text, ago=2 * DAY)
    made = int(repo.git("log", "-1", "--format=%at"))
    due = time.strftime("%Y-%m-%d %H:%M", time.localtime(made + 3 * DAY))
    assert mdtodo("plan").out.splitlines()[-2:] == [
        "opens now  a  a  (every:1d)",
        f"opens {due}  b  b  (every:3d)",
    ]
    assert "opens" not in mdtodo("plan", "--priority", "low").out
    opens = mdtodo("plan", "--json", "--tag", "x").json["opens"]
    assert opens == [{"id": "a", "at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(made + DAY))}]
    assert mdtodo("show", "a", "--json").json["tasks"][0]["every"] == "1d"
