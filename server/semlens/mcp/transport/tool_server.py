"""The SDK's server with the tools of agents. `session` connects it to one agent, `http_app` to many over HTTP.

The modules of this folder alone import the SDK, which takes a second. So the resident server imports them at the first
agent.
"""

from __future__ import annotations

import threading
import time
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
from semlens.mcp.answers import ToolAnswer
from semlens.mcp.tool_list import INSTRUCTIONS, TOOLS
from semlens.mcp.tools import AgentTools

N_THREADS = 4
"""Of one session."""

MAX_CALLS = 64
"""Calls of one session that may wait at once."""

MAX_RUNNING = 16
"""Calls that run at once in this process, of all sessions. Each needs memory for the passages that it compares."""

TURN_SECONDS = 60.0
"""How long a call waits for its turn. Those before it may hang, such as on a disk that does not answer."""

_TOOL_LIST_MS = 3_600_000
_POLL_SECONDS = 0.05
_turns = threading.BoundedSemaphore(MAX_RUNNING)
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
                _call_in_turn, tools, params, token, abandon_on_cancel=True, limiter=slots.threads
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


def _call_in_turn(tools: AgentTools, params: types.CallToolRequestParams, token: CancelToken) -> ToolAnswer:
    """:raises Cancelled: when the token was cancelled."""
    deadline = time.monotonic() + TURN_SECONDS
    while not _turns.acquire(timeout=_POLL_SECONDS):
        token.check()
        if time.monotonic() > deadline:
            return ToolAnswer(f"{MAX_RUNNING} calls of agents run already. Ask again in a moment.", is_error=True)
    try:
        return tools.call(params.name, params.arguments, token)
    finally:
        _turns.release()


def _error(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)
