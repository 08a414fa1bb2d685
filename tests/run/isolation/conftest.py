"""Repositories whose tasks are worked on in clones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Checkout

#: The work is a script beside the repository, the check one in it.
CONFIG = """\
[processors.feature]
run = "cat > ../input.json; . $OUTSIDE/work"
check = "sh check.sh"
isolation = "clone"
protect = ["check.sh"]
pass_env = ["OUTSIDE"]
{more}
"""
CHECK = 'test "$(cat result.txt)" = good && echo checked "$MDTODO_TASK_ID" >> "$OUTSIDE/checks"\n'
TODO = "# List\n\n- [ ] Build it run:feature id:build\n- [ ] Later\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Clones of these tests, and the folder that their scripts know of."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OUTSIDE", str(tmp_path))
    return tmp_path / "cache"


@pytest.fixture
def feature(repo: Checkout) -> Callable[..., Checkout]:
    """`feature(work, more="", **files)`: a repository with one task, whose work is this script."""

    def make(work: str, more: str = "", **files: str) -> Checkout:
        texts = {
            "TODO.md": TODO,
            ".mdtodo.toml": CONFIG.format(more=more),
            "check.sh": CHECK,
            "result.txt": "bad\n",
        }
        repo.commit(**{**texts, ".gitignore": "/ignored\n", **files})
        (repo.root.parent / "work").write_text(work)
        return repo

    return make
