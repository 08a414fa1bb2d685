"""`demo`: a repository to look at, run once."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.command_line import Said
    from tests.conftest import Checkout

    Mdtodo = Callable[..., Said]


def test_the_demo_runs_in_a_new_folder_and_shows_before_and_after(
    mdtodo: Mdtodo, repo: Checkout, tmp_path: Path
) -> None:
    target = tmp_path / "shop"
    said = mdtodo("demo", str(target), GIT_CONFIG_GLOBAL="/dev/null")
    before, after = said.out.split("$ cat TODO.md\n")[1:]
    assert "- [ ] Prices can be trusted" in before
    assert "- [x] Prices can be trusted" in after
    assert "Mdtodo-Task: index done index exit=0" in after
    assert " pages/INDEX.md | " in after
    found = mdtodo("-C", str(target), "list", "--json").json["tasks"]
    states = {task["title"]: task["state"] for task in found}
    assert states["Write the index of the pages"] == "done"
    assert [t["title"] for t in found if t["failures"]] == ["Links in the guide work"]
    status = subprocess.run(["git", "status", "--porcelain"], cwd=target, capture_output=True, check=True)
    assert status.stdout == b""
    assert "already exists: name a new folder" in mdtodo("demo", str(target), code=2).err


def test_the_demo_is_seen_whole_and_its_last_line_can_be_typed(short_folder: Path) -> None:
    """As the README's first command calls it: a path that is not on PATH, an empty HOME, and nothing is a terminal."""
    script = Path(sys.executable).with_name("mdtodo")
    (short_folder / ".venv").symlink_to(script.parent.parent)
    env = {"HOME": str(short_folder), "PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(short_folder)}

    def typed(line: str) -> str:
        how: dict[str, Any] = {"cwd": short_folder, "env": env | {"LC_ALL": "C.UTF-8"}, "check": True}
        return subprocess.run(
            line, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how
        ).stdout

    lines = typed(".venv/bin/mdtodo demo").splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith(".venv/bin/mdtodo -C ")
    assert "Links in the guide work" in typed(lines[-1])


@pytest.mark.parametrize("how", ["path", "name", "module"])
def test_a_command_to_type_begins_as_this_one_did(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    from mdtodo.cli.commands.demo import as_called

    script = tmp_path / "a b" / "mdtodo"
    script.parent.mkdir()
    script.write_text("")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent) if how == "name" else "/nowhere")
    monkeypatch.setattr(sys, "argv", ["x/__main__.py" if how == "module" else str(script)])
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-m", "mdtodo", "demo"])
    expected = {"path": f"'{script}'", "name": "mdtodo", "module": "python3 -m mdtodo"}
    assert as_called() == expected[how]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """One with a name of the length that a temporary folder usually has."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="m-") as folder:
        yield Path(folder)
