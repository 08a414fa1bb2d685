"""New open subtasks that stand in the list itself when a processor has exited 0: they come first, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.test_new_subtasks import AS_TASK, outcomes, ran, receipts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


#: `writes` puts the lines of `.git/lines` below its own, once; `other` is slow enough to be at work meanwhile.
CONFIG = """
[processors.ok]
run = "echo $MDTODO_TASK_TITLE >> .git/ran"
[processors.bad]
run = "exit 1"
[processors.writes]
run = '''echo $MDTODO_TASK_TITLE >> .git/ran
test -e .git/lines || exit 0
sed -i '/run:writes/r .git/lines' TODO.md && rm .git/lines'''
"""


def start(repo: Checkout, lines: str, todo: str = "- [ ] a run:writes\n", config: str = "") -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config + CONFIG})
    (repo.root / ".git/lines").write_text(lines)


@pytest.mark.parametrize("commit", ["", AS_TASK, 'commit = "none"\n'])
def test_new_subtasks_are_done_in_the_same_run_and_then_the_processor_runs_once_more(
    repo: Checkout, inside: Mdtodo, commit: str
) -> None:
    start(repo, "  - [ ] b run:ok\n", "- [ ] first run:ok !high\n- [ ] a run:writes\n", commit)
    assert outcomes(inside("run", "-j", "1", "--json")) == {"first": "done", "a": "done", "b": "done"}
    assert ran(repo) == ["first", "a", "b", "a"]
    assert repo.read("TODO.md") == b"- [x] first run:ok !high\n- [x] a run:writes\n  - [x] b run:ok\n"
    assert inside("check", "--strict").code == 0


def test_without_a_processor_they_leave_the_box_open_until_a_person_has_done_them(
    repo: Checkout, inside: Mdtodo
) -> None:
    """A line that nobody has committed stays nobody's but the person's."""
    start(repo, "  - [ ] by hand\n")
    said = inside("run")
    assert said.out.startswith("1 blocked\n")
    assert "new subtasks come first: by hand" in said.err
    assert repo.head("TODO.md") == b"- [ ] a run:writes\n"
    assert repo.read("TODO.md") == b"- [ ] a run:writes\n  - [ ] by hand\n"
    assert receipts(repo) == []
    assert outcomes(inside("run", "--json")) == {"a": "blocked"}
    repo.write("TODO.md", repo.read("TODO.md").replace(b"[ ] by", b"[x] by"))
    assert outcomes(inside("run", "--json")) == {"a": "done"}
    assert repo.head("TODO.md") == b"- [x] a run:writes\n"
    assert ran(repo) == ["a", "a"]


def test_what_fails_among_them_keeps_the_box_open(repo: Checkout, inside: Mdtodo) -> None:
    start(repo, "  - [ ] b run:bad\n  - [x] c\n")
    assert outcomes(inside("run", "--json", code=1)) == {"a": "blocked", "b": "failed"}
    assert repo.read("TODO.md") == b"- [ ] a run:writes\n  - [ ] b run:bad failed:1\n  - [x] c\n"


@pytest.mark.parametrize("lines", ["  - [x] b\n", "  - b\n", "  - [-] b\n", "\n  Text.\n", "- [ ] sibling\n"])
def test_what_is_no_open_subtask_keeps_nothing_open(repo: Checkout, inside: Mdtodo, lines: str) -> None:
    start(repo, lines)
    assert outcomes(inside("run", "--json"))["a"] == "done"


def test_subtasks_that_this_run_has_closed_are_open_in_the_file_until_it_lands(
    repo: Checkout, inside: Mdtodo
) -> None:
    """And are no new ones, though the file was written to meanwhile; one more of the same title is."""
    todo = "- [ ] a run:ok\n  - [ ] b run:ok\n  - [ ] c run:writes\n- [ ] d run:ok\n  - [ ] e run:ok !low\n"
    start(repo, "- [ ] x\n", todo)
    said = inside("run", "-j", "1", "--json")
    assert outcomes(said) == {"a": "done", "b": "done", "c": "done", "d": "done", "e": "done"}
    repo.commit("Again", **{"TODO.md": "- [ ] a run:writes\n  - [ ] b run:ok\n"})
    (repo.root / ".git/lines").write_text("  - [ ] b run:ok\n")
    assert outcomes(inside("run", "-j", "1", "--json")) == {"a": "done", "b": "done"}
    assert repo.read("TODO.md") == b"- [x] a run:writes\n  - [x] b run:ok\n  - [x] b run:ok\n"


def test_a_parent_without_a_processor_waits_for_the_new_subtasks_of_its_subtask(
    repo: Checkout, inside: Mdtodo
) -> None:
    start(repo, "    - [ ] deep\n", "- [ ] top\n  - [ ] a run:writes\n")
    assert outcomes(inside("run", "--json"))["a"] == "blocked"
    assert repo.read("TODO.md") == b"- [ ] top\n  - [ ] a run:writes\n    - [ ] deep\n"
    repo.write("TODO.md", repo.read("TODO.md").replace(b"[ ] deep", b"[x] deep"))
    assert outcomes(inside("run", "--json")) == {"a": "done", "top": "done"}


def test_workers_see_them_too(repo: Checkout, inside: Mdtodo) -> None:
    start(repo, "  - [ ] b run:ok\n")
    inside("worker", "--name", "w")
    assert repo.read("TODO.md") == b"- [x] a run:writes\n  - [x] b run:ok\n"
    assert ran(repo) == ["a", "b", "a"]


def test_a_run_that_is_killed_as_it_ends_ticks_nothing_above_them(repo: Checkout, mdtodo: Mdtodo) -> None:
    """The next one reads what the processor had come to, and what it left in the list."""
    start(repo, "  - [ ] by hand\n")
    mdtodo("run", code=None, MDTODO_FAULT="result.taken")
    assert outcomes(mdtodo("run", "--json"))["a"] == "blocked"
    assert repo.read("TODO.md") == b"- [ ] a run:writes\n  - [ ] by hand\n"
