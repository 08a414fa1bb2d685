"""The reusable workflow: one job runs processors, and another one, on a machine of its own, pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.action.conftest import TOKEN

if TYPE_CHECKING:
    from tests.action.conftest import World


def test_one_job_runs_and_another_one_pushes(world: World) -> None:
    start = world.bare.git("rev-parse", "main")
    run, push = world.two_jobs(world.payload("0" * 40), setup="touch ../set-up")
    assert push is not None
    assert (run.ended.code, push.ended.code) == (1, 1), run.ended.log + push.ended.log
    assert (run.workspace / "set-up").exists()
    assert world.bare.git("rev-list", f"{start}..main").split() == [push.outputs["commit"]]
    assert "- [x] Good" in world.main()
    assert (run.outputs["done"], run.outputs["failed"]) == ("1", "1")
    assert TOKEN not in run.ended.log + push.ended.log
    # nothing of the repository is on the machine with the token
    assert [path.name for path in push.workspace.iterdir()] == []
