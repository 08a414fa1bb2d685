"""`mdtodo verify`: what no longer holds is opened again, with a receipt; the rest is left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.calls import Calls
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
    said = mdtodo("verify", "--json", "--dirty", code=1)
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


def test_processors_that_must_not_run_again_are_left(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = CONFIG + '[processors.send]\nrun = "echo sent >> .git/ran"\nrepeatable = false\n'
    start(repo, "- [x] a id:a run:good\n- [x] b id:b run:send\n- [ ] c id:c run:send\n", config)
    said = mdtodo("verify", "--json")
    assert outcomes(said) == {"a": "done"}
    assert """"b" (b) is left as it is: its processor 'send' has repeatable = false""" in said.err
    assert "repeatable = false" in mdtodo("verify", "b", "a", code=1).err
    mdtodo("run")
    assert ran(repo) == ["a", "a", "sent"], "an open task is run as ever"


def test_verify_no_commit_opens_the_box_in_the_work_tree_alone(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [x] a run:bad\n")
    repo.git("branch", "side")
    repo.commit("Main", file="main\n")
    repo.git("switch", "-q", "side")
    repo.commit("Side", file="side\n")
    repo.git("merge", "main", check=False)
    assert "merge" in mdtodo("verify", code=3).err
    mdtodo("verify", "--no-commit", "--dirty", code=1)
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


class TestDirty:
    """With changes that are not committed, what fails may fail of these: no box is opened for it unless asked."""

    CONFIG = """
[processors.t]
run = "grep -q 1 src/a"
[processors.writes]
run = "echo 2 > src/a; exit 1"
[processors.reads]
run = "! test -e made/new"
inputs = ["made/**"]
"""

    @pytest.fixture
    def experiment(self, repo: Checkout) -> Checkout:
        start(repo, "- [x] p\n  - [x] a run:t\n", self.CONFIG + "\n")
        repo.commit("Base", **{"src/a": "1\n"})
        repo.write("src/a", "2\n")
        return repo

    @pytest.mark.parametrize("call", [(), ("--no-commit",)])
    def test_no_box_is_opened(self, experiment: Checkout, mdtodo: Mdtodo, call: tuple[str, ...]) -> None:
        said = mdtodo("verify", *call, code=1)
        assert (
            "src/a differs from HEAD: no box is opened for what fails with it; commit or stash it, or use"
            in said.err
        )
        assert said.out == "1 failed and not reopened\n"
        assert "was reopened" not in said.err
        assert "tries it again" not in said.err
        assert experiment.status() == [" M src/a"]
        assert experiment.commits() == 2
        experiment.git("commit", "-qam", "It was meant")
        assert mdtodo("verify", *call, code=1).out.startswith("1 reopened\n")
        assert experiment.read("TODO.md") == b"- [ ] p\n  - [ ] a run:t\n"

    def test_verify_opens_a_box_on_a_dirty_tree_where_dirty_is_asked_for(
        self, experiment: Checkout, mdtodo: Mdtodo
    ) -> None:
        said = mdtodo("verify", "--dirty", code=1)
        assert said.out.startswith("1 reopened\n")
        assert said.err.count("src/a differs from HEAD") == 1
        assert experiment.read("TODO.md") == experiment.head("TODO.md") == b"- [ ] p\n  - [ ] a run:t\n"
        assert " failed t exit=1 time=" in experiment.git("log", "-1", "--format=%B")
        assert {one["tree"] for one in mdtodo("log", "--json").json["receipts"]} == {"dirty", None}

    def test_what_passes_is_told_as_ever(self, experiment: Checkout, mdtodo: Mdtodo) -> None:
        experiment.write("src/a", "11\n")
        said = mdtodo("verify")
        assert said.out == "1 done\n"
        assert "src/a differs from HEAD" in said.err

    @pytest.mark.parametrize("commit", ["run", "task", "none"])
    def test_a_change_that_is_made_meanwhile_counts(
        self, repo: Checkout, mdtodo: Mdtodo, commit: str
    ) -> None:
        todo = "- [x] p\n  - [x] a run:writes\n"
        start(repo, todo, f'commit = "{commit}"\n{self.CONFIG}')
        repo.commit("Base", **{"src/a": "1\n"})
        said = mdtodo("verify", code=1)
        assert said.out == "1 failed and not reopened\n"
        assert "src/a differs from HEAD: no box is opened" in said.err
        assert repo.read("TODO.md") == todo.encode()
        assert repo.commits() == 2
        mdtodo("list")
        assert repo.read("TODO.md") == todo.encode(), "a later call opens it no more"

    def test_untracked_inputs_count_for_their_task(self, repo: Checkout, mdtodo: Mdtodo) -> None:
        start(repo, "- [x] a run:reads\n- [x] b run:t\n", self.CONFIG)
        repo.commit("Base", **{"src/a": "2\n", "made/x": "1\n"})
        repo.write("made/new", "1\n")
        said = mdtodo("verify", code=1)
        assert "made/new differs from HEAD" in said.err
        assert said.out.startswith("1 reopened, 1 failed and not reopened\n")
        assert repo.read("TODO.md") == b"- [x] a run:reads\n- [ ] b run:t\n"

    def test_in_a_hook_it_is_what_the_commit_will_hold(self, experiment: Checkout, mdtodo: Mdtodo) -> None:
        said = mdtodo("hook", "verify", code=1, GIT_INDEX_FILE=".git/index")
        assert "src/a differs from what is staged: no box is opened" in said.err
        assert experiment.read("TODO.md") == b"- [x] p\n  - [x] a run:t\n"
        experiment.git("add", "src/a")
        assert "changed TODO.md" in mdtodo("hook", "verify", code=1, GIT_INDEX_FILE=".git/index").err
        assert experiment.read("TODO.md") == b"- [ ] p\n  - [ ] a run:t\n"

    @pytest.mark.parametrize("call", [("list",), ("run", "--no-commit"), ("run",)])
    def test_a_killed_verification_opens_nothing_where_files_differ_now(
        self, repo: Checkout, mdtodo: Mdtodo, calls: Calls, call: tuple[str, ...]
    ) -> None:
        todo = "- [x] p\n  - [x] a run:t\n"
        start(repo, todo, self.CONFIG)
        repo.commit("Base", **{"src/a": "2\n"})
        assert calls(repo.root, "verify", MDTODO_FAULT="sync.kept").code < 0
        repo.write("src/b", "1\n")
        repo.write("src/a", "3\n")
        said = mdtodo(*call)
        assert "no box is opened" in said.err
        assert "landed the results" not in said.err
        assert repo.read("TODO.md") == todo.encode()
        assert "no box is opened" not in mdtodo("list").err
