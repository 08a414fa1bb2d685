"""What git does to content on its way between work tree and repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.landing.states.bench import DONE, OPEN, TODO
from tests.landing.states.declared import Group

if TYPE_CHECKING:
    from tests.landing.states.bench import Bench

content = Group("Content")
CRLF = TODO.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "state", ["`core.autocrlf = true`", "`core.autocrlf = input`", "CRLF in the repository too"]
)
@content.lands("CRLF in the repository too", "CRLF stays")
@content.lands("`core.autocrlf = input`")
@content.lands("`core.autocrlf = true`", "LF in the repository, CRLF in the work tree, as it was")
def test_lands_with_line_ends_that_git_converts(bench: Bench, state: str) -> None:
    repo = bench.repo(todo=CRLF if "too" in state else TODO)
    if "core" in state:
        repo.git("config", "core.autocrlf", state.strip("`").split()[-1])
        repo.git("config", "core.safecrlf", "false")
        if "true" in state:
            (repo.root / "TODO.md").unlink()
            repo.git("checkout", "-q", "TODO.md")
            assert b"\r\n" in repo.read("TODO.md")
    bench.expect_outcome(repo)


ATTRIBUTES = {
    "`text=auto`": "* text=auto",
    "`eol=crlf`": "*.md text eol=crlf",
    "`eol=lf`": "*.md text eol=lf",
    "`-text`": "*.md -text",
    "`ident`": "*.md ident",
    "`export-subst`, `merge=union`, `diff=x`": "*.md export-subst merge=union diff=x",
}


@pytest.mark.parametrize("state", ATTRIBUTES)
@content.lands("`export-subst`, `merge=union`, `diff=x`")
@content.lands("`ident`", "`$Id$` stays as it is in each version")
@content.lands("`-text`")
@content.lands("`eol=lf`")
@content.lands("`eol=crlf`")
@content.lands("`text=auto`")
@pytest.mark.sample(2)
def test_lands_with_attributes_of_the_todo_file(bench: Bench, state: str) -> None:
    repo = bench.repo(todo=TODO + "\n<!-- $Id$ -->\n", **{".gitattributes": ATTRIBUTES[state] + "\n"})
    repo.git("config", "core.safecrlf", "false")
    (repo.root / "TODO.md").unlink()
    repo.git("checkout", "-q", "TODO.md")
    bench.expect_outcome(repo)


@content.refuses("`working-tree-encoding=UTF-16`", "the file is not UTF-8, and left as it is")
def test_refuses_a_file_that_git_stores_in_another_encoding(bench: Bench) -> None:
    repo = bench.repo(
        todo=TODO.encode("utf-16"), **{".gitattributes": "*.md text working-tree-encoding=UTF-16\n"}
    )
    assert repo.head("TODO.md") == TODO.encode()
    bench.expect_outcome(repo, person=False, says="TODO.md")


def filtered(bench: Bench, clean: str, smudge: str, *, required: bool = False):
    repo = bench.repo()
    repo.git("config", "filter.f.clean", clean)
    repo.git("config", "filter.f.smudge", smudge)
    repo.git("config", "filter.f.required", "true" if required else "false")
    repo.write(".gitattributes", "TODO.md filter=f\n")
    (repo.root / "TODO.md").unlink()
    repo.git("add", ".gitattributes")
    repo.git("commit", "-q", "-m", "Filter")
    repo.git("checkout", "-q", "TODO.md")
    return repo


@content.lands(
    "clean and smudge filters", "each version as it is; the filter runs no more than for `git status`"
)
def test_lands_through_clean_and_smudge_filters(bench: Bench) -> None:
    repo = filtered(bench, "sed s/ONE/one/", "sed s/one/ONE/", required=True)
    assert b"- [ ] ONE" in repo.read("TODO.md")
    bench.expect_outcome(repo)


@content.lands(
    "a required filter that fails", "git cannot compare the file; the tick lands in HEAD, index and work tree"
)
def test_lands_beside_a_required_filter_that_fails(bench: Bench) -> None:
    repo = bench.repo()
    repo.git("config", "filter.f.clean", "false")
    repo.git("config", "filter.f.required", "true")
    repo.write(".git/info/attributes", "TODO.md filter=f\n")
    before = bench.look(repo)
    assert bench.calls(repo.root, "run").code == 0
    after = bench.look(repo)
    assert after.tree == bench.ticked(before.tree, 1)
    assert after.index == bench.ticked(before.index, 2)
    assert after.files == bench.ticked(before.files, 1)
    bench.assert_sound(repo)


@content.ticks(
    "a pointer in the repository, as with LFS", "ticked in the work tree; git sees a change of the file"
)
def test_ticks_a_file_of_which_the_repository_has_a_pointer(bench: Bench) -> None:
    repo = filtered(bench, "git hash-object -w --stdin", "read id && git cat-file blob $id")
    repo.git("add", "--renormalize", "TODO.md")
    repo.git("commit", "-q", "-m", "Point")
    assert len(repo.head("TODO.md")) == 41
    before = bench.look(repo)
    assert bench.calls(repo.root, "run").code == 0
    after = bench.look(repo)
    assert (after.tree, after.index, after.head) == (before.tree, before.index, before.head)
    assert after.files == bench.ticked(before.files, 1)
    assert repo.status() == [" M TODO.md"]


@content.lands("`i18n.commitEncoding`", "the message is UTF-8, and says so")
def test_lands_with_another_encoding_of_commits(bench: Bench) -> None:
    repo = bench.repo(todo=TODO.replace("two", "zwei €ß").replace("run:ok", "run:ok"))
    repo.git("config", "i18n.commitEncoding", "ISO-8859-1")
    assert bench.calls(repo.root, "run").code == 0
    assert "zwei €ß" in repo.git("log", "-1", "--format=%s")
    assert b"encoding" not in repo.git_bytes("cat-file", "commit", "HEAD").split(b"\n\n")[0]


@content.lands("`commit.cleanup`, `core.commentChar`, `commit.template`", "the message stays as it is")
def test_lands_with_settings_of_commit_messages(bench: Bench) -> None:
    repo = bench.repo(todo=TODO.replace("two", "#2 two"))
    (bench.folder / "template").write_text("a template\n")
    for name, value in (
        ("commit.cleanup", "strip"),
        ("core.commentChar", "t"),
        ("commit.template", str(bench.folder / "template")),
        ("commit.verbose", "true"),
        ("trailer.separators", "="),
    ):
        repo.git("config", name, value)
    assert bench.calls(repo.root, "run").code == 0
    message = repo.git("log", "-1", "--format=%B")
    assert message.startswith(("todo: two\n\nMdtodo-Run: ", "todo: #2 two\n\nMdtodo-Run: "))
    assert "template" not in message


@content.lands("`core.fsync`, `core.compression`, `core.looseCompression`, `gc.auto`")
def test_lands_with_settings_of_storage(bench: Bench) -> None:
    repo = bench.repo()
    for name, value in (
        ("core.fsync", "all"),
        ("core.fsyncMethod", "batch"),
        ("core.compression", "9"),
        ("core.looseCompression", "0"),
        ("gc.auto", "1"),
        ("core.sharedRepository", "group"),
    ):
        repo.git("config", name, value)
    bench.expect_outcome(repo)


@content.lands("a file of many kilobytes, with BOM, tabs and no final newline", "one line changes")
def test_lands_in_a_long_file_with_bom_tabs_and_no_final_newline(bench: Bench) -> None:
    data = b"\xef\xbb\xbf" + TODO.encode() + b"\t \n".join(b"text %d" % n for n in range(9000)) + b"  "
    repo = bench.repo(todo=data)
    before = bench.look(repo)
    assert bench.calls(repo.root, "run").code == 0
    assert bench.look(repo).tree == bench.ticked(before.tree, 1)
    assert repo.head("TODO.md") == repo.index("TODO.md") == repo.read("TODO.md") == data.replace(OPEN, DONE)
