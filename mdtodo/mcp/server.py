"""The server: the SDK's protocol on one side, our tools and resources on the other."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage

from mdtodo import __version__
from mdtodo.errors import GitError, MdtodoError, UsageError
from mdtodo.mcp.proof import Proofs
from mdtodo.mcp.tools import INSTRUCTIONS, Tool, offered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mcp.server.context import ServerRequestContext

    from mdtodo.mcp.arguments import Arguments
    from mdtodo.mcp.checkout import Checkout

    Operation = Callable[[Checkout, Arguments], dict[str, Any]]
    Context = ServerRequestContext[Any]

T = TypeVar("T")


def serve(home: str, *, allow_word: bool) -> None:
    """Serve a client on standard input and output, until it closes them. `home` is the folder that calls without `root`
    are about."""
    anyio.run(_Agents(home, offered(allow_word=allow_word)).serve)


class _Agents:
    """Answers the requests of one client."""

    def __init__(self, home: str, tools: dict[str, Tool]) -> None:
        self._home = home
        self._tools = tools
        self._proofs = Proofs()
        # one at a time: locks on files are a process's, and what is changed here takes moments
        self._turn = anyio.CapacityLimiter(1)

    async def serve(self) -> None:
        """Until the client closes its end."""
        server: Server[Any] = Server(
            "mdtodo",
            version=__version__,
            instructions=INSTRUCTIONS.format(root=self._home),
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
        )
        async with stdio_server() as (incoming, outgoing), _without_garbage(incoming, outgoing) as messages:
            await server.run(messages, outgoing, server.create_initialization_options())

    async def _list_tools(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=name,
                    description=tool.description,
                    input_schema=tool.schema,
                    annotations=types.ToolAnnotations(read_only_hint=True) if tool.reads else None,
                )
                for name, tool in self._tools.items()
            ]
        )

    async def _call_tool(self, context: Context, called: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            told = await self._called(context, called.name, called.arguments or {})
        except MdtodoError as error:
            return _answer(_refusal(called.name, error), is_error=True)
        except OSError as error:
            return _answer({"error": str(error), "next": _NEXT_OF_OWNER}, is_error=True)
        return _answer(told, is_error="error" in told)

    async def _called(self, context: Context, name: str, given: dict[str, object]) -> dict[str, Any]:
        from mdtodo.core.names import suggestion
        from mdtodo.mcp.arguments import Arguments

        if name not in self._tools:
            raise UsageError(f"there is no tool {name[:40]!r}{suggestion(name, self._tools)}")
        arguments = Arguments(name, self._tools[name], given)
        if name == "prove_task":
            return await self._prove(context, arguments)
        return await self._in_turn(lambda: _operation(name)(self._checkout(name, arguments), arguments))

    def _checkout(self, name: str, given: Arguments) -> Checkout:
        from mdtodo.mcp.checkout import Checkout

        root, follow = given.text("root"), name in _COMMITTING
        try:
            return Checkout.open(self._home, root, follow=follow)
        except GitError as error:
            if root is None:
                raise
            raise UsageError(f"root {root[:200]!r}: {error.sentence}") from error

    async def _prove(self, context: Context, given: Arguments) -> dict[str, Any]:
        root = await self._in_turn(lambda: self._checkout("prove_task", given).repo.root)
        task_id, progress = given.text("id") or "", context.session.report_progress
        told = await self._proofs.prove(root, task_id, given.number("token"), progress)
        return (
            told if told["proven"] else told | {"next": _AFTER.get(told.get("outcome", ""), _NEXT_OF_CLAIM)}
        )

    async def _list_resources(
        self, _: Context, asked: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        from mdtodo.mcp.resources import listed

        cursor = asked.cursor if asked else None
        page, more = await self._in_resource(lambda checkout: listed(checkout, cursor))
        files = [types.Resource(name=name, uri=uri, mime_type="text/markdown") for uri, name in page]
        return types.ListResourcesResult(resources=files, next_cursor=more)

    async def _list_templates(
        self, _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        from mdtodo.mcp.resources import TEMPLATES

        made = [types.ResourceTemplate(name=name, uri_template=uri) for uri, name in TEMPLATES.items()]
        return types.ListResourceTemplatesResult(resource_templates=made)

    async def _read_resource(
        self, _: Context, asked: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        from mdtodo.mcp.resources import read

        kind, text = await self._in_resource(lambda checkout: read(checkout, asked.uri))
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=asked.uri, mime_type=kind, text=text)]
        )

    async def _in_resource(self, made: Callable[[Checkout], T]) -> T:
        from mdtodo.mcp.checkout import Checkout

        try:
            return await self._in_turn(lambda: made(Checkout.open(self._home, None)))
        except MdtodoError as error:
            raise MCPError(code=types.INVALID_PARAMS, message=str(error)) from error

    async def _in_turn(self, made: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(made, limiter=self._turn)


def _operation(name: str) -> Operation:
    from mdtodo.mcp import changes, reads

    found: Operation = getattr(reads if hasattr(reads, name) else changes, name)
    return found


def _answer(told: dict[str, Any], *, is_error: bool) -> types.CallToolResult:
    from mdtodo.mcp.records import plain
    from mdtodo.reporting.text import escaped_json

    told = plain(told)
    text = types.TextContent(text=escaped_json(json.dumps(told, ensure_ascii=False)))
    return types.CallToolResult(content=[text], structured_content=told, is_error=is_error)


def _refusal(name: str, error: MdtodoError) -> dict[str, Any]:
    """The sentence, and what to do next: in an agent's words where the error's own are those of the command line."""
    from mdtodo.operations.claim import RefusedClaimError

    step = error.hint
    if isinstance(error, UsageError):
        step = "correct the call; list_tasks gives the ids, and root is the path of a checkout"
    elif isinstance(error, RefusedClaimError):
        step = _NEXT_OF_CLAIM
    return {"error": str(error), "next": step or _NEXT.get(name, _NEXT_OF_OWNER)}


#: What to do next, by what a proof came to.
_AFTER = {
    "failed": "read the output, mend what it says, then prove_task again",
    "deferred": "it can be tried later: prove_task again then",
    "skipped": "nothing could be checked here: tell the person what is missing",
    "interrupted": "prove_task again",
    "blocked": "next_task gives one that is free; show_task says what this one waits for, or who has it",
}
_NEXT_OF_CLAIM = "next_task gives one that is free; show_task says what this one waits for, or who has it"
_NEXT_OF_OWNER = "tell the person whose checkout this is"
_NEXT = {
    "expand_task": "show_task shows it as it is",
    "done": "show_task says what it waits for, or who has it",
}
#: Tools that make commits, also of what earlier ones could not.
_COMMITTING = frozenset({"claim_task", "release_task", "prove_task", "done"})


@asynccontextmanager
async def _without_garbage(incoming: Any, outgoing: Any) -> AsyncIterator[Any]:
    """The client's messages, but for what is none: that is answered as JSON-RPC has it; the SDK drops it silently."""
    error = types.ErrorData(code=types.PARSE_ERROR, message="this line is no JSON-RPC message")
    send, receive = anyio.create_memory_object_stream[Any](0)

    async def relay() -> None:
        async with send:
            async for message in incoming:
                if isinstance(message, Exception):
                    reply = types.JSONRPCError(jsonrpc="2.0", id=None, error=error)
                    await outgoing.send(SessionMessage(reply))
                else:
                    await send.send(message)

    async with anyio.create_task_group() as group:
        group.start_soon(relay)
        yield receive
        group.cancel_scope.cancel()
