"""`mdtodo verify`: what no longer holds is opened again, with a receipt; the rest is left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


CONFIG = """
[processors.good]
run = "echo $MDTODO_TASK_TITLE >> .git/ran"
[processors.bad]
run = "echo $MDTODO_TASK_TITLE >> .git/ran; exit 3"
[processors.later]
run = "exit 75"
[processors.never]
run = "exit 77"
"""


def start(repo: Checkout, todo: str, config: str = CONFIG) -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config})


def outcomes(said: Said) -> dict[str, str]:
    return {task["title"]: task["outcome"] for task in said.json["tasks"]}


def ran(repo: Checkout) -> list[str]:
    path = repo.root / ".git" / "ran"
    return sorted(path.read_text().splitlines()) if path.exists() else []


def test_a_done_task_that_still_holds_stays_without_a_commit(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = "- [x] a run:good\n- [X] b run:good\n- [x] c\n- [ ] d run:good\n- [x] e run:later\n- [x] f run:never\n"
    start(repo, todo)
    said = mdtodo("verify", "--json")
    assert outcomes(said) == {"a": "done", "b": "done", "e": "deferred", "f": "skipped"}
    assert set(said.json) == {"version", "run", "started", "finished", "tasks", "summary", "commits"}
    assert ran(repo) == ["a", "b"]
    assert repo.read("TODO.md") == todo.encode()
    assert repo.status() == []
    assert repo.commits() == 1


def test_a_done_task_that_no_longer_holds_is_opened_with_a_receipt(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [x] a run:bad failed:2 done:2026-01-01\n- [x] b run:good\n", CONFIG + "retries = 1\n")
    repo.write("mine.txt", "mine\n")
    repo.git("add", "mine.txt")
    said = mdtodo("verify", "--json", code=1)
    assert outcomes(said) == {"a": "failed", "b": "done"}
    assert repo.head("TODO.md") == repo.read("TODO.md") == b"- [ ] a run:bad failed:2\n- [x] b run:good\n"
    assert repo.status() == ["A  mine.txt"]
    (one,) = mdtodo("log", "--json").json["receipts"]
    assert (one["outcome"], one["processor"], one["exit_code"]) == ("failed", "bad", 3)
    assert one["run"] == said.json["run"]
    assert outcomes(mdtodo("verify", "--json")) == {"b": "done"}


def test_done_parents_of_a_reopened_task_are_opened(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = (
        "- [x] p\n  - [x] q\n    - [x] a run:bad\n    - [x] b run:bad\n  - [x] r\n"
        "- [x] s\n  - [x] t run:good\n    - [x] c run:bad\n"
    )
    start(repo, todo)
    mdtodo("verify", code=1)
    expected = todo
    for name in ("p\n", "q\n", "a run", "b run", "c run"):
        expected = expected.replace(f"[x] {name}", f"[ ] {name}")
    assert repo.head("TODO.md") == expected.encode()
    message = repo.git("log", "-1", "--format=%B")
    assert message.count(" todo rollup ") == 2
    assert message.count(" failed bad exit=3 ") == 3


def test_verify_goes_in_the_order_of_the_waits(repo: Checkout, mdtodo: Mdtodo) -> None:
    """Each is verified, also where what it waits for is open, unknown, or does not hold any more; in order."""
    todo = (
        "1. [x] one run:bad\n2. [x] two run:good\n\n- [x] three after:gone,o run:good\n- [ ] open id:o\n"
        "- [x] four id:x after:y run:good\n- [x] five run:good\n  - [ ] inner\n"
    )
    start(repo, todo)
    said = mdtodo("verify", "--json", "-j", "4", code=1)
    assert set(outcomes(said)) == {"one", "two", "three", "four", "five"}
    order = (repo.root / ".git" / "ran").read_text().split()
    assert order.index("one") < order.index("two")


def test_verify_takes_done_tasks_that_have_a_processor(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [x] a id:a run:good !high\n- [x] b id:b\n- [ ] c id:c run:good\n- [x] d id:d run:good\n")
    assert [t["title"] for t in mdtodo("verify", "--dry-run", "--json").json["tasks"]] == ["a", "d"]
    assert outcomes(mdtodo("verify", "--priority", "high", "--json")) == {"a": "done"}
    assert outcomes(mdtodo("verify", "d", "--json")) == {"d": "done"}
    said = mdtodo("verify", "b", "c", "a", code=1)
    assert '"b" (b) has no processor that could verify it\n' in said.err
    assert (
        '"c" (c) is not done, so there is nothing to verify; `mdtodo run c` runs its processor\n' in said.err
    )
    assert said.out == "1 done\n", "the others are verified"
    assert sorted(ran(repo)) == ["a", "a", "d"]
    assert "nothing to verify" in mdtodo("verify", "--tag", "nothing").out


def test_verify_no_commit_opens_the_box_in_the_work_tree_alone(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [x] a run:bad\n")
    repo.git("branch", "side")
    repo.commit("Main", file="main\n")
    repo.git("switch", "-q", "side")
    repo.commit("Side", file="side\n")
    repo.git("merge", "main", check=False)
    assert "merge" in mdtodo("verify", code=3).err
    mdtodo("verify", "--no-commit", code=1)
    assert repo.read("TODO.md") == b"- [ ] a run:bad\n"
    assert repo.head("TODO.md") == b"- [x] a run:bad\n"


def test_a_box_that_somebody_changes_during_verify_is_left(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = '[processors.edit]\nrun = "sed -i s/x/-/ TODO.md; exit 1"\n'
    start(repo, "- [x] a run:edit\n", config)
    mdtodo("verify", code=1)
    assert repo.read("TODO.md") == b"- [-] a run:edit\n"


def test_a_task_that_somebody_opens_during_verify_is_not_started(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = CONFIG + "[processors.edit]\nrun = \"sed -i '/good/s/x/ /' TODO.md\"\n"
    start(repo, "- [x] a run:edit !critical\n- [x] b run:good\n", config)
    said = mdtodo("verify", "-j", "1")
    assert "was not started: it was reopened in the meantime" in said.err
    assert ran(repo) == []


def test_notes_and_outputs_of_a_verification_are_not_committed(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = """[processors.w]
run = "echo '{\\"note\\": \\"n\\"}' >> $MDTODO_OUTPUT; echo w > out"
outputs = ["out"]
"""
    start(repo, "- [x] a run:w\n", config)
    mdtodo("verify")
    assert repo.read("TODO.md") == b"- [x] a run:w\n"
    assert repo.status() == ["?? out"]
    assert repo.commits() == 1


def test_a_landing_that_git_refuses_is_made_up_for_without_running_again(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    start(repo, "- [x] a run:bad\n")
    lock = repo.root / ".git" / "index.lock"
    lock.touch()
    mdtodo("verify", code=3)
    lock.unlink()
    assert outcomes(mdtodo("verify", "--json")) == {}
    assert repo.head("TODO.md") == b"- [ ] a run:bad\n"
    assert ran(repo) == ["a"]


def test_the_summary_says_what_was_reopened(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [x] a id:a run:good\n- [x] b id:b run:bad\n")
    assert mdtodo("verify", code=1).out.startswith("1 done, 1 reopened\ncommitted ")
    assert mdtodo("run", code=1).out.startswith("1 failed\ncommitted ")
