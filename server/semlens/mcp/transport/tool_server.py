"""The SDK's server with the tools of agents. `session` connects it to one agent, `http_app` to many over HTTP.

The modules of this folder alone import the SDK, which takes a second. So the resident server imports them at the first
agent.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from semlens import __version__
from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled
from semlens.mcp.tool_list import INSTRUCTIONS, TOOLS
from semlens.mcp.tools import AgentTools

N_THREADS = 4
MAX_CALLS = 64
"""Calls of one session that may wait at once."""

_TOOL_LIST_MS = 3_600_000
Context = ServerRequestContext[Any, Any]


class CallSlots:
    """The calls of one session. Belongs to one event loop."""

    def __init__(self) -> None:
        self.n_calls = 0

    @cached_property
    def threads(self) -> anyio.CapacityLimiter:
        """Made on the event loop that it belongs to."""
        return anyio.CapacityLimiter(N_THREADS)


class ToolServer:
    """Belongs to one event loop."""

    def __init__(self, tools: AgentTools) -> None:
        self._tools = tools
        self._slots = CallSlots()

    def session_of(self, _context: Context) -> tuple[AgentTools, CallSlots]:
        """The tools and the slots of the session that a call belongs to. Here there is one session."""
        return self._tools, self._slots

    def make_server(self) -> Server[Any]:
        return Server(
            "semlens",
            version=__version__,
            instructions=INSTRUCTIONS,
            cache_hints={"tools/list": CacheHint(ttl_ms=_TOOL_LIST_MS, scope="public")},
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
        )

    async def before_call(self) -> None:
        """Wait for what a call needs."""

    async def _list_tools(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in TOOLS])

    async def _call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        if params.name not in self._tools.names:
            known = ", ".join(self._tools.names)
            raise MCPError(
                code=types.INVALID_PARAMS, message=f"There is no tool {params.name[:60]!r}. There are: {known}."
            )
        tools, slots = self.session_of(context)
        if slots.n_calls >= MAX_CALLS:
            return _error(f"{MAX_CALLS} calls wait already. Wait for their answers.")
        token = CancelToken()
        slots.n_calls += 1
        try:
            await self.before_call()
            answer = await anyio.to_thread.run_sync(
                tools.call, params.name, params.arguments, token, abandon_on_cancel=True, limiter=slots.threads
            )
        except Cancelled:
            return _error("The call was cancelled.")
        finally:
            slots.n_calls -= 1
            token.cancel()  # the thread of a call that was cancelled stops
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=answer.text)],
            structured_content=None if answer.is_error else answer.structured,
            is_error=answer.is_error,
        )


def _error(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)
