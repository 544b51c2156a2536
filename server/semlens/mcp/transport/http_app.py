"""MCP over streamable HTTP, in both eras of the protocol: the SDK's own transport over the tools of one session.

Who may ask, and from where, is for the server that this application is part of.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from semlens.mcp.tools import AgentTools
from semlens.mcp.transport.tool_server import ToolServer
from semlens.service.frames import MAX_LINE_BYTES

MAX_SESSIONS = 64

_Message = MutableMapping[str, Any]
HttpApp = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]
]


@asynccontextmanager
async def open_app(tools: AgentTools) -> AsyncIterator[HttpApp]:
    """The ASGI application. Its sessions end with the context, which one task must enter and leave."""
    manager = StreamableHTTPSessionManager(
        ToolServer(tools).make_server(),
        # a guard stands before the application, which knows the names under which it is served
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        max_request_body_size=MAX_LINE_BYTES,
        max_sessions=MAX_SESSIONS,
    )
    async with manager.run():
        yield manager.handle_request
