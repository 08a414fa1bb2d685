"""What a first reading of many tasks takes of memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import mdtodo
from mdtodo.config.settings import DEFAULT
from mdtodo.git.repository import discover
from mdtodo.project.project import NO_STATE, read_project

if TYPE_CHECKING:
    from tests.conftest import Checkout

TASKS = 3_000


def text(count: int) -> str:
    """Tasks below headings, with keys, subtasks and waits."""
    lines = ["# Work"]
    for number in range(count):
        lines += ["", f"## Part {number // 40}", ""] if number % 40 == 0 else []
        indent = "  " if number % 4 == 2 else ""
        wait = f" after:t{number - number % 40}" if number % 10 == 7 else ""
        lines.append(f"{indent}- [ ] Write chapter {number} of the guide id:t{number} est:3h #docs{wait}")
    return "\n".join([*lines, ""])


def test_a_first_reading_keeps_neither_documents_nor_graph(repo: Checkout) -> None:
    """Bytes a task, which were 3,560 and 1,960 with them."""
    repo.commit("Base", **{"TODO.md": text(TASKS - 1)})
    here = discover(str(repo.root))
    read_project(here, DEFAULT, summary=NO_STATE)  # what is imported, and the keys of lines, are not counted
    repo.write("TODO.md", text(TASKS))
    tracemalloc.start()
    try:
        found = read_project(here, DEFAULT, summary=NO_STATE)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.tasks) == TASKS
    assert most / TASKS < 2_700
    assert kept / TASKS < 1_450


def test_a_package_in_an_archive_remembers_as_well(repo: Checkout, tmp_path: Path) -> None:
    repo.write("TODO.md", text(TASKS))
    package = Path(mdtodo.__file__).parent
    archive = tmp_path / "mdtodo.zip"
    with ZipFile(archive, "w") as made:
        for path in sorted(package.rglob("*.py")):
            made.write(path, path.relative_to(package.parent))
    for command in (["list", "--json"], ["check"], ["list", "--json"]):
        said = subprocess.run(
            [sys.executable, "-m", "mdtodo", *command],
            cwd=repo.root,
            env=os.environ | {"PYTHONPATH": str(archive)},
            capture_output=True,
            text=True,
        )
        assert (said.returncode, said.stderr) == (0, "")
    assert len(json.loads(said.stdout)["tasks"]) == TASKS
    assert [*(repo.root / ".git/mdtodo/plans").iterdir()]
