"""`mdtodo note`, and `add --note`: text below a task, and how far a claimed one is."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

TODO = b"- [ ] Parent id:parent\r\n  - [x] Child\r\n- [x] Ready id:ready run:good\r\n"


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


@pytest.fixture(autouse=True)
def start(repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": '[processors.good]\nrun = "true"\n'})


@pytest.mark.parametrize(
    ("name", "text", "line", "after"),
    [
        ("parent", "a *b* #tag", b"  - a \\*b\\* #tag\r\n", b"Child\r\n"),
        ("ready", "- [ ] no task", b"  - \\- \\[ ] no task\r\n", b"run:good\r\n"),
    ],
)
def test_a_note_is_plain_text_below_its_task(
    repo: Checkout, mdtodo: Mdtodo, name: str, text: str, line: bytes, after: bytes
) -> None:
    noted = TODO.replace(after, after + line)
    assert mdtodo("note", name, "--", *text.split()).out.startswith(f"{name}  noted  ")
    assert repo.read("TODO.md") == noted
    assert repo.head("TODO.md") == TODO
    assert mdtodo("note", name, "--", text).out.startswith(f"{name}  unchanged  ")
    assert repo.read("TODO.md") == noted


def test_a_commit_has_the_note_alone(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", TODO + b"- [ ] Mine\r\n")
    mdtodo("note", "parent", "first")
    before = repo.read("TODO.md")
    said = mdtodo("note", "parent", "first", "--commit", "--json").json
    assert repo.read("TODO.md") == before
    assert repo.head("TODO.md") == repo.index("TODO.md") == before.replace(b"- [ ] Mine\r\n", b"")
    assert [said["changed"], said["was"], said["commits"]] == [
        False,
        "parent",
        [repo.git("rev-parse", "HEAD").strip()],
    ]
    message = repo.git("log", "-1", "--format=%B")
    assert message.startswith("todo: noted: Parent\n")
    assert "Mdtodo-Task: parent noted person " in message


def test_a_note_ends_no_proof(repo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("prove", "ready")
    assert "unproven" not in mdtodo("check").out
    mdtodo("note", "ready", "it was easy", "--commit")
    assert "unproven" not in mdtodo("check").out
    assert mdtodo("prove", "--dry-run").out == ""


def test_a_dry_run_is_a_patch(repo: Checkout, mdtodo: Mdtodo) -> None:
    diff = mdtodo("note", "parent", "later", "--dry-run").out
    assert repo.read("TODO.md") == TODO
    assert mdtodo("note", "parent", "later", "--dry-run", "--json").json["diff"] == diff
    subprocess.run(["git", "apply"], input=diff.encode(), cwd=repo.root, check=True)
    by_patch = repo.read("TODO.md")
    repo.write("TODO.md", TODO)
    mdtodo("note", "parent", "later")
    assert repo.read("TODO.md") == by_patch


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        (["parent"], 2, "note takes a text, or --progress N"),
        (["parent", " "], 1, "the note is empty"),
        (["nobody", "x"], 2, "no task has the id 'nobody'"),
        (["parent", "--progress", "40"], 1, "is claimed by nobody"),
        (["parent", "--progress", "140"], 2, "140"),
    ],
)
def test_what_is_refused_changes_nothing(
    repo: Checkout, mdtodo: Mdtodo, args: list[str], code: int, sentence: str
) -> None:
    assert sentence in mdtodo("note", *args, code=code).err
    assert repo.read("TODO.md") == TODO
    assert repo.commits() == 1


def test_progress_is_that_of_the_claim(repo: Checkout, mdtodo: Mdtodo) -> None:
    def progress() -> list[float | None]:
        return [one["progress"] for one in mdtodo("status", "--json").json["running"]]

    repo.write("TODO.md", TODO + b"- [ ] Third id:third\r\n")
    token = mdtodo("claim", "third", "--name", "bob", "--no-commit", "--json").json["token"]
    assert progress() == [None]
    assert mdtodo("note", "third", "--progress", "40").out == "third  40 %\n"
    assert progress() == [40.0]
    mdtodo("run", "--no-commit")  # which clears away what killed runs had in hand
    assert progress() == [40.0]
    mdtodo("release", "third", "--token", str(token), "--no-commit")
    mdtodo("claim", "third", "--name", "eve", "--no-commit")
    assert progress() == [None]


def test_a_task_is_added_with_a_note(repo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("add", "New", "--under", "parent", "--note", "why `so`")
    assert repo.read("TODO.md") == TODO.replace(
        b"Child\r\n", b"Child\r\n  - [ ] New\r\n    - why \\`so\\`\r\n"
    )
    mdtodo("add", "Other", "--note", " ", code=2)


def test_a_note_among_subtasks_is_shown_searched_and_told_to_the_processor(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    mdtodo("note", "parent", "Zebra")
    config = '[processors.body]\nrun = "echo \\"$MDTODO_TASK_BODY\\" > .git/body"\n'
    todo = repo.read("TODO.md").replace(b"Parent", b"Parent run:body")
    repo.commit("Body", **{"TODO.md": todo, ".mdtodo.toml": config})
    assert "- Zebra" in mdtodo("show", "parent").out
    assert [one["id"] for one in mdtodo("list", "--text", "zebra", "--json").json["tasks"]] == ["parent"]
    mdtodo("run")
    assert (repo.root / ".git/body").read_text() == "- Zebra\n"
