"""A bare repository, clones of it, and what is pushed between them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.core.task import STATUS_CHARS
from mdtodo.git.repository import discover
from mdtodo.landing.land import land
from mdtodo.landing.push import push as push_module
from mdtodo.landing.push.push import push
from mdtodo.receipts.trailers import parse as parse_message
from tests.conftest import Checkout
from tests.landing.conftest import receipt_for

if TYPE_CHECKING:
    from pathlib import Path

    from mdtodo.landing.push.push import PushResult

BASE = "# Plan\n\n- [ ] one\n- [ ] two\n- [ ] three\n\nText.\n"


class Remote:
    """A bare repository, and clones of it."""

    def __init__(self, folder: Path, *options: str, **files: str | bytes) -> None:
        self.folder = folder
        self.path = folder / "remote.git"
        self.bare = Checkout(self.path)
        first = Checkout(folder / "seed")
        first.root.mkdir()
        first.git("init", "-q", *options)
        first.commit("Base", **(files or {"TODO.md": BASE, "app.py": "1\n"}))
        first.git("clone", "-q", "--bare", str(first.root), str(self.path))
        first.git("clone", "-q", str(self.path), str(folder / "fresh"))

    @classmethod
    def copied(cls, other: Remote, folder: Path) -> Remote:
        """Another one like it, without a single git process."""
        remote = cls.__new__(cls)
        remote.folder, remote.path = folder, folder / "remote.git"
        remote.bare = Checkout(remote.path)
        for name in ("seed", "remote.git", "fresh"):
            shutil.copytree(other.folder / name, folder / name)
        config = folder / "fresh/.git/config"
        config.write_text(config.read_text().replace(str(other.path), str(remote.path)))
        return remote

    def clone(self, name: str, *options: str, url: str | None = None) -> Checkout:
        """A clone of it as it is now, or, without options, as it was at first, and up to date."""
        clone = Checkout(self.folder / name)
        if options:
            self.bare.git("clone", "-q", *options, url or str(self.path), str(clone.root))
            return clone
        shutil.copytree(self.folder / "fresh", clone.root)
        if self.bare.git("rev-parse", "main") != clone.git("rev-parse", "HEAD"):
            clone.git("pull", "-q", "--ff-only")
        return clone

    def hook(self, name: str, script: str) -> None:
        path = self.path / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def receipts(self) -> list[str]:
        messages = self.bare.git("log", "--format=%B%x00", "main").split("\0")
        return [task.task_id for message in messages for task in parse_message(message.strip("\n"))[1]]

    def file(self, path: str = "TODO.md") -> bytes:
        return self.bare.head(path, "main")


@pytest.fixture(scope="session")
def first_remote(tmp_path_factory: pytest.TempPathFactory) -> Remote:
    return Remote(tmp_path_factory.mktemp("remote"))


@pytest.fixture
def remote(first_remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """A remote of the test's own; pushes to it do not pause."""
    monkeypatch.setattr(push_module, "FIRST_PAUSE", 0.0)
    return Remote.copied(first_remote, tmp_path)


def tick(clone: Checkout, *titles: str, run: str | None = None, **words: Any) -> tuple[str, ...]:
    receipts = [receipt_for(clone, title, **words) for title in titles]
    return land(discover(str(clone.root)), receipts, run_id=run or f"run-{clone.root.name}").commits


def send(clone: Checkout) -> PushResult:
    return push(discover(str(clone.root)), STATUS_CHARS)


def assert_same_as_remote(clone: Checkout, remote: Remote) -> None:
    assert clone.git("rev-parse", "HEAD") == remote.bare.git("rev-parse", "main")
    assert clone.git("rev-parse", "origin/main") == remote.bare.git("rev-parse", "main")
    assert clone.status() == []
