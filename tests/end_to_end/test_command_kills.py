"""`kill -9` at every step of a command that a person calls: the next one finishes what it had begun, or it never was.

As in `test_kills`, a command first writes down the points that it passes, and is then killed at each of them in a fresh
copy. After the next call HEAD, index, work tree and claims are what they were before it, or what it makes of them.
"""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from mdtodo.git.repository import discover
from mdtodo.receipts.trailers import parse as parse_message
from mdtodo.storage.state import StateStore
from tests.conftest import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.calls import Calls

TODO = """\
- [ ] first run:good id:first
- [ ] second run:good id:second
- [ ] taken run:good id:taken
- [ ] Parent id:parent
  - [x] child id:child
- [x] hand run:good id:hand
- [ ] big id:big expand:steps
"""
CONFIG = """\
[processors.good]
run = "true"
[patterns.steps]
match = ["nothing is like this"]
steps = ["one", "two"]
"""
#: What is done before, and the command that is killed; TOKEN is that of bob's claim.
COMMANDS: dict[str, tuple[str, ...]] = {
    "claim": ("claim", "first", "--name", "alice"),
    "claim for a time": ("claim", "first", "--name", "alice", "--for", "2h"),
    "claim without a commit": ("claim", "first", "--name", "alice", "--no-commit"),
    "steal": ("claim", "taken", "--name", "alice", "--steal"),
    "release": ("release", "taken", "--token", "TOKEN"),
    "done": ("done", "first", "third", "--commit"),
    "done in the work tree": ("done", "first", "third"),
    "done with a token": ("done", "taken", "--token", "TOKEN", "--commit"),
    "run with a token": ("run", "taken", "--token", "TOKEN"),
    "reopen": ("reopen", "hand", "--commit"),
    "cancel": ("cancel", "first", "--commit"),
    "accept one": ("prove", "--accept", "hand"),
    "accept all": ("prove", "--accept"),
    "expand": ("expand", "big", "--commit"),
    "set": ("set", "child", "--title", "Piece", "#new", "--commit"),
    "set in the work tree": ("set", "first", "!high"),
    "move": ("move", "child", "--before", "first", "--commit"),
    "move to another file": ("move", "child", "--before", "third", "--commit"),
    "move to another file in the work tree": ("move", "child", "--before", "third"),
    "move in the work tree": ("move", "taken", "--top"),
    "archive": ("archive",),
    "note": ("note", "hand", "it works", "--commit"),
    "note in the work tree": ("note", "hand", "it works"),
}


class Scene:
    """A repository in which a person is at work, and bob has claimed a task."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.repo = folder, Checkout(folder / "repo")

    def points(self) -> Counter[str]:
        return Counter((self.folder / "points").read_text().splitlines())

    def look(self) -> dict[str, Any]:
        """All that a person could see of it."""
        messages = self.repo.git("log", "--format=%B%x00").split("\0")
        told = [one for text in messages for one in parse_message(text.strip("\n"))[1]]
        with StateStore.open(discover(str(self.repo.root)), create=False) as state:
            claims = [(one.task_id, one.worker, one.reserved) for one in state.live_leases()]
        names = ("TODO.md", "docs/TODO.md", "mine.txt")
        return {
            "commits": self.repo.commits(),
            "HEAD": self.repo.git("ls-tree", "-r", "HEAD"),
            "index": self.repo.git("ls-files", "-s"),
            "files": [self.repo.read(name) for name in names],
            "status": self.repo.status(),
            "receipts": sorted((one.task_id, one.outcome) for one in told),
            "claims": claims,
        }

    def broken(self) -> list[str]:
        """What is not whole, or was left behind."""
        git = self.repo.root / ".git"
        found = self.repo.git("fsck", "--strict", "--no-dangling", "--no-progress").splitlines()
        found += [f"left: {path.name}" for path in git.rglob("*.lock") if path.name != "state.db.lock"]
        with StateStore.open(discover(str(self.repo.root)), create=False) as state:
            found += [f"not landed: {entry.receipt.task_id}" for entry in state.unlanded()]
            found += [f"goes on: {run}" for run, _, _ in state.active_runs()]
        return found


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, calls: Calls) -> Callable[[], tuple[Scene, str]]:
    """A factory of copies of one scene, each with the token of bob's claim."""
    tmp_path = tmp_path_factory.mktemp("commands")
    template = Scene(tmp_path / "template")
    template.repo.root.mkdir(parents=True)
    template.repo.git("init", "-q")
    files = {"TODO.md": TODO, "docs/TODO.md": "- [ ] third id:third\n", ".mdtodo.toml": CONFIG}
    template.repo.commit(**files, **{"mine.txt": "0\n"})
    token = calls(template.repo.root, "claim", "taken", "--name", "bob", "--json").json["token"]
    template.repo.write("mine.txt", "staged\n")
    template.repo.git("add", "mine.txt")
    template.repo.write("TODO.md", template.repo.read("TODO.md") + b"- [ ] not staged\n")
    numbers = count()

    def make() -> tuple[Scene, str]:
        folder = tmp_path / f"copy-{next(numbers)}"
        shutil.copytree(template.folder, folder, symlinks=True)
        return Scene(folder), str(token)

    return make


def unlike(found: dict[str, Any], other: dict[str, Any]) -> list[str]:
    return [f"{name}: {found[name]!r} is not {other[name]!r}" for name in found if found[name] != other[name]]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.sample(6)
def test_a_kill_at_every_point_of_a_command(
    scene: Callable[[], tuple[Scene, str]], calls: Calls, name: str
) -> None:
    def start(**env: str) -> tuple[Scene, int]:
        made, token = scene()
        args = [token if arg == "TOKEN" else arg for arg in COMMANDS[name]]
        said = calls(made.repo.root, *args, **env, MDTODO_FAULT_LOG=str(made.folder / "points"))
        return made, said.code

    before = scene()[0].look()
    whole, code = start()
    assert code == 0
    after, wrong = whole.look(), {}
    assert after != before
    assert not whole.broken()
    finished = 0
    for point, passings in whole.points().items():
        killed, code = start(MDTODO_FAULT=f"{point}:{passings}")
        assert code == -signal.SIGKILL, point
        said = calls(killed.repo.root, "list")
        found = killed.look()
        finished += found == after
        if found not in (before, after) or killed.broken():
            wrong[point] = [unlike(found, before), unlike(found, after), *killed.broken(), said.err]
        shutil.rmtree(killed.folder)
    assert not wrong, "\n".join(f"{point}: {what}" for point, what in wrong.items())
    assert finished
