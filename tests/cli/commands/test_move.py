"""`mdtodo move`: a task and all that is below it, at another place."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

TODO = """\
# Now

1. [ ] First id:first
2. [ ] Second id:second
   - [x] Part id:part

# Later

- [ ] Third id:third after:second
"""


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


@pytest.fixture(autouse=True)
def start(repo: Checkout) -> None:
    repo.commit("Base", **{"TODO.md": TODO})


FIRST, SECOND = "1. [ ] First id:first\n", "2. [ ] Second id:second\n   - [x] Part id:part\n"
THIRD = "- [ ] Third id:third after:second\n"
ONE, LATER = FIRST.replace("1.", "2."), SECOND.replace("2.", "1.")


@pytest.mark.parametrize(
    ("args", "pairs"),
    [
        ("second --top", [(FIRST + SECOND, LATER + ONE)]),
        ("second --before first", [(FIRST + SECOND, LATER + ONE)]),
        ("part --section Later", [("   - [x] Part id:part\n", ""), (THIRD, THIRD + "- [x] Part id:part\n")]),
        ("first --section Later --top", [(FIRST + SECOND, LATER), (THIRD, "- [ ] First id:first\n" + THIRD)]),
        ("part --under first", [("   - [x] Part id:part\n", ""), (FIRST, FIRST + "   - [x] Part id:part\n")]),
        ("first --top", []),
    ],
)
def test_a_task_goes_with_all_below_it(
    repo: Checkout, mdtodo: Mdtodo, args: str, pairs: list[tuple[str, str]]
) -> None:
    after = TODO
    for was, now in pairs:
        after = after.replace(was, now)
    diff = mdtodo("move", *args.split(), "--dry-run").out
    assert repo.read("TODO.md").decode() == TODO
    name = args.split()[0]
    assert mdtodo("move", *args.split()).out.startswith(f"{name}  {'moved' if pairs else 'unchanged'}  ")
    assert repo.read("TODO.md").decode() == after
    repo.write("TODO.md", TODO)
    subprocess.run(["git", "apply", "--allow-empty"], input=diff.encode(), cwd=repo.root, check=True)
    assert repo.read("TODO.md").decode() == after


def test_a_commit_has_the_move_alone(repo: Checkout, mdtodo: Mdtodo) -> None:
    mine = TODO.replace("Part id:part\n", "Part id:part\n   - [ ] Mine\n")
    repo.write("TODO.md", mine)
    said = mdtodo("move", "second", "--section", "Later", "--commit", "--json").json
    assert (said["tasks"][0]["section"], len(said["commits"])) == (["Later"], 1)
    left = TODO.replace(SECOND, "")
    assert repo.head("TODO.md").decode() == left + "- [ ] Second id:second\n  - [x] Part id:part\n"
    assert repo.index("TODO.md") == repo.head("TODO.md")
    assert repo.read("TODO.md") == repo.head("TODO.md") + b"  - [ ] Mine\n"
    assert repo.git("log", "-1", "--format=%s").strip() == "todo: moved: Second"


def test_a_task_without_an_id_is_found_where_it_is_now(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("More", **{"TODO.md": TODO + "- [ ] Fourth\n"})
    task = mdtodo("list", "--text", "Fourth", "--json").json["tasks"][0]["id"]
    said = mdtodo("move", task, "--under", "first", "--commit", "--json").json
    assert said["was"] == task != said["tasks"][0]["id"]
    mdtodo("move", said["tasks"][0]["id"], "--section", "Later", "--commit")
    assert repo.head("TODO.md").decode() == TODO + "- [ ] Fourth\n"


def test_a_run_that_moved_is_undone(repo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo("move", "second", "--section", "Later", "--commit")
    mdtodo("undo")
    assert repo.head("TODO.md").decode() == repo.read("TODO.md").decode() == TODO


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        ("second", 2, "move takes --under ID"),
        ("second --before first --under third", 2, "are different places"),
        ("second --before first --top", 2, "are different places"),
        ("second --under part", 1, "cannot be moved below itself"),
        ("second --section Never", 1, "no heading is called 'Never'"),
        ("third --under second", 1, "would wait for each other"),
    ],
)
def test_what_is_refused_changes_nothing(
    repo: Checkout, mdtodo: Mdtodo, args: str, code: int, sentence: str
) -> None:
    assert sentence in mdtodo("move", *args.split(), "--commit", code=code).err
    assert repo.read("TODO.md").decode() == TODO
    assert repo.commits() == 1


def test_headings_are_completed(repo: Checkout, mdtodo: Mdtodo) -> None:
    line = f"mdtodo -C {repo.root} move first --section la"
    said = mdtodo(_MDTODO_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD="6")
    assert [one.partition(",")[2] for one in said.out.splitlines()] == ["Later"]


OTHER = "# Other\r\n\r\n* [ ] There id:there\r\n\r\n# End\r\n"
BELOW_OTHER = "* [ ] Second id:second\r\n  - [x] Part id:part\r\n"


@pytest.mark.parametrize(
    ("args", "after"),
    [
        ("--file docs/TODO.md", OTHER.replace("there\r\n", "there\r\n" + BELOW_OTHER)),
        ("--file docs/TODO.md --top", OTHER.replace("* [ ] There", BELOW_OTHER + "* [ ] There")),
        ("--before there", OTHER.replace("* [ ] There", BELOW_OTHER + "* [ ] There")),
        (
            "--under there",
            OTHER.replace("there\r\n", "there\r\n  1. [ ] Second id:second\r\n     - [x] Part id:part\r\n"),
        ),
        (
            "--file docs/TODO.md --section End",
            OTHER + "\r\n1. [ ] Second id:second\r\n   - [x] Part id:part\r\n",
        ),
    ],
)
@pytest.mark.sample(2)
def test_a_task_goes_to_another_file(repo: Checkout, mdtodo: Mdtodo, args: str, after: str) -> None:
    repo.commit("Other", **{"docs/TODO.md": OTHER})
    diff = mdtodo("move", "second", *args.split(), "--dry-run").out
    assert repo.read("docs/TODO.md").decode() == OTHER
    said = mdtodo("move", "second", *args.split(), "--commit", "--json").json
    assert said["tasks"][0]["file"] == "docs/TODO.md"
    for versions in (repo.read, repo.head, repo.index):
        assert versions("docs/TODO.md").decode() == after
        assert versions("TODO.md").decode() == TODO.replace(SECOND, "")
    assert repo.status() == []
    repo.git("reset", "-q", "--hard", "HEAD^")
    subprocess.run(["git", "apply"], input=diff.encode(), cwd=repo.root, check=True)
    assert repo.read("docs/TODO.md").decode() == after


def test_a_task_comes_back_as_it_was(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Other", **{"docs/TODO.md": OTHER})
    mdtodo("move", "second", "--file", "docs/TODO.md")
    mdtodo("move", "second", "--file", "TODO.md", "--section", "Now")
    assert repo.read("TODO.md").decode() == TODO
    assert repo.read("docs/TODO.md").decode() == OTHER


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize(
    ("place", "to"),
    [
        ("- [ ] Here id:here", ("--under", "here")),
        ("- [ ] Here id:here", ("--before", "here")),
        ("# Here", ("--file", "docs/TODO.md", "--section", "Here")),
    ],
)
def test_a_task_goes_to_no_place_of_another_file_that_is_not_committed(
    repo: Checkout, mdtodo: Mdtodo, place: str, to: tuple[str, ...], staged: bool
) -> None:
    repo.commit("Other", **{"docs/TODO.md": "- [ ] There\n"})
    mine = f"- [ ] There\n\n{place}\n"
    repo.write("docs/TODO.md", mine)
    if staged:
        repo.git("add", "docs/TODO.md")
    said = mdtodo("move", "second", *to, "--commit", code=3)
    assert "docs/TODO.md: HEAD has the place where it goes otherwise; commit that first" in said.err
    assert (repo.read("docs/TODO.md").decode(), repo.commits()) == (mine, 2)
    assert repo.read("TODO.md").decode() == TODO
    repo.git("commit", "-qam", "Mine")
    mdtodo("move", "second", *to, "--commit")
    assert repo.status() == []


def test_what_is_not_committed_does_not_go_along(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Other", **{"docs/TODO.md": OTHER})
    mine = TODO.replace("Part id:part\n", "Part id:part\n   - [ ] Mine\n")
    repo.write("TODO.md", mine)
    said = mdtodo("move", "second", "--file", "docs/TODO.md", "--commit", code=3)
    assert "HEAD has it otherwise; commit that first" in said.err
    assert (repo.read("TODO.md").decode(), repo.commits()) == (mine, 2)
    mdtodo("list")
    assert repo.read("TODO.md").decode() == mine, "it is not made up for later"
    mdtodo("move", "second", "--file", "docs/TODO.md")
    assert b"  - [ ] Mine\r\n" in repo.read("docs/TODO.md")
    assert repo.head("docs/TODO.md").decode() == OTHER


def test_no_file_is_made_for_it(repo: Checkout, mdtodo: Mdtodo) -> None:
    assert "no such file" in mdtodo("move", "second", "--file", "docs/TODO.md", code=2).err
    repo.write("notes.md", "- [ ] a\n")
    assert "does not match `files`" in mdtodo("move", "second", "--file", "notes.md", code=2).err
