"""What a run says of a task besides its outcome: why it was passed over, and what to type next."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]

#: What a processor prints, the words that are shown of it, and whether there is more to read.
LAST_WORDS = [
    ("needs a GPU", ": needs a GPU", False),
    (r"first\nno network\n\n  \n", ": no network", True),
    (r"10 \045\r55 \045\rgave up\r\n", ": gave up", False),
    (r"\033[31mred\033[0m", ": red", False),
    (r"bell\007 and \033]0;title", r": bell\x07 and \x1b]0;title", False),
    ("", "", False),
]


@pytest.mark.parametrize(("code", "outcome"), [(75, "deferred"), (77, "skipped")])
@pytest.mark.parametrize(("printed", "words", "more"), LAST_WORDS)
@pytest.mark.sample(4)
def test_a_task_that_is_passed_over_says_why(
    repo: Checkout, inside: Mdtodo, code: int, outcome: str, printed: str, words: str, *, more: bool
) -> None:
    config = f"[processors.x]\nrun = '''printf '{printed}'; exit {code}'''\n"
    repo.commit("Base", **{"TODO.md": "- [ ] a run:x id:a\n", ".mdtodo.toml": config})
    said = inside("run")
    line, *hints = said.err.splitlines()
    assert line.startswith(f"[1/1] {'…' if code == 75 else '-'} {outcome}  a  a  (x, ")
    assert line.partition("s)")[2] == words
    assert hints == (["  `mdtodo output a` shows its full output"] * more)
    with Terminal(["run"], repo.root, 120, 20) as terminal:
        assert terminal.end() == 0
        (line, *_) = terminal.text.splitlines()
    assert line.partition("s)")[2] == words


def test_a_failed_task_without_output_says_so(repo: Checkout, inside: Mdtodo) -> None:
    repo.commit(
        "Base", **{"TODO.md": "- [ ] a run:x id:a\n", ".mdtodo.toml": '[processors.x]\nrun = "exit 4"\n'}
    )
    assert "exit 4\n    no output\n" in inside("run", code=1).err
    repo.write(
        ".mdtodo.toml", '[processors.x]\nrun = "echo why; exit 4"\nretries = 1\nretry_delay = "0.1s"\n'
    )
    said = inside("run", code=1).err
    assert "~ a  a: exit 4; retrying in 0.1s\n" in said
    assert "2 attempts): exit 4\n    why\n    full log: mdtodo output a\n" in said


@pytest.mark.parametrize("count", [1, 3, 8, 20])
@pytest.mark.sample(2)
def test_the_hint_runs_every_task_that_failed(
    repo: Checkout, inside: Mdtodo, tmp_path: Path, count: int
) -> None:
    """Also those that have given up by now, which `mdtodo run` alone leaves out."""
    lines = "".join(f"- [ ] task {n} run:bad failed:{2 if n % 2 else 0}\n" for n in range(count))
    config = 'max_failures = 3\n[processors.bad]\nrun = "test -e gate"\n'
    repo.commit("Base", **{"TODO.md": lines.replace(" failed:0", ""), ".mdtodo.toml": config})
    said = inside("run", code=1)
    hint = (
        said.err[said.err.index("`mdtodo run") :]
        if count < 8
        else said.err.partition("this tries them again:")[2]
    )
    assert all(len(line) <= 80 for line in hint.splitlines())
    assert ("them again" in said.err) == (count > 1)
    script = tmp_path / "bin" / "mdtodo"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m mdtodo "$@"\n')
    script.chmod(0o755)
    typed = hint.split("`")[1] if count < 8 else hint
    repo.write("gate", "")
    subprocess.run(
        f"PATH={script.parent}:$PATH; {typed}", shell=True, cwd=repo.root, check=True, capture_output=True
    )
    assert repo.read("TODO.md").count(b"[x]") == count


def test_the_hint_of_very_many_is_short(repo: Checkout, inside: Mdtodo) -> None:
    lines = "".join(f"- [ ] task {n} run:bad\n" for n in range(60))
    repo.commit("Base", **{"TODO.md": lines, ".mdtodo.toml": '[processors.bad]\nrun = "false"\n'})
    assert inside("run", code=1).err.splitlines()[-1] == (
        "  `mdtodo run` tries again those that have not reached max_failures"
    )


def test_counts_leave_out_what_was_not_expected(repo: Checkout, inside: Mdtodo) -> None:
    """A parent that is ticked with its subtasks, and a task that waits; a result that stands is one."""
    config = '[processors.ok]\nrun = "true"\ninputs = ["in.txt"]\n[processors.bad]\nrun = "false"\n'
    text = (
        "- [ ] parent\n  - [ ] one run:ok\n  - [ ] two run:ok\n- [ ] bad run:bad id:bad\n"
        "- [ ] waits run:ok after:bad\n"
    )
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": config, "in.txt": "1"})
    inside("run", "--no-commit", "--text", "one")
    repo.git("checkout", "TODO.md")
    said = [line.split() for line in inside("run", code=1).err.splitlines() if line[0] == "["]
    assert [words[0] for words in said if words[0] != "[-]"] == ["[1/4]", "[2/4]", "[3/4]"]
    assert {words[2] for words in said if words[0] != "[-]"} == {"cached", "done", "failed"}
    assert [words[2] for words in said if words[0] == "[-]"] == ["done", "blocked"]


def test_a_limit_is_what_is_expected(repo: Checkout, inside: Mdtodo) -> None:
    text = "- [ ] a run:ok\n- [ ] b run:ok\n- [ ] c run:ok\n"
    repo.commit("Base", **{"TODO.md": text, ".mdtodo.toml": '[processors.ok]\nrun = "true"\n'})
    said = inside("run", "-j", "1", "--limit", "2").err.splitlines()
    assert [line.split()[0] for line in said] == ["[1/2]", "[2/2]"]


#: The list, what `run` says of it, and what helps.
NOTHING_RAN = [
    (
        "",
        "there are no tasks",
        ["`mdtodo add 'Tests pass run:NAME'` adds a task that the processor NAME proves"],
    ),
    ("- [x] a id:a", "everything is done", []),
    (
        "- [ ] a id:a",
        "1 manual",
        [
            "a manual task gets a processor by `run:NAME` on its line; `mdtodo done a` marks it as done by hand"
        ],
    ),
    (
        "- [ ] a id:a\n- [ ] b id:b\n- [ ] c run:x after:a",
        "2 manual, 1 blocked",
        [
            "a manual task gets a processor by `run:NAME` on its line; `mdtodo done ID` marks it as done by hand",
            "`mdtodo list --state blocked` shows what each blocked task waits for",
        ],
    ),
    ("- [ ] a id:a run:x failed:3", "1 given up", []),
    ("- [/] a id:a run:x", "1 in progress", []),
]


@pytest.mark.parametrize(("todo", "why", "hints"), NOTHING_RAN)
def test_where_nothing_ran_the_hint_says_what_helps(
    repo: Checkout, inside: Mdtodo, todo: str, why: str, hints: list[str]
) -> None:
    repo.commit("Base", **{"TODO.md": f"{todo}\n", ".mdtodo.toml": '[processors.x]\nrun = "true"\n'})
    said = inside("run", code=1 if "given up" in why else 0)
    assert said.out == f"nothing to run: {why}\n"
    assert [line.strip() for line in said.err.splitlines() if line.startswith("  ")] == hints


@pytest.mark.parametrize("columns", [50, 80])
def test_messages_and_hints_are_folded_between_words(repo: Checkout, columns: int) -> None:
    """On a terminal, with a command on one line; where there is none each is a line."""
    config = '[processors.x]\nrun = "exit 1"\n'
    after = "".join(f"- [ ] The task with the number {n} id:n{n}\n" for n in range(3))
    todo = f"- [ ] a id:a run:x after:n0,n1,n2\n- [ ] b id:b run:x\n{after}"
    repo.commit("Base", **{"TODO.md": todo, ".mdtodo.toml": config})
    for args in (("run", "a"), ("run", "n0"), ("init",), ("done", "a"), ("done", "nothing that is there")):
        with Terminal(args, repo.root, columns, 40, NO_COLOR="1") as terminal:
            terminal.end()
            rows = terminal.text.splitlines()
        command = [sys.executable, "-m", "mdtodo", *args]
        piped = subprocess.run(command, cwd=repo.root, stdout=-1, stderr=subprocess.STDOUT, check=False)
        assert " ".join(rows).split() == piped.stdout.decode().split()
        assert len(rows) > piped.stdout.count(b"\n"), rows
        assert not [row for row in rows if row.count("`") % 2], rows


def test_a_command_that_has_no_room_is_folded(repo: Checkout) -> None:
    with Terminal(["list"], repo.root, 20, 24, NO_COLOR="1") as terminal:
        assert terminal.end() == 0
        rows = terminal.text.splitlines()
    assert (
        " ".join(" ".join(rows).split())
        == 'mdtodo: no tasks yet: `mdtodo add "Tests pass"` creates the first'
    )


@pytest.mark.parametrize("args", ["list", "next", "log", "status", "config", "undo --dry-run", "init"])
def test_quiet_leaves_no_hints(repo: Checkout, inside: Mdtodo, args: str) -> None:
    if "undo" in args:
        repo.commit("Base", **{"TODO.md": "- [ ] a id:a\n"})
        inside("done", "a", "--commit")
    assert inside("-q", *args.split()).err == ""
    assert inside(*args.split()).err.startswith("mdtodo: ")
