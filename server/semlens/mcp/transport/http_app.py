"""MCP over streamable HTTP, in both eras of the protocol: the SDK's own transport over the tools of `semlens http`.

Sessions share the index and the folders. What a session was given, and the calls that it waits for, are its own.

Who may ask, and from where, is for the server that this application is part of.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from semlens.mcp.tools import AgentTools
from semlens.mcp.transport.tool_server import CallSlots, Context, ToolServer
from semlens.service.frames import MAX_LINE_BYTES

MAX_SESSIONS = 64

_Message = MutableMapping[str, Any]
HttpApp = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]
]


class HttpToolServer(ToolServer):
    """Serves many sessions, and requests without a session, which share their slots and are given all code whole."""

    def __init__(self, tools: AgentTools) -> None:
        super().__init__(tools)
        self._sessions: OrderedDict[str, tuple[AgentTools, CallSlots]] = OrderedDict()

    def session_of(self, context: Context) -> tuple[AgentTools, CallSlots]:
        session_id = _session_id(context)
        if session_id is None:
            return self._tools.for_other_session(), self._slots
        found = self._sessions.setdefault(session_id, (self._tools.for_other_session(), CallSlots()))
        self._sessions.move_to_end(session_id)
        if len(self._sessions) > MAX_SESSIONS:  # nobody tells which have ended; the longest without a call goes
            self._sessions.popitem(last=False)
        return found


def _session_id(context: Context) -> str | None:
    """The manager has checked the header, but only in the era with sessions."""
    if context.protocol_version not in HANDSHAKE_PROTOCOL_VERSIONS or context.request is None:
        return None
    value: str | None = context.request.headers.get(MCP_SESSION_ID_HEADER)
    return value


@asynccontextmanager
async def open_app(tools: AgentTools) -> AsyncIterator[HttpApp]:
    """The ASGI application. Its sessions end with the context, which one task must enter and leave."""
    manager = StreamableHTTPSessionManager(
        HttpToolServer(tools).make_server(),
        # a guard stands before the application, which knows the names under which it is served
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        max_request_body_size=MAX_LINE_BYTES,
        max_sessions=MAX_SESSIONS,
    )
    async with manager.run():
        yield manager.handle_request
