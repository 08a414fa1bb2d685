"""The Action on push: it runs, tells, commits and pushes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mdtodo.receipts.trailers import parse
from tests.action.conftest import TOKEN

if TYPE_CHECKING:
    from tests.action.conftest import World


def test_a_push_runs_tells_commits_and_pushes(world: World) -> None:
    start = world.bare.git("rev-parse", "main")
    ended = world.act(payload=world.payload("0" * 40))
    assert ended.code == 1, ended.log
    assert (
        world.main()
        == "# Plan\n\n- [x] Good run:good id:good\n- [ ] Bad run:bad id:bad after:good failed:1\n"
    )
    head = world.bare.git("rev-parse", "main")
    assert world.bare.git("rev-list", f"{start}..main").split() == [head]
    assert world.bare.git("log", "-1", "--format=%an <%ae> %cn <%ce>", "main") == " ".join(
        ["github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>"] * 2
    )
    assert parse(world.bare.git("log", "-1", "--format=%B", "main"))[0]
    assert (ended.outputs["done"], ended.outputs["failed"], ended.outputs["commit"]) == ("1", "1", head)
    document = json.loads(ended.outputs["json"])
    assert document["commits"] == [head]
    assert [task["outcome"] for task in document["tasks"]] == ["done", "failed"]
    (error,) = ended.of("error")
    assert error.properties == {"file": "TODO.md", "line": "4", "title": "failed: Bad"}
    assert "it is broken" in error.message
    link = f"https://github.example/octo/shop/blob/{start}/TODO.md?plain=1#L3"
    assert f"| ✅ done | [Good]({link}) <code>good</code> | good |" in ended.summary
    assert "```mermaid\nflowchart LR\n" in ended.summary
    assert TOKEN not in ended.log + ended.summary + json.dumps(ended.outputs)
    assert "Set up Python" in ended.skipped
    assert not list(world.temp.glob("*.json"))
