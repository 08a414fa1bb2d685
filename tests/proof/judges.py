"""Who names ticks: mdtodo, as a person calls it, and rules that are too simple, which the histories have to defeat."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mdtodo.core.task import Task
    from tests.calls import Calls

    Place = tuple[str, int]
    Judge = Callable[[Path], set[Place]]


def git(root: Path, *args: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["git", *args], cwd=root, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def by_mdtodo(calls: Calls) -> Judge:
    """What `mdtodo check --json` calls unproven."""
    return lambda root: set(named_by_mdtodo(calls, root))


def named_by_mdtodo(calls: Calls, root: Path, *options: str) -> dict[Place, str | None]:
    """The ticks that `check --json` calls unproven, each with the commit that made it, where that is said."""
    said = calls(root, "check", "--json", *options)
    assert said.code in (0, 1), said
    found = [one for one in json.loads(said.out)["findings"] if one["code"] == "unproven"]
    return {(one["file"], one["line"]): one.get("commit") for one in found}


def by_any_receipt(root: Path) -> set[Place]:
    """The id in what looks like a receipt, anywhere in any message."""
    return _without(root, set(_RECEIPT.findall(git(root, "log", "--format=%B"))))


def by_any_trailer(root: Path) -> set[Place]:
    """The id in the trailers of any commit."""
    return _without(root, set(_RECEIPT.findall(git(root, "log", "--format=%(trailers)"))))


def by_the_newest_trailer(root: Path) -> set[Place]:
    """The id in the trailers of any commit, if its newest receipt says that it is done."""
    newest: dict[str, str] = {}
    for name, outcome in _ANY.findall(git(root, "log", "--format=%(trailers)")):
        newest.setdefault(name, outcome)
    return _without(root, {name for name, outcome in newest.items() if outcome in ("done", "cached")})


_RECEIPT = re.compile(r"^Mdtodo-Task: (\S+) (?:done|cached) ", re.MULTILINE)
_ANY = re.compile(r"^Mdtodo-Task: (\S+) (\S+) ", re.MULTILINE)


def _without(root: Path, ids: set[str]) -> set[Place]:
    return {
        (one.file, one.line)
        for one in _tasks(root)
        if one.status == "done" and one.own_run and one.id not in ids
    }


def _tasks(root: Path) -> tuple[Task, ...]:
    paths = sorted(git(root, "ls-files", "*.md").split())
    return read_tasks({path: parse((root / path).read_bytes(), file=path) for path in paths})
