"""An agent: the official client, over standard input and output of a real `mdtodo mcp`, in a real repository."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("mcp", reason="the package mcp is not installed")

import anyio
from mcp import Client, StdioServerParameters, stdio_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

CONFIG = """\
[processors.good]
run = "echo $MDTODO_TASK_ID >> .git/ran"
[processors.bad]
run = "echo it is broken; exit 3"
[processors.slow]
run = "sleep 300 & echo $! > .git/child; echo $$ > .git/pid; wait"
[processors.told]
run = 'for n in 10 50 90; do echo "{\\"progress\\": $n}" >> $MDTODO_OUTPUT; sleep 0.6; done'
"""


class Agent:
    """One connection."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def __call__(self, tool: str, /, **given: Any) -> dict[str, Any]:
        """What a tool gives that succeeds."""
        told, refused = await self.asked(tool, **given)
        assert not refused, told
        return told

    async def refused(self, tool: str, /, **given: Any) -> dict[str, Any]:
        """What a tool says that refuses: a sentence, and what to do next."""
        told, refused = await self.asked(tool, **given)
        assert refused, told
        assert told["error"]
        assert told["next"]
        return told

    async def asked(self, tool: str, /, **given: Any) -> tuple[dict[str, Any], bool]:
        """The same of either, and whether it refused."""
        result = await self.client.call_tool(tool, given)
        assert isinstance(result.structured_content, dict)
        return result.structured_content, result.is_error


@asynccontextmanager
async def connected(root: Path, *options: str, mode: Any = "legacy") -> AsyncIterator[Agent]:
    """A connection to a server of its own in that checkout."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "mdtodo", "mcp", *options], env=dict(os.environ), cwd=root
    )
    async with Client(stdio_client(server), mode=mode) as client:
        yield Agent(client)


def talk(root: Path, scene: Callable[[Agent], Awaitable[None]], *options: str, mode: Any = "legacy") -> None:
    """Play a scene with an agent in that checkout; a failure of it as itself, without the groups around it."""

    async def play() -> None:
        async with connected(root, *options, mode=mode) as agent:
            await scene(agent)

    run(play)


def run(play: Callable[[], Awaitable[None]]) -> None:
    """Play it."""
    try:
        anyio.run(play)
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None
