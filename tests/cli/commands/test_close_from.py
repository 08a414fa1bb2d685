"""Closing by commit message: what counts as a person's word, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.receipts.trailers import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

TODO = "- [ ] Write the parser id:parser\n- [ ] Tell everybody id:tell.all\n- [x] Old id:old\n- [-] No id:no\n- [ ] Plain\n"
ON = "close_from_commits = true\n"


@pytest.fixture
def ready(repo: Checkout) -> Checkout:
    repo.commit("Base", **{"TODO.md": TODO, ".mdtodo.toml": ON})
    return repo


def boxes(repo: Checkout) -> str:
    return "".join(line[3] for line in repo.read("TODO.md").decode().splitlines())


@pytest.mark.parametrize(
    ("message", "after"),
    [
        ("Parse\n\nTodo: parser", "x x- "),
        ("Parse\n\nSigned-off-by: Ada <a@example.com>\nTODO: parser, tell.all", "xxx- "),
        ("Parse (#12)\n\n* Split\n\n---\n\nText.\n\n---------\n\nTodo: parser", "x x- "),
        ("Parse\n\n--- \nTodo: tell.all\n\nTodo: parser", "x x- "),
        ("Parse, closes todo:parser", "x x- "),
        ("Parse\n\nIt Fixes: todo:parser.\nresolved todo:tell.all, at last", "xxx- "),
        ("Parse\n\n(closed todo:parser)", "x x- "),
        # What only looks like it.
        ("Parse todo:parser", "  x- "),
        ("Parse\n\nTodo: parser is still slow", "  x- "),
        ("Parse\n\nTodo: parser, which is slow", "  x- "),
        ("Parse\n\nTodo: parser\n\nAnd a last paragraph.", "  x- "),
        ("This does not close todo:parser", "  x- "),
        ("Refixes todo:parser", "  x- "),
        ("Say how\n\n> closes todo:parser\n\nand `closes todo:parser` in code", "  x- "),
        ('Revert "Parse, closes todo:parser"\n\nThis reverts commit 1234.', "  x- "),
        ("revert: closes todo:parser", "  x- "),
        ("closes todo:pars", "  x- "),
        ("closes todo:no, closes todo:old", "  x- "),
    ],
)
@pytest.mark.sample(6)
def test_only_a_trailer_or_a_closing_word_closes_a_task(
    ready: Checkout, inside: Callable[..., Said], message: str, after: str
) -> None:
    ready.git("commit", "-q", "--allow-empty", "-m", message)
    inside("close-from", "HEAD~1..HEAD")
    assert boxes(ready) == after


def test_the_commit_that_closes_a_task_is_its_receipt(ready: Checkout, inside: Callable[..., Said]) -> None:
    said_in = ready.commit("Closes todo:parser")
    said = inside("close-from", "HEAD~1..HEAD")
    assert "parser  done  Write the parser" in said.out
    assert said_in[:10] in said.out
    message = ready.git("log", "-1", "--format=%B")
    (task,) = parse(message)[1]
    assert (task.task_id, task.outcome, task.processor) == ("parser", "done", "person")
    assert f"Mdtodo-Commit: parser {said_in}" in message
    assert (
        ready.git("log", "-1", "--format=%(trailers:key=Mdtodo-Commit,valueonly)").strip()
        == f"parser {said_in}"
    )
    assert ready.status() == []
    assert ready.git("diff", "--stat", "HEAD~1").endswith("1 file changed, 1 insertion(+), 1 deletion(-)")


def test_a_second_close_from_of_a_commit_does_nothing(ready: Checkout, inside: Callable[..., Said]) -> None:
    ready.commit("Closes todo:parser")
    inside("close-from", "HEAD~1..HEAD")
    before = ready.git("rev-parse", "HEAD")
    said = inside("close-from", "HEAD~2..HEAD")
    assert (said.out, said.err) == ("", "")
    assert ready.git("rev-parse", "HEAD") == before


def test_close_from_does_nothing_unless_the_configuration_asks_for_it(
    ready: Checkout, inside: Callable[..., Said]
) -> None:
    ready.write(".mdtodo.toml", "")
    ready.commit("Closes todo:parser")
    said = inside("close-from", "HEAD~1..HEAD")
    assert "close_from_commits = true" in said.err
    assert boxes(ready) == "  x- "
    assert inside("close-from", "HEAD~1..HEAD", "--json").json["closed"] == []


def test_an_unknown_name_gets_a_sentence_and_the_others_go_on(
    ready: Checkout, inside: Callable[..., Said]
) -> None:
    (plain,) = (task for task in inside("list", "--json").json["tasks"] if task["title"] == "Plain")
    oid = ready.commit(f"closes todo:nobody, closes todo:{plain['id'][:5]}")
    said = inside("close-from", "HEAD")
    assert f"commit {oid[:10]} closes todo:nobody: no task has that id" in said.err
    assert boxes(ready) == "  x-x"


def test_an_ambiguous_beginning_closes_nothing(repo: Checkout, inside: Callable[..., Said]) -> None:
    same = "- [ ] Same id:abcd1\n- [ ] Other id:abcd2\n"
    repo.commit("Base", **{"TODO.md": same, ".mdtodo.toml": ON})
    repo.commit("closes todo:abcd")
    said = inside("close-from", "HEAD")
    assert "matches 2 tasks" in said.err
    assert boxes(repo) == "  "


def test_an_id_of_somebody_s_own_is_never_shortened(repo: Checkout, inside: Callable[..., Said]) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] Meat id:beef1\n", ".mdtodo.toml": ON})
    repo.commit("closes todo:beef")
    assert "beef1 must be named in full" in inside("close-from", "HEAD").err
    assert boxes(repo) == " "


def test_a_commit_that_is_reverted_within_the_range_closes_nothing(
    ready: Checkout, inside: Callable[..., Said]
) -> None:
    oid = ready.commit("closes todo:parser", **{"a.txt": "a"})
    ready.git("revert", "--no-edit", oid)
    inside("close-from", "HEAD~2..HEAD")
    assert boxes(ready) == "  x- "
    inside("close-from", "HEAD~2..HEAD~1")
    assert boxes(ready) == "x x- "


def test_a_closing_word_in_the_title_of_a_receipt_closes_nothing(
    repo: Checkout, inside: Callable[..., Said]
) -> None:
    todo = "- [ ] closes todo:victim id:a\n- [ ] Another id:victim\n"
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": ON})
    inside("done", "a", "--commit")
    assert "closes todo:victim" in repo.git("log", "-1", "--format=%s")
    inside("close-from", "HEAD")
    assert boxes(repo) == "x "


def test_a_dry_run_changes_nothing(ready: Checkout, inside: Callable[..., Said]) -> None:
    oid = ready.commit("closes todo:parser")
    assert "would be done" in inside("close-from", "HEAD", "--dry-run").out
    rows = inside("close-from", "HEAD", "--dry-run", "--json").json
    assert [(row["id"], row["file"], row["line"], row["commit"]) for row in rows["closed"]] == [
        ("parser", "TODO.md", 1, oid)
    ]
    assert boxes(ready) == "  x- "
    assert ready.git("rev-parse", "HEAD") == oid


@pytest.mark.parametrize("bad", ["nowhere..HEAD", "--output=stolen", "HEAD..", "$(touch stolen)"])
def test_a_bad_range_gets_a_sentence(ready: Checkout, mdtodo: Callable[..., Said], bad: str) -> None:
    said = mdtodo("close-from", "--", bad, code=None)
    assert said.code in (0, 3)
    assert "Traceback" not in said.err
    assert ready.status() == []


def test_odd_bytes_in_a_message_do_no_harm(ready: Checkout, inside: Callable[..., Said]) -> None:
    ready.git(
        "commit",
        "-q",
        "--allow-empty",
        "-F",
        "-",
        stdin=b"\xff\xfe \x1b[31m closes todo:\x1b[0m\n\ncloses todo:parser\n",
    )
    inside("close-from", "HEAD")
    assert boxes(ready) == "x x- "


def test_a_task_that_waits_is_closed_only_with_what_it_waits_for(
    repo: Checkout, inside: Callable[..., Said]
) -> None:
    text = "- [ ] First id:first\n- [ ] Second id:second after:first\n- [ ] Third id:third\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": ON})
    oid = repo.commit("closes todo:second, closes todo:third")
    said = inside("close-from", "HEAD")
    assert f'commit {oid[:10]} closes todo:second: that task waits for "First" (first)' in said.err
    assert boxes(repo) == "  x"
    repo.commit("closes todo:first")
    inside("close-from", "HEAD~3..HEAD")
    assert boxes(repo) == "xxx"


def test_with_strict_proof_a_message_closes_only_what_has_no_processor(
    repo: Checkout, inside: Callable[..., Said]
) -> None:
    todo = "- [ ] Tests id:tests run:t\n- [ ] After id:after after:tests\n- [ ] Free id:free\n"
    repo.commit(
        "Base", **{"TODO.md": todo, ".mdtodo.toml": f'{ON}proof = "strict"\n[processors.t]\nrun = "true"\n'}
    )
    oid = repo.commit("closes todo:tests, closes todo:after, closes todo:free")
    said = inside("close-from", "HEAD")
    assert f"commit {oid[:10]} closes todo:tests: that task is for its processor t to prove" in said.err
    assert f'commit {oid[:10]} closes todo:after: that task waits for "Tests" (tests)' in said.err
    assert boxes(repo) == "  x"
