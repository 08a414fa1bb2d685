"""The commands that `bench` compares, by what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.repositories import (
    FILES,
    RUNS,
    TASKS,
    changed,
    large,
    large_and_backlog,
    many,
    new_tasks,
    reopened,
    runs,
    small,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Row:
    """A command of a group. `peer` is the program that must be there for it; `why` the reason where it is faster than
    mdtodo; `before` makes ready what a call uses up, and gets the number of the call."""

    name: str
    words: tuple[str, ...]
    peer: str = ""
    why: str = ""
    folder: str = "."
    before: Callable[[Path, int], object] | None = None
    stdin: str = ""
    rounds: int | None = None


@dataclass(frozen=True)
class Group:
    """Commands that are compared; the first one is mdtodo's, or the one that the others are told against."""

    title: str
    about: str
    prepare: Callable[[Path], object]
    rows: tuple[Row, ...]


PARSE = "import sys; from mdtodo.markdown.document import parse; parse(open('TODO.md', 'rb').read())"
CMARK = "import cmarkgfm; cmarkgfm.github_flavored_markdown_to_html(open('TODO.md').read())"
NATIVE = "a compiled program, where mdtodo starts Python and its modules"
APPENDS = (
    "it puts a line behind a file that it does not read; `mdtodo add` reads the list, finds the place, and shows that"
    " nothing else changed"
)
LESS = "it reads lines and knows no dependencies, no critical path and no receipts"
GROUPS = (
    Group(
        "Start-up",
        "What each command below includes. The floor is Python itself.",
        small,
        (
            Row("mdtodo --version", ("mdtodo", "--version")),
            Row(
                'python -c "import click"',
                ("python", "-c", "import click"),
                why="a part of what mdtodo imports",
            ),
            Row("python -c pass", ("python", "-c", "pass"), why="it imports nothing"),
        ),
    ),
    Group(
        "A commit hook, one staged file",
        "With 22 tasks, of which one is new. git's own hook calls `mdtodo check --staged`; pre-commit and prek call"
        " `mdtodo check --changed`.",
        small,
        (
            Row("mdtodo check --staged", ("mdtodo", "check", "--staged")),
            Row("mdtodo check TODO.md", ("mdtodo", "check", "TODO.md")),
            Row("python -c pass", ("python", "-c", "pass"), why="it imports nothing"),
            Row(
                "pre-commit, a hook that runs true", ("pre-commit", "run", "-c", "nothing.yaml"), "pre-commit"
            ),
            Row("pre-commit, mdtodo-check", ("pre-commit", "run", "-c", "check.yaml"), "pre-commit"),
            Row("prek, a hook that runs true", ("prek", "run", "-c", "nothing.yaml"), "prek", NATIVE),
            Row("prek, mdtodo-check", ("prek", "run", "-c", "check.yaml"), "prek"),
        ),
    ),
    Group(
        f"{TASKS:,} tasks in one file: reading",
        "Each program has the same tasks in its own form; a quarter of them are done.",
        large_and_backlog,
        (
            Row("mdtodo list", ("mdtodo", "list")),
            Row("mdtodo next", ("mdtodo", "next")),
            Row("mdtodo plan", ("mdtodo", "plan")),
            Row("Taskwarrior: task list", ("task", "rc:taskrc", "list"), "Taskwarrior", NATIVE),
            Row("Taskwarrior: task next", ("task", "rc:taskrc", "next"), "Taskwarrior", NATIVE),
            Row(
                "todo.txt-cli: ls",
                ("todo-txt", "-d", "todotxt", "ls"),
                "todo.txt-cli",
                f"sed and sort; {LESS}",
            ),
            Row("whatnext", ("whatnext",), "whatnext", LESS, "whatnext"),
            Row(
                "Backlog.md: task list",
                ("backlog", "task", "list", "--plain"),
                "Backlog.md",
                NATIVE,
                "files",
                rounds=2,
            ),
        ),
    ),
    Group(
        f"{TASKS:,} tasks in one file: adding one",
        "",
        large,
        (
            Row("mdtodo add", ("mdtodo", "add", "One more task {}")),
            Row(
                "Taskwarrior: task add",
                ("task", "rc:taskrc", "add", "One more task {}"),
                "Taskwarrior",
                f"{NATIVE}; {APPENDS}",
            ),
            Row(
                "todo.txt-cli: add",
                ("todo-txt", "-d", "todotxt", "add", "One more task {}"),
                "todo.txt-cli",
                APPENDS,
            ),
        ),
    ),
    Group(
        f"{TASKS:,} tasks in one file: parsing",
        "Whole processes of Python, start-up included: where each list item and its text begin and end, to the byte,"
        " beside HTML.",
        large,
        (
            Row("mdtodo's parser", ("python", "-c", PARSE)),
            Row(
                "cmark-gfm",
                ("PEERS/python", "-c", CMARK),
                "cmark-gfm",
                "written in C, and it keeps no places",
            ),
        ),
    ),
    Group(
        f"{FILES:,} files of five tasks",
        "Read before, so that mdtodo has its cache.",
        many,
        (
            Row("mdtodo list", ("mdtodo", "list")),
            Row("mdtodo check", ("mdtodo", "check")),
            Row("rg -c", ("rg", "-c", r"\[[ x]\]"), "ripgrep", "it counts lines, in parallel"),
            Row("whatnext", ("whatnext",), "whatnext", LESS),
        ),
    ),
    Group(
        "One task done, and committed",
        "In a file of 400 tasks. `git commit --only` commits an edit that somebody else has made.",
        lambda root: root.mkdir(),
        (
            Row(
                "mdtodo done --commit", ("mdtodo", "done", "t{}", "--commit"), folder="ours", before=reopened
            ),
            Row(
                "git commit --only",
                ("git", "commit", "-q", "--only", "-m", "Done", "TODO.md"),
                "git",
                f"{NATIVE}; it reads no task and checks no edit",
                "theirs",
                changed,
            ),
        ),
    ),
    Group(
        f"{RUNS:,} times true, two at a time",
        "mdtodo parses the tasks, runs them with logs and timeouts, writes its journal, ticks each, and makes a commit"
        " with a receipt for each; the others run the commands.",
        runs,
        (
            Row("mdtodo run -j 2", ("mdtodo", "run", "-j", "2"), folder="run", before=new_tasks),
            Row(
                "xargs -P2 -n1 true",
                ("xargs", "-P2", "-n1", "true"),
                "xargs",
                "it does nothing but start them",
                stdin="lines",
            ),
            Row(
                "make -j2",
                ("make", "-s", "-j2", "all"),
                "GNU make",
                "it starts them without a log, a group or a timeout",
            ),
            Row("doit -n 2", ("doit", "run", "-n", "2"), "doit", "it keeps no logs and makes no commit"),
            Row(
                "parallel -j2 true",
                ("parallel", "-j2", "true"),
                "GNU parallel",
                "it keeps no journal and makes no commit",
                stdin="lines",
                rounds=3,
            ),
        ),
    ),
)
