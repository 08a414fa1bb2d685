"""Where HEAD is, without git."""

from __future__ import annotations

import pytest

from mdtodo.git.position import HeadWatch
from mdtodo.git.repository import discover


@pytest.mark.parametrize(
    "moves",
    [
        ["commit -q --allow-empty -m x"],
        ["switch -qc new", "commit -q --allow-empty -m x"],
        ["checkout -q --detach", "commit -q --allow-empty -m x"],
        ["pack-refs --all", "commit -q --allow-empty -m x"],
        ["switch -qc new", "switch -q -", "commit -q --allow-empty -m x"],
    ],
)
def test_a_watch_of_head_sees_each_commit_on_whichever_branch(make_repo, moves: list[str]) -> None:
    repo = make_repo(a="1\n")
    watch = HeadWatch(discover(str(repo.root)))
    seen = watch.stamp()
    assert watch.stamp() == seen
    for move in moves:
        repo.git(*move.split(" "))
        assert watch.stamp() != seen
        seen = watch.stamp()
        assert watch.stamp() == seen
