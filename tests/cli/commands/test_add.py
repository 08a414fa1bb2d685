"""`add`: a task at its place in the file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.command_line import at_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]
    Tasks = Callable[..., dict[str, dict[str, Any]]]


def test_a_mistake_in_what_is_added_is_told(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit(
        "Base", **{"TODO.md": "- [ ] a id:a run:old\n", ".mdtodo.toml": '[processors.test]\nrun = "true"\n'}
    )
    said = inside("add", "Tests pass run:tset after:a")
    assert said.err == 'mdtodo: TODO.md:2: unknown processor "tset" (did you mean "test"?)\n', (
        "not of other tasks"
    )
    assert 'unknown id "b"' in inside("add", "Ship it after:b", "--json").err
    assert "is taken by TODO.md:1" in inside("add", "Again id:a", code=2).err
    assert inside("add", "More run:test").err == ""


@pytest.fixture
def mdtodo(inside: Callable[..., Said]) -> Callable[..., Said]:
    """In this process, which takes a third of the time; that a process of its own does the same, others test."""
    return inside


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


@pytest.mark.parametrize(
    "words",
    [["[ ] new due:2026-12-01"], ["--", "- [ ] new due:2026-12-01"], ["[", "]", "new", "due:2026-12-01"]],
)
def test_a_box_that_is_typed_with_the_text_is_written_once(
    repo: Checkout, inside: Callable[..., Said], words: list[str]
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a\n"})
    assert inside("add", *words).out.endswith("TODO.md:2  new\n")
    assert repo.read("TODO.md") == b"- [ ] a\n- [ ] new due:2026-12-01\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a afer:x", "`afer:x` is not a key; did you mean `after:`?"),
        ("a !hgih", "unknown priority '!hgih'; did you mean 'high'?"),
        ("a !highest", "unknown priority '!highest'; did you mean 'critical'?"),
    ],
)
def test_what_is_nearly_a_key_of_the_new_line_is_told(
    repo: Checkout, inside: Mdtodo, text: str, message: str
) -> None:
    repo.write("TODO.md", "- [ ] x afer:y\n")
    assert inside("add", text).err == f"mdtodo: TODO.md:2: {message}\n"
