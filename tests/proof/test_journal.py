"""What this clone's journal proves, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.command_line import Mdtodo
    from tests.conftest import Checkout

CONFIG = '[processors.a]\nrun = "true"\n[processors.bad]\nrun = "false"\n'


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


@pytest.fixture
def todo(repo: Checkout) -> Checkout:
    repo.commit(**{"TODO.md": "- [ ] one run:a\n- [ ] two run:a\n", ".mdtodo.toml": CONFIG})
    return repo


def named(mdtodo: Mdtodo) -> list[int]:
    findings = mdtodo("check", "--json").json["findings"]
    return [one["line"] for one in findings if one["code"] == "unproven"]


def edit(repo: Checkout, old: str, new: str, *, commit: bool = True) -> None:
    repo.write("TODO.md", repo.read("TODO.md").decode().replace(old, new))
    if commit:
        repo.git("commit", "-qam", "By hand")


def test_a_run_without_a_commit_proves_until_the_box_is_opened(todo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("run", "--no-commit")
    assert named(mdtodo) == []
    todo.git("commit", "-qam", "By hand")
    assert named(mdtodo) == []
    edit(todo, "[x] one", "[ ] one")
    edit(todo, "[ ] one", "[x] one", commit=False)
    assert named(mdtodo) == [1]
    edit(todo, "two run:a", "two run:a\n\ntext", commit=True)
    assert named(mdtodo) == [1]


def test_the_journal_outlives_an_amend_of_the_commit_that_it_was_made_on(
    todo: Checkout, mdtodo: Mdtodo
) -> None:
    edit(todo, "one", "uno")
    mdtodo("run", "--no-commit")
    todo.git("commit", "-qa", "--amend", "-m", "Other words")
    assert named(mdtodo) == []
    edit(todo, "[x] uno", "[ ] uno")
    edit(todo, "[ ] uno", "[x] uno")
    todo.git("commit", "-q", "--amend", "-m", "By hand")
    assert named(mdtodo) == [1]


def test_another_task_is_not_proven_by_it(todo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("run", "--no-commit")
    edit(todo, "one", "something else", commit=False)
    assert named(mdtodo) == [1]


def test_a_clone_does_not_have_it(todo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("run", "--no-commit")
    todo.git("commit", "-qam", "By hand")
    todo.git("clone", "-q", ".", "clone")
    found = mdtodo("check", "--json", cwd=todo.root / "clone").json["findings"]
    assert [one["line"] for one in found] == [1, 2]


def test_the_journal_does_not_count_where_receipts_have_to_be_signed(todo: Checkout, mdtodo: Mdtodo) -> None:
    todo.write(".mdtodo.toml", f'signers = "signers"\n{CONFIG}')
    todo.commit("Signers", signers="")
    mdtodo("run", "--no-commit")
    assert named(mdtodo) == [1, 2]


def test_a_failure_after_it_ends_it(todo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("run", "--no-commit")
    mdtodo("reopen", todo_id(mdtodo, 1))
    edit(todo, "[ ] one", "[x] one", commit=False)
    assert named(mdtodo) == [1]


def todo_id(mdtodo: Mdtodo, line: int) -> str:
    tasks = mdtodo("list", "--all", "--json").json["tasks"]
    return str(next(task["id"] for task in tasks if task["line"] == line))
