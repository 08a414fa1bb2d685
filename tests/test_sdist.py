"""What a source distribution has: all that the tests read, so that they pass from it."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: What hatchling takes along by itself.
ALWAYS = {"pyproject.toml", ".gitignore"}


def test_a_source_distribution_has_everything_that_the_repository_has() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    tracked = subprocess.check_output(["git", "ls-tree", "--name-only", "HEAD"], cwd=ROOT, text=True).split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {path.removeprefix("/") for path in included} == {*tracked} - ALWAYS
