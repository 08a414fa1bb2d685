"""The places of one process in a lane: as many as may run at once, however many tasks are handed ahead."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from mdtodo.git.repository import Repository
from mdtodo.run.start.lane_places import LanePlaces
from mdtodo.storage.leases import Lane
from mdtodo.storage.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path


def test_a_place_goes_from_task_to_task_of_those_that_are_handed_ahead(tmp_path: Path) -> None:
    root = str(tmp_path)
    tasks = [SimpleNamespace(id=name, lane="db") for name in "abc"]
    others = {"x": Lane("db", 2), "y": Lane("db", 2)}
    with StateStore.open(Repository(root, root, root)) as state:
        places = LanePlaces(state, {"db": 2}, jobs=1)
        needed, ahead = places.needed(tasks)  # type: ignore[arg-type]
        assert (list(needed), [task.id for task in ahead]) == (["a"], ["b", "c"])
        assert not places.go_without(ahead[:1]), "nobody has a place that could be passed on"
        leases = dict(state.take("a", "one", 60, lanes=needed).leases)
        places.hold(needed, leases)
        assert places.go_without(ahead) == list(ahead)
        leases |= state.take("bc", "one", 60).leases
        taken = state.take("xy", "two", 60, lanes=others)
        assert taken.full == {"y"}, "one place is ours, as one task of ours runs"
        places.leave({"b", "c"}, leases)
        assert state.take("y", "two", 60, lanes=others).full
        places.leave({"c"}, leases)
        assert state.take("y", "two", 60, lanes=others).full
        places.leave(set(), leases)
        assert state.take("y", "two", 60, lanes=others).leases
        assert places.needed(tasks)[0].keys() == {"a"}  # type: ignore[arg-type]
