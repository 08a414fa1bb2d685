"""Promise 7: bad input gets a sentence and an exit code; never a traceback, never half a write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


@pytest.fixture
def mdtodo(inside: Callable[..., Said]) -> Callable[..., Said]:
    """In this process, which takes a third of the time; that a process of its own does the same, others test."""
    return inside


OK = '[processors.ok]\nrun = "true"\n'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"- [ ] a\n- [ ] caf\xe9\n", "TODO.md:2: "),
        (b"- [ ] a\0b\n", "TODO.md:1: "),
        ("- [ ] a\n".encode("utf-16"), "UTF-16"),
        ("- [ ] a\n".encode("utf-16-le"), "TODO.md"),
    ],
)
@pytest.mark.parametrize("command", ["list", "check", "run", "next"])
def test_what_is_not_utf8_is_named_and_left(
    repo: Checkout, mdtodo: Mdtodo, data: bytes, words: str, command: str
) -> None:
    repo.write("TODO.md", data)
    said = mdtodo(command, code=3)
    assert words in said.err
    assert repo.read("TODO.md") == data


def test_a_folder_named_todo_md(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md/inner.txt", "x")
    assert "TODO.md: " in mdtodo("list", code=3).err
    assert "TODO.md: " in mdtodo("check", "TODO.md", code=3).err


def test_a_symlink_that_leads_out_is_refused(repo: Checkout, mdtodo: Mdtodo, tmp_path: Path) -> None:
    (tmp_path / "outside.md").write_text("- [ ] a\n")
    os.symlink(tmp_path / "outside.md", repo.root / "TODO.md")
    said = mdtodo("run", code=3)
    assert "TODO.md: is a symlink that points outside the work tree" in said.err


def test_a_symlink_inside_is_followed_and_kept(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("docs/TODO.md", "- [ ] a run:ok\n")
    os.symlink("docs/TODO.md", repo.root / "TODO.md")
    repo.commit("Base", **{".mdtodo.toml": OK})
    mdtodo("run")
    assert repo.read("docs/TODO.md") == b"- [x] a run:ok\n"
    assert (repo.root / "TODO.md").is_symlink()
    assert repo.status() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a\n").chmod(0)
    assert "TODO.md: cannot be read" in mdtodo("list", code=3).err


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("jobs = \n", ".mdtodo.toml:1: "),
        ("jbos = 1\n", "jobs"),
        ("jobs = true\n", "jobs"),
        ("jobs = 'four'\n", "jobs"),
        ("[processors.x]\nrnu = 'true'\n", "run"),
        ("[processors.x]\nrun = 'true'\npython = 'a:b'\n", "python"),
        ("[processors.x]\nrun = 'true'\ntimeout = 'soon'\n", "timeout"),
        ("[lanes]\nhigh = 0\n", "high"),
        ("commit = 'never'\n", "none"),
    ],
)
def test_broken_configuration(repo: Checkout, mdtodo: Mdtodo, config: str, words: str) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    repo.write(".mdtodo.toml", config)
    for command in ("list", "check", "run", "config"):
        said = mdtodo(command, code=3)
        assert ".mdtodo.toml" in said.err
        assert words in said.err


def test_unknown_command_and_option(repo: Checkout, mdtodo: Mdtodo) -> None:
    assert "list" in mdtodo("lits", code=2).err
    mdtodo("list", "--nonsense", code=2)
    mdtodo("-C", "/nowhere/at/all", "list", code=2)


def test_no_repository(mdtodo: Mdtodo, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "not a git repository" in mdtodo("list", cwd=tmp_path / "empty", code=3).err


def test_a_bare_repository(repo: Checkout, mdtodo: Mdtodo, tmp_path: Path) -> None:
    repo.git("init", "-q", "--bare", str(tmp_path / "bare.git"))
    assert "bare" in mdtodo("list", cwd=tmp_path / "bare.git", code=3).err


def test_no_git(repo: Checkout, mdtodo: Mdtodo, tmp_path: Path) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    (tmp_path / "bin").mkdir()
    assert "git" in mdtodo("list", code=3, PATH=str(tmp_path / "bin")).err
    assert "git" in mdtodo("run", code=3, PATH=str(tmp_path / "bin")).err


def test_a_pipe_that_nobody_reads(repo: Checkout, mdtodo: Mdtodo) -> None:
    import subprocess
    import sys

    repo.write("TODO.md", "".join(f"- [ ] task {n}\n" for n in range(5000)))
    command = f"{sys.executable} -m mdtodo list | head -n 1"
    done = subprocess.run(["sh", "-c", command], cwd=repo.root, capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr


def test_all_mistakes_of_the_configuration_are_told(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    repo.write(".mdtodo.toml", "jbos = 1\n[lanes]\nhigh = 0\n")
    found = [
        '.mdtodo.toml:1: `jbos`: unknown key (did you mean "jobs"?)',
        ".mdtodo.toml:3: `lanes.high`: must be a whole number, 1 or more, not 0",
    ]
    said = mdtodo("check", code=3)
    assert (said.out, said.err.splitlines()) == ("", [f"mdtodo: {line}" for line in found])
    for options in ((), ("--staged",)):
        repo.git("add", "-A")
        said = mdtodo("check", "--format", "github", *options, code=3)
        assert said.err.splitlines() == [f"mdtodo: {line}" for line in found]
        assert said.out.splitlines() == [
            f"::error file=.mdtodo.toml,line={number},title=mdtodo configuration::{line.split(': ', 1)[1]}"
            for number, line in zip((1, 3), found, strict=True)
        ]
