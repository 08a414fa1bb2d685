"""`done`, `reopen`, `cancel`, `add`: a person's word."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]
    Tasks = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def test_a_mistake_in_what_is_added_is_told(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit(
        "Base", **{"TODO.md": "- [ ] a id:a run:old\n", ".mdtodo.toml": '[processors.test]\nrun = "true"\n'}
    )
    said = inside("add", "Tests pass run:tset after:a")
    assert said.err == 'mdtodo: TODO.md:2: unknown processor "tset" (did you mean "test"?)\n', (
        "not of other tasks"
    )
    assert 'unknown id "b"' in inside("add", "Ship it after:b", "--json").err
    assert "is taken by TODO.md:1" in inside("add", "Again id:a").err
    assert inside("add", "More run:test").err == ""


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


@pytest.mark.parametrize(
    ("before", "options", "after"),
    [
        (None, [], b"# TODO\n\n- [ ] new\n"),
        ("- [ ] a\n", [], b"- [ ] a\n- [ ] new\n"),
        ("* [ ] a\r\n", [], b"* [ ] a\r\n* [ ] new\r\n"),
        ("- [ ] a id:a\n- [ ] b\n", ["--under", "a"], b"- [ ] a id:a\n  - [ ] new\n- [ ] b\n"),
        (
            "# A\n\n- [ ] a\n\n# B\n\n- [ ] b\n",
            ["--section", "A"],
            b"# A\n\n- [ ] a\n- [ ] new\n\n# B\n\n- [ ] b\n",
        ),
    ],
)
def test_add_writes_the_task_and_prints_its_id(
    repo: Checkout, mdtodo: Mdtodo, before: str | None, options: list[str], after: bytes
) -> None:
    if before is not None:
        repo.write("TODO.md", before)
    said = mdtodo("add", "new", *options)
    assert repo.read("TODO.md") == after
    assert mdtodo("show", said.out.split()[0], "--json").json["tasks"][0]["title"] == "new"


@pytest.mark.parametrize("text", ["", "  ", "two\nlines", "a\x00b"])
def test_add_refuses_what_is_no_task(repo: Checkout, mdtodo: Mdtodo, text: str) -> None:
    if "\0" in text:
        pytest.skip("no argument can hold NUL")
    repo.write("TODO.md", "- [ ] a\n")
    mdtodo("add", text, code=2)
    assert repo.read("TODO.md") == b"- [ ] a\n"


def test_add_writes_to_the_file_that_is_named(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    mdtodo("add", "new", "--file", "docs/TODO.md")
    assert repo.read("docs/TODO.md").endswith(b"- [ ] new\n")
    mdtodo("add", "new", "--file", "../TODO.md", code=2)
    mdtodo("add", "new", "--section", "Nowhere", code=2)


def test_add_writes_the_date_that_a_word_means(repo: Checkout, inside: Mdtodo) -> None:
    from mdtodo.planning.dates import local_today

    repo.write("TODO.md", "- [ ] a\n")
    before = local_today()
    due = inside("add", "Pay", "on", "friday", "due:+1w", "--json").json["tasks"][0]
    assert due["title"] == "Pay on friday"
    days = [date.fromordinal(day.toordinal() + 7).isoformat() for day in (before, local_today())]
    assert due["due"] in days
    text = repo.read("TODO.md")
    assert f"- [ ] Pay on friday due:{due['due']}\n".encode() in text
    for value in ("soon", "2026-02-30", "12/11"):
        assert "is not a valid date" in inside("add", f"Pay due:{value}", code=2).err
    assert repo.read("TODO.md") == text


def test_done_commit_also_commits_a_box_that_was_ticked_before(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] one id:one\n- [ ] two\n", ".mdtodo.toml": "stamp = true\n"})
    mdtodo("done", "one")
    mdtodo("done", "one", "--commit")
    assert repo.head("TODO.md").startswith(b"- [x] one id:one done:")
    assert repo.status() == []
    before = repo.git("rev-parse", "HEAD")
    mdtodo("done", "one", "--commit")
    assert repo.git("rev-parse", "HEAD") == before


def test_add_takes_no_id_twice_and_says_when_nobody_will_look(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] one id:one\n")
    assert "TODO.md:1" in mdtodo("add", "two id:one", code=2).err
    assert "`files`" in mdtodo("add", "two", "--file", "notes.md").err
    assert repo.read("TODO.md") == b"- [ ] one id:one\n"


@pytest.mark.parametrize("before", [None, "# Tasks\n\n- [ ] first\n"])
def test_tasks_that_are_added_at_once_are_all_written(
    repo: Checkout, tasks: Callable[..., dict[str, dict[str, Any]]], before: str | None
) -> None:
    if before:
        repo.write("TODO.md", before)
    said = at_once(repo, [["add", f"number {n} id:n{n}"] for n in range(8)] + [["add", "same", "id:x"]] * 2)
    assert sorted(code for code, _, _ in said) == [0] * 9 + [2], "an id is given once"
    assert [out.split()[0] for code, out, _ in said[:8]] == [f"n{n}" for n in range(8)], "each tells its own"
    added = {f"number {n}" for n in range(8)} | {"same"}
    assert set(tasks()) == added | ({"first"} if before else set())
    assert repo.read("TODO.md").count(b"- [ ] ") == 9 + bool(before)


def test_breakdowns_that_are_asked_for_at_once_happen_once_each(repo: Checkout, mdtodo: Mdtodo) -> None:
    lines = [f"- [ ] Build thing {n} expand:api id:t{n}\n" for n in range(6)]
    repo.write("TODO.md", "".join(lines))
    said = at_once(repo, [["expand", f"t{n}"] for n in range(6)] + [["expand"]] * 3)
    assert [code for code, _, _ in said] == [0] * 9, said
    together = repo.read("TODO.md")
    repo.write("TODO.md", "".join(lines))
    mdtodo("expand")
    assert together == repo.read("TODO.md")


def at_once(repo: Checkout, calls: list[list[str]]) -> list[tuple[int, str, str]]:
    """Code, output and errors of calls that run side by side."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "mdtodo", *args],
            cwd=repo.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for args in calls
    ]
    ended = [process.communicate() for process in processes]
    return [(process.returncode, *texts) for process, texts in zip(processes, ended, strict=True)]


BLOCKED = (
    "- [ ] First id:first\n- [ ] Second id:second after:first\n- [ ] Third id:third after:second,nobody\n"
    "- [ ] Parent id:parent\n  - [ ] Child id:child\n- [ ] Last id:last after:parent\n"
)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["second"], "second (Second) waits for first (First)"),
        (["parent"], "parent (Parent) has an open subtask: child (Child)"),
        (["first", "third"], "third (Third) waits for second (Second), nobody (no task has this id)"),
        (["first", "last"], "last (Last) waits for parent (Parent)"),
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
    assert "waits for parent" in inside("done", "last", "child", code=1).err
    inside("done", "last", "parent", "child")


def test_a_task_that_waits_may_be_cancelled_and_reopened(repo: Checkout, inside: Mdtodo) -> None:
    repo.write("TODO.md", BLOCKED)
    inside("cancel", "second", "parent")
    inside("reopen", "second", "parent")
    assert repo.read("TODO.md") == BLOCKED.encode()
