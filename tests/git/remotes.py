"""A bare repository, clones of it, and what is pushed between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mdtodo.model import STATUS_CHARS
from mdtodo.repo.commit import land
from mdtodo.repo.git import discover
from mdtodo.repo.push import push
from mdtodo.repo.receipts import parse as parse_message
from tests.conftest import Checkout
from tests.git.conftest import receipt_for

if TYPE_CHECKING:
    from pathlib import Path

    from mdtodo.repo.push import Sent

BASE = "# Plan\n\n- [ ] one\n- [ ] two\n- [ ] three\n\nText.\n"


class Remote:
    """A bare repository, and clones of it."""

    def __init__(self, folder: Path, *options: str, **files: str | bytes) -> None:
        self.folder = folder
        seed = folder / "seed"
        seed.mkdir()
        first = Checkout(seed)
        first.git("init", "-q", *options)
        first.commit("Base", **(files or {"TODO.md": BASE, "app.py": "1\n"}))
        first.git("clone", "-q", "--bare", str(seed), str(folder / "remote.git"))
        self.bare = Checkout(folder / "remote.git")
        self.path = folder / "remote.git"

    def clone(self, name: str, *options: str, url: str | None = None) -> Checkout:
        Checkout(self.folder).git("clone", "-q", *options, url or str(self.path), str(self.folder / name))
        return Checkout(self.folder / name)

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


def tick(clone: Checkout, *titles: str, run: str | None = None, **words: Any) -> tuple[str, ...]:
    receipts = [receipt_for(clone, title, **words) for title in titles]
    return land(discover(str(clone.root)), receipts, run_id=run or f"run-{clone.root.name}").commits


def send(clone: Checkout) -> Sent:
    return push(discover(str(clone.root)), STATUS_CHARS)


def same_as_remote(clone: Checkout, remote: Remote) -> None:
    assert clone.git("rev-parse", "HEAD") == remote.bare.git("rev-parse", "main")
    assert clone.git("rev-parse", "origin/main") == remote.bare.git("rev-parse", "main")
    assert clone.status() == []
