"""`mdtodo archive`: closed tasks to an archive and back, byte for byte, and all that still knows them there."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.git.repository import discover
from mdtodo.integrations.merge_driver.setup import set_up
from mdtodo.operations.archive.versions import versions_of
from mdtodo.project.project import read_config
from tests.command_line import at_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

CONFIG = '[processors.ok]\nrun = "test ! -e .git/broken"\n'
TODO = b"""# Plan

- [ ] p
  - [x] sub
- [x] a id:a
  - [-] b
    - a note

## More run:ok

- [x] c
- [ ] d after:a
"""
LEFT = TODO.replace(b"- [x] a id:a\n  - [-] b\n    - a note\n", b"").replace(b"- [x] c\n", b"")
ARCHIVE = b"""# Plan

- [x] a id:a
  - [-] b
    - a note

## More run:ok

- [x] c
"""


@pytest.fixture
def mdtodo(inside: Mdtodo) -> Mdtodo:
    return inside


def start(repo: Checkout, todo: bytes = TODO, config: str = "", **files: str | bytes) -> None:
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config + CONFIG, **files})


def archives(repo: Checkout, mdtodo: Mdtodo, *args: str, file: str = "TODO.archive.md", **env: Any) -> bytes:
    """Archive, and give what HEAD, index and work tree have of the archive then."""
    mdtodo("archive", *args, **env)
    assert repo.head(file) == repo.index(file) == repo.read(file)
    assert repo.status() == []
    return repo.read(file)


def ids(mdtodo: Mdtodo) -> dict[str, str]:
    return {one["title"]: one["id"] for one in mdtodo("list", "--all", "--json").json["tasks"]}


def test_closed_tasks_go_with_all_that_is_below_them_and_their_headings(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    start(repo)
    commits = repo.commits()
    assert archives(repo, mdtodo) == ARCHIVE
    assert repo.read("TODO.md") == LEFT
    assert repo.commits() == commits + 1
    assert repo.git("log", "-1", "--format=%s") == "todo: 2 archived"
    assert mdtodo("archive").out == ""
    assert repo.commits() == commits + 1
    assert [one["title"] for one in mdtodo("list", "--all", "--json").json["tasks"]] == ["p", "sub", "d"]


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("p", "is not closed"),
        ("sub", "is a subtask of"),
        ("closed over open", "has an open task below it"),
        ("box", "has a box below it that is unknown, in line 6"),
    ],
)
def test_what_cannot_go_is_refused_by_name_and_stays_otherwise(
    repo: Checkout, mdtodo: Mdtodo, named: str, sentence: str
) -> None:
    todo = b"- [ ] p\n  - [x] sub\n- [x] closed over open\n  - [ ] open\n- [x] box\n  - [?] unknown\n- [x] fine\n"
    start(repo, todo)
    names = ids(mdtodo)
    said = mdtodo("archive", names["fine"], names[named], code=1)
    assert "nothing was archived: " in said.err
    assert sentence in said.err
    assert repo.read("TODO.md") == repo.head("TODO.md") == todo
    assert archives(repo, mdtodo) == b"- [x] fine\n"


def test_what_is_not_committed_stays_and_is_said(repo: Checkout, mdtodo: Mdtodo) -> None:
    """What a person is about to do is theirs: ticks and words, staged or not, and files that git does not know."""
    start(repo, b"- [x] a\n- [ ] b\n- [x] c\n- [x] d\n", **{"docs/TODO.md": "- [ ] x\n"})
    changed = b"- [x] a\n- [x] b\n- [x] c\n  - a note\n- [x] d\n- [x] new\n"
    repo.write("TODO.md", changed)
    repo.write("todo/TODO.md", "- [x] untracked\n")
    said = mdtodo("archive")
    assert said.err.count("is not in HEAD and the index as it stands here") == 4
    assert repo.read("TODO.md") == b"- [x] b\n- [x] c\n  - a note\n- [x] new\n"
    assert repo.head("TODO.md") == b"- [ ] b\n- [x] c\n"
    assert repo.head("TODO.archive.md") == repo.read("TODO.archive.md") == b"- [x] a\n- [x] d\n"
    repo.git("add", "TODO.md")
    assert "nothing to archive" in mdtodo("archive").err
    assert repo.index("TODO.md") == b"- [x] b\n- [x] c\n  - a note\n- [x] new\n"


CRLF, BOM = TODO.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf"
BYTES = {
    "CRLF": (CRLF, b"", ARCHIVE.replace(b"\n", b"\r\n")),
    "BOM": (BOM + b"- [x] a\n- [ ] b\n", b"", b"- [x] a\n"),
    "BOM in both": (BOM + b"- [x] a\n", BOM + b"- [x] z\n", BOM + b"- [x] z\n- [x] a\n"),
    "no newline": (b"- [ ] b\n- [x] a", b"- [x] z", b"- [x] z\n- [x] a\n"),
    "headings that are there": (
        b"# P\n\n- [x] a\n\n## Q\n\n- [x] b\n",
        b"# P\n\nText.\n\n## Q\n\n- [x] z\n\n# R\n\n- [x] y\n",
        b"# P\n\nText.\n\n- [x] a\n\n## Q\n\n- [x] z\n- [x] b\n\n# R\n\n- [x] y\n",
    ),
    "the same title twice": (b"- [x] a\n- [x] a\n", b"- [x] a\n", b"- [x] a\n- [x] a\n- [x] a\n"),
    "the same heading twice": (
        b"# P\n\n- [x] a\n\n# P\n\n- [x] a\n",
        b"",
        b"# P\n\n- [x] a\n- [x] a\n",
    ),
    "CRLF to LF": (b"- [x] a\r\n  - [x] b\r\n", b"- [x] z\n", b"- [x] z\n- [x] a\r\n  - [x] b\r\n"),
    "underlined": (b"P\n===\n\nQ\n---\n- [x] a\n", b"", b"P\n===\n\nQ\n---\n\n- [x] a\n"),
    "a list of its own": (b"2. [x] a\n* [x] b\n", b"- [x] z\n", b"- [x] z\n\n2. [x] a\n\n* [x] b\n"),
    "front matter": (b"- [x] a\n", b"---\nx: 1\n---\n# Z\n", b"---\nx: 1\n---\n\n- [x] a\n\n# Z\n"),
    "hostile": (
        b"- [x] <!-- a\n- [x] ```\n- [x] [r]: x\n- [x] *b* `c`\n\n      code\n",
        b"",
        b"- [x] <!-- a\n- [x] ```\n- [x] [r]: x\n- [x] *b* `c`\n\n      code\n",
    ),
    "not UTF-8's end": (
        "- [x] Zürich 🔺\n  - [x] é\n".encode(),
        b"",
        "- [x] Zürich 🔺\n  - [x] é\n".encode(),
    ),
}


@pytest.mark.parametrize("name", BYTES)
@pytest.mark.sample(5)
def test_each_line_is_there_as_it_was_and_no_other_has_changed(
    repo: Checkout, mdtodo: Mdtodo, name: str
) -> None:
    todo, before, after = BYTES[name]
    repo.git("config", "core.autocrlf", "false")
    start(repo, todo, **({"TODO.archive.md": before} if before else {}))
    assert archives(repo, mdtodo) == after
    assert b"\n- [x]" not in b"\n" + repo.read("TODO.md")
    mdtodo("undo")
    assert repo.read("TODO.md") == repo.head("TODO.md") == todo
    assert (repo.read("TODO.archive.md") if before else b"") == before
    assert (repo.root / "TODO.archive.md").exists() == bool(before)


def test_line_ends_that_git_converts_are_those_of_the_work_tree(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.git("config", "core.autocrlf", "true")
    start(repo, b"- [x] a\r\n  - [x] b\r\n- [x] c\r\n- [ ] d\r\n")
    repo.git("checkout", "-q", ".")
    (name,) = (one for title, one in ids(mdtodo).items() if title == "a")
    mdtodo("archive", name)
    assert repo.head("TODO.archive.md") == b"- [x] a\n  - [x] b\n"
    repo.git("rm", "-q", "--cached", "TODO.archive.md")
    repo.git("reset", "-q", "--hard")
    mdtodo("archive")
    assert repo.head("TODO.archive.md") == b"- [x] a\n  - [x] b\n- [x] c\n"
    assert repo.read("TODO.archive.md") == b"- [x] a\r\n  - [x] b\r\n- [x] c\r\n"
    assert repo.status() == []


@pytest.mark.parametrize("before", [b"", b"- [x] z\r\n"], ids=["new", "there"])
def test_undo_brings_back_line_ends_that_git_would_not_commit_any_more(
    repo: Checkout, mdtodo: Mdtodo, before: bytes
) -> None:
    todo = b"- [x] a\r\n- [ ] d\r\n"
    repo.git("config", "core.autocrlf", "false")
    start(repo, todo, **({"TODO.archive.md": before} if before else {}))
    repo.git("config", "core.autocrlf", "true")
    archives(repo, mdtodo)
    mdtodo("undo")
    assert repo.read("TODO.md") == repo.head("TODO.md") == todo
    assert (repo.read("TODO.archive.md") if before else b"") == before
    assert (repo.root / "TODO.archive.md").exists() == bool(before)
    assert repo.status() == []


def test_an_archive_is_none_of_the_todo_files_whatever_pattern_fits_it(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    start(
        repo,
        b"- [x] a\n",
        **{"todo/x.md": "- [x] b\n- [ ] c\n", "todo/TODO.archive.md": "- [x] old id:old\n"},
    )
    assert archives(repo, mdtodo, file="todo/TODO.archive.md") == b"- [x] old id:old\n- [x] b\n"
    assert repo.head("TODO.archive.md") == b"- [x] a\n"
    assert ids(mdtodo).keys() == {"c"}


def test_the_year_is_in_the_name(repo: Checkout, mdtodo: Mdtodo) -> None:
    from mdtodo.planning.dates import local_today

    start(repo, b"- [x] a\n- [ ] b\n", 'archive = "archive/%Y.md"\nfiles = ["**/*.md"]\n')
    assert archives(repo, mdtodo, file=f"archive/{local_today().year}.md") == b"- [x] a\n"
    assert ids(mdtodo).keys() == {"b"}


@pytest.mark.parametrize(
    ("archive", "sentence"),
    [
        ("../x.md", "inside the repository"),
        ("/x.md", "inside the repository"),
        (".git/x.md", "inside the repository"),
        ("x.txt", "must be the name of a Markdown file"),
        ("%m.md", "knows no other code than %Y"),
        ("TODO.md", "is one of `files`"),
        ("TODO.archiv.md\nx", "on one line"),
    ],
)
def test_an_archive_that_cannot_be_is_an_error_of_the_configuration(
    repo: Checkout, mdtodo: Mdtodo, archive: str, sentence: str
) -> None:
    start(repo, config=f"archive = {archive!r}\n".replace("'", '"'))
    assert sentence in mdtodo("list", code=3).err


@pytest.mark.parametrize("inside_repository", [True, False])
@pytest.mark.parametrize("name", ["TODO.archive.md", "old/done.md"])
def test_a_symlink_is_no_archive(repo: Checkout, mdtodo: Mdtodo, name: str, inside_repository: bool) -> None:
    start(repo, b"- [x] a\n", f'archive = "{name}"\n')
    other = repo.root / "other" if inside_repository else repo.root.parent / "other"
    other.mkdir()
    (other / "done.md").write_text("- [x] z\n")
    link = repo.root / name.split("/")[0]
    link.symlink_to(other if "/" in name else other / "done.md")
    assert "is a symlink, so it can be no archive" in mdtodo("archive", code=1).err
    assert (other / "done.md").read_text() == "- [x] z\n"
    assert repo.head("TODO.md") == repo.read("TODO.md") == b"- [x] a\n"


def test_before_a_moment(repo: Checkout, mdtodo: Mdtodo) -> None:
    """Whatever was changed since: the box, a word, something below; or by the day that the line says."""
    old = {"GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z"}
    repo.write(".mdtodo.toml", CONFIG)
    repo.write("TODO.md", "- [x] old\n- [ ] ticked\n- [x] noted\n- [x] stamped done:2024-01-01\n")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "Base", **old)
    new = "- [x] old\n- [x] ticked\n- [x] noted\n  - now\n- [x] stamped done:2024-01-01 #new\n"
    repo.commit("Now", **{"TODO.md": new})
    assert "nothing to archive" in mdtodo("archive", "--before", "2023-12-31").err
    name = ids(mdtodo)["ticked"]
    assert "was changed since then" in mdtodo("archive", name, "--before", "90d", code=1).err
    assert archives(repo, mdtodo, "--before", "90d") == b"- [x] old\n- [x] stamped done:2024-01-01 #new\n"
    assert "such as 90d" in mdtodo("archive", "--before", "soon", code=2).err


def test_a_dry_run_is_a_patch(repo: Checkout, mdtodo: Mdtodo) -> None:
    assert "Print the diff; change nothing." in mdtodo("archive", "--help").out
    start(repo)
    patch = mdtodo("archive", "--dry-run").out
    assert (repo.read("TODO.md"), repo.status()) == (TODO, [])
    repo.git("apply", "-", stdin=patch)
    assert (repo.read("TODO.md"), repo.read("TODO.archive.md")) == (LEFT, ARCHIVE)


# What still knows them


def test_what_waited_for_one_goes_on_and_its_log_is_there(repo: Checkout, mdtodo: Mdtodo) -> None:
    """Also where no receipt says that it was done, as of a box that was ticked by hand."""
    start(repo)
    archives(repo, mdtodo)
    assert mdtodo("check", "--strict", code=None).err.count("unknown") == 0
    assert [one["title"] for one in mdtodo("run", "--json").json["tasks"]] == ["p", "d"]
    assert "archived" in mdtodo("log", "a").out


def forged(mdtodo: Mdtodo, *args: str) -> list[tuple[str, int, str]]:
    found = mdtodo("check", *args, "--json", code=None).json["findings"]
    return [
        (one["file"], one["line"], one["code"])
        for one in found
        if one["code"] in ("unproven", "open-in-archive")
    ]


@pytest.mark.parametrize("journal", [True, False])
def test_a_proof_follows_its_task_there_and_back(repo: Checkout, mdtodo: Mdtodo, journal: bool) -> None:
    start(repo, b"# P\n\n- [ ] done by run run:ok\n- [ ] other run:ok\n", 'proof = "require"\n')
    base = repo.git("rev-parse", "HEAD")
    mdtodo("run", ids(mdtodo)["done by run"])
    archives(repo, mdtodo)
    if not journal:
        shutil.rmtree(repo.root / ".git/mdtodo")
    assert forged(mdtodo) == forged(mdtodo, "--staged") == forged(mdtodo, "--proof", f"{base}..HEAD") == []
    back = repo.read("TODO.md") + b"- [x] done by run run:ok\n"
    repo.commit("Back", **{"TODO.md": back, "TODO.archive.md": "# P\n"})
    assert forged(mdtodo) == forged(mdtodo, "--proof", f"{base}..HEAD") == []


@pytest.mark.parametrize("name", ["", " id:rel"])
def test_what_becomes_of_the_next_task_of_that_name_ends_no_proof_in_the_archive(
    repo: Checkout, mdtodo: Mdtodo, name: str
) -> None:
    start(repo, f"- [ ] Release run:ok{name}\n".encode())
    mdtodo("run")
    archives(repo, mdtodo)
    repo.commit("Again", **{"TODO.md": f"- [ ] Release run:ok{name}\n"})
    repo.write(".git/broken", "")
    mdtodo("run", code=1)
    assert forged(mdtodo) == []
    (repo.root / ".git/broken").unlink()
    mdtodo("run")
    mdtodo("reopen", ids(mdtodo)["Release"], "--commit")
    assert forged(mdtodo) == []
    shutil.rmtree(repo.root / ".git/mdtodo")
    assert forged(mdtodo) == []


def test_an_archive_hides_no_tick_that_nothing_proves(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, b"- [ ] a run:ok\n- [ ] b run:ok\n", 'proof = "require"\n')
    base = repo.git("rev-parse", "HEAD")
    repo.write("TODO.md", "")
    repo.write("TODO.archive.md", "- [x] a run:ok\n- [ ] b run:ok\n")
    repo.git("add", "-A")
    here = ("TODO.archive.md", 1, "unproven")
    assert here in forged(mdtodo, "--staged")
    repo.git("commit", "-qm", "Forged")
    assert forged(mdtodo) == [here, ("TODO.archive.md", 2, "open-in-archive")]
    assert forged(mdtodo, "--proof", f"{base}..HEAD") == [here]


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"- [x] forged run:ok\n\0", 3, "TODO.archive.md:2: contains a NUL byte"),
        (b"- [x] forged run:ok\n\xff", 3, "TODO.archive.md:2: not UTF-8"),
        (b"<<<<<<< a\n- [x] a\n=======\n>>>>>>> b\n", 1, "TODO.archive.md:1: error: conflict-marker"),
    ],
)
def test_an_archive_that_cannot_be_read_or_is_not_merged_is_named(
    repo: Checkout, mdtodo: Mdtodo, content: bytes, code: int, said: str
) -> None:
    start(repo, **{"TODO.archive.md": content})
    for how in ([], ["--staged"]):
        found = mdtodo("check", *how, code=code)
        assert said in found.out + found.err


def test_verify_runs_one_that_is_asked_for_by_its_id(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo, b"- [ ] a id:task run:ok\n- [ ] b\n")
    mdtodo("run")
    archives(repo, mdtodo)
    assert mdtodo("verify", "--json").json["tasks"] == []
    assert mdtodo("verify", "task", "--json").json["summary"]["done"] == 1
    (repo.root / ".git/broken").touch()
    mdtodo("verify", "task", code=1)
    assert repo.head("TODO.archive.md") == b"- [ ] a id:task run:ok\n"
    assert forged(mdtodo) == [("TODO.archive.md", 1, "open-in-archive")]
    assert "no task has the id 'nobody'" in mdtodo("verify", "nobody", code=2).err


# Undo, merges, others at work


def test_prove_takes_ticks_of_an_archive_and_other_commands_say_where_a_task_is(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    start(repo, b"- [ ] b\n", **{"TODO.archive.md": "- [x] a id:aa run:ok\n- [x] c id:cc run:no\n"})
    repo.write(".mdtodo.toml", CONFIG + '[processors.no]\nrun = "false"\n')
    repo.git("commit", "-qam", "Both")
    assert len(forged(mdtodo)) == 2
    mdtodo("prove", "aa")
    assert [line for _, line, _ in forged(mdtodo)] == [2]
    mdtodo("prove", code=1)
    assert repo.head("TODO.archive.md") == b"- [x] a id:aa run:ok\n- [ ] c id:cc run:no\n"
    for command in ("done", "show", "reopen", "run", "archive"):
        said = mdtodo(command, "aa", code=2).err
        assert '"a" (aa) is archived: TODO.archive.md:1' in said


def test_an_undo_brings_them_back_though_both_files_have_changed(repo: Checkout, mdtodo: Mdtodo) -> None:
    start(repo)
    mdtodo("archive", "a")
    run = mdtodo("log", "--json").json["receipts"][0]["run"]
    mdtodo("archive")
    repo.commit("More", **{"TODO.md": repo.read("TODO.md") + b"- [ ] later\n"})
    repo.write("mine", "x")
    mdtodo("undo", run)
    assert repo.read("TODO.md") == repo.head("TODO.md") == TODO.replace(b"- [x] c\n", b"") + b"- [ ] later\n"
    assert repo.read("TODO.archive.md") == repo.head("TODO.archive.md")
    assert b"- [x] c\n" in repo.read("TODO.archive.md")
    assert b"id:a" not in repo.read("TODO.archive.md")
    mdtodo("undo", mdtodo("log", "--json").json["receipts"][0]["run"])
    assert repo.read("TODO.md") == LEFT + b"- [ ] later\n"


def diverged(
    repo: Checkout, mdtodo: Mdtodo, driver: bool, ours: Callable[[], object]
) -> subprocess.CompletedProcess[str]:
    """All is archived on `other`; what `ours` does is done on `main`, and `other` is merged."""
    if driver:
        checkout = discover(str(repo.root))
        set_up(checkout, read_config(checkout))
        repo.commit("Driver")
    repo.git("checkout", "-qb", "other")
    mdtodo("archive")
    repo.git("checkout", "-q", "main")
    ours()
    return subprocess.run(
        ["git", "merge", "--no-edit", "-q", "other"],
        cwd=repo.root,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("driver", "between"), [(True, b"\n"), (False, b"\n- [ ] e\n- [ ] f\n- [ ] g\n")])
def test_a_merge_of_an_archive_and_a_tick(
    repo: Checkout, mdtodo: Mdtodo, driver: bool, between: bytes
) -> None:
    """With the driver also where they touch."""
    start(repo, b"- [x] a\n- [x] b\n" + between + b"- [ ] c run:ok\n\n- [ ] d\n")
    done = diverged(repo, mdtodo, driver, lambda: mdtodo("run"))
    assert done.returncode == 0, done.stdout
    assert repo.read("TODO.md") == between.lstrip() + b"- [x] c run:ok\n\n- [ ] d\n"
    assert archives(repo, mdtodo) == b"- [x] a\n- [x] b\n- [x] c run:ok\n"
    assert forged(mdtodo) == []


def test_a_merge_of_two_archives(repo: Checkout, mdtodo: Mdtodo) -> None:
    """The driver takes each task once, and what both have put at the end; without it git finds a conflict."""
    start(repo, b"# P\n\n- [x] a\n- [x] b\n- [ ] c\n")

    def ours() -> None:
        mdtodo("archive", ids(mdtodo)["a"])
        mdtodo("done", ids(mdtodo)["c"], "--commit")
        mdtodo("archive", ids(mdtodo)["c"])

    done = diverged(repo, mdtodo, True, ours)
    assert done.returncode == 0, done.stdout
    assert repo.read("TODO.md").strip() == b"# P"
    lines = repo.read("TODO.archive.md").splitlines()
    assert sorted(line for line in lines if line) == [b"# P", b"- [x] a", b"- [x] b", b"- [x] c"]


def test_a_task_that_was_opened_elsewhere_is_a_conflict(repo: Checkout, mdtodo: Mdtodo) -> None:
    """Nobody's word is lost: it is not open in the list and closed in the archive without anybody seeing it."""
    start(repo, b"- [x] a\n- [ ] b\n")
    done = diverged(repo, mdtodo, True, lambda: mdtodo("reopen", ids(mdtodo)["a"], "--commit"))
    assert done.returncode == 1
    assert b"<<<<<<<" in repo.read("TODO.md")


