"""`mdtodo undo`: a run taken back as a whole, by task, or refused with the reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

CONFIG = """
subtask_keys = ["run"]

[processors.ok]
run = "echo $MDTODO_TASK_TITLE >> .git/ran"
[processors.bad]
run = "exit 3"
[processors.tell]
run = '''echo '{"note": "412 tests"}' >> $MDTODO_OUTPUT; echo '{"subtask": "- [ ] more run:ok"}' >> $MDTODO_OUTPUT'''
[processors.make]
run = '''
echo '{"output": "made/new.sh"}' >> $MDTODO_OUTPUT
echo new >> out.txt; echo x > made/new.sh; chmod +x made/new.sh; rm gone.txt; ln -sf out.txt link
'''
outputs = ["out.txt", "made/", "gone.txt", "link"]
"""
TODO = (
    "# Plan\r\n\r\n- [ ] a run:ok failed:2 !high\r\n* [ ] b run:bad\r\n1. [ ] c run:tell\r\n- [ ] p\r\n  - [ ] d run:ok\r\n"
    "- [ ] person"
)


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


def start(repo: Checkout, todo: str = TODO, config: str = CONFIG, **files: str) -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config, **files})


def run(mdtodo: Mdtodo, *args: str) -> str:
    return str(mdtodo("run", "--json", *args, code=None).json["run"])


def everything(repo: Checkout) -> tuple[Any, ...]:
    """All that an undo that is refused may not change."""
    files = {path: path.read_bytes() for path in repo.root.iterdir() if path.is_file()}
    return repo.git("rev-parse", "HEAD"), repo.git("ls-files", "-s", "-v"), files, repo.status()


def assert_refused(repo: Checkout, mdtodo: Mdtodo, *args: str) -> str:
    before = everything(repo)
    said = mdtodo("undo", *args, code=3)
    assert everything(repo) == before
    return said.err


def test_everything_of_a_run_goes_back_byte_by_byte(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo)
    name = run(mdtodo)
    assert repo.head("TODO.md") != TODO.encode()
    said = mdtodo("undo", "--json")
    assert repo.head("TODO.md") == repo.index("TODO.md") == repo.read("TODO.md") == TODO.encode()
    assert repo.status() == []
    assert said.json["undone"] == name
    assert said.json["commits"] == [repo.git("rev-parse", "HEAD")]
    assert {task["title"]: task["status"] for task in said.json["tasks"]} == dict.fromkeys("abcpd", "todo")
    message = repo.git("log", "-1", "--format=%B")
    assert message.startswith(f"todo: undo {name}\n\n- reopened: ")
    assert f"Mdtodo-Run: {said.json['run']}\nMdtodo-Undo: {name}\n" in message
    assert message.count(" todo undo exit=0 time=0.000 attempt=0") == 5
    assert repo.git("fsck", "--strict", "--no-dangling") == ""
    receipts = mdtodo("log", "--json").json["receipts"]
    assert {one["title"] for one in receipts if one["processor"] == "undo"} == set("abcpd")


def test_an_undone_run_may_be_run_again(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(
        repo,
        "- [ ] a run:ok\n",
        CONFIG.replace("[processors.bad]", 'inputs = ["x"]\n[processors.bad]'),
        x="x\n",
    )
    run(mdtodo)
    mdtodo("undo")
    assert mdtodo("run", "--json").json["tasks"][0]["outcome"] == "done"
    mdtodo("undo")
    shutil.rmtree(repo.root / ".git" / "mdtodo")
    assert mdtodo("run", "--json").json["tasks"][0]["outcome"] == "done"
    assert repo.read(".git/ran") == b"a\na\na\n"


def test_a_dry_run_shows_the_diff_and_changes_nothing(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:ok\n- [ ] b\n")
    run(mdtodo)
    objects = repo.git("count-objects")
    before = everything(repo)
    said = mdtodo("undo", "--dry-run")
    assert "-- [x] a run:ok\n+- [ ] a run:ok\n - [ ] b\n" in said.out.replace("\r", "")
    assert mdtodo("undo", "--dry-run", "--json").json["diff"] == said.out
    assert everything(repo) == before
    assert repo.git("count-objects") == objects


def test_edits_after_the_run_stay_when_it_is_undone(repo: Checkout, mdtodo: Mdtodo) -> None:
    """Committed, staged and unstaged ones, of other lines, of other words, and a move of the task."""
    start(repo, "- [ ] a id:a run:ok\n- [ ] b run:ok\n- [ ] c\n- [ ] d\n")
    run(mdtodo)
    repo.commit(
        "Edit",
        **{"TODO.md": "# New\n\n- [ ] c!\n\n1. [x] b run:ok #tag\n2. [x] other words id:a run:ok\n- [ ] d\n"},
    )
    staged = repo.read("TODO.md").decode().replace("c!", "c, staged")
    repo.write("TODO.md", staged)
    repo.git("add", "TODO.md")
    repo.write("TODO.md", staged + "- [ ] e, unstaged\n")
    mdtodo("undo")
    after = "# New\n\n- [ ] c!\n\n1. [ ] b run:ok #tag\n2. [ ] other words id:a run:ok\n- [ ] d\n"
    assert repo.head("TODO.md") == after.encode()
    assert repo.index("TODO.md") == after.replace("c!", "c, staged").encode()
    assert repo.read("TODO.md") == (after.replace("c!", "c, staged") + "- [ ] e, unstaged\n").encode()


def test_a_task_without_an_id_that_was_reworded_is_found_by_its_place(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] z\n- [ ] a run:ok\n- [ ] y\n")
    run(mdtodo)
    repo.commit("Reword", **{"TODO.md": "- [ ] z\n- [x] a, in other words run:ok\n- [ ] y\n"})
    mdtodo("undo")
    assert repo.head("TODO.md") == b"- [ ] z\n- [ ] a, in other words run:ok\n- [ ] y\n"


def test_a_file_that_was_moved_is_followed(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:ok\n")
    run(mdtodo)
    (repo.root / "docs").mkdir()
    repo.git("mv", "TODO.md", "docs/TODO.md")
    repo.git("commit", "-qm", "Move")
    mdtodo("undo")
    assert repo.head("docs/TODO.md") == b"- [ ] a run:ok\n"
    assert repo.status() == []


@pytest.mark.parametrize("staged", [True, False])
def test_a_file_whose_new_name_is_not_committed_has_to_be_first(
    repo: Checkout, mdtodo: Mdtodo, staged: bool
) -> None:
    start(repo, "- [ ] a run:ok\n")
    run(mdtodo)
    (repo.root / "docs").mkdir()
    repo.git("mv", "TODO.md", "docs/TODO.md")
    if not staged:
        repo.git("reset", "-q")
    assert "it is in docs/TODO.md now; commit that first" in assert_refused(repo, mdtodo)
    assert "it is in docs/TODO.md now" in assert_refused(repo, mdtodo, "--dry-run")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "Move")
    mdtodo("undo")
    assert repo.head("docs/TODO.md") == b"- [ ] a run:ok\n"
    assert repo.status() == []


def test_undo_takes_back_only_the_run_that_is_named(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a id:a run:ok\n- [ ] b id:b run:ok\n- [ ] c id:c\n")
    first, second = run(mdtodo, "a"), run(mdtodo, "b")
    mdtodo("done", "c", "--commit")
    assert mdtodo("undo", first, "--json").json["undone"] == first
    assert repo.head("TODO.md") == b"- [ ] a id:a run:ok\n- [x] b id:b run:ok\n- [x] c id:c\n"
    assert mdtodo("undo", "--json").json["tasks"] == [{"id": "c", "title": "c", "status": "todo"}]
    assert mdtodo("undo", "--json").json["undone"] == second
    assert repo.head("TODO.md") == b"- [ ] a id:a run:ok\n- [ ] b id:b run:ok\n- [ ] c id:c\n"
    assert "no run on this branch to undo" in mdtodo("undo", code=2).err
    commits = repo.commits()
    assert f"{first} was already undone, by " in mdtodo("undo", first).out
    assert repo.commits() == commits


def test_an_undo_can_be_undone(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a run:ok failed:1\n")
    name = run(mdtodo)
    undo = mdtodo("undo", "--json").json["run"]
    again = mdtodo("undo", undo, "--json").json
    assert again["tasks"][0]["status"] == "done"
    assert repo.head("TODO.md") == b"- [x] a run:ok\n"
    assert mdtodo("undo", "--json").json["undone"] == name
    assert repo.head("TODO.md") == b"- [ ] a run:ok failed:1\n"


def test_undo_takes_back_every_commit_of_a_run_that_commits_each_task(repo: Checkout, mdtodo: Mdtodo) -> None:
    config = CONFIG.replace("\n[processors.ok]", 'commit = "task"\n[processors.ok]', 1)
    other = (
        config
        + '[processors.other]\nrun = "echo p >> mine; until git add mine && git commit -qm Person; do :; done"\n'
    )
    start(repo, "- [ ] a run:tell\n- [ ] b run:other after:x\n- [ ] c id:x run:ok\n", other)
    before = repo.git("rev-parse", "HEAD")
    run(mdtodo, "-j", "1")
    assert int(repo.git("rev-list", "--count", f"{before}..HEAD")) >= 4
    mdtodo("undo")
    assert repo.git("diff", "--name-only", before, "HEAD") == "mine"


def test_lines_that_a_person_commits_between_two_commits_of_a_run_stay_after_undo(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    config = CONFIG + (
        "[processors.other]\nrun = \"sed -i 's/ d/ e/; s/ c/ C/' TODO.md; until git commit -qam Person; do :; done\"\n"
    )
    start(
        repo,
        "- [ ] a run:tell !high\n- [ ] b run:other\n- [ ] z after:q\n- [ ] d\n",
        'commit = "task"\n' + config,
    )
    run(mdtodo, "-j", "1")
    mdtodo("undo")
    assert repo.head("TODO.md") == b"- [ ] a run:tell !high\n- [ ] b run:other\n- [ ] z after:q\n- [ ] e\n"


def test_parents_that_rested_on_an_undone_task_are_opened(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] p\n  - [ ] a id:a run:ok\n  - [ ] b id:b run:ok\n")
    first = run(mdtodo, "a")
    run(mdtodo, "b")
    assert repo.head("TODO.md").startswith(b"- [x] p\n")
    mdtodo("undo", first)
    assert repo.head("TODO.md") == b"- [ ] p\n  - [ ] a id:a run:ok\n  - [x] b id:b run:ok\n"


# Outputs


def outputs(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("made/.keep", "")
    os.symlink("elsewhere", repo.root / "link")
    start(repo, "- [ ] m run:make\n", **{"out.txt": "base\n", "gone.txt": "gone\n"})
    run(mdtodo)
    assert repo.status() == []


def test_undo_takes_outputs_back(repo: Checkout, mdtodo: Mdtodo) -> None:
    outputs(repo, mdtodo)
    assert os.readlink(repo.root / "link") == "out.txt"
    before = repo.git("rev-parse", "HEAD~")
    said = mdtodo("undo", "--json")
    assert said.json["files"] == ["gone.txt", "link", "made/new.sh", "out.txt"]
    assert repo.git("diff", "--stat", before, "HEAD") == ""
    assert repo.status() == []
    assert os.readlink(repo.root / "link") == "elsewhere"
    assert not (repo.root / "made/new.sh").exists()
    mdtodo("undo", said.json["run"])
    assert os.access(repo.root / "made/new.sh", os.X_OK)
    assert repo.status() == []


CHANGED: dict[str, Callable[[Checkout], object]] = {
    "committed": lambda repo: repo.commit("Mine", **{"out.txt": "mine\n"}),
    "staged": lambda repo: (repo.write("out.txt", "mine\n"), repo.git("add", "out.txt")),
    "staged alone": lambda repo: (
        repo.write("out.txt", "mine\n"),
        repo.git("add", "out.txt"),
        repo.write("out.txt", "base\nnew\n"),
    ),
    "unstaged": lambda repo: repo.write("out.txt", "mine\n"),
    "untracked": lambda repo: repo.write("gone.txt", "mine\n"),
    "mode": lambda repo: (repo.root / "out.txt").chmod(0o755),
    "deleted": lambda repo: (repo.root / "out.txt").unlink(),
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_outputs_that_were_changed_since_are_not_lost(
    repo: Checkout, mdtodo: Mdtodo, change: Callable[[Checkout], object]
) -> None:
    outputs(repo, mdtodo)
    change(repo)
    said = assert_refused(repo, mdtodo)
    assert "nothing was changed" in said
    assert "out.txt: " in said or "gone.txt: " in said


def test_outputs_are_written_through_filters(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(
        repo,
        "- [ ] m run:w\n",
        '[processors.w]\nrun = "echo x > out.txt"\noutputs = ["out.txt"]\n',
        **{"out.txt": "a\nb\n"},
    )
    run(mdtodo)
    repo.git("config", "core.autocrlf", "true")
    repo.git("config", "core.safecrlf", "false")
    mdtodo("undo")
    assert repo.read("out.txt") == b"a\r\nb\r\n"
    assert repo.head("out.txt") == b"a\nb\n"
    assert repo.status() == []


# Refused


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("- [-] a id:a\n- [x] b id:b\n", "it is marked cancelled"),
        ("- [ ] b id:b\n- [x] a id:a\n", None),
        ("- [x] b id:b\n", "no task has the id 'a'"),
    ],
)
@pytest.mark.parametrize("how", ["committed", "staged", "unstaged"])
def test_what_somebody_changed_since_the_run_is_not_lost_by_undo(
    repo: Checkout, mdtodo: Mdtodo, how: str, change: str, reason: str | None
) -> None:
    start(repo, "- [ ] a id:a\n- [ ] b id:b\n")
    mdtodo("done", "a", "b", "--commit")
    repo.write("TODO.md", change)
    if how != "unstaged":
        repo.git("add", "TODO.md")
    if how == "committed":
        repo.git("commit", "-qm", "Mine")
    if reason is None:
        mdtodo("undo")
        assert repo.read("TODO.md") == b"- [ ] b id:b\n- [ ] a id:a\n"
    else:
        said = assert_refused(repo, mdtodo)
        assert reason in said
        assert "TODO.md: a" in said


def test_a_task_that_a_later_run_changed_is_not_touched(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] a id:a run:ok\n- [ ] b id:b run:ok\n")
    first = run(mdtodo)
    mdtodo("reopen", "a", "--commit")
    second = run(mdtodo)
    assert f"a (a): run {second} changed it since" in assert_refused(repo, mdtodo, first)
    mdtodo("undo", second)
    names = [one["run"] for one in mdtodo("log", "--json").json["receipts"]]
    said = assert_refused(repo, mdtodo, first)
    assert any(f"run {name} changed it since" in said for name in names)


@pytest.mark.parametrize("kind", ["squashed", "merge", "shallow", "during a merge", "unknown", "ambiguous"])
def test_undo_of_a_commit_that_is_no_run_is_refused(
    repo: Checkout, make_repo: Callable[..., Checkout], mdtodo: Mdtodo, kind: str
) -> None:
    start(repo, "- [ ] a id:a run:ok\n- [ ] b id:b run:ok\n")
    first = run(mdtodo, "a")
    message = repo.git("log", "-1", "--format=%B")
    run(mdtodo, "b")
    if kind == "squashed":
        trailers = repo.git("log", "-2", "--format=%(trailers)")
        repo.git("reset", "-q", "--soft", "HEAD~2")
        repo.git("commit", "-qm", "Both\n\n" + trailers.replace("\n\n", "\n"))
        assert "receipts of several runs" in assert_refused(repo, mdtodo, first)
    elif kind == "merge":
        repo.git("reset", "-q", "--hard", "HEAD~2")
        repo.git("switch", "-q", "-c", "side")
        repo.commit("Side", side="x\n")
        repo.git("switch", "-q", "main")
        repo.git("merge", "-q", "--no-ff", "side", "-m", message)
        assert "is a merge" in assert_refused(repo, mdtodo, first)
    elif kind == "shallow":
        clone = make_repo("clone")
        clone.git("fetch", "-q", "--depth=1", repo.root.as_uri(), "main")
        clone.git("reset", "-q", "--hard", "FETCH_HEAD")
        assert "is not in this clone" in mdtodo("undo", cwd=clone.root, code=3).err
    elif kind == "during a merge":
        repo.git("switch", "-q", "-c", "side", "HEAD~")
        repo.commit("Side", **{"TODO.md": "x\n"})
        repo.git("merge", "main", check=False)
        assert "merge is in progress" in assert_refused(repo, mdtodo)
    elif kind == "unknown":
        assert "no run on this branch is named 'x'" in mdtodo("undo", "x", code=2).err
    else:
        same = first[:9]
        assert "matches 2 runs" in mdtodo("undo", same, code=2).err


@pytest.mark.parametrize("fault", ["command.kept", "moved", "restored"])
def test_a_killed_undo_is_made_up_for(repo: Checkout, inside: Mdtodo, fault: str) -> None:
    outputs(repo, inside)
    before = repo.git("rev-parse", "HEAD~^{tree}")
    end = subprocess.run(
        [sys.executable, "-m", "mdtodo", "undo"],
        cwd=repo.root,
        env=os.environ | {"MDTODO_FAULT": fault},
        check=False,
    )
    assert end.returncode == -9
    inside("run", "--json", "--limit", "1", "--tag", "none")
    assert repo.git("rev-parse", "HEAD^{tree}") == before
    assert repo.status() == []
    assert repo.git("fsck", "--strict", "--no-dangling") == ""
    assert repo.git("log", "--format=%s").count("todo: undo") == 1
    assert json.loads(inside("log", "--json").out)["receipts"][0]["processor"] == "undo"


def test_a_failed_run_that_is_undone_leaves_its_task_restored(repo: Checkout, mdtodo: Mdtodo) -> None:
    """Its box was open all the time."""
    start(repo, "- [ ] a id:a run:bad\n- [ ] b id:b run:ok\n")
    run(mdtodo)
    assert {"a  restored  a", "b  open  b"} < set(mdtodo("undo").out.splitlines())


def test_what_a_verification_found_to_fail_is_not_ticked(repo: Checkout, mdtodo: Mdtodo) -> None:
    """Nor the parents that were opened with it. The sentence says what holds, and what ticks it; nothing changes."""
    config = '[processors.gate]\nrun = "test ! -e .git/broken"\n'
    start(repo, "- [ ] p\n  - [ ] a run:gate\n- [ ] b run:gate\n", config)
    mdtodo("run")
    (repo.root / ".git/broken").touch()
    mdtodo("verify", code=1)
    before = everything(repo)
    for args in ((), ("--dry-run",)):
        said = mdtodo("undo", *args, code=3)
        assert said.err.count("the run found that gate fails (exit 1), so the box stays open") == 2
        assert everything(repo) == before
    (repo.root / ".git/broken").unlink()
    mdtodo("run")
    assert b"[ ]" not in repo.head("TODO.md")


def test_a_failed_run_that_opened_no_box_is_undone(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, "- [ ] b run:bad\n")
    run(mdtodo)
    mdtodo("undo")
    assert repo.head("TODO.md") == b"- [ ] b run:bad\n"
