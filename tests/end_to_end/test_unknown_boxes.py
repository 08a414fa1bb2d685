"""A list item with a box that nobody knows is never passed over, whatever ticks tasks, and none of its bytes change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

CONFIG = '[processors.t]\nrun = "true"\n'
BOXES = ["[~] b", "[?] b run:t", "[] b", "[ x ] b", "[x]b", "[ ]b", "[\u00a0] b", "[y] b", "[ ]\n    b"]
PARENT = "- [ ] p id:p\n  - [ ] a id:a\n  - {}\n"
FINAL = "- [ ] p id:p run:t\n  - [x] a\n  - {}\n"
ORDERED = "1. [ ] a id:a run:t\n2. {}\n3. [ ] c id:c run:t\n   - [ ] d id:d run:t\n"


@pytest.mark.parametrize("box", BOXES)
def test_no_parent_is_ticked_past_it_by_run(repo: Checkout, inside: Mdtodo, box: str) -> None:
    text = PARENT.format(box).replace("id:a", "id:a run:t")
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    inside("run")
    inside("run")
    assert repo.read("TODO.md").decode() == text.replace("[ ] a", "[x] a", 1)


@pytest.mark.parametrize("box", BOXES)
def test_no_parent_is_ticked_past_it_by_done(repo: Checkout, inside: Mdtodo, box: str) -> None:
    text = PARENT.format(box)
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    inside("done", "a")
    assert repo.read("TODO.md").decode() == (ticked := text.replace("[ ] a", "[x] a", 1))
    said = inside("done", "p", code=1).err
    assert "TODO.md:1: p (p) waits for TODO.md:3 (its box is unknown, see `mdtodo check`)" in said
    inside("done", "p", "--force")
    assert repo.read("TODO.md").decode() == ticked.replace("[ ] p", "[x] p", 1)


def test_no_parent_is_ticked_past_it_by_a_commit_that_closes_its_subtask(
    repo: Checkout, inside: Mdtodo
) -> None:
    text = PARENT.format("[~] b")
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": f"close_from_commits = true\n{CONFIG}"})
    repo.commit("Write it\n\nTodo: a", x="1")
    inside("close-from", "HEAD~1..HEAD")
    assert repo.read("TODO.md").decode() == text.replace("[ ] a", "[x] a", 1)
    repo.commit("All of it\n\nTodo: p", y="1")
    said = inside("close-from", "HEAD~1..HEAD", code=None).err
    assert "that task waits for TODO.md:3 (its box is unknown" in said
    assert repo.read("TODO.md").decode() == text.replace("[ ] a", "[x] a", 1)


def test_a_parent_is_ticked_once_the_box_is_one(repo: Checkout, inside: Mdtodo) -> None:
    text = PARENT.format("[~] b").replace("[ ] a", "[x] a", 1)
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": f'[status]\n"~" = "cancelled"\n{CONFIG}'})
    inside("run")
    assert repo.read("TODO.md").decode() == text.replace("[ ] p", "[x] p")


@pytest.mark.parametrize("box", BOXES)
def test_a_parent_with_a_processor_is_not_ready(repo: Checkout, inside: Mdtodo, box: str) -> None:
    repo.commit("Base", **{"TODO.md": FINAL.format(box), ".mdtodo.toml": CONFIG})
    parent = inside("list", "--json").json["tasks"][0]
    assert (parent["state"], parent["blocked_by"]) == ("blocked", ["TODO.md:3"])
    assert inside("next", "--json").json["tasks"] == []
    said = inside("run", "p", code=1).err
    assert '"p" (p) waits for TODO.md:3 (its box is unknown, see `mdtodo check`)' in said
    assert repo.read("TODO.md").decode() == FINAL.format(box)


@pytest.mark.parametrize("box", ["[~] b", "[] b", "[ x ] b", "[x]b", "[y] b"])
def test_an_ordered_list_does_not_go_on_after_it(repo: Checkout, inside: Mdtodo, box: str) -> None:
    text = ORDERED.format(box)
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": CONFIG})
    inside("run")
    assert repo.read("TODO.md").decode() == text.replace("[ ] a", "[x] a", 1)
    found = {task["id"]: task for task in inside("list", "--json").json["tasks"]}
    assert (found["c"]["blocked_by"], found["d"]["blocked_by"]) == (["TODO.md:2", "d"], ["TODO.md:2"])
    assert "1 error" not in inside("run", "c", "d", code=1).out
    assert repo.read("TODO.md").decode() == text.replace("[ ] a", "[x] a", 1)


def test_tables_and_explanations_say_which_line_it_is_and_what_to_do(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit(
        "Base", **{"docs/TODO.md": ORDERED.format("[~] b").replace("[ ] a", "[x] a"), ".mdtodo.toml": CONFIG}
    )
    assert "waits for docs/TODO.md:2 (unknown box)" in inside("list").out
    assert "waits for docs/TODO.md:2)" in inside("plan").out
    assert "docs/TODO.md:2 (its box is unknown, see `mdtodo check`)" in inside("show", "c").out
    said = inside("plan", "--explain", "d").out
    assert "It waits for docs/TODO.md:2.\n" in said
    assert (
        "At docs/TODO.md:2 stands an item whose box is unknown, so nothing is done past it: write a box"
        in said
    )
    assert "No task has the id" not in said
    assert inside("plan", "--format", "json").json["tasks"][0]["blocked_by"] == ["docs/TODO.md:2"]
    inside("plan", "--format", "mermaid")
    inside("plan", "--format", "dot")


def test_a_name_that_looks_like_a_place_is_no_box(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a after:TODO.md:2\n- [~] b\n", ".mdtodo.toml": CONFIG})
    assert "TODO.md:2 (unknown id)" in inside("list").out
    assert "No task has the id TODO.md:2" in inside("plan", "--explain", "a").out


def test_many_files_are_remembered_with_their_boxes(repo: Checkout, inside: Mdtodo) -> None:
    texts = {f"todo/{number}.md": f"- [ ] task {number}\n" for number in range(120)}
    repo.commit("Base", **texts | {"todo/7.md": FINAL.format("[~] b"), ".mdtodo.toml": CONFIG})
    for _ in range(2):  # the second time from what was remembered
        found = {task["id"]: task for task in inside("list", "--json").json["tasks"]}
        assert found["p"]["blocked_by"] == ["todo/7.md:3"]
        assert "todo/7.md:3: warning: unknown-box: " in inside("check").out


def test_a_merge_takes_it_for_an_item_like_others(repo: Checkout, inside: Mdtodo) -> None:
    base = "- [ ] p id:p\n  - [ ] a\n  - [~] b\n\n1. [?] c\n2. [ ] d\n"
    repo.commit("Base", **{"TODO.md": base, ".mdtodo.toml": CONFIG})
    inside("init", "--merge-driver")
    repo.commit("Driver")
    for branch, old, new in (("one", "[ ] a", "[x] a"), ("two", "[ ] d", "[x] d")):
        repo.git("switch", "-qc", branch, "main")
        repo.commit(branch, **{"TODO.md": base.replace(old, new)})
    repo.git("merge", "-q", "--no-edit", "one")
    assert repo.read("TODO.md").decode() == base.replace("[ ] a", "[x] a").replace("[ ] d", "[x] d")