def test_two_at_once(repo: Checkout, mdtodo: Mdtodo) -> None:
    todo = b"".join(b"- [x] t%d\n- [ ] o%d\n" % (number, number) for number in range(20))
    start(repo, todo)
    said = at_once(repo, [["archive"], ["archive"], ["archive"]])
    assert sorted(code for code, _, _ in said)[0] == 0, said
    assert "Traceback" not in "".join(err for _, _, err in said)
    assert repo.read("TODO.md") == b"".join(b"- [ ] o%d\n" % number for number in range(20))
    assert sorted(repo.read("TODO.archive.md").splitlines()) == sorted(b"- [x] t%d" % n for n in range(20))
    assert repo.status() == []


def test_equal_tasks_of_two_lists_are_all_in_the_archive(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write(".mdtodo.toml", 'files = ["A.md", "B.md"]\narchive = "ARCHIVE.md"\n')
    repo.write("A.md", "- [x] a\n- [x] a\n- [ ] b\n")
    repo.write("B.md", "- [x] a\n- [ ] c\n")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "lists")
    for _ in range(2):
        mdtodo("archive")
        assert repo.read("ARCHIVE.md") == repo.head("ARCHIVE.md") == b"- [x] a\n" * 3
    assert (repo.read("A.md"), repo.read("B.md")) == (b"- [ ] b\n", b"- [ ] c\n")
    assert repo.status() == []


