"""What comes from outside has one door, and the import contracts guard every other module."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "mdtodo"

#: What comes from outside, and the modules that may import it.
DOORS = {
    "mistune": {"mdtodo.markdown.document"},
    "pathspec": {"mdtodo.core.path_patterns"},
    "sqlite3": {"mdtodo.storage.database"},
    "git": {"mdtodo.git.repository"},
    "socket": {
        "mdtodo.execution.local.forkserver",
        "mdtodo.execution.local.pool",
        "mdtodo.execution.local.channel",
        "mdtodo.execution.local.worker",
    },
    "multiprocessing": set[str](),
    "concurrent": set[str](),
}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the house with its dotted name; the demo's shop is none of it."""
    for path in sorted(HOUSE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[1] != "demo":
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house whose modules import everything that has a door, wherever they stand."""
    root = tmp_path_factory.mktemp("house")
    shutil.copytree(HOUSE, root / "mdtodo", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for path in (root / "mdtodo").rglob("*.py"):
        path.write_text(
            path.read_text(encoding="utf-8") + "".join(f"\nimport {name}" for name in DOORS), encoding="utf-8"
        )
    return root


def test_every_module_but_the_door_breaks_a_contract_by_a_forbidden_import(copy: Path) -> None:
    linted = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin", "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 1, linted.stdout + linted.stderr
    found = set(re.findall(r"(mdtodo[\w.]*) -> (\w+) \(l\.", linted.stdout))
    wanted = {(module, name) for module, _ in modules() for name, door in DOORS.items() if module not in door}
    assert wanted - found == set()
