"""What a terminal of 80 columns shows: nothing that one needs to type is cut off."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from tests.terminal import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.command_line import Said
    from tests.conftest import Checkout

STEPS = "".join(
    f"  {n}. [ ] Step number {n} of the orders, which has a title that needs more\n" for n in range(1, 8)
)
TASKS = f"- [ ] Implement the orders est:8h\n{STEPS}- [ ] Wide \u65e5\u672c\u8a9e\u65e5\u672c\u8a9e after:{','.join('abcdef')}\n"


@pytest.mark.parametrize(
    ("variables", "colored"), [({}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)]
)
def test_colours_are_shown_where_the_terminal_has_them(
    repo: Checkout, variables: dict[str, str], *, colored: bool
) -> None:
    repo.write("TODO.md", TASKS)
    for command in ("list", "plan", "status", "recipes"):
        assert any("\x1b[" in line for line in shown(repo, command, columns=80, **variables)) == colored


@pytest.mark.parametrize("command", [("list",), ("next", "-n", "9"), ("plan",)])
def test_ids_and_titles_are_there_beside_long_waits(repo: Checkout, command: tuple[str, ...]) -> None:
    repo.write("TODO.md", TASKS)
    lines = shown(repo, *command, NO_COLOR="1")
    words = " ".join(lines).split()
    piped = [sys.executable, "-m", "mdtodo", "list"]
    ids = [line.split()[0] for line in subprocess.check_output(piped, cwd=repo.root, text=True).splitlines()]
    assert len(ids) == 9
    for name in ids if command[0] != "next" else ids[1:2]:
        assert name in words
    assert all(cell_len(line) <= 80 for line in lines if not line.startswith("* critical"))
    assert any(" Step" in line for line in lines)


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("list", "--all", "--sort", "due"),
        ("next", "-n", "9"),
        ("show", "late"),
        ("recipes",),
        ("recipes", "css"),
        ("patterns",),
        ("patterns", "api"),
        ("plan",),
        ("plan", "--explain", "late"),
    ],
)
@pytest.mark.sample(7)
def test_nothing_is_wider_than_the_terminal(repo: Checkout, command: tuple[str, ...], columns: int) -> None:
    repo.write(
        "TODO.md",
        TASKS
        + "- [ ] Late, with a title of more than forty columns id:late after:orders lane:general est:90m\n- [ ] Orders id:orders\n",
    )
    lines = shown(repo, *command, columns=columns, NO_COLOR="1")
    assert [line for line in lines if cell_len(line) > columns] == []
    assert not [line for line in lines if line != line.rstrip()]


LISTED = (
    "# Release 3.0\n\n- [ ] Freeze the branch and tell everybody who has work in flight id:freeze est:30m\n"
    "- [ ] Benchmarks after:freeze est:1h30m !high due:2020-01-02 id:bench\n- [x] Closed\n\n## Docs\n\n"
    "- [ ] 発行ノートを書いて、すべての言語に翻訳する id:notes\n"
)
AT_120 = """TODO.md
# Release 3.0
freeze  manual   Freeze the branch and tell everybody who has work in flight                              30m
bench   blocked  Benchmarks  waits for Freeze the branch and tell…            high  2020-01-02 overdue  1h30m
## Docs
notes   manual   発行ノートを書いて、すべての言語に翻訳する"""
AT_80 = """TODO.md
# Release 3.0
freeze  manual   Freeze the branch and tell everybody                        30m
                 who has work in flight
bench   blocked  Benchmarks                             high  2020-01-02!  1h30m
                 waits for Freeze the branch and tell…
## Docs
notes   manual   発行ノートを書いて、すべての言語に翻
                 訳する"""
AT_60 = """TODO.md
# Release 3.0
freeze  manual   Freeze the branch and tell
                 everybody who has work in
                 flight
bench   blocked  Benchmarks                      2020-01-02!
                 waits for Freeze the branch a…
## Docs
notes   manual   発行ノートを書いて、すべての言
                 語に翻訳する"""
AT_40 = """TODO.md
# Release 3.0
freeze  manual   Freeze the branch and
                 tell everybody who has
                 work in flight
bench   blocked  Benchmarks
                 waits for Freeze the b…
