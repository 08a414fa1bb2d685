"""The command line as a person calls it: a process of its own, in a real repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.calls import Calls
    from tests.conftest import Checkout


@dataclass(frozen=True)
class Said:
    """What a call came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def mdtodo(repo: Checkout, calls: Calls) -> Callable[..., Said]:
    """`mdtodo(*args, cwd=..., **env)`: run it, with the code that is expected of it.

    Forked from a process that has imported everything, which takes a third of the time; but with variables that
    Python or libraries may read when they start, from the beginning.
    """

    def call(*args: str, code: int | None = 0, cwd: Path | None = None, **env: str) -> Said:
        where = cwd or repo.root
        if all(name.startswith("MDTODO_") for name in env):
            forked = calls(where, *args, **env)
            said = Said(forked.code, forked.out, forked.err)
        else:
            said = _started(where, *args, **env)
        if code is not None:
            assert said.code == code, said
        return said

    return call


def _started(cwd: Path, *args: str, **env: str) -> Said:
    done = subprocess.run(
        [sys.executable, "-m", "mdtodo", *args],
        cwd=cwd,
        env=os.environ | env,
        capture_output=True,
        timeout=240,
        check=False,
    )
    said = Said(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
    assert "Traceback" not in said.err, said.err
    return said


@pytest.fixture
def inside(
    repo: Checkout, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Said]:
    """As `mdtodo`, but in this process, which takes a third of the time."""
    from mdtodo.cli import main

    def call(*args: str, code: int | None = 0, cwd: Path | None = None, **env: str) -> Said:
        with monkeypatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            capsys.readouterr()
            with pytest.raises(SystemExit) as end:
                main(["-C", str(cwd or repo.root), *args])
        said = Said(int(end.value.code or 0), *capsys.readouterr())
        assert "bug in mdtodo" not in said.err, said.err
        if code is not None:
            assert said.code == code, said
        return said

    return call


@pytest.fixture
def tasks(mdtodo: Callable[..., Said]) -> Callable[..., dict[str, dict[str, Any]]]:
    """`tasks()`: the tasks of `list --json`, by title."""

    def by_title(*args: str) -> dict[str, dict[str, Any]]:
        return {task["title"]: task for task in mdtodo("list", "--json", *args).json["tasks"]}

    return by_title


def at_once(repo: Checkout, calls: list[list[str]]) -> list[tuple[int, str, str]]:
    """Code, output and errors of calls that run side by side."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "mdtodo", *args],
            cwd=repo.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for args in calls
    ]
    ended = [process.communicate() for process in processes]
    return [(process.returncode, *texts) for process, texts in zip(processes, ended, strict=True)]
