"""What must hold of the hooks' fast path: where it finds nothing, the whole program finds nothing."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mdtodo.errors import InputError
from mdtodo.fast_path.blocks import UnsureError
from mdtodo.fast_path.verdict import facts_of, look_at_change
from mdtodo.git.repository import discover
from mdtodo.markdown.document import parse
from mdtodo.markdown.tasks import read_tasks
from mdtodo.operations.check import check as whole
from mdtodo.planning.plan import plan_for_check
from mdtodo.proof.line_map import boxes_of, normalized
from tests.fast_path.both import CONFIG, MEMORY, SETTINGS, facts, parsed, read

if TYPE_CHECKING:
    from tests.fuzz.versions import Versions


def hooks(versions: Versions) -> None:
    """What the fast path reads, the whole program reads; and in what is surely right nothing is found."""
    for text in versions.texts:
        if (found := read(text)) is None:
            continue
        try:
            assert found == parsed(text)
        except InputError:
            raise AssertionError("what a parse refuses was read") from None
        if facts(text) is not None:
            documents = {"TODO.md": parse(text)}
            assert not whole._of_documents(documents, plan_for_check(read_tasks(documents), CONFIG), CONFIG)


def boxes(versions: Versions) -> None:
    """Each task has its box for who judges ticks line by line, who does not parse. Definitions of links on several lines
    before a box are not looked for there."""
    for text in map(normalized, versions.texts):
        document = versions.document(text)
        if document is not None and b"]:" not in text:
            assert {item.box for item in document.items} <= {box.at for box in boxes_of(text)}


def gates(versions: Versions) -> None:
    """A change that is surely right is right for the whole program, in a real repository."""
    if len(versions.texts) < 2:
        return
    before, after = versions.texts[:2]
    if before != after and _is_surely_right(before, after):
        repository = _repository()
        repository.commit(before)
        repository.stage(after)
        assert whole.check_staged(discover(str(repository.root))) == whole.Checked([])


def _is_surely_right(before: bytes, after: bytes) -> bool:
    now = facts(after)
    if now is None:
        return False
    try:
        look_at_change(facts_of(before, MEMORY), now)
    except UnsureError:
        return False
    return True


class _Repository:
    """One file, committed and staged."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._git("init", "-q", "--initial-branch=main")
        (root / ".mdtodo.toml").write_bytes(SETTINGS)
        self._git("add", "-A")

    def commit(self, data: bytes) -> None:
        """The one commit of the repository."""
        self.stage(data)
        tree = self._git("write-tree")
        commit = self._git("-c", "user.name=f", "-c", "user.email=f", "commit-tree", "-m", "f", tree)
        self._git("update-ref", "HEAD", commit)

    def stage(self, data: bytes) -> None:
        """In the index and on the disk."""
        (self.root / "TODO.md").write_bytes(data)
        self._git("add", "TODO.md")

    def _git(self, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=self.root, capture_output=True, check=True)
        return done.stdout.decode().strip()


@cache
def _repository() -> _Repository:
    return _Repository(Path(tempfile.mkdtemp(prefix="mdtodo-fuzz-")))
