"""What a client is told of the tools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.mcp.agent import Agent, talk

if TYPE_CHECKING:
    from tests.conftest import Checkout

NAMES = {
    *("list_tasks", "next_task", "show_task", "claim_task", "release_task"),
    *("prove_task", "add_task", "expand_task", "note", "check"),
}


def test_all_descriptions_together_are_small(repo: Checkout) -> None:
    """In every prompt of every agent: 5,000 bytes are about 900 tokens."""

    async def scene(agent: Agent) -> None:
        tools = (await agent.client.list_tools()).tools
        assert {one.name for one in tools} == {*NAMES, "done"}
        told = [one.model_dump(by_alias=True, exclude_none=True, mode="json") for one in tools]
        size = len(json.dumps(told).encode()) + len((agent.client.instructions or "").encode())
        assert size < 5000
        assert all(one.description for one in tools)

    talk(repo.root, scene, "--allow-word")


def test_no_tool_ticks_and_only_four_arguments_are_ever_required(repo: Checkout) -> None:
    async def scene(agent: Agent) -> None:
        tools = (await agent.client.list_tools()).tools
        assert {one.name for one in tools} == NAMES
        required = {name for one in tools for name in one.input_schema.get("required", ())}
        assert required <= {"id", "name", "text", "token"}
        assert all("root" in one.input_schema["properties"] for one in tools)
        reading = {one.name for one in tools if one.annotations and one.annotations.read_only_hint}
        assert reading == {"list_tasks", "next_task", "show_task", "check"}

    talk(repo.root, scene)
