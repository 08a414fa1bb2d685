"""What a killed run or undo has left lands whole, where its tasks are now, and only for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

TRUE = '[processors.a]\nrun = "true"\n'
#: `writes` adds a subtask with the id nn; `late`, which that one runs, writes a task of a person's with the same id.
SUBTASKS = """
subtask_keys = ["run", "id"]
[processors.p]
run = "true"
[processors.writes]
run = "grep -q New TODO.md || echo '{\\"subtask\\": \\"- [ ] New one run:late id:nn\\"}' >> $MDTODO_OUTPUT"
[processors.late]
run = "cat late >> TODO.md"
"""


def killed(mdtodo: Mdtodo, command: str, point: str = "prepared") -> None:
    mdtodo(command, code=-9, MDTODO_FAULT=point)


def test_results_of_a_killed_run_follow_a_todo_file_that_was_moved_meanwhile(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    moves = "echo b >> .git/ran; mkdir todo; git mv TODO.md todo/x.md; git commit -qm Move"
    config = (
        f'files = ["**/*.md"]\n[processors.a]\nrun = "echo a >> .git/ran"\n[processors.b]\nrun = "{moves}"\n'
    )
    repo.commit("Base", **{"TODO.md": "1. [ ] A run:a\n2. [ ] B run:b\n", ".mdtodo.toml": config})
    killed(mdtodo, "run")
    assert mdtodo("run").out.startswith("nothing to run")
    assert (repo.root / ".git/ran").read_text() == "a\nb\n"
    assert repo.head("todo/x.md") == repo.read("todo/x.md") == b"1. [x] A run:a\n2. [x] B run:b\n"


def test_an_undo_that_was_killed_opens_parents_on_a_dirty_tree_too(repo: Checkout, mdtodo: Mdtodo) -> None:
    base = "- [x] P\n  - [ ] A run:a\n  - [x] B\n"
    repo.commit("Base", **{"TODO.md": base, ".mdtodo.toml": TRUE, "src": "ok\n"})
    mdtodo("run")
    killed(mdtodo, "undo")
    repo.write("src", "bad\n")
    mdtodo("list")
    assert repo.head("TODO.md") == repo.read("TODO.md") == base.replace("[x] P", "[ ] P").encode()


@pytest.mark.parametrize("point", ["prepared", "moved", "installed", "written"])
@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.sample(3)
def test_an_undo_that_was_killed_is_finished_whole_or_not_at_all(
    repo: Checkout, mdtodo: Mdtodo, point: str, *, gone: bool
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] A run:a\n- [ ] B run:a\n", ".mdtodo.toml": TRUE})
    mdtodo("run")
    killed(mdtodo, "undo", point)
    if gone and point == "prepared":
        repo.commit("Gone", **{"TODO.md": "- [x] B run:a\n"})
        said = mdtodo("list")
        assert "was not finished: nothing was changed: TODO.md: " in said.err
        assert "landed the results" not in said.err
        assert repo.head("TODO.md") == repo.read("TODO.md") == b"- [x] B run:a\n"
    else:
        mdtodo("list")
        assert repo.head("TODO.md") == repo.read("TODO.md") == b"- [ ] A run:a\n- [ ] B run:a\n"
        assert repo.status() == []


def test_the_result_of_a_new_subtask_that_was_not_added_is_no_proof_of_a_person_s_task(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    late = "- [ ] New one run:late id:nn\n"
    repo.commit("Base", **{"TODO.md": "- [ ] Eq run:writes\n", ".mdtodo.toml": SUBTASKS, "late": late})
    said = mdtodo("run", "--json", code=1).json
    assert {task["id"]: task["outcome"] for task in said["tasks"] if task["id"] == "nn"} == {"nn": "failed"}
    assert repo.read("TODO.md") == f"- [ ] Eq run:writes\n{late}".encode()


def test_a_task_that_is_unclear_and_whose_subtask_is_refused_is_kept_in_the_journal(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    todo, late = "- [ ] Eq run:writes\n- [ ] R\n  - [ ] C run:p\n", "- [ ] Eq run:writes\n- [ ] Z id:nn\n"
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": SUBTASKS, "late": late})
    assert "its result is kept for the next `mdtodo run`" in mdtodo("run", "--no-commit", code=1).err
    assert mdtodo("run", code=None).code == 1
    mdtodo("reopen", "nn")
