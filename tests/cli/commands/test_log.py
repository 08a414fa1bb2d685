"""`mdtodo log`: receipts from git, whatever became of the files."""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


CONFIG = '[processors.ok]\nrun = "true"\n[processors.bad]\nrun = "exit 3"\n'
KEYS = {
    *("commit", "date", "author", "run", "task", "title", "outcome", "processor", "exit_code", "duration"),
    *("attempt", "inputs", "at", "tree", "reason", "by", "worker", "metrics"),
    *("error", "started", "finished"),
}


@pytest.fixture
def ran(repo: Checkout, mdtodo: Mdtodo) -> Said:
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok\n- [ ] b run:bad\n- [ ] c\n", ".mdtodo.toml": CONFIG})
    return mdtodo("run", "--json", "-j", "1", code=1)


def test_receipts_survive_a_move_a_deletion_and_the_loss_of_the_state(
    repo: Checkout, mdtodo: Mdtodo, ran: Said
) -> None:
    names = {task["title"]: task["id"] for task in ran.json["tasks"]}
    mdtodo("done", mdtodo("list", "--text", "c", "--json").json["tasks"][0]["id"], "--commit")
    repo.git("mv", "TODO.md", "TODO-old.txt")
    repo.git("commit", "-qm", "Move")
    shutil.rmtree(repo.root / ".git" / "mdtodo")
    document = mdtodo("log", "--json").json
    assert document["version"] == 1
    assert [(one["title"], one["outcome"], one["processor"]) for one in document["receipts"]] == [
        ("c", "done", "person"),
        ("a", "done", "ok"),
        ("b", "failed", "bad"),
    ]
    assert [(one["by"], one["reason"]) for one in document["receipts"]] == [
        ("ada@example.com", None),
        (None, None),
        (None, "exit"),
    ]
    told = [(one["error"], one["started"], one["finished"]) for one in document["receipts"]]
    assert told == [(None, None, None), (None, None, None), ("exit 3", None, None)]
    assert all(set(one) == KEYS for one in document["receipts"])
    assert {one["run"] for one in document["receipts"][1:]} == {ran.json["run"]}
    (one,) = mdtodo("log", names["b"][:4], "--json").json["receipts"]
    assert (one["task"], one["exit_code"], one["commit"]) == (names["b"], 3, ran.json["commits"][0])
    assert not (repo.root / ".git" / "mdtodo").exists()


def test_the_log_says_why_and_when_as_the_run_did_and_without_the_journal_what_the_receipt_has(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    words = {"again": "exit 4", "slow": "timed out after 200ms", "shot": "killed by SIGTERM", "ok": None}
    config = """[processors]
again = { run = "exit 4", retries = 1, retry_delay = "0s" }
slow = { run = "sleep 60", timeout = "200ms" }
shot = { run = "kill -TERM $$" }
ok = { run = "true" }
"""
    todo = "".join(f"- [ ] {word} id:{word} run:{word}\n" for word in words)
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config})
    ran = {one["id"]: one for one in mdtodo("run", "--json", code=1).json["tasks"]}
    logged = {one["task"]: one for one in mdtodo("log", "--json").json["receipts"]}
    for word, error in words.items():
        assert (logged[word]["error"], logged[word]["reason"]) == (error, ran[word]["reason"])
        for key in ("started", "finished"):
            apart = datetime.fromisoformat(logged[word][key]) - datetime.fromisoformat(ran[word][key])
            assert abs(apart.total_seconds()) < 1, (word, key)
    assert logged["again"]["attempt"] == 2
    assert "(slow, timed out, " in mdtodo("log", "slow").out
    shutil.rmtree(repo.root / ".git" / "mdtodo")
    found = {one["task"]: one["error"] for one in mdtodo("log", "--json").json["receipts"]}
    assert found == {**words, "slow": "timed out"}


