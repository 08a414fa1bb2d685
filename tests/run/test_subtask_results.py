"""What the processor of a parent is told of its subtasks."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.run.subtask_results import notes_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


CONFIG = """
[processors.tells]
run = "cat > .git/told"
[processors.measures]
run = '''echo '{"metric": {"size": 3}}' >> $MDTODO_OUTPUT; echo '{"note": "3 * 4"}' >> $MDTODO_OUTPUT'''
[processors.py]
python = "p:main"
"""
PYTHON = "import json\n\ndef main(task):\n    open('.git/told', 'w').write(json.dumps([one.metrics for one in task.subtasks]))\n"
TODO = "- [ ] p run:tells\n  - [ ] a run:measures\n    - *own*\n  - [-] b\n  - [x] c\n"


def start(repo: Checkout, todo: str = TODO, config: str = "") -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config + CONFIG, "p.py": PYTHON})


def told(repo: Checkout) -> list[Any]:
    """Without the ids."""
    data = json.loads((repo.root / ".git/told").read_text())
    return [{name: value for name, value in one.items() if name != "id"} for one in data["subtasks"]]


EXPECTED = [
    {
        "title": "a",
        "status": "done",
        "outcome": "done",
        "notes": ["*own*", "3 * 4"],
        "metrics": {"size": 3.0},
    },
    {"title": "b", "status": "cancelled", "outcome": None, "notes": [], "metrics": {}},
    {"title": "c", "status": "done", "outcome": None, "notes": [], "metrics": {}},
]


@pytest.mark.parametrize("commit", ["", 'commit = "task"\n', 'commit = "none"\n'])
def test_what_this_run_has_come_to(repo: Checkout, mdtodo: Mdtodo, commit: str) -> None:
    start(repo, config=commit)
    mdtodo("run")
    assert told(repo) == EXPECTED


@pytest.mark.parametrize("lost", [False, True])
def test_what_an_earlier_run_has_come_to(repo: Checkout, mdtodo: Mdtodo, lost: bool) -> None:
    """The receipts on the branch say it, too."""
    start(repo)
    (name,) = (one["id"] for one in mdtodo("list", "--json").json["tasks"] if one["title"] == "a")
    mdtodo("run", name)
    if lost:
        shutil.rmtree(repo.root / ".git/mdtodo")
    mdtodo("run")
    assert told(repo) == EXPECTED


def test_what_was_undone_does_not_count_and_a_person_s_word_does(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo)
    (name,) = (one["id"] for one in mdtodo("list", "--json").json["tasks"] if one["title"] == "a")
    mdtodo("run", name)
    mdtodo("undo")
    mdtodo("done", name, "--commit")
    mdtodo("run")
    assert told(repo)[0] == EXPECTED[0] | {"notes": ["*own*"], "metrics": {}}


def test_a_task_without_subtasks_has_an_empty_list(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] p run:tells\n")
    mdtodo("run")
    assert told(repo) == []


def test_a_python_processor_has_them_as_an_attribute(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, TODO.replace("run:tells", "run:py"))
    mdtodo("run")
    assert json.loads((repo.root / ".git/told").read_text()) == [{"size": 3.0}, {}, {}]


@pytest.mark.parametrize(
    ("body", "notes"),
    [
        ("", []),
        ("text\n\n- a\n  b\n- c\n", ["a b", "c"]),
        ("1. a\n   - deeper\n2) \\*b\\*\n", ["a - deeper", "*b*"]),
        ("- a\n\ntext\n  - no", ["a"]),
    ],
)
def test_notes_are_bullets_as_plain_text(body: str, notes: list[str]) -> None:
    assert list(notes_in(body)) == notes
