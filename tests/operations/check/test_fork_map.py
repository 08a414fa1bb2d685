"""Work that is done in parts, by processes of their own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mdtodo.operations.check import fork_map

if TYPE_CHECKING:
    import pytest


def test_the_work_is_done_in_parts_by_processes_or_here_where_they_die(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fork_map, "_available_cpus", lambda: 3)
    monkeypatch.setattr(fork_map, "SHARE", 1)
    here = os.getpid()

    def work(names: list[str], fails: bool = False) -> dict[str, str]:
        if fails and os.getpid() != here:
            os._exit(9)
        return {name: f"{name}\t{os.getpid()}" for name in names if name != "none"}

    sizes = {"a": 5, "b": 4, "c": 3, "none": 2}
    done = fork_map.fork_map(sizes, work)
    assert sorted(done) == ["a", "b", "c"]
    assert len({text.split("\t")[1] for text in done.values()}) == 3
    failing = fork_map.fork_map(sizes, lambda names: work(list(names), fails=True))
    assert {text.split("\t")[1] for text in failing.values()} == {str(here)}
    assert fork_map.fork_map({}, work) == {}
