"""Answers that go on: until they are over, or the client has gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive


async def stream_until_gone(sending: Callable[[], Any], receive: Receive, end: Callable[[], None]) -> None:
    """Send until that is over, or the client has gone; `end` is called then."""
    tasks = [asyncio.ensure_future(sending()), asyncio.ensure_future(_gone(receive))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            if not isinstance(one.exception(), OSError | None):
                one.result()
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        end()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