def test_what_another_one_archives_in_between_is_there_once(
    repo: Checkout, mdtodo: Mdtodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the list was looked up in HEAD, and before the archive is."""
    start(repo, b"- [x] a\n- [ ] b\n- [x] c\n")

    def looked_up(*args: Any) -> object:
        found = versions_of(*args)
        at_once(repo, [["archive"]])
        return found

    monkeypatch.setattr("mdtodo.operations.archive.archive.versions_of", looked_up)
    mdtodo("archive", code=None)
    assert repo.read("TODO.archive.md") == repo.head("TODO.archive.md") == b"- [x] a\n- [x] c\n"
    assert repo.read("TODO.md") == repo.head("TODO.md") == b"- [ ] b\n"
    assert repo.status() == []


def test_nothing_goes_by_which_a_running_task_would_be_called_otherwise(
    repo: Checkout, mdtodo: Mdtodo
) -> None:
    """It has an id that tells it from the closed one of its title."""
    start(repo, b"- [x] a\n- [ ] a run:ok\n")
    name = next(one["id"] for one in mdtodo("list", "--json").json["tasks"] if one["status"] == "todo")
    mdtodo("claim", name, "--name", "me", "--no-commit", "--json")
    said = mdtodo("archive", code=1)
    assert "would have another id" in said.err
    assert repo.status() == [" M TODO.md"]


@pytest.mark.timeout(120)
def test_a_long_list_in_one_commit(repo: Checkout, mdtodo: Mdtodo) -> None:
    """As a list of years has it: 1,462 tasks, 541 of them done, in forty sections."""
    lines, kept = [], []
    number = done = 0
    for section in range(40):
        for each in (lines, kept):
            each.append(f"## Section {section}\n")
            each.append("\n")
        for index in range(37 if section < 22 else 36):
            if number == 1462:
                break
            closed = index % 100 < 13 + (section < 21)
            line = f"- [{'x' if closed else ' '}] Task {number} of section {section} #tag{index % 5}\n"
            lines.append(line)
            done += closed
            number += 1
            kept += [] if closed else [line]
        for each in (lines, kept):
            each.append("\n")
    todo = "".join(lines).encode()
    start(repo, todo)
    commits = repo.commits()
    made = archives(repo, mdtodo)
    assert made.count(b"- [x]") == done == 541
    assert number == 1462
    assert repo.read("TODO.md") == "".join(kept).encode()
    assert repo.commits() == commits + 1
    mdtodo("undo")
    assert repo.read("TODO.md") == todo
    assert not os.path.exists(repo.root / "TODO.archive.md")
