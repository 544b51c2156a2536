"""One MCP session: the official SDK over one connection of the resident server, in both eras of the protocol.

This module alone imports the SDK, which takes a second. So the resident server imports it at the first MCP session. The
first request of a client decides the era: `initialize` (2025-11-25 and before), or requests that carry their version
(2026-07-28, with `server/discover`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
import mcp_types as types
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage

from semlens import __version__
from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled
from semlens.mcp.tool_list import INSTRUCTIONS, TOOLS
from semlens.mcp.tools import AgentTools
from semlens.service.connection import Connection
from semlens.service.frames import MAX_LINE_BYTES, LineReader, LineTooLongError, write_all

logger = logging.getLogger(__name__)

N_THREADS = 4
MAX_CALLS = 64
"""Calls of one session that may wait at once."""

ROOTS_SECONDS = 1.0
"""How long the first question waits for the roots that the client declares."""

_TOOL_LIST_MS = 3_600_000
_PARSE_ERROR, _INVALID_REQUEST, _INVALID_PARAMS = -32700, -32600, -32602
_Context = ServerRequestContext[Any, Any]


class McpSession:
    """Serves one client until it leaves."""

    def __init__(self, tools: AgentTools, connection: Connection) -> None:
        self._tools = tools
        self._connection = connection
        self._n_calls = 0

    def run(self) -> None:
        """Blocks. The thread gets an event loop of its own, so that no client waits for another."""
        anyio.run(self._run)

    async def _run(self) -> None:
        self._threads = anyio.CapacityLimiter(N_THREADS)
        self._writing = anyio.Lock()
        self._roots_known = anyio.Event()
        self._roots_known.set()
        server = self._server()
        async with self._streams() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())

    def _server(self) -> Server[Any]:
        server: Server[Any] = Server(
            "semlens",
            version=__version__,
            instructions=INSTRUCTIONS,
            cache_hints={"tools/list": CacheHint(ttl_ms=_TOOL_LIST_MS, scope="public")},
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
        )
        for method, params in (
            ("notifications/initialized", types.NotificationParams),
            ("notifications/roots/list_changed", types.NotificationParams),
        ):
            server.add_notification_handler(method, params, self._ask_for_roots)
        return server

    async def _list_tools(
        self, _context: _Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in TOOLS])

    async def _call_tool(self, _context: _Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        if params.name not in self._tools.names:
            known = ", ".join(self._tools.names)
            raise MCPError(code=_INVALID_PARAMS, message=f"There is no tool {params.name[:60]!r}. There are: {known}.")
        if self._n_calls >= MAX_CALLS:
            return _error(f"{MAX_CALLS} calls wait already. Wait for their answers.")
        token = CancelToken()
        self._n_calls += 1
        try:
            with anyio.move_on_after(ROOTS_SECONDS):
                await self._roots_known.wait()
            answer = await anyio.to_thread.run_sync(
                self._tools.call, params.name, params.arguments, token, abandon_on_cancel=True, limiter=self._threads
            )
        except Cancelled:
            return _error("The call was cancelled.")
        finally:
            self._n_calls -= 1
            token.cancel()  # the thread of a call that was cancelled stops
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=answer.text)],
            structured_content=None if answer.is_error else answer.structured,
            is_error=answer.is_error,
        )

    async def _ask_for_roots(self, context: _Context, _params: types.NotificationParams | None) -> None:
        """Of the old era only: the new one has no requests to the client."""
        capabilities = context.session.client_capabilities
        if capabilities is None or capabilities.roots is None:
            return
        self._roots_known = anyio.Event()
        try:
            declared = await context.session.send_request(types.ListRootsRequest(), types.ListRootsResult)
            uris = [str(root.uri) for root in declared.roots]
            await anyio.to_thread.run_sync(self._tools.policy.declare, uris, limiter=self._threads)
        except Exception as error:  # noqa: BLE001 - the client may answer anything
            logger.info("The client does not tell its roots: %s", type(error).__name__)
        finally:
            self._roots_known.set()

    @asynccontextmanager
    async def _streams(
        self,
    ) -> AsyncIterator[tuple[ObjectReceiveStream[SessionMessage | Exception], ObjectSendStream[SessionMessage]]]:
        """The SDK's two streams over the connection, which is read and written on threads."""
        to_server, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        sent, from_server = anyio.create_memory_object_stream[SessionMessage](0)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._read_messages, to_server)
            tasks.start_soon(self._write_messages, from_server)
            yield received, sent
            self._connection.close()  # frees a thread that writes to a client that does not read
            tasks.cancel_scope.cancel()

    async def _read_messages(self, to_server: ObjectSendStream[SessionMessage | Exception]) -> None:
        lines = LineReader(self._connection.read)
        limiter = anyio.CapacityLimiter(1)
        async with to_server:
            while True:
                try:
                    line = await anyio.to_thread.run_sync(lines.read, abandon_on_cancel=True, limiter=limiter)
                except LineTooLongError:
                    await self._refuse(None, _INVALID_REQUEST, f"The message is longer than {MAX_LINE_BYTES} bytes.")
                    continue
                except (OSError, ValueError):
                    return
                if line is None:
                    return
                message = await self._parsed(line)
                if message is not None:
                    await to_server.send(SessionMessage(message))

    async def _parsed(self, line: bytes) -> types.JSONRPCMessage | None:
        """The message of a line. What is none is answered here, because the SDK drops it."""
        try:
            message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValueError:
            message = None
        if message is not None and not isinstance(message, types.JSONRPCNotification):
            return message
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            await self._refuse(None, _PARSE_ERROR, "The message is not valid JSON.")
            return None
        if message is not None and "id" not in content:
            return message
        sent_id = content.get("id") if isinstance(content, dict) else None
        usable = sent_id if isinstance(sent_id, str | int) and not isinstance(sent_id, bool) else None
        await self._refuse(
            usable, _INVALID_REQUEST, "The message must be one JSON-RPC 2.0 request, notification or response."
        )
        return None

    async def _refuse(self, request_id: str | int | None, code: int, text: str) -> None:
        error = {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": text}}
        await self._write(json.dumps(error).encode())

    async def _write_messages(self, from_server: ObjectReceiveStream[SessionMessage]) -> None:
        async with from_server:
            async for message in from_server:
                await self._write(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode())

    async def _write(self, line: bytes) -> None:
        async with self._writing:
            try:
                await anyio.to_thread.run_sync(write_all, self._connection, line + b"\n", abandon_on_cancel=True)
            except (OSError, ValueError):
                self._connection.close()  # the client left; the reader then ends


def run(tools: AgentTools, connection: Connection) -> None:
    """Serve one client until it leaves."""
    McpSession(tools, connection).run()


def _error(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)
