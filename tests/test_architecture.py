"""The house is as docs/architecture.md says: layers, doors, sizes."""

from __future__ import annotations

import ast
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
    "mistune": {"mdtodo.markdown.second_opinion"},
    "pathspec": {"mdtodo.core.path_patterns"},
    "sqlite3": {"mdtodo.storage.database"},
    "git": {"mdtodo.git.repository"},
    "socket": {
        "mdtodo.execution.local.forkserver",
        "mdtodo.execution.local.pool",
        "mdtodo.execution.local.channel",
        "mdtodo.execution.local.worker",
        "mdtodo.serve.server",
    },
    "multiprocessing": set[str](),
    "concurrent": {"mdtodo.workers.remote_leases"},
}

#: Folders that may hold more modules than fit on a screen: a file a command, a file a report.
LARGE = {"reporting", "cli/commands"}


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


def test_no_module_uses_a_private_name_of_another() -> None:
    names = {module.rpartition(".")[2] for module, _ in modules()}
    assert [one for module, path in modules() for one in _private(module, path, names)] == []


def _private(module: str, path: Path, names: set[str]) -> Iterator[str]:
    """`names`: what the modules of the house are called, without their packages."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mdtodo"):
            for name in node.names:
                imported.add(name.asname or name.name)
                # a module whose name begins so is for its own folder
                if (
                    name.name.startswith("_")
                    and not name.name.startswith("__")
                    and not _same_room(module, node.module)
                ):
                    yield f"{path}:{node.lineno}: {node.module}.{name.name}"
    modules_of_ours = imported & names
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in modules_of_ours
            and node.attr.startswith("_")
            and not node.attr.startswith("__")
        ):
            yield f"{path}:{node.lineno}: {node.value.id}.{node.attr}"


def _same_room(module: str, other: str | None) -> bool:
    return module.split(".")[:2] == (other or "").split(".")[:2]


def test_a_folder_holds_at_most_fifteen_modules() -> None:
    folders: dict[str, int] = {}
    for _, path in modules():
        folder = path.parent.relative_to(HOUSE).as_posix()
        folders[folder] = folders.get(folder, 0) + 1
    assert {folder: number for folder, number in folders.items() if number > 15 and folder not in LARGE} == {}


def test_a_module_has_at_most_400_lines() -> None:
    lengths = {module: len(path.read_bytes().splitlines()) for module, path in modules()}
    assert {module: length for module, length in lengths.items() if length > 400} == {}


def test_nine_functions_of_ten_have_at_most_20_lines() -> None:
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for _, path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[int(len(lengths) * 0.9)] <= 20


def test_every_room_says_what_lives_there() -> None:
    for module, path in modules():
        if path.name == "__init__.py":
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            assert len(said) > 30, module


def test_picture_and_table_of_the_architecture_page_are_current() -> None:
    made = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "architecture.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr


def test_each_module_that_the_page_sends_people_to_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("<!-- rooms")[0]
    named = {
        one
        for one in re.findall(r"`([\w/]+/(?:\w+\.py)?)`", page)
        if not re.search("NAME|^mdtodo/|^tests/", one)
    }
    assert len(named) > 20
    assert [one for one in sorted(named) if not (HOUSE / one).exists()] == []
