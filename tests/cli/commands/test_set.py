"""`mdtodo set`: the keys, the tags and the title of one line."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from typing import TYPE_CHECKING

import pytest

from mdtodo.operations.edit.set_words import read_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

TODO = """\
# API #api

- [ ] Build it id:build !low
  - [ ] Part
- [ ] Ship it after:build due:2026-01-01
- [x] Closed id:closed run:good
"""


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


@pytest.fixture(autouse=True)
def start(repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": '[processors.good]\nrun = "true"\n'})


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("!high #new", "Build it id:build !high #new"),
        ("due:2026-12-24 priority:", "Build it id:build due:2026-12-24"),
        ("priority: -#none", "Build it id:build"),
        ("(A) [due:: 2026-12-24]", "Build it id:build !critical due:2026-12-24"),
        ("--title Make est:2h", "Make id:build !low est:2h"),
        ("!low -#qvh", "Build it id:build !low"),
    ],
)
def test_words_change_the_line(repo: Checkout, mdtodo: Mdtodo, words: str, line: str) -> None:
    after = TODO.replace("Build it id:build !low", line)
    said = mdtodo("set", "build", *words.split())
    assert said.out.startswith("build  changed  " if after != TODO else "build  unchanged  ")
    assert repo.read("TODO.md").decode() == after


def test_a_day_in_words_is_written_as_its_date(repo: Checkout, mdtodo: Mdtodo) -> None:
    assert read_words(["due:friday", "-#x"], date(2026, 11, 30)) == ({"due": "2026-12-04"}, {"x": False})
    mdtodo("set", "build", "due:tomorrow")
    assert re.search(r"id:build !low due:\d{4}-\d\d-\d\d\n", repo.read("TODO.md").decode())


def test_a_commit_has_the_change_alone(repo: Checkout, mdtodo: Mdtodo) -> None:
    mine = TODO.replace("Ship it", "Ship it now").replace("!low", "!low #mine")
    repo.write("TODO.md", mine)
    said = mdtodo("set", "build", "--title", "Make", "#new", "--commit", "--json").json
    assert repo.head("TODO.md").decode() == TODO.replace("Build it id:build !low", "Make id:build !low #new")
    assert repo.index("TODO.md") == repo.head("TODO.md")
    assert repo.read("TODO.md").decode() == mine.replace("Build it", "Make").replace("#mine", "#mine #new")
    assert (said["tasks"][0]["title"], said["was"], len(said["commits"])) == ("Make", "build", 1)
    assert repo.git("log", "-1", "--format=%s").strip() == "todo: changed: Build it"


def test_a_new_title_is_a_new_id_without_one_of_its_own(repo: Checkout, mdtodo: Mdtodo) -> None:
    task = mdtodo("list", "--text", "Part", "--json").json["tasks"][0]
    said = mdtodo("set", task["id"], "--title", "Piece", "--commit", "--json").json
    assert (said["was"], said["changed"]) == (task["id"], True)
    assert said["tasks"][0]["id"] != task["id"]
    assert b"  - [ ] Piece\n" in repo.head("TODO.md")
    mdtodo("set", said["tasks"][0]["id"], "--title", "Part", "--commit")
    assert repo.head("TODO.md").decode() == TODO


def test_a_line_that_head_does_not_have_is_changed_where_it_stands(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", TODO + "- [ ] Mine id:mine\n")
    said = mdtodo("set", "mine", "#new", "--commit")
    assert "changed, but not committed" in said.err
    assert repo.read("TODO.md").decode() == TODO + "- [ ] Mine id:mine #new\n"
    assert repo.commits() == 1


def test_a_dry_run_is_a_patch(repo: Checkout, mdtodo: Mdtodo) -> None:
    diff = mdtodo("set", "build", "--title", "Make", "due:", "#new", "--dry-run").out
    assert repo.read("TODO.md").decode() == TODO
    subprocess.run(["git", "apply"], input=diff.encode(), cwd=repo.root, check=True)
    assert repo.read("TODO.md").decode() == TODO.replace("Build it id:build !low", "Make id:build !low #new")


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        (["build"], 2, "set takes words"),
        (["build", "soon"], 2, "'soon' is no key or tag"),
        (["build", "afer:x"], 2, "did you mean"),
        (["build", "due:someday"], 2, "is not a valid date"),
        (["build", "est:long"], 2, "is not a valid estimate"),
        (["build", "failed:"], 2, "only mdtodo itself writes failed:"),
        (["build", "-#1"], 2, "'-#1' is no key or tag"),
        (["build", "--title", "x #y"], 1, "has keys"),
        (["build", "--title", " "], 1, "a title needs some text"),
        (["build", "id:closed"], 1, "the id 'closed' is taken by TODO.md:6"),
        (["build", "id:other"], 1, "waits for 'build': TODO.md:5"),
        (["build", "after:build"], 1, "would wait for each other: build -> build"),
    ],
)
def test_what_is_refused_changes_nothing(
    repo: Checkout, mdtodo: Mdtodo, args: list[str], code: int, sentence: str
) -> None:
    assert sentence in mdtodo("set", *args, "--commit", code=code).err
    assert repo.read("TODO.md").decode() == TODO
    assert repo.commits() == 1


def test_what_check_would_say_of_the_line_is_said(mdtodo: Mdtodo) -> None:
    assert 'unknown processor "god"' in mdtodo("set", "build", "run:god").err


def test_a_closed_task_keeps_its_proof(mdtodo: Mdtodo, repo: Checkout) -> None:
    mdtodo("prove", "closed")
    mdtodo("set", "closed", "#new", "--commit")
    assert b"- [x] Closed id:closed run:good #new\n" in repo.head("TODO.md")
    assert "unproven" not in mdtodo("check").out
    assert mdtodo("prove", "--dry-run").out == ""


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("set buil", ["build"]),
        ("set build du", ["due:"]),
        ("set build '!h'", ["!high"]),
        ("set build '#a'", ["#api"]),
        ("set build '-#'", ["-#api"]),
    ],
)
def test_ids_keys_and_tags_are_completed(
    repo: Checkout, mdtodo: Mdtodo, words: str, offered: list[str]
) -> None:
    line = f"mdtodo -C {repo.root} {words}"
    said = mdtodo(_MDTODO_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(line.split()) - 1))
    assert [one.partition(",")[2] for one in said.out.splitlines()] == offered
