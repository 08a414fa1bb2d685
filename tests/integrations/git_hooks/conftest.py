"""Real frameworks for hooks: pre-commit, and prek, which takes its place; both with a cache of the test run's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Checkout

ROOT = Path(__file__).parent.parent.parent.parent
BIN = Path(sys.executable).parent

#: What an installation of the hooks takes from the repository.
SHIPPED = ("mdtodo", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory, isolated_home: Path) -> Path:
    """A repository with the work tree's version of mdtodo, as one that hooks are taken from."""
    root = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        there = ROOT / name
        if there.is_dir():
            shutil.copytree(there, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(there, root / name)
    for args in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "A version")):
        subprocess.run(["git", *args], cwd=root, check=True)
    return root


@pytest.fixture(scope="session")
def revision(source: Path) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=source, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="session", autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory, isolated_home: Path) -> None:
    """The frameworks keep what they clone and install for the test run alone, and find mdtodo on PATH."""
    os.environ["PRE_COMMIT_HOME"] = str(tmp_path_factory.mktemp("pre-commit"))
    os.environ["PREK_HOME"] = str(tmp_path_factory.mktemp("prek"))
    if str(BIN) not in os.environ["PATH"].split(":"):
        os.environ["PATH"] = f"{BIN}:{os.environ['PATH']}"


class Hooked:
    """A repository with hooks of ours, installed by a framework; they run the mdtodo that is tested.

    Of each hook all stands as `.pre-commit-hooks.yaml` has it but the language: building an environment for it
    is what one test of its own does.
    """

    def __init__(self, repo: Checkout, framework: str, source: Path, revision: str) -> None:
        self.repo, self.framework, self.source, self.revision = repo, framework, source, revision

    def use(self, *hooks: str, types: tuple[str, ...] = ("pre-commit",), more: str = "") -> None:
        """Configure these hooks, with more keys as YAML has them, install them for these types, and commit that."""
        lines = [
            f"- repo: {self.source}",
            f"  rev: {self.revision}",
            "  hooks:",
            *(f"  - {{id: {hook}, language: system{more and f', {more}'}}}" for hook in hooks),
        ]
        self.repo.write(".pre-commit-config.yaml", "repos:\n" + "\n".join(lines) + "\n")
        self.repo.commit("Hooks")
        wanted = [part for kind in types for part in ("--hook-type", kind)]
        self.call(str(BIN / self.framework), "install", *wanted)

    def call(self, *args: str, code: int = 0, **env: str) -> str:
        """What a command in the repository says, on both streams together."""
        done = subprocess.run(
            args,
            cwd=self.repo.root,
            env=os.environ | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=240,
        )
        said = done.stdout.decode(errors="replace")
        assert done.returncode == code, said
        assert "Traceback" not in said
        return said

    def commit(self, *args: str, code: int = 0) -> str:
        return self.call("git", "commit", "-m", "x", *args, code=code)

    def run(self, *args: str, code: int = 0) -> str:
        return self.call(str(BIN / self.framework), "run", *args, code=code)


@pytest.fixture(params=[pytest.param("pre-commit", marks=pytest.mark.slow), "prek"])
def hooked(
    request: pytest.FixtureRequest, make_repo: Callable[..., Checkout], source: Path, revision: str
) -> Hooked:
    return Hooked(make_repo("hooked"), request.param, source, revision)
