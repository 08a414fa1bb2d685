"""`changes = "branch"`: the work waits on a branch for a person, and the box says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

BRANCH = 'changes = "branch"'
WORK = "echo good > result.txt; echo again >> $OUTSIDE/works\n"


@pytest.fixture
def begun(feature: Callable[..., Checkout], inside: Callable[..., Said]) -> Checkout:
    repo = feature(WORK, BRANCH)
    said = inside("run", "--json").json["tasks"][0]
    assert said["outcome"] == "blocked"
    assert said["error"] is None
    return repo


def works(repo: Checkout) -> int:
    return len((repo.root.parent / "works").read_text().splitlines())


def test_the_box_is_begun_and_a_note_names_the_branch(begun: Checkout) -> None:
    text = begun.head("TODO.md").decode()
    assert "- [/] Build it run:feature id:build\n  - to review: the branch mdtodo/build\n" in text
    assert begun.status() == []
    assert begun.head("result.txt") == b"bad\n"
    assert begun.head("result.txt", "mdtodo/build") == b"good\n"
    assert "Mdtodo-" not in begun.git("log", "-1", "--format=%B", "mdtodo/build")
    assert begun.git("log", "-1", "--format=%an", "mdtodo/build") == "Ada Tester"


def test_until_it_is_merged_nothing_more_is_done(begun: Checkout, inside: Callable[..., Said]) -> None:
    inside("run")
    assert (works(begun), begun.commits()) == (1, 2)


@pytest.mark.parametrize("way", ["merge", "squash", "deleted", "fast"])
@pytest.mark.sample(2)
def test_once_it_is_merged_the_next_run_checks_and_ticks(
    way: str, begun: Checkout, inside: Callable[..., Said]
) -> None:
    if way == "squash":
        begun.git("merge", "-q", "--squash", "mdtodo/build")
        begun.git("commit", "-qm", "Squashed")
    else:
        begun.git("merge", "-q", "--no-edit", "mdtodo/build")
    if way == "deleted":
        begun.git("branch", "-q", "-D", "mdtodo/build")
    inside("run")
    assert b"- [x] Build it" in begun.head("TODO.md")
    assert begun.status() == []
    assert works(begun) == 1
    assert len((begun.root.parent / "checks").read_text().splitlines()) == 2
    assert begun.git("log", "-1", "--format=%s") == "todo: Build it"
    inside("check", "--strict")


def test_what_is_merged_and_fails_stays_open(begun: Checkout, inside: Callable[..., Said]) -> None:
    begun.git("merge", "-q", "--no-edit", "mdtodo/build")
    begun.commit(**{"result.txt": "worse\n"})
    inside("run", code=1)
    assert b"- [/] Build it" in begun.head("TODO.md")
    assert works(begun) == 1


def test_reopen_gives_it_back_and_the_next_branch_has_another_name(
    begun: Checkout, inside: Callable[..., Said]
) -> None:
    inside("reopen", "build", "--commit")
    inside("run")
    assert works(begun) == 2
    assert begun.git("for-each-ref", "--format=%(refname:short)", "refs/heads/mdtodo").splitlines() == [
        "mdtodo/build",
        "mdtodo/build-2",
    ]


@pytest.mark.parametrize("name", ["a..b", "a.lock", "a.", "a...lock."])
@pytest.mark.sample(2)
def test_an_id_that_no_branch_can_have(
    name: str, feature: Callable[..., Checkout], inside: Callable[..., Said]
) -> None:
    repo = feature(WORK, BRANCH, **{"TODO.md": f"- [ ] Build it run:feature id:{name}\n"})
    inside("run")
    (branch,) = repo.git("for-each-ref", "--format=%(refname:short)", "refs/heads/mdtodo").splitlines()
    assert repo.head("result.txt", branch) == b"good\n"
    repo.git("merge", "-q", "--no-edit", branch)
    inside("run")
    assert repo.head("TODO.md").startswith(b"- [x] Build it")
