"""A repository and a clone of it, in a cache folder of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from mdtodo.clones.slots import Slot, slot
from mdtodo.clones.source import CloneSource, read_source
from mdtodo.git.repository import discover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Checkout


class Bench(NamedTuple):
    """A repository, and a clone of it that is ours; `victim` is what nobody may touch."""

    repo: Checkout
    source: CloneSource
    slot: Slot
    victim: Path

    @property
    def tree(self) -> Path:
        """The clone's files."""
        from pathlib import Path

        return Path(self.slot.tree)

    def show(self, **more: object) -> None:
        """Bring the clone to the repository's HEAD."""
        self.slot.show(self.source, self.repo.git("rev-parse", "HEAD"), **more)


def everything(folder: Path) -> dict[str, object]:
    """What is in a folder, byte for byte, with modes and the targets of links."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        data = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (about.st_mode, data)
    return found


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def bench(make_repo: Callable[..., Checkout], cache: Path, tmp_path: Path) -> Iterator[Bench]:
    """A repository with a file and a folder, its clone at HEAD, and a victim."""
    repo = make_repo(**{"a.txt": "a\n", "src/b.txt": "b\n", ".gitignore": "*.log\n"})
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.txt").write_text("mine\n")
    (victim / "b.txt").write_text("mine\n")
    (victim / "untracked").write_text("mine too\n")
    before = everything(victim)
    source = read_source(discover(str(repo.root)))
    with slot(source) as mine:
        bench = Bench(repo, source, mine, victim)
        bench.show()
        yield bench
        # pytest's own cleaning does not go as deep as some attacks
        mine.empty()
    assert everything(victim) == before
