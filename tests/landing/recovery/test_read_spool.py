"""What pool processes had done, and a killed runner had not read: it counts, once."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from mdtodo.core import codec
from mdtodo.core.edits import AddSubtasks
from mdtodo.core.receipt import Receipt
from mdtodo.core.results import Result
from mdtodo.git.repository import discover
from mdtodo.landing.recovery.read_spool import journal_spooled_results
from mdtodo.markdown.anchors import anchors
from mdtodo.markdown.document import parse
from mdtodo.outputs.declared import DeclaredOutputs
from mdtodo.outputs.marks import mark
from mdtodo.outputs.survey import survey
from mdtodo.project.project import read_config
from mdtodo.storage.rows import JournalEntry
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

TASKS = 400
CONFIG = """
[processors.ok]
run = 'echo "$MDTODO_TASK_ID" >> .git/marks'
[processors.makes]
run = "true"
outputs = ["made"]
"""


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def is_still(seen: list[int], now: int, run: int) -> bool:
    """Whether a number has not changed the last fifty times, while nothing of this run waited for a core."""
    at_rest = (psutil.STATUS_SLEEPING, psutil.STATUS_STOPPED)
    try:
        rests = all(child.status() in at_rest for child in psutil.Process(run).children(recursive=True))
    except psutil.NoSuchProcess:  # one has ended just now
        rests = False
    if rests:
        seen.append(now)
    else:
        seen.clear()
    return len(seen) >= 50 and len(set(seen[-50:])) == 1


def marks(repo: Checkout) -> list[str]:
    path = repo.root / ".git/marks"
    return path.read_text().split() if path.exists() else []


def noted(repo: Checkout) -> Iterator[Path]:
    return (repo.root / ".git/mdtodo/unread").iterdir()


def lines(repo: Checkout) -> int:
    return sum(path.read_bytes().count(b"\n") for path in noted(repo))


@pytest.mark.parametrize("then", ["list", "run"])
def test_what_lay_in_the_sockets_of_a_killed_runner_is_not_done_again(
    repo: Checkout, then: str, mdtodo: Mdtodo
) -> None:
    """The runner is held, so that nobody reads what the pool processes go on to do, and killed."""
    text = "".join(f"- [ ] task {number} run:ok\n" for number in range(TASKS))
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    with subprocess.Popen(
        [sys.executable, "-m", "mdtodo", "run", "-j2"], cwd=repo.root, stderr=subprocess.DEVNULL
    ) as run:
        until(lambda: len(marks(repo)) >= 40)
        run.send_signal(signal.SIGSTOP)
        until(lambda: lines(repo) == len(marks(repo)) > 40)
        counts: list[int] = []
        until(lambda: is_still(counts, len(marks(repo)), run.pid))
        until(lambda: lines(repo) == len(marks(repo)))
        run.kill()
        run.wait()
    with StateStore.open(discover(str(repo.root)), create=False) as state:
        known = len(state.history())
    assert known < lines(repo), "the runner had read everything, and nothing is shown"
    finished = Counter(marks(repo))
    mdtodo(then)
    assert not list(noted(repo))
    if then == "list":
        assert repo.read("TODO.md").count(b"[x]") == len(finished)
        mdtodo("run")
    assert Counter(marks(repo)) == Counter(set(marks(repo)))
    assert repo.head("TODO.md").count(b"[x]") == len(marks(repo)) == TASKS
    receipts = repo.git("log", "--format=%B").splitlines()
    assert sum(line.startswith("Mdtodo-Task: ") and " tree=" in line for line in receipts) == TASKS


EQUAL = "- [ ] t !low\n- [ ] t !high\n"


def line(
    task: str, *, attempt: int = 1, processor: str = "ok", anchor: object = None, **result: Any
) -> bytes:
    """As a pool process writes it."""
    words = {"finished": f"r1/{task}/{attempt}", "processor": processor, "anchor": anchor}
    given = Result(duration=0.25)._asdict() | result
    return codec.dumps({**words, "result": given}).encode() + b"\n"


@pytest.mark.parametrize(
    ("now", "expected", "kept"),
    [
        pytest.param(EQUAL, EQUAL.replace("[ ] t !high", "[x] t !high"), 0, id="as they were"),
        pytest.param("- [ ] t !high\n", "- [ ] t !high\n", 1, id="one of them is gone"),
        pytest.param("- [ ] u\n", "- [ ] u\n", 0, id="both are gone"),
    ],
)
def test_a_result_in_the_spool_is_of_the_task_that_was_run_whatever_has_its_id_now(
    repo: Checkout, now: str, expected: str, kept: int, mdtodo: Mdtodo
) -> None:
    repo.commit("Base", **{"TODO.md": EQUAL, ".mdtodo.toml": CONFIG})
    mdtodo("run")
    first, second = mdtodo("list", "--json").json["tasks"]
    anchor = anchors(parse(EQUAL.encode()), "TODO.md")[1]
    repo.commit("Changed", **{"TODO.md": now})
    (repo.root / ".git/mdtodo/unread/r1.17").write_bytes(line(first["id"], anchor=anchor))
    mdtodo("list")
    assert repo.read("TODO.md").decode() == repo.head("TODO.md").decode() == expected
    with StateStore.open(discover(str(repo.root)), create=False) as state:
        assert len(state.unlanded()) == kept
    assert first["id"] != second["id"]


@pytest.mark.parametrize(
    ("content", "ticked"),
    [
        pytest.param(line("a"), "a", id="done"),
        pytest.param(line("a") + line("a"), "a", id="twice"),
        pytest.param(line("a") + line("b")[:-9], "a", id="cut off by the kill"),
        pytest.param(
            line("gone") + b"\xff\x00\n[]\n7\n{}\n" + line("b"), "b", id="rubbish, and a task that is gone"
        ),
        pytest.param(line("a", exit_code=1), "", id="failed"),
        pytest.param(line("a", timed_out=True), "", id="timed out"),
        pytest.param(line("made", processor="makes"), "", id="with outputs that nobody looked at"),
        pytest.param(line("x"), "x", id="ticked already"),
        pytest.param(b"", "", id="nothing"),
    ],
)
@pytest.mark.sample(3)
def test_only_whole_results_of_dead_runs_count_in_the_spool(
    repo: Checkout, content: bytes, ticked: str, mdtodo: Mdtodo
) -> None:
    text = "- [ ] a id:a\n- [ ] b id:b\n- [ ] made id:made\n- [x] x id:x\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    mdtodo("run")
    (repo.root / ".git/mdtodo/unread/r1.17").write_bytes(content)
    before = repo.git("rev-list", "--count", "HEAD")
    mdtodo("list")
    expected = "".join(
        f"- [{'x' if name in (ticked, 'x') else ' '}] {name} id:{name}\n" for name in ("a", "b", "made", "x")
    )
    assert repo.read("TODO.md").decode() == repo.head("TODO.md").decode() == expected
    assert not list(noted(repo))
    more = int(repo.git("rev-list", "--count", "HEAD")) - int(before)
    assert more == (ticked in ("a", "b"))
    if more:
        assert f"Mdtodo-Task: {ticked} done ok exit=0 time=0.250" in repo.git("log", "-1", "--format=%B")


def journaled(repo: Checkout, receipt: Receipt) -> None:
    with StateStore.open(discover(str(repo.root))) as state:
        state.record([JournalEntry("r1", receipt)])


def test_new_subtasks_of_a_spooled_result_leave_its_box_open(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a\n- [ ] c id:c\n", ".mdtodo.toml": CONFIG})
    mdtodo("run")
    said = line("a", subtasks=["- [ ] b"]) + line("c", subtasks=["- [ ] d", "- [ ] e run:ok"])
    (repo.root / ".git/mdtodo/unread/r1.17").write_bytes(said)
    mdtodo("list")
    assert repo.head("TODO.md") == repo.read("TODO.md") == b"- [ ] a id:a\n  - [ ] b\n- [ ] c id:c\n"
    assert "Mdtodo-Task: a blocked ok exit=0" in repo.git("log", "-1", "--format=%B")


@pytest.mark.parametrize("spooled", [("b",), ("b", "a"), ("a", "b")])
def test_results_of_and_after_new_subtasks_that_only_the_journal_has(
    repo: Checkout, spooled: tuple[str, ...], mdtodo: Mdtodo
) -> None:
    """The first result of `a` was read, and nothing after it."""
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a\n", ".mdtodo.toml": 'subtask_keys = ["id"]\n' + CONFIG})
    mdtodo("run")
    (anchor,) = anchors(parse(b"- [ ] a id:a\n"), "TODO.md")
    journaled(repo, Receipt("a", "a", "blocked", "ok", 0, 0.1, 1, (AddSubtasks(anchor, ("- [ ] b id:b",)),)))
    said = {"a": line("a", attempt=2), "b": line("b")}
    for number, name in enumerate(spooled):
        (repo.root / f".git/mdtodo/unread/r1.{number}").write_bytes(said[name])
    mdtodo("list")
    box = "x" if "a" in spooled else " "
    assert repo.head("TODO.md") == repo.read("TODO.md") == f"- [{box}] a id:a\n  - [x] b id:b\n".encode()


@pytest.mark.parametrize(
    ("began", "now", "expected"),
    [
        pytest.param("5b1d3c9f0a27", b"1\n", " tree=5b1d3c9f0a27", id="clean"),
        pytest.param("dirty", b"1\n", " tree=dirty", id="dirty when it began"),
        pytest.param("5b1d3c9f0a27", b"2\n", " tree=dirty", id="dirty now"),
        pytest.param(None, b"2\n", "", id="of an older mdtodo"),
    ],
)
def test_a_result_in_the_spool_says_of_which_content_it_is(
    repo: Checkout, began: str | None, now: bytes, expected: str, mdtodo: Mdtodo
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a\n", ".mdtodo.toml": CONFIG, "file": "1\n"})
    mdtodo("run")
    said = json.loads(line("a")) | ({} if began is None else {"tree": began})
    (repo.root / ".git/mdtodo/unread/r1.17").write_bytes(json.dumps(said).encode() + b"\n")
    repo.write("file", now)
    mdtodo("list")
    assert re.search(rf" attempt=1 at=[0-9a-f]{{12}}{expected}\n$", repo.git("log", "-1", "--format=%B"))


def test_a_run_that_goes_on_keeps_its_spool(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a\n", ".mdtodo.toml": CONFIG})
    mdtodo("run")
    with StateStore.open(discover(str(repo.root))) as state:
        state.start_run("r1")
        (repo.root / ".git/mdtodo/unread/r1.17").write_bytes(line("a"))
        mdtodo("list")
    assert repo.read("TODO.md") == b"- [ ] a id:a\n"
    assert lines(repo) == 1


def test_a_run_that_begins_while_others_are_looked_at_keeps_its_own(
    repo: Checkout, monkeypatch: pytest.MonkeyPatch, mdtodo: Mdtodo
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a\n", ".mdtodo.toml": CONFIG})
    mdtodo("run")
    real = StateStore.active_runs

    def then_begin(state: StateStore) -> tuple[tuple[str, str, float], ...]:
        found = real(state)
        state.start_run("r1")
        (repo.root / ".git/mdtodo/unread/r1.17").write_bytes(line("a"))
        return found

    found = discover(str(repo.root))
    (repo.root / ".git/mdtodo/unread/r0.16").touch()
    with StateStore.open(found) as state:
        monkeypatch.setattr(StateStore, "active_runs", then_begin)
        journal_spooled_results(found, state, read_config(found))
        assert not state.unlanded_runs()
    assert [path.name for path in noted(repo)] == ["r1.17"]


def with_outputs(**verdict: Any) -> bytes:
    return line("made", processor="makes", outputs={"held": [], "unnamed": [], "theirs": {}} | verdict)


@pytest.fixture
def makes(repo: Checkout, mdtodo: Mdtodo) -> Checkout:
    """A task whose success lay in a socket: it had made `made`, which is marked as ours."""
    repo.commit("Base", **{"TODO.md": "- [ ] made id:made\n", ".mdtodo.toml": CONFIG, "made": "old\n"})
    mdtodo("run")
    repo.write("made", "new\n")
    found = discover(str(repo.root))
    change = survey(found, DeclaredOutputs.of(["made"]))["made"]
    mark(found, "made", change.digest, "made")
    said = with_outputs(held=[["made", change.digest, change.base]])
    (repo.root / ".git/mdtodo/unread/r1.17").write_bytes(said)
    return repo


def test_a_spooled_result_with_outputs_is_ticked_with_them(makes: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("list")
    assert makes.git("show", "--format=", "--name-only").split() == ["TODO.md", "made"]
    assert (makes.head("TODO.md"), makes.head("made")) == (b"- [x] made id:made\n", b"new\n")
    assert makes.status() == []


def test_a_spooled_result_whose_outputs_somebody_changed_stays_open(makes: Checkout, mdtodo: Mdtodo) -> None:
    makes.write("made", "mine\n")
    said = mdtodo("list").err
    assert "made stays open: made: it was changed after the end of its task" in said
    assert makes.head("TODO.md") == makes.read("TODO.md") == b"- [ ] made id:made\n"
    assert (makes.head("made"), makes.read("made")) == (b"old\n", b"mine\n")
    assert not list(noted(makes))


@pytest.mark.parametrize("verdict", [{"unnamed": ["x"]}, {"theirs": {"made": "it is staged"}}])
def test_a_spooled_result_whose_outputs_were_not_its_own_stays_open(
    makes: Checkout, verdict: dict[str, Any], mdtodo: Mdtodo
) -> None:
    (makes.root / ".git/mdtodo/unread/r1.17").write_bytes(with_outputs(**verdict))
    mdtodo("list")
    assert makes.head("TODO.md") == makes.read("TODO.md") == b"- [ ] made id:made\n"
    assert makes.status() == [" M made"]


def test_the_spool_of_another_work_tree_is_left_to_it(
    makes: Checkout, tmp_path: Path, mdtodo: Mdtodo
) -> None:
    linked = tmp_path / "linked"
    makes.git("worktree", "add", "-q", str(linked))
    place = makes.root / ".git/mdtodo/unread/r1.17"
    said = json.loads(place.read_bytes()) | {"root": str(makes.root)}
    place.write_text(json.dumps(said) + "\n")
    mdtodo("list", cwd=linked)
    assert list(noted(makes)) == [place]
    mdtodo("list")
    assert makes.head("made") == b"new\n"


def test_a_run_goes_on_where_the_spool_cannot_be_written(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok\n", ".mdtodo.toml": CONFIG})
    (repo.root / ".git/mdtodo").mkdir()
    (repo.root / ".git/mdtodo/unread").write_text("not a folder")
    mdtodo("run")
    assert repo.head("TODO.md") == b"- [x] a run:ok\n"
