"""Delete or damage `.git/mdtodo/`, and nothing that matters is lost: the markdown and the receipts are the truth."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import discover
from mdtodo.receipts.trailers import parse
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.calls import Calls
    from tests.conftest import Checkout

TODO = "- [ ] one run:ok\n- [ ] two run:ok\n- [ ] three run:bad\n"
CONFIG = """\
max_failures = 1
[processors.ok]
run = 'echo "$MDTODO_TASK_TITLE" >> ../calls'
[processors.bad]
run = 'echo "$MDTODO_TASK_TITLE" >> ../calls; exit 1'
"""


@pytest.fixture
def todo(make_repo: Callable[..., Checkout]) -> Checkout:
    return make_repo(**{"TODO.md": TODO, ".mdtodo.toml": CONFIG})


def called(repo: Checkout) -> list[str]:
    return sorted((repo.root.parent / "calls").read_text().splitlines())


def receipts(repo: Checkout) -> list[str]:
    messages = repo.git("log", "--format=%B%x00").split("\0")
    return [one.task_id for text in messages for one in parse(text.strip("\n"))[1]]


def delete(folder: Path) -> None:
    shutil.rmtree(folder)


def replace_by_a_folder(folder: Path) -> None:
    (folder / "state.db").unlink()
    (folder / "state.db").mkdir()


def write(content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / "state.db").write_bytes(content)

    return damage


def drop_a_table(folder: Path) -> None:
    with sqlite3.connect(folder / "state.db") as raw:
        raw.execute("DROP TABLE results")
    raw.close()


WAYS = {
    "deleted": delete,
    "a folder": replace_by_a_folder,
    "nonsense": write(b"nonsense" * 1000),
    "no bytes": write(b""),
    "half a header": write(b"SQLite format 3\0\x10"),
    "another schema": drop_a_table,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_deleted_state_folder_after_a_run_costs_no_tick(todo: Checkout, calls: Calls, way: str) -> None:
    calls(todo.root, "run")
    with StateStore.open(discover(str(todo.root)), create=False) as state:
        known = state.durations(), [(e.task_id, e.outcome, e.exit_code) for e in state.history()]
    WAYS[way](todo.root / ".git/mdtodo")
    listed = calls(todo.root, "list", "--all")
    assert (listed.code, listed.out.count("[x]")) == (0, 2)
    said = calls(todo.root, "run")
    assert (said.code, said.out) == (1, "nothing to run: 1 given up\n"), said
    assert ("is kept as state.db.damaged-" in said.err) == (way not in ("deleted", "no bytes"))
    assert called(todo) == ["one", "three", "two"]
    assert len(receipts(todo)) == len(set(receipts(todo))) == 3
    with StateStore.open(discover(str(todo.root)), create=False) as state:
        found = state.durations(), [(e.task_id, e.outcome, e.exit_code) for e in state.history()]
    assert sorted(found[1]) == sorted(known[1])
    assert found[0] == pytest.approx(known[0], abs=0.001)
    assert todo.status() == []


@pytest.mark.parametrize("point", ["result.kept", "moved", "installed", "written", "landed.kept"])
def test_a_deleted_state_folder_after_a_kill_costs_no_tick_and_doubles_no_receipt(
    todo: Checkout, calls: Calls, point: str
) -> None:
    """What had not landed is run again, for nothing says that it was done; and still has one receipt."""
    killed = calls(todo.root, "run", "-j1", MDTODO_FAULT=point)
    assert killed.code == -signal.SIGKILL
    delete(todo.root / ".git/mdtodo")
    calls(todo.root, "run")
    assert calls(todo.root, "run").out == "nothing to run: 1 given up\n"
    assert len(receipts(todo)) == len(set(receipts(todo))) == 3
    done = TODO.replace("[ ]", "[x]", 2).replace("run:bad", "run:bad failed:1").encode()
    assert todo.head("TODO.md") == todo.index("TODO.md") == todo.read("TODO.md") == done
    assert todo.status() == []
