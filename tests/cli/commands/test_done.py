"""`done`, `reopen`, `cancel`: the status that a person gives."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.git.repository import discover
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]
    Tasks = Callable[..., dict[str, dict[str, Any]]]


def test_during_a_merge_the_hint_is_about_the_command_that_was_called(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a\n"})
    (repo.root / ".git/MERGE_HEAD").write_text(repo.git("rev-parse", "HEAD") + "\n")
    assert "hint: finish the merge, or leave --commit out\n" in inside("done", "a", "--commit", code=3).err
    assert "hint: finish the merge first\n" in inside("undo", code=3).err
    assert "hint: finish the merge, or use --no-commit to tick in" in inside("run", code=3).err
    inside("done", "a")


@pytest.mark.parametrize("command", ["run", "verify", "reopen", "output"])
def test_commands_that_take_ids_alone_name_the_ids_that_words_fit(
    repo: Checkout, inside: Mdtodo, command: str
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] By hand only id:one\n- [x] The hand id:two\n- [ ] Else\n"})
    said = inside(command, "hand", code=2)
    assert "no task has the id 'hand'" in said.err
    assert "hint: in titles: one (TODO.md:1 By hand only); two (TODO.md:2 The hand)\n" in said.err
    assert "hint: `mdtodo list` shows the ids\n" in inside(command, "foot", code=2).err


@pytest.fixture
def mdtodo(inside: Callable[..., Said]) -> Callable[..., Said]:
    """In this process, which takes a third of the time; that a process of its own does the same, others test."""
    return inside


def test_done_reopen_cancel_change_one_character(repo: Checkout, mdtodo: Mdtodo) -> None:
    text = b"\xef\xbb\xbf# T\r\n\r\n*\t[ ] one id:one  \r\n*\t[ ] two\r\n\tend"
    repo.commit("Base", **{"TODO.md": text})
    mdtodo("done", "one")
    assert repo.read("TODO.md") == text.replace(b"[ ] one", b"[x] one")
    mdtodo("reopen", "one")
    assert repo.read("TODO.md") == text
    mdtodo("cancel", "one")
    assert repo.read("TODO.md") == text.replace(b"[ ] one", b"[-] one")
    assert repo.index("TODO.md") == text, "without --commit the index is a person's"


def test_done_commit_holds_its_change_alone(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] one id:one\n- [ ] two\n"})
    repo.write("TODO.md", "- [ ] one id:one\n- [ ] two changed\n")
    mdtodo("done", "one", "--commit")
    assert repo.head("TODO.md") == b"- [x] one id:one\n- [ ] two\n"
    assert repo.read("TODO.md") == b"- [x] one id:one\n- [ ] two changed\n"
    assert "Mdtodo-Task: one done person exit=0" in repo.git("log", "-1", "--format=%B")


@pytest.mark.parametrize("command", ["done", "reopen", "cancel"])
def test_a_word_of_a_person_says_who_spoke(repo: Checkout, mdtodo: Mdtodo, command: str) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] p\n  - [/] one id:one\n"})
    mdtodo(command, "one", "--commit")
    one, *rollup = repo.git("log", "-1", "--format=%(trailers:key=Mdtodo-Task)").strip().split("\n")
    assert one.endswith(" by=ada@example.com")
    assert not any("by=" in line for line in rollup), "a roll-up is nobody's word"


def test_a_word_in_the_work_tree_needs_no_identity(
    repo: Checkout, mdtodo: Mdtodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] one id:one\n"})
    for name in ("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    repo.git("config", "user.useConfigOnly", "true")
    repo.git("config", "--unset", "user.email", check=False)
    mdtodo("done", "one", "--commit", code=3)
    mdtodo("done", "one")
    assert repo.read("TODO.md") == b"- [x] one id:one\n"


def test_a_parent_follows_its_subtasks(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] p\n  - [ ] a id:a\n  - [ ] b id:b\n")
    mdtodo("done", "a")
    said = mdtodo("cancel", "b").out.splitlines()
    assert [line.split("  ")[1:] for line in said] == [["cancelled", "b"], ["done with its subtasks", "p"]]
    assert repo.read("TODO.md") == b"- [x] p\n  - [x] a id:a\n  - [-] b id:b\n"
    mdtodo("reopen", "a")
    assert repo.read("TODO.md") == b"- [ ] p\n  - [ ] a id:a\n  - [-] b id:b\n"
    mdtodo("cancel", "a")
    assert repo.read("TODO.md").startswith(b"- [ ] p\n"), "not if all were cancelled"


def test_a_box_that_could_not_be_written_is_not_said_to_be_done(repo: Checkout) -> None:
    repo.write("TODO.md", "- [ ] a id:a\n")
    command = 'ulimit -f 0; exec "$0" -m mdtodo done a'  # as a full disk, but for this process alone
    said = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable], cwd=repo.root, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (3, "")
    assert "TODO.md: cannot be written" in said.stderr
    assert repo.read("TODO.md") == b"- [ ] a id:a\n"


def test_a_task_without_a_title_has_a_subject_all_the_same(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] ^only\n"})
    mdtodo("done", "only", "--commit")
    assert repo.git("log", "-1", "--format=%s") == "todo: only"


def test_stamp_writes_and_takes_off_the_date_of_done(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write(".mdtodo.toml", "stamp = true\n")
    repo.write("TODO.md", "- [ ] a id:a\n- [ ] b ^b\n")
    mdtodo("done", "a", "b")
    lines = repo.read("TODO.md").decode().splitlines()
    assert lines[0].startswith("- [x] a id:a done:20")
    assert lines[1].endswith(" ^b")
    mdtodo("reopen", "a", "b")
    assert repo.read("TODO.md") == b"- [ ] a id:a\n- [ ] b ^b\n"


def test_done_commit_also_commits_a_box_that_was_ticked_before(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] one id:one\n- [ ] two\n", ".mdtodo.toml": "stamp = true\n"})
    mdtodo("done", "one")
    mdtodo("done", "one", "--commit")
    assert repo.head("TODO.md").startswith(b"- [x] one id:one done:")
    assert repo.status() == []
    before = repo.git("rev-parse", "HEAD")
    mdtodo("done", "one", "--commit")
    assert repo.git("rev-parse", "HEAD") == before


BLOCKED = (
    "- [ ] First id:first\n- [ ] Second id:second after:first\n- [ ] Third id:third after:second,nobody\n"
    "- [ ] Parent id:parent\n  - [ ] Child id:child\n- [ ] Last id:last after:parent\n"
)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["second"], 'second (Second) waits for "First" (first)'),
        (["parent"], 'parent (Parent) has an open subtask: "Child" (child)'),
        (["first", "third"], 'third (Third) waits for "Second" (second), nobody (no task has this id)'),
        (["first", "last"], 'last (Last) waits for "Parent" (parent)'),
    ],
)
def test_done_of_a_task_that_waits_ticks_neither_it_nor_the_others(
    repo: Checkout, inside: Mdtodo, names: list[str], sentence: str
) -> None:
    repo.write("TODO.md", BLOCKED)
    said = inside("done", *names, code=1)
    assert sentence in said.err
    assert "--force" in said.err
    assert (said.out, repo.read("TODO.md")) == ("", BLOCKED.encode())
    inside("done", *names, "--force")
    assert all(f"[x] {name.title()} id:{name}".encode() in repo.read("TODO.md") for name in names)


STRICT = 'proof = "strict"\n[processors.t]\nrun = "true"\nmatch = { tags = ["t"] }\n'
WARN = STRICT.replace("strict", "warn")
PROVEN = "- [ ] Tests id:tests run:t\n- [ ] Tagged id:tagged #t\n- [ ] Free id:free\n"


@pytest.mark.parametrize(
    ("committed", "now", "code"),
    [
        ((PROVEN, STRICT), (PROVEN, STRICT), 1),
        ((PROVEN, STRICT), (PROVEN, WARN), 1),
        ((PROVEN, STRICT), (PROVEN, 'proof = "strict"\n[processors.u]\nrun = "true"\n'), 1),
        ((PROVEN, STRICT), (PROVEN.replace(" run:t", "").replace(" #t", ""), STRICT), 1),
        ((PROVEN.replace(" run:t", "").replace(" #t", ""), STRICT), (PROVEN, STRICT), 1),
        ((PROVEN, 'proof = "strict"\n'), (PROVEN, WARN), 1),
        ((PROVEN, WARN), (PROVEN, STRICT), 0),
        ((PROVEN, WARN), (PROVEN, WARN), 0),
        ((PROVEN, "proof = 1\n"), (PROVEN, WARN), 0),
    ],
)
@pytest.mark.sample(3)
def test_strict_proof_takes_no_word_for_a_task_that_has_a_processor(
    repo: Checkout, inside: Mdtodo, committed: tuple[str, str], now: tuple[str, str], code: int
) -> None:
    repo.commit("Base", **dict(zip(("TODO.md", ".mdtodo.toml"), committed, strict=True)))
    for name, text in zip(("TODO.md", ".mdtodo.toml"), now, strict=True):
        repo.write(name, text)
    inside("done", "free")
    for name in ("tests", "tagged"):
        said = inside("done", name, code=code)
        assert ("is for its processor t to prove" in said.err) == bool(code)
        assert (f"- [x] {name.title()}".encode() in repo.read("TODO.md")) == (not code)
    inside("done", "tests", "--force")
    assert b"- [x] Tests" in repo.read("TODO.md")
    inside("reopen", "tests")
    inside("cancel", "tagged")


def test_strict_proof_holds_once_it_is_committed_beside_other_refusals(
    repo: Checkout, inside: Mdtodo
) -> None:
    repo.write("TODO.md", BLOCKED + "- [ ] Tests id:tests run:t after:first\n")
    repo.write(".mdtodo.toml", STRICT)
    assert "processor" not in inside("done", "tests", code=1).err, "nothing is committed yet"
    repo.git("add", "-A")
    repo.git("commit", "-qm", "Base")
    said = inside("done", "tests", code=1)
    assert 'tests (Tests) waits for "First" (first)' in said.err
    assert "tests (Tests) is for its processor t to prove" in said.err
    assert "`mdtodo run tests` proves it; --force ticks it anyway" in " ".join(said.err.split())


@pytest.mark.parametrize("names", [["second", "first"], ["parent", "child"], ["child"], ["last", "child"]])
def test_tasks_that_free_one_another_are_done_together(
    repo: Checkout, inside: Mdtodo, names: list[str]
) -> None:
    repo.write("TODO.md", BLOCKED)
    inside("done", *names)
    assert all(f"[x] {name.title()} id:{name}".encode() in repo.read("TODO.md") for name in names)


def test_without_rollup_a_parent_is_not_done_with_its_subtasks(repo: Checkout, inside: Mdtodo) -> None:
    repo.write("TODO.md", BLOCKED)
    repo.write(".mdtodo.toml", "rollup = false\n")
    assert 'waits for "Parent" (parent)' in inside("done", "last", "child", code=1).err
    inside("done", "last", "parent", "child")


def test_a_task_that_waits_may_be_cancelled_and_reopened(repo: Checkout, inside: Mdtodo) -> None:
    repo.write("TODO.md", BLOCKED)
    inside("cancel", "second", "parent")
    inside("reopen", "second", "parent")
    assert repo.read("TODO.md") == BLOCKED.encode()


def kept(repo: Checkout) -> list[tuple[str, str, str, bool, str | None]]:
    """The receipts in the journal, newest first: task, outcome, processor, whether a commit has it, and its base."""
    with StateStore.open(discover(str(repo.root)), create=False) as state:
        return [
            (one.receipt.task_id, one.receipt.outcome, one.receipt.processor, bool(one.commit), one.base)
            for one in state.receipts()
        ]


def test_the_journal_keeps_what_a_person_said_and_what_a_run_proved(repo: Checkout, mdtodo: Mdtodo) -> None:
    mdtodo_toml = "[processors.ok]\nrun = 'true'\n"
    unborn = "- [ ] a id:a\n- [ ] b id:b\n  - [ ] c id:c run:ok\n"
    repo.write("TODO.md", unborn)
    mdtodo("done", "a")
    first = repo.commit("Base", **{"TODO.md": unborn, ".mdtodo.toml": mdtodo_toml})
    mdtodo("run", "--no-commit")
    mdtodo("cancel", "a")
    mdtodo("reopen", "c")
    mdtodo("done", "a", "--commit")
    assert kept(repo) == [
        ("a", "done", "person", True, first),
        ("b", "todo", "rollup", False, first),
        ("c", "todo", "person", False, first),
        ("a", "cancelled", "person", False, first),
        ("b", "done", "rollup", False, first),
        ("c", "done", "ok", False, first),
        ("a", "done", "person", False, None),
    ]


def test_a_tick_is_made_where_the_state_cannot_be_written(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a id:a\n"})
    repo.write(".git/mdtodo", "no folder")
    said = mdtodo("done", "a")
    assert repo.read("TODO.md") == b"- [x] a id:a\n"
    assert "the state cannot be saved" in said.err
    assert "nothing in this clone proves what no commit carries" in said.err


class TestTicksThatNothingProves:
    """`done` of a tick that `check` calls unproven gives a person's word for it."""

    @pytest.fixture
    def ticked(self, repo: Checkout) -> Checkout:
        config = '[processors.good]\nrun = "true"\n'
        todo = "- [x] a id:a run:good\n- [x] b id:b run:good\n- [x] c id:c\n- [ ] d id:d run:good\n"
        repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config})
        return repo

    @staticmethod
    def unproven(mdtodo: Mdtodo) -> list[int]:
        found = mdtodo("check", "--json").json["findings"]
        return [one["line"] for one in found if one["code"] == "unproven"]

    def test_done_commits_a_receipt_and_changes_no_file(self, ticked: Checkout, inside: Mdtodo) -> None:
        before = ticked.read("TODO.md")
        said = inside("done", "a", "c", "--commit")
        assert said.out.startswith("a  done, on your word  a\nc  done already  c\ncommitted ")
        message = ticked.git("log", "-1", "--format=%B")
        assert message.startswith("todo: a\n\nMdtodo-Run: ")
        assert "Mdtodo-Task: a done person exit=0 time=0.000 attempt=0" in message
        assert " by=ada@example.com" in message
        assert ticked.read("TODO.md") == ticked.head("TODO.md") == before
        assert (self.unproven(inside), ticked.status()) == ([2], [])
        inside("done", "a", "c", "--commit")
        assert ticked.commits() == 2

    def test_without_a_commit_the_journal_has_the_word(self, ticked: Checkout, inside: Mdtodo) -> None:
        assert inside("done", "b", "d").out == "b  done, on your word  b\nd  done  d\n"
        assert self.unproven(inside) == [1]
        assert inside("done", "b").out == "b  done already  b\n"

    def test_a_tick_that_is_not_committed(self, ticked: Checkout, inside: Mdtodo) -> None:
        ticked.write("TODO.md", ticked.read("TODO.md").replace(b"[ ] d", b"[x] d"))
        assert self.unproven(inside) == [1, 2, 4]
        inside("done", "d", "--commit")
        assert b"- [x] d" in ticked.head("TODO.md")
        assert self.unproven(inside) == [1, 2]

    def test_strict_takes_no_word(self, ticked: Checkout, inside: Mdtodo) -> None:
        ticked.commit("Strict", **{".mdtodo.toml": 'proof = "strict"\n[processors.good]\nrun = "true"\n'})
        said = inside("done", "a", "--commit", code=1)
        assert "`mdtodo prove a` proves it; --force ticks it anyway" in said.err
        assert ticked.commits() == 2
