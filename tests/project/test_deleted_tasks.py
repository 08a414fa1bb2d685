"""What waits for a task that was done and then deleted waits no longer; what the receipts do not say, it waits for."""

from __future__ import annotations

import shutil
from random import Random
from typing import TYPE_CHECKING

import pytest

from mdtodo.config.settings import DEFAULT
from mdtodo.core.receipt import Receipt
from mdtodo.git.repository import discover
from mdtodo.project.deleted_tasks import DeletedTasks
from mdtodo.receipts.message import message
from tests.examples import TIMES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Inside = Callable[..., Said]

CONFIG = '[processors.t]\nrun = "test ! -e broken"\n'
BUILD = "- [ ] Build id:build run:t\n"
DEPLOY = "- [ ] Deploy id:deploy after:build run:t\n"


@pytest.fixture
def built(repo: Checkout, inside: Inside) -> Checkout:
    """A repository in which `build` was done, with a receipt."""
    repo.commit(**{"TODO.md": BUILD + DEPLOY, ".mdtodo.toml": CONFIG})
    inside("run", "build")
    return repo


def waits(inside: Inside) -> list[str]:
    [deploy] = [one for one in inside("list", "--json").json["tasks"] if one["id"] == "deploy"]
    found: list[str] = deploy["blocked_by"]
    return found


def test_a_task_that_was_done_and_deleted_holds_nobody_up(built: Checkout, inside: Inside) -> None:
    built.commit(**{"TODO.md": DEPLOY})
    assert waits(inside) == []
    assert inside("check").out == ""
    assert "waits for nothing" in inside("plan", "--explain", "deploy").out
    said = inside("run")
    assert "build" not in said.out + said.err
    assert b"- [x] Deploy" in built.read("TODO.md")


def test_a_new_task_may_wait_for_it_too(built: Checkout, inside: Inside) -> None:
    built.commit(**{"TODO.md": "- [ ] a\n"})
    assert inside("add", "Deploy id:deploy after:build").err == ""
    assert waits(inside) == []


def test_a_person_s_word_is_a_receipt(repo: Checkout, inside: Inside) -> None:
    repo.commit(**{"TODO.md": "- [ ] Build id:build\n- [ ] Deploy id:deploy after:build\n"})
    inside("done", "build", "--commit")
    repo.commit(**{"TODO.md": "- [ ] Deploy id:deploy after:build\n"})
    assert waits(inside) == []


def fail(repo: Checkout, inside: Inside) -> None:
    repo.write("broken", "")
    inside("verify", "build", code=None)


