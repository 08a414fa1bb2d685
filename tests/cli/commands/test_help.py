"""`--help` in groups, `help`, `-v` and `-q`, and the name that a command had before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mdtodo.cli import COMMANDS, GROUPS, PLUMBING, RENAMED
from tests.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

    Call = Callable[..., Said]


def test_the_overview_has_all_but_plumbing_in_groups(repo: Checkout) -> None:
    lines = shown(repo, "--help", columns=80)
    for title, commands in GROUPS.items():
        at = lines.index(f"{title}:")
        for number, (name, line) in enumerate(commands.items(), at + 1):
            assert lines[number].split(maxsplit=1) == [name, line], "one line each, not wrapped"
    first = [line.split()[0] for line in lines if line.startswith("  ") and line.strip()]
    assert not {*PLUMBING, *RENAMED} & set(first)
    assert max(map(len, lines)) <= 80


def test_the_overview_loads_no_command(repo: Checkout) -> None:
    code = "import sys\nfrom mdtodo.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repo.root, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.splitlines()[-1].split()
    assert [
        name for name in loaded if name.startswith(("mdtodo.cli.commands.", "rich", "mdtodo.config"))
    ] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_its_help_option(inside: Call, command: str) -> None:
    assert inside("help", command).out == inside(command, "--help").out


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.sample(14)
def test_help_fits_eighty_columns(repo: Checkout, command: str) -> None:
    assert [line for line in shown(repo, command, "--help", columns=80) if len(line) > 80] == []


def test_help_alone_is_the_overview_and_unknown_commands_get_a_hint(inside: Call) -> None:
    assert "Set up:" in inside("help").out
    assert "no such command 'rum'; did you mean 'run'?" in inside("help", "rum", code=2).err
    assert "did you mean 'stats'?" in inside("stat", code=2).err
    assert "--path" in inside("help", "logs").out


def test_completion_offers_no_plumbing_and_no_old_names(mdtodo: Call) -> None:
    said = mdtodo(_MDTODO_COMPLETE="bash_complete", COMP_WORDS="mdtodo ", COMP_CWORD="1").out
    assert "plain,output" in said
    assert not [name for name in (*PLUMBING, *RENAMED) if f",{name}\n" in said]
    assert (
        "plain,patterns"
        in mdtodo(_MDTODO_COMPLETE="bash_complete", COMP_WORDS="mdtodo help pat", COMP_CWORD="2").out
    )
    assert (
        "plain,devops"
        in mdtodo(_MDTODO_COMPLETE="bash_complete", COMP_WORDS="mdtodo patterns dev", COMP_CWORD="2").out
    )


CONFIG = """
[processors.ok]
run = "echo fine"
[processors.bad]
run = ["sh", "-c", "echo the reason; exit 3"]
"""


def nothing(said: Said) -> bool:
    return (said.code, said.out, said.err) == (0, "", "")


@pytest.fixture
def one(repo: Checkout) -> Checkout:
    repo.commit("Base", **{"TODO.md": "- [ ] A run:ok id:a\n", ".mdtodo.toml": CONFIG})
    return repo


@pytest.mark.parametrize("args", [("-q", "run"), ("run", "-q"), ("run", "--quiet"), ("--quiet", "run", "-q")])
def test_quiet_says_nothing_where_all_went_well(one: Checkout, inside: Call, args: tuple[str, ...]) -> None:
    assert nothing(inside(*args))
    assert one.head("TODO.md") == b"- [x] A run:ok id:a\n"
    assert nothing(inside("verify", "-q"))


def test_quiet_shows_what_failed_and_why(repo: Checkout, inside: Call) -> None:
    repo.commit("Base", **{"TODO.md": "- [ ] A run:ok id:a\n- [ ] B run:bad id:b\n", ".mdtodo.toml": CONFIG})
    said = inside("run", "-q", code=1)
    assert said.out == ""
    assert "b  B" in said.err
    assert "the reason" in said.err
    assert "a  A" not in said.err
    assert "tries it again" not in said.err


def test_quiet_keeps_results_and_errors(one: Checkout, inside: Call) -> None:
    assert "Mdtodo" not in inside("-q", "list", "--json").err
    assert inside("-q", "plan").out.startswith("1*")
    assert nothing(inside("plan", "-q", "--tag", "none"))
    assert inside("run", "-q", "--dry-run").err == ""
    assert inside("recipes", "-q").err == ""
    assert "no task has the id" in inside("-q", "show", "nope", code=2).err
    one.write("TODO.md", "- [ ] A\n- [ ] B expand:api\n")
    assert nothing(inside("expand", "-q"))
    assert one.read("TODO.md").count(b"\n") == 8


@pytest.mark.parametrize("args", [("-v", "run"), ("run", "--verbose")])
def test_verbose_says_what_is_started_and_where_its_output_is(
    one: Checkout, inside: Call, args: tuple[str, ...]
) -> None:
    said = inside(*args)
    assert "mdtodo: a A: attempt 1, ok: echo fine; output in .git/mdtodo/logs/" in said.err
    path = said.err.split("output in ")[1].split("\n")[0]
    assert (one.root / path).read_text() == "fine\n"
    assert "mdtodo: configuration: .mdtodo.toml\n" in said.err
    assert "1 done" in said.out
    assert "attempt 1, ok" not in inside("verify").err


def test_verbose_says_where_things_are(one: Checkout, inside: Call) -> None:
    said = inside("list", "-v", "--json")
    assert [task["id"] for task in said.json["tasks"]] == ["a"]
    assert said.err.splitlines() == [
        f"mdtodo: work tree: {one.root}",
        "mdtodo: configuration: .mdtodo.toml",
        "mdtodo: read 1 file with 1 task",
    ]


@pytest.mark.parametrize("args", [("-q", "-v", "list"), ("-q", "list", "-v"), ("list", "-qv")])
def test_quiet_and_verbose_do_not_go_together(inside: Call, args: tuple[str, ...]) -> None:
    assert "-q and -v cannot be used together" in inside(*args, code=2).err


def test_logs_is_an_older_name_of_output(one: Checkout, inside: Call) -> None:
    inside("run")
    assert inside("output", "a").out == inside("logs", "a").out == "fine\n"
    assert inside("output", "a", "--path").out == inside("logs", "a", "--path").out


@pytest.mark.skipif(
    not (Path(sys.executable).parent / "git-mdtodo").exists(),
    reason="mdtodo is not installed as a git command",
)
@pytest.mark.parametrize("args", [("help",), ("-h",), ("help", "run")])
def test_help_works_as_a_git_command(repo: Checkout, args: tuple[str, ...]) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["git", "mdtodo", *args],
        cwd=repo.root,
        env=os.environ | {"PATH": path},
        capture_output=True,
        check=True,
    )
    assert b"Usage: mdtodo" in done.stdout


@pytest.mark.parametrize("command", [(), *[(name,) for name in COMMANDS]])
def test_help_has_examples(mdtodo: Callable[..., Said], command: tuple[str, ...]) -> None:
    assert "Examples:" in mdtodo(*command, "--help").out
