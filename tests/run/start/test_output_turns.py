"""The turns of several runs at the outputs of one work tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mdtodo.git.repository import Repository
from mdtodo.run.start.output_turns import OutputTurns
from mdtodo.storage.state import folder

if TYPE_CHECKING:
    from pathlib import Path

#: `a` and `c` share nothing, but each does with `b`; `x` writes what nobody else does, `ok` declares nothing.
CONFLICTS = {"a": {"a", "b"}, "b": {"a", "b", "c"}, "c": {"b", "c"}, "x": {"x"}}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    root = str(tmp_path)
    made = Repository(root, root, root)
    (tmp_path / "mdtodo").mkdir()
    assert folder(made) == str(tmp_path / "mdtodo")
    return made


def test_what_may_write_the_same_waits_for_another_run_and_the_rest_does_not(repo: Repository) -> None:
    ours, theirs = OutputTurns(repo, CONFLICTS), OutputTurns(repo, CONFLICTS)
    assert ours.take("a")
    assert ours.take("c"), "both are ours, and which of them run at once the queue decides"
    assert [theirs.take(name) for name in ("a", "b", "c", "x", "ok")] == [False, False, False, True, True]
    ours.keep({"c", "ok"})
    assert not theirs.take("a")
    ours.keep({"x", "ok"})
    assert theirs.take("a")
    assert not ours.take("b")
    theirs.keep(())
    assert ours.take("b")
    assert ours.take("x")
    ours.keep(())


def test_where_no_turn_can_be_taken_down_all_may_begin(repo: Repository, tmp_path: Path) -> None:
    ours = OutputTurns(repo, CONFLICTS)
    (tmp_path / "mdtodo").rmdir()
    assert ours.take("a")