ENDS = {
    "reopened": lambda repo, inside: inside("reopen", "build", "--commit"),
    "undone": lambda repo, inside: inside("undo"),
    "opened by verify": fail,
    "on another branch": lambda repo, inside: repo.git("checkout", "-q", "-b", "other", "HEAD~1"),
    "reset": lambda repo, inside: repo.git("reset", "-q", "--hard", "HEAD~1"),
    "cancelled": lambda repo, inside: (
        inside("reopen", "build", "--commit"), inside("cancel", "build", "--commit"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("asked_before", [False, True])
@pytest.mark.sample(4)
def test_a_proof_that_was_ended_frees_nobody(
    built: Checkout, inside: Inside, end: str, *, asked_before: bool
) -> None:
    if asked_before:
        built.write("TODO.md", DEPLOY)
        assert waits(inside) == []
        built.git("checkout", "-q", "TODO.md")
    ENDS[end](built, inside)
    built.commit(**{"TODO.md": DEPLOY})
    assert waits(inside) == ["build"]
    assert "TODO.md:1: error: unknown-id" in inside("check", code=1).out
    inside("run", code=None)
    assert b"- [ ] Deploy" in built.read("TODO.md")


def test_an_open_task_that_is_deleted_is_unknown(repo: Checkout, inside: Inside) -> None:
    repo.commit(**{"TODO.md": DEPLOY, ".mdtodo.toml": CONFIG})
    assert waits(inside) == ["build"]
    assert "unknown-id" in inside("check", code=1).out


def test_many_files_are_checked_with_the_same_result(built: Checkout, inside: Inside) -> None:
    files = {f"{number}/TODO.md": f"- [ ] a after:build,nobody{number % 2}\n" for number in range(40)}
    built.commit(**files, **{"TODO.md": DEPLOY})
    for _ in range(2):
        out = inside("check", code=1).out
        assert (out.count("unknown-id"), out.count('"build"')) == (40, 0)
    inside("reopen", "deploy", code=None)
    built.commit(message([receipt("build", "todo")], "later"), x="")
    assert inside("check", code=1).out.count('"build"') == 41


def test_in_a_shallow_clone_it_is_a_warning(built: Checkout, inside: Inside, tmp_path: Path) -> None:
    built.commit(**{"TODO.md": DEPLOY})
    clone = tmp_path / "clone"
    built.git("clone", "-q", "--depth=1", built.root.as_uri(), str(clone))
    [finding] = inside("check", "--json", code=None, cwd=clone).json["findings"]
    assert (finding["severity"], finding["code"]) == ("warning", "unknown-in-shallow-clone")
    assert "git fetch --unshallow" in finding["message"]
    assert inside("list", "--json", cwd=clone).json["tasks"][0]["blocked_by"] == ["build"]
    built.git("-C", str(clone), "fetch", "-q", "--unshallow")
    assert inside("check", cwd=clone).out == ""
    assert inside("list", "--json", cwd=clone).json["tasks"][0]["blocked_by"] == []


def test_history_is_read_only_where_a_name_is_unknown_and_then_once(
    built: Checkout, mdtodo: Inside, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"

    def logs(*command: str) -> list[str]:
        trace.write_text("")
        mdtodo(*command, GIT_TRACE=str(trace))
        lines = trace.read_text().splitlines()
        assert any(" ls-files " in line for line in lines), "git was not traced"
        return [line for line in lines if "built-in: git" in line and " log " in line]

    logs("check")  # the proof of ticks, which is known from then on
    assert logs("list") == logs("check") == []
    built.commit(**{"TODO.md": DEPLOY})
    assert len(logs("list")) == 1
    assert logs("list") == logs("check") == logs("next") == []
    before = built.git("rev-parse", "HEAD")
    built.commit(x="1")
    [log] = logs("list")
    assert f"{before}..{built.git('rev-parse', 'HEAD')}" in log
    assert logs("list") == []


def test_what_a_merge_brings_is_older_than_what_was_read_where_its_date_says_so(repo: Checkout) -> None:
    def said(outcome: str, run: str, hour: int) -> None:
        text = message([receipt("a", outcome)], run)
        repo.git("commit", "-q", "--allow-empty", "-F", "-", stdin=text, **at(hour))

    def at(hour: int) -> dict[str, str]:
        return {"GIT_COMMITTER_DATE": f"2026-01-02T{hour}:00:00Z"}

    repo.git("commit", "-q", "--allow-empty", "-m", "Base", **at(10))
    repo.git("checkout", "-q", "-b", "side")
    said("failed", "r1", 11)
    repo.git("checkout", "-q", "main")
    said("done", "r2", 12)
    for _ in range(2):
        assert DeletedTasks(discover(str(repo.root)), DEFAULT).done(["a"]) == {"a"}
        repo.git("merge", "-q", "-m", "Merge", "side", **at(13))


def test_what_a_history_with_holes_cannot_say_is_asked_again(
    built: Checkout, inside: Inside, tmp_path: Path
) -> None:
    built.commit(**{"TODO.md": DEPLOY})
    shutil.rmtree(built.root / ".git/mdtodo")
    objects = built.root / ".git/objects"
    objects.rename(tmp_path / "objects")
    objects.mkdir()
    assert waits(inside) == ["build"]
    objects.rmdir()
    (tmp_path / "objects").rename(objects)
    assert waits(inside) == []


NAMES = ("a", "b.c", "d")
OUTCOMES = ("done", "cached", "failed", "todo", "cancelled", "skipped", "deferred", "interrupted")


def receipt(name: str, outcome: str, **more: str) -> Receipt:
    return Receipt(name, name, outcome, "t", 0, 0.1, 1, (), **more)  # type: ignore[arg-type]


def expected(commits: list[tuple[str, str | None, dict[str, str]]]) -> set[str]:
    """By the plain rule, from all receipts: (run, the run that it undoes, outcomes), oldest first."""
    undone: set[str] = set()
    newest: dict[str, str] = {}
    for run, undoes, outcomes in reversed(commits):
        if undoes and run not in undone:
            undone.add(undoes)
        for name, outcome in outcomes.items():
            if run not in undone and outcome not in ("skipped", "deferred", "interrupted"):
                newest.setdefault(name, outcome)
    return {name for name, outcome in newest.items() if outcome in ("done", "cached")}


@pytest.mark.chance
@pytest.mark.parametrize("seed", range(4 * TIMES))
@pytest.mark.sample(2)
def test_what_is_remembered_is_what_the_whole_history_says(repo: Checkout, seed: int) -> None:
    random = Random(seed)
    history: list[tuple[str, str | None, dict[str, str]]] = []
    repo.commit(x="")
    for number in range(40):
        if history and random.random() < 0.15:
            back = random.randint(1, len(history))
            repo.git("reset", "-q", "--hard", f"HEAD~{back}")
            del history[-back:]
        else:
            undoes = random.choice(history[-4:])[0] if history and random.random() < 0.3 else None
            names = random.sample(NAMES, 1 if undoes else random.randint(1, 2))
            outcomes = {name: random.choice(OUTCOMES[:4] if undoes else OUTCOMES) for name in names}
            text = message([receipt(*one, undoes=undoes) for one in outcomes.items()], f"r{number}")
            repo.git("commit", "-q", "--allow-empty", "-F", "-", stdin=text)
            history.append((f"r{number}", undoes, outcomes))
        if random.random() < 0.6:
            asked = random.sample(NAMES, random.randint(1, 3))
            found = DeletedTasks(discover(str(repo.root)), DEFAULT).done([*asked, "nobody", 'x"'])
            assert found == expected(history) & set(asked), history