## Docs
notes   manual   発行ノートを書いて、す
                 べての言語に翻訳する"""


@pytest.mark.parametrize(("columns", "expected"), [(120, AT_120), (80, AT_80), (60, AT_60), (40, AT_40)])
def test_titles_have_the_room_that_the_rest_leaves(repo: Checkout, columns: int, expected: list[str]) -> None:
    repo.write("TODO.md", LISTED)
    lines = shown(repo, "list", columns=columns, NO_COLOR="1")
    assert "\n".join(lines) == expected


def test_recipes_and_patterns_have_the_room_that_there_is(repo: Checkout) -> None:
    repo.write("TODO.md", TASKS)
    for command, most in (("recipes", 60), ("patterns", 40)):
        narrow, wide = (shown(repo, command, columns=columns, NO_COLOR="1") for columns in (80, 200))
        assert len(wide) < len(narrow) < most
        assert "".join("".join(narrow).split()) == "".join("".join(wide).split())


def test_the_plan_of_a_narrow_terminal_has_ids_lengths_and_titles(repo: Checkout) -> None:
    repo.write("TODO.md", "- [ ] Write the release notes id:notes est:90m\n")
    line = shown(repo, "plan", columns=40, NO_COLOR="1")[0]
    assert line.split()[:2] == ["1*", "1h30m"]
    assert "notes  Write the" in line
    assert "█" not in line
    assert "█" in shown(repo, "plan", columns=80, NO_COLOR="1")[0]


def test_the_plan_of_a_narrow_terminal_cuts_no_id_of_a_long_chain(repo: Checkout) -> None:
    chain = "".join(f"{n}. [ ] Step {n} of many id:step-{n}\n" for n in range(1, 9))
    repo.write("TODO.md", chain)
    words = " ".join(shown(repo, "plan", columns=40, NO_COLOR="1")).split()
    assert [n for n in range(1, 9) if f"step-{n}" not in words] == []


def test_configuration_is_the_same_toml_on_a_terminal_and_in_a_pipe(repo: Checkout) -> None:
    repo.write(".mdtodo.toml", 'jobs = 2\nprocessors.p.run = "true"\n')
    command = [sys.executable, "-m", "mdtodo", "config"]
    piped = subprocess.run(command, cwd=repo.root, capture_output=True, check=True).stdout.decode()
    assert shown(repo, "config", NO_COLOR="1") == piped.splitlines()
    assert tomllib.loads(piped) == {"jobs": 2, "processors": {"p": {"run": "true"}}}


HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m \x9b31m\x9d0;c1\x9c \u202edlrow\u2066 50%\r100%\r\ntab\tend"
)


def test_what_a_processor_printed_steers_no_terminal(repo: Checkout) -> None:
    repo.write("hostile", HOSTILE.encode() + b" \xff\xc2\n")
    repo.write(".mdtodo.toml", "processors.h.run = 'cat hostile'\n")
    repo.commit("Base", **{"TODO.md": "- [ ] a run:h id:aaaa\n"})
    subprocess.run([sys.executable, "-m", "mdtodo", "run"], cwd=repo.root, check=True, capture_output=True)
    lines = shown(repo, "output", "aaaa")
    assert lines == [
        "\\x1b]0;owned\\x07\\x1b[2Jred \\x9d0;c1\\x9c \\u202edlrow\\u2066 50%",
        "100%",
        "tab\tend \ufffd\ufffd",
    ]
    command = [sys.executable, "-m", "mdtodo", "output", "aaaa"]
    piped = subprocess.run(command, cwd=repo.root, check=True, capture_output=True)
    assert piped.stdout == repo.read("hostile"), "a pipe gets what was printed"
    raw = "\n".join(shown(repo, "output", "aaaa", "--raw"))
    assert "\x1b]0;owned" in raw


STEERING = "\x7f\x85\x9b2J\x9d\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069"


@pytest.mark.parametrize(
    "command",
    [
        "list --json",
        "next --json",
        "show aaaa --json",
        "plan --json",
        "check --json",
        "run --json --no-commit",
        "expand bbbb --json",
        "add new\u202e --json",
        "config --json",
        "log --json",
        "status --json",
        "stats --json",
    ],
)
def test_json_steers_no_terminal_and_means_the_same(
    repo: Checkout, command: str, inside: Callable[..., Said]
) -> None:
    repo.write(".mdtodo.toml", f'processors.h.run = "true # {STEERING.translate({0x7F: None})}"\n')
    repo.commit(
        f"todo: {STEERING}\n\nMdtodo-Run: r\nMdtodo-Task: a done ok exit=0 time=1.000 attempt=1\n",
        **{
            "TODO.md": f"- [ ] a\u00e9 {STEERING} run:h id:aaaa\n- [ ] b {STEERING} id:bbbb after:{STEERING}\n"
        },
    )
    said = inside(*command.split(" "), code=None)
    assert said.code < 2
    assert not set(STEERING) & set(said.out) - set("2J")
    assert "\\u" in said.out or command.split()[0] in ("status", "stats")
    if command == "list --json":
        assert "a\u00e9" in said.out
        assert "\x9b2J\x9d\u061c\u200e" in said.json["tasks"][0]["title"]


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_terminal_of_a_few_columns_breaks_nothing(repo: Checkout, columns: int) -> None:
    text = f"# \u65e5\u672c\u8a9e heading\n\n{TASKS}- [ ] \u65e5\u672c after:nothing due:2020-01-01 est:5m !high\n"
    repo.commit("Base", **{"TODO.md": text})
    for command in (["list"], ["next", "-n", "9"], ["plan"], ["status"], ["show", "Implement orders"]):
        assert "bug" not in "".join("".join(shown(repo, *command, columns=columns)).split()), command
