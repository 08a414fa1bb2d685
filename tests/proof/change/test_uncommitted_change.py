"""What is not committed yet is compared with HEAD, in a merge with each parent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mdtodo.git import repository
from mdtodo.git.files.tree_files import from_work_tree
from mdtodo.proof.judge import judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

CONFIG = '[processors.t]\nrun = "true"\nmatch = { tags = ["t"] }\n'
TODO = "# Checks\n\n- [ ] a run:t\n- [ ] b run:t\n"
WAYS = [(), ("--staged",), ("--changed", "TODO.md")]


@pytest.fixture
def found(inside: Mdtodo, repo: Checkout) -> Callable[..., list[str]]:
    """`file:line code` of what the gate says, of all that is staged."""
    repo.commit("Base", **{".mdtodo.toml": CONFIG, "TODO.md": TODO})

    def call(*args: str) -> list[str]:
        repo.git("add", "-A")
        rows = inside("check", *args, "--json", code=None).json["findings"]
        return [f"{one['file']}:{one['line']} {one['code']}" for one in rows]

    return call


@pytest.mark.parametrize("args", WAYS)
def test_a_tick_that_takes_its_processor_away(
    found: Callable[..., list[str]], repo: Checkout, args: tuple[str, ...]
) -> None:
    repo.write("TODO.md", TODO.replace("- [ ] a run:t", "- [x] a"))
    assert found(*args) == ["TODO.md:3 gate-changed", "TODO.md:3 unproven"]
    repo.write("TODO.md", TODO.replace("- [ ] a run:t", "- [ ] a"))
    assert found(*args) == ["TODO.md:3 gate-changed"]


def test_what_others_have_judged_does_not_hide_it(found: Callable[..., list[str]], repo: Checkout) -> None:
    """As who looks at ticks alone, of the same files."""
    repo.write("TODO.md", TODO.replace("- [ ] a run:t", "- [x] a"))
    there = repository.discover(str(repo.root))
    assert [one.processor for one in judge(there, from_work_tree(there, ["TODO.md"])).unproven] == ["t"]
    assert found() == ["TODO.md:3 gate-changed", "TODO.md:3 unproven"]


@pytest.mark.parametrize("args", WAYS)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# Checks run:t\n\n- [ ] a\n", "# Checks run:t\n\n# Other\n\n- [x] a\n"),
        ("# Checks run:t\n\n- [ ] a\n", "# Checks run:t\n\nOther\n===\n\n- [x] a\n"),
        ("# Checks run:t\n\n- [ ] a\n\n# Other\n", "# Checks run:t\n\n# Other\n\n- [x] a\n"),
        ("- [ ] a\n  run:t\n", "- [x] a\n"),
        ("- [ ] a\n  run:t\n", "- [x] a\n\n  run:t\n"),
        ("Checks run:t\n---\n- [ ] a\n", "Checks run:t\n\n---\n- [x] a\n"),
        ("> - [ ] p #t\n>   - [ ] a\n", "> - [ ] p #t\n> - [ ] q\n>   - [x] a\n"),
    ],
)
def test_lines_that_only_come_or_move_may_take_it_away_too(
    found: Callable[..., list[str]], repo: Checkout, before: str, after: str, args: tuple[str, ...]
) -> None:
    repo.commit("Base", **{"TODO.md": before})
    repo.write("TODO.md", after)
    assert {one.partition(" ")[2] for one in found(*args)} == {"gate-changed", "unproven"}


def test_a_merge_answers_for_what_it_does_itself(found: Callable[..., list[str]], repo: Checkout) -> None:
    base = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit(
        "side",
        **{".mdtodo.toml": 'proof = "require"\n' + CONFIG, "TODO.md": TODO.replace("b run:t", "b run:u")},
    )
    repo.git("checkout", "-q", "-b", "work", base)
    repo.commit("work", other="x")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    for args in WAYS[:2]:
        assert [one for one in found(*args) if "gate-changed" in one] == []
    repo.write("TODO.md", TODO.replace(" run:t", ""))
    repo.write(".mdtodo.toml", 'proof = "off"\n' + CONFIG)
    for args in WAYS[:2]:
        changed = [one for one in found(*args) if "gate-changed" in one]
        assert changed == [".mdtodo.toml:1 gate-changed", "TODO.md:3 gate-changed", "TODO.md:4 gate-changed"]


@pytest.mark.parametrize(
    ("text", "gits"),
    [(TODO, 4), (TODO + "- [ ] c\n", 4), (TODO + "\nWords.\n", 4), ("# Above\n\n" + TODO, 7)],
)
def test_a_staged_change_without_ticks_starts_few_gits(
    found: Callable[..., list[str]],
    inside: Mdtodo,
    repo: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    gits: int,
) -> None:
    repo.write("TODO.md", text)
    repo.git("add", "-A")
    started: list[list[str]] = []
    real = repository.Process

    def process(args: list[str], env: dict[str, str], **more: bool) -> repository.Process:
        started.append(args)
        return real(args, env, **more)

    monkeypatch.setattr(repository, "Process", process)
    inside("check", "--staged")
    assert len(started) <= gits, [args[3:] for args in started]
    assert not any("log" in args for args in started), "no history is read"


@pytest.mark.parametrize("args", WAYS[:2])
def test_replaced_objects_hide_nothing(
    found: Callable[..., list[str]], repo: Checkout, args: tuple[str, ...]
) -> None:
    """HEAD seems to have what is staged."""
    text = TODO.replace("- [ ] a run:t", "- [x] a").replace("- [ ] b run:t\n", "")
    repo.write("TODO.md", text)
    blob = repo.git("hash-object", "-w", "TODO.md")
    repo.git("replace", repo.git("rev-parse", "HEAD:TODO.md"), blob)
    assert found(*args) == ["TODO.md:3 gate-changed", "TODO.md:3 unproven", "TODO.md:4 open-task-removed"]


def test_files_that_were_only_touched_are_not_read_from_git(
    found: Callable[..., list[str]], inside: Mdtodo, repo: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        repo.write(f"{number}/TODO.md", TODO)
    repo.commit("more")
    for path in repo.root.glob("*/TODO.md"):
        os.utime(path, (1, 1))
    started: list[list[str]] = []
    real = repository.Process

    def process(args: list[str], env: dict[str, str], **more: bool) -> repository.Process:
        started.append(args)
        return real(args, env, **more)

    monkeypatch.setattr(repository, "Process", process)
    inside("check")
    assert sum("cat-file" in args for args in started) <= 2, [args[3:] for args in started]


@pytest.mark.parametrize("args", WAYS[:2])
def test_files_that_are_no_todo_files_any_more_are_judged(
    found: Callable[..., list[str]], repo: Checkout, args: tuple[str, ...]
) -> None:
    repo.write("TODO.md", TODO.replace("- [ ] a", "- [x] a"))
    repo.write(".mdtodo.toml", 'files = ["other.md"]\n' + CONFIG)
    assert set(found(*args)) == {".mdtodo.toml:1 gate-changed", "TODO.md:3 unproven"}


@pytest.mark.parametrize("args", WAYS)
@pytest.mark.parametrize("hidden", ["\n<!--\n- [x] c run:t\n-->\n", "\n```\n- [x] c run:t\n```\n"])
def test_a_tick_that_was_no_task_before(
    found: Callable[..., list[str]], repo: Checkout, hidden: str, args: tuple[str, ...]
) -> None:
    repo.commit("Hidden", **{"TODO.md": TODO + hidden})
    repo.write("TODO.md", TODO + "- [x] c run:t\n")
    assert found(*args) == ["TODO.md:5 unproven"]
    repo.git("commit", "-q", "--allow-empty", "-m", "Take\n\nMdtodo-Accept: 1 by=a@b")
    assert found(*args) == []


@pytest.mark.parametrize("args", [(), ("--staged",)], ids=["work-tree", "index"])
def test_an_open_task_that_is_ticked_on_its_way_into_an_archive_is_named_unless_the_journal_has_it(
    repo: Checkout, inside: Mdtodo, args: tuple[str, ...]
) -> None:
    repo.commit(**{"TODO.md": "- [ ] a run:t\n- [ ] b\n", ".mdtodo.toml": '[processors.t]\nrun = "true"\n'})
    for proven in (False, True):
        if proven:
            inside("run", "--no-commit")
        repo.write("TODO.md", "- [ ] b\n")
        repo.write("TODO.archive.md", "- [x] a run:t\n")
        repo.git("add", "-A")
        found = inside("check", *args, "--json").json["findings"]
        assert [one["code"] for one in found] == ([] if proven else ["unproven"])
        repo.git("reset", "-q", "--hard")