def test_the_log_of_people_has_a_line_a_receipt_with_its_outcome(
    repo: Checkout, mdtodo: Mdtodo, ran: Said
) -> None:
    first, second = mdtodo("log").out.splitlines()
    assert "done       a  (ok, " in first
    assert "failed     b  (bad, exit 3, " in second
    assert mdtodo("log", "-n", "1").out.splitlines() == [first]
    assert mdtodo("log", "-n", "0", "--json").json == {"version": 1, "receipts": []}


@pytest.mark.parametrize("columns", [30, 46, 60, 80, 120, 200])
def test_a_receipt_takes_one_row_of_a_terminal(repo: Checkout, columns: int) -> None:
    title = "A title that is longer than most terminals are wide, " * 2 + "日本語" * 9
    trailer = "Mdtodo-Task: abcdef0 failed ok exit=3 time=1.000 attempt=1"
    text = f"todo: {title.strip()}\n\nMdtodo-Run: 20261122T044229-99aa08\n{trailer}"
    for _ in range(3):
        repo.git("commit", "-q", "--allow-empty", "-F", "-", stdin=text)
    with Terminal(["log"], repo.root, columns, 24) as terminal:
        assert terminal.end() == 0
        rows = terminal.text.splitlines()
    assert len(rows) == 3, rows
    assert all("abcdef0" in row and "failed" in row and "A ti" in row for row in rows), rows
    oids = [oid[:10] for oid in repo.git("log", "--format=%H").split()]
    assert [oid in row for oid, row in zip(oids, rows, strict=False)] == [columns >= 46] * 3, rows
    assert all(("(ok, exit 3, 1.0s)" in row) == (columns >= 80) for row in rows)
    assert all("…" in row for row in rows)
    assert all((row[:2] == "20") == (columns >= 80) for row in rows if not row.startswith(tuple(oids)))
    assert all(row.endswith("-99aa08") == (columns >= 120) for row in rows)


def test_ids_that_fit_no_receipt_or_several_are_told(repo: Checkout, mdtodo: Mdtodo, ran: Said) -> None:
    trailer = "Mdtodo-Task: {} done ok exit=0 time=1.000 attempt=1"
    text = "todo: x\n\nMdtodo-Run: r\n" + "\n".join(map(trailer.format, ("zzz-1", "zzz-2", "zzz")))
    repo.git("commit", "-q", "--allow-empty", "-F", "-", stdin=text)
    assert "matches 2 tasks" in mdtodo("log", "zzz-", code=2).err
    assert [one["task"] for one in mdtodo("log", "zzz", "--json").json["receipts"]] == ["zzz"]
    assert "no receipt on this branch names one" in mdtodo("log", "nobody", code=2).err


def test_where_there_is_no_receipt_the_log_says_so(repo: Checkout, mdtodo: Mdtodo) -> None:
    assert mdtodo("log", "--json").json == {"version": 1, "receipts": []}
    assert "no receipts on this branch yet" in mdtodo("log").err
    repo.write("TODO.md", "- [ ] a id:a\n")
    said = mdtodo("log", "a")
    assert said.out == ""
    assert "no receipt of a on this branch" in said.err, "there may be others"


def test_the_log_shows_of_which_content_and_place_a_receipt_is(repo: Checkout, mdtodo: Mdtodo) -> None:
    for tree in ("", " at=0123456789ab tree=5b1d3c9f0a27", " tree=dirty"):
        task = f"Mdtodo-Task: abcdef0 done ok exit=0 time=1.000 attempt=1{tree}"
        repo.git("commit", "-q", "--allow-empty", "-F", "-", stdin=f"todo: a\n\nMdtodo-Run: r\n{task}")
    shown = ("(ok, 1.0s, tree dirty)", "(ok, 1.0s, tree 5b1d3c9f0a27)", "(ok, 1.0s)")
    assert all(end in line for end, line in zip(shown, mdtodo("log").out.splitlines(), strict=True))
    found = mdtodo("log", "--json").json["receipts"]
    assert [one["tree"] for one in found] == ["dirty", "5b1d3c9f0a27", None]
    assert [one["at"] for one in found] == [None, "0123456789ab", None]
    with Terminal(["log"], repo.root, 70, 24) as terminal:
        assert terminal.end() == 0
        assert ["dirty" in row for row in terminal.text.splitlines()] == [True, False, False]


