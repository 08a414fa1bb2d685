"""Promise 7: bad input gets a sentence and an exit code; never a traceback, never half a write."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from mdtodo.cli import guarded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
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


def test_a_folder_named_todo_md_is_told(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("TODO.md/inner.txt", "x")
    assert "TODO.md: " in mdtodo("list", code=3).err
    assert "TODO.md: " in mdtodo("check", "TODO.md", code=3).err


def test_a_symlink_that_leads_out_is_refused(repo: Checkout, mdtodo: Mdtodo, tmp_path: Path) -> None:
    (tmp_path / "outside.md").write_text("- [ ] a\n")
    os.symlink(tmp_path / "outside.md", repo.root / "TODO.md")
    said = mdtodo("run", code=3)
    assert "TODO.md: is a symlink that points outside the work tree" in said.err


@pytest.mark.parametrize("name", [".mdtodo.toml", "pyproject.toml"])
@pytest.mark.parametrize("folder", ["", "conf"])
def test_a_configuration_that_leads_out_is_refused_unread(
    repo: Checkout, mdtodo: Mdtodo, tmp_path: Path, name: str, folder: str
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("[tool.mdtodo]\njobs = 'the password'\n")
    if folder:
        os.symlink(tmp_path / "outside", repo.root / folder)
    os.symlink(f"{folder or '../outside'}/secret", repo.root / name)
    for command in ("list", "check", "run", "config", "init", "check --staged"):
        said = mdtodo(*command.split(), code=3)
        assert said.err.startswith(f"mdtodo: {name}: is a symlink that points outside the work tree")
        assert "password" not in said.err + said.out


@pytest.mark.parametrize("part", ["docs", "docs/TODO.md"])
@pytest.mark.parametrize("commit", ["run", "none"])
def test_what_is_swapped_for_an_outward_link_during_a_run_is_not_written_through(
    repo: Checkout, mdtodo: Mdtodo, tmp_path: Path, part: str, commit: str
) -> None:
    text = "- [ ] a run:swap\n- [ ] b\n"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/TODO.md").write_text(text)
    swap = f"mv {part} {tmp_path}/away; ln -s {tmp_path}/{part} {part}"
    repo.commit(
        "Base",
        **{"docs/TODO.md": text, ".mdtodo.toml": f"commit = '{commit}'\nprocessors.swap.run = '{swap}'\n"},
    )
    mdtodo("run", code=None)
    assert (tmp_path / "docs/TODO.md").read_text() == text
    assert os.listdir(tmp_path / "docs") == ["TODO.md"]


def test_a_symlink_inside_is_followed_and_kept(repo: Checkout, mdtodo: Mdtodo) -> None:
    repo.write("docs/TODO.md", "- [ ] a run:ok\n")
    os.symlink("docs/TODO.md", repo.root / "TODO.md")
    repo.commit("Base", **{".mdtodo.toml": OK})
    mdtodo("run")
    assert repo.read("docs/TODO.md") == b"- [x] a run:ok\n"
    assert (repo.root / "TODO.md").is_symlink()
    assert repo.status() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(repo: Checkout, mdtodo: Mdtodo) -> None:
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
def test_a_broken_configuration_stops_every_command_with_its_place(
    repo: Checkout, mdtodo: Mdtodo, config: str, words: str
) -> None:
    repo.write("TODO.md", "- [ ] a\n")
    repo.write(".mdtodo.toml", config)
    for command in ("list", "check", "run", "config"):
        said = mdtodo(command, code=3)
        assert ".mdtodo.toml" in said.err
        assert words in said.err


def test_unknown_commands_and_options_are_wrong_usage(repo: Checkout, mdtodo: Mdtodo) -> None:
    assert "list" in mdtodo("lits", code=2).err
    mdtodo("list", "--nonsense", code=2)
    mdtodo("-C", "/nowhere/at/all", "list", code=2)


def test_outside_of_a_repository_a_command_says_so(mdtodo: Mdtodo, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "not a git repository" in mdtodo("list", cwd=tmp_path / "empty", code=3).err


def test_a_bare_repository_has_no_work_tree_and_is_refused(
    repo: Checkout, mdtodo: Mdtodo, tmp_path: Path
) -> None:
    repo.git("init", "-q", "--bare", str(tmp_path / "bare.git"))
    assert "bare" in mdtodo("list", cwd=tmp_path / "bare.git", code=3).err


def test_without_git_a_command_says_so(repo: Checkout, mdtodo: Mdtodo, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    "command", ["run", "done a", "stats --since 7d", "status", "add x", "verify", "list"]
)
@pytest.mark.parametrize("fault", [OverflowError("timestamp too large"), -7e10, 4e11])
def test_an_absurd_clock_is_a_sentence_or_does_no_harm(
    repo: Checkout,
    inside: Mdtodo,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    fault: OverflowError | float,
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok id:a\n", ".mdtodo.toml": OK})

    def now() -> float:
        if isinstance(fault, float):
            return fault
        raise fault

    monkeypatch.setattr(time, "time", now)
    said = inside(*command.split(), code=None)
    assert said.code in (0, 3)
    assert said.code == 0 or "the clock of this machine shows a date" in said.err


@pytest.mark.parametrize("moment", [1e300, -1e300, 3e11])
def test_times_that_an_absurd_clock_left_do_no_harm(repo: Checkout, mdtodo: Mdtodo, moment: float) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok\n- [ ] b run:ok\n", ".mdtodo.toml": OK})
    mdtodo("run", "--no-commit")
    with sqlite3.connect(repo.root / ".git/mdtodo/state.db") as state:
        state.execute("UPDATE runs SET started = ?1, finished = ?1", (moment,))
        state.execute("UPDATE results SET finished = ?1, landed = ?1", (moment,))
    state.close()
    for command in ("status", "status --json", "stats", "stats --json", "log", "list", "plan", "run"):
        mdtodo(*command.split())


def test_too_little_memory_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise MemoryError

    assert guarded(fail) == 3
    assert capsys.readouterr().err == "mdtodo: there is not enough memory for this\n"


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_that_was_wrong_for_a_day_keeps_no_task_from_starting(
    repo: Checkout, mdtodo: Mdtodo, years: int
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok id:a\n", ".mdtodo.toml": OK})
    mdtodo("run")
    with sqlite3.connect(repo.root / ".git/mdtodo/state.db") as state:
        moved = years * 365 * 86400
        state.execute("UPDATE runs SET started = started + ?1, finished = finished + ?1", (moved,))
        state.execute("UPDATE results SET finished = finished + ?1, landed = landed + ?1", (moved,))
    state.close()
    mdtodo("reopen", "a")
    assert "not started" not in mdtodo("run").err
    assert repo.read("TODO.md") == b"- [x] a run:ok id:a\n"


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


@pytest.mark.parametrize(
    "command", [("list",), ("run",), ("check", "--staged"), ("init",), ("config", "--json")]
)
def test_a_configuration_from_outside_is_refused(
    repo: Checkout, mdtodo: Mdtodo, tmp_path: Path, command: tuple[str, ...]
) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok\n", "config/mine.toml": OK})
    (tmp_path / "outside.toml").write_text(OK)
    os.symlink("config/mine.toml", repo.root / ".mdtodo.toml")
    mdtodo(*command)
    (repo.root / ".mdtodo.toml").unlink()
    os.symlink(tmp_path / "outside.toml", repo.root / ".mdtodo.toml")
    assert ".mdtodo.toml" in mdtodo(*command, code=3).err


@pytest.mark.parametrize("pattern", ["!", "\\\\", "[", "[[:nothing:]]", "[z-a]", "a\\\\", "\\\\/"])
def test_a_pattern_that_matches_nothing_stops_no_run(repo: Checkout, mdtodo: Mdtodo, pattern: str) -> None:
    config = f'files = ["TODO.md", "{pattern}"]\n{OK}inputs = ["{pattern}"]\noutputs = ["{pattern}"]\n'
    repo.commit("Base", **{"TODO.md": "- [ ] a run:ok\n", ".mdtodo.toml": config})
    assert mdtodo("run", "--json").json["summary"]["done"] == 1


def test_a_folder_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'cd "$1" && rmdir "$1" && exec "$2" -P -m mdtodo list'
    command = ["sh", "-c", script, "sh", str(gone), sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "current folder" in done.stderr) == (3, True), done
    assert "bug" not in done.stderr
