"""Every command of these pages is run, in the page's order, in one folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import Block, Command, blocks, commands, pages, read

_PASSES = """\
import unittest


class Cart(unittest.TestCase):
    def test_it(self):
        self.assertEqual(sum([1, 2]), 3)
"""

#: Pages whose `sh` and `console` blocks are all run, with what is there before: files, committed. `None`: no repository.
RUN: dict[str, dict[str, str] | None] = {
    "getting-started.md": None,
    "workers.md": None,
    "adopting.md": {
        "TODO.md": "# Things to do\n\n- [x] Shopping cart\n- [ ] Checkout\n  - [ ] Totals are right\n"
        "  - [ ] Discounts are applied\n- [ ] Write to the beta testers due:2026-13-01\n- [ ] Publish the price list\n",
        "tests/test_totals.py": _PASSES,
        "tests/test_discounts.py": _PASSES.replace("3)", "4)"),
        "tools/prices.py": 'open("prices.csv", "w").write("tea,3\\n")\n',
    },
    "workflows.md": {
        "TODO.md": "# Releases\n\n",
        "VERSION": "1.4.0\n",
        "CHANGELOG.md": "# Changelog\n\n## 1.4.0\n",
        "src/shop.py": "",
        "tests/test_shop.py": _PASSES,
        "packages/api/test_api.py": _PASSES,
        "packages/web/test_web.py": _PASSES,
    },
}
#: Pages whose commands are tried by the tests of the hooks and of the Action, or are single lines out of any order.
ELSEWHERE = {
    "proof.md",
    "action.md",
    "guide.md",
    "hooks.md",
    "index.md",
    "planning.md",
    "recipes.md",
    "categories.md",
}
_MASKS = [
    (re.compile(r"\b\d{8}T\d{6}-[0-9a-f]+"), "RUN"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}\b"), "DAY"),
    (re.compile(r"\b[0-9a-f]{7,40}\b"), "HEX"),
    (re.compile(r"\b\d+(\.\d+)?(?= ?m?s\b)|(?<=time=)[0-9.]+"), "N"),
    (re.compile(r"\s+"), " "),
]


def _masked(line: str) -> str:
    for pattern, word in _MASKS:
        line = pattern.sub(word, line)
    return line.strip()


def _prepare(folder: Path, files: dict[str, str] | None) -> None:
    if files is None:
        return
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "What is there"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def _run(command: Command, folder: Path) -> Path:
    """The folder that the shell is in afterwards."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    where = folder / ".git" / "where" if (folder / ".git").is_dir() else folder.parent / "where"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"trap 'pwd >\"{where}\"' EXIT\n{command.text}"],
        cwd=folder,
        env=os.environ | {"PATH": path, "COLUMNS": "120"},
        text=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=120,
    )
    said = done.stdout + done.stderr
    assert done.returncode == command.code, f"{command.text}: exit {done.returncode}\n{said}"
    rest = iter([_masked(line) for line in said.splitlines()])
    for line in command.shown:
        shown = re.compile(re.escape(_masked(line)).replace(re.escape("..."), ".*"))
        there = any(shown.fullmatch(one) for one in rest)
        assert there, f"{command.text}: the page shows {line!r}, the command\n{said}"
    return Path(where.read_text(encoding="utf-8").strip())


def _play(block: Block, folder: Path) -> Path:
    if block.title:
        target = folder / block.title
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.text, encoding="utf-8")
    elif block.language in {"sh", "console"}:
        for command in commands(block):
            folder = _run(command, folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_the_page_can_be_followed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = tmp_path / "project"
    folder.mkdir()
    _prepare(folder, RUN[name])
    for block in blocks(read(name)):
        folder = _play(block, folder)


def test_no_page_with_commands_is_forgotten() -> None:
    shown = {name for name in pages() if any(one.language in {"sh", "console"} for one in blocks(read(name)))}
    assert shown - ELSEWHERE == set(RUN)


def test_cron_mails_only_what_was_opened(tmp_path: Path) -> None:
    line = read("workflows.md").split("## Nightly")[1].split("```\n")[2].strip()
    assert re.match(r"(\S+ ){5}cd ", line)
    command = line.split(" ", 5)[5]
    assert "%" not in command  # a line end, in a crontab
    home, shop = tmp_path / "home", tmp_path / "shop"
    (home / ".local/bin").mkdir(parents=True)
    (home / ".local/bin/mdtodo").symlink_to(Path(sys.executable).parent / "mdtodo")
    shop.mkdir()
    config = '[processors.link]\nrun = "test -e ../up"\n'
    _prepare(shop, {"TODO.md": "- [x] The link works run:link\n", ".mdtodo.toml": config})
    subprocess.run(["git", "clone", "-q", shop, home / "nightly/shop"], check=True)
    (home / "nightly/up").touch()

    def night() -> subprocess.CompletedProcess[str]:
        words = ["sh", "-c", command]
        env = os.environ | {"HOME": str(home)}
        return subprocess.run(
            words, cwd=home, env=env, text=True, capture_output=True, check=False, timeout=120
        )

    quiet = night()
    assert (quiet.returncode, quiet.stdout + quiet.stderr) == (0, "")
    (home / "nightly/up").unlink()
    loud = night()
    assert loud.returncode == 1
    assert "The link works" in loud.stdout + loud.stderr
    assert "- [ ] The link works" in (home / "nightly/shop/TODO.md").read_text(encoding="utf-8")