def test_hostile_messages_stay_text(repo: Checkout, mdtodo: Mdtodo) -> None:
    text = "todo: \x1b[31mred\u202e\n\nMdtodo-Run: r\x1b[0m\nMdtodo-Task: a\x07 done ok exit=0 time=1.000 attempt=1\n"
    repo.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-", stdin=text)
    out = mdtodo("log", "--color", "never", code=None).out + mdtodo("log").out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\u202e" not in out
    assert mdtodo("log", "--json").json["receipts"][0]["title"] == "\x1b[31mred\u202e"


def test_how_a_process_ended_is_in_words(repo: Checkout, mdtodo: Mdtodo) -> None:
    """A row with less room has the exit without the time."""
    trailer = "Mdtodo-Task: abcdef0 failed compile exit={} time=1.000 attempt=1"
    for code in ("-15", "-99", "3"):
        text = f"todo: License file is there\n\nMdtodo-Run: r\n{trailer.format(code)}"
        repo.git("commit", "-q", "--allow-empty", "-F", "-", stdin=text)
    ends = ("(compile, exit 3, 1.0s)", "killed by signal 99, 1.0s)", "killed by SIGTERM, 1.0s)")
    for line, end in zip(mdtodo("log").out.splitlines(), ends, strict=True):
        assert end in line
    with Terminal(["log", "-n", "1"], repo.root, 80, 24) as terminal:
        assert terminal.end() == 0
        assert terminal.text.rstrip().endswith("…  (compile, exit 3)")


def test_runs_are_listed_from_the_journal_and_without_it_from_git(
    repo: Checkout, mdtodo: Mdtodo, ran: Said
) -> None:
    mdtodo("worker", "--name", "w1", code=1)
    mdtodo("done", mdtodo("list", "--text", "c", "--json").json["tasks"][0]["id"], "--commit")
    newest, oldest = mdtodo("log", "--runs", "--json").json["runs"]
    assert oldest["id"] == ran.json["run"]
    assert (newest["worker"], newest["counts"]["failed"], newest["success_rate"]) == ("w1", 1, 0.0)
    assert (oldest["counts"]["done"], oldest["counts"]["failed"], oldest["success_rate"]) == (1, 1, 0.5)
    assert oldest["commits"] == ran.json["commits"]
    assert oldest["jobs"] == 1
    assert 0 < oldest["utilization"] <= 1
    assert oldest["started"] <= ran.json["started"] < ran.json["finished"] <= oldest["finished"]
    assert [line.split()[0] for line in mdtodo("log", "--runs", "-n1").out.splitlines()] == [
        "started",
        newest["started"][:10],
    ]
    shutil.rmtree(repo.root / ".git" / "mdtodo")
    again = mdtodo("log", "--runs", "--json").json["runs"]
    known = ("id", "counts", "success_rate", "commits")
    assert [[run[key] for key in known] for run in again] == [
        [run[key] for key in known] for run in (newest, oldest)
    ]
    assert (again[0]["worker"], again[0]["jobs"], again[0]["utilization"]) == ("w1", None, None)
    assert again[1]["started"][:19] == oldest["started"][:19]
    assert "leave the ID out" in mdtodo("log", "abcd", "--runs", code=2).err


def test_where_nothing_ran_there_are_no_runs(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] c\n"})
    mdtodo("run")
    assert "no runs yet" in mdtodo("log", "--runs").err
    assert mdtodo("log", "--runs", "--json").json == {"version": 1, "runs": []}
