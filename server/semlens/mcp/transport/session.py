"""One MCP session: the official SDK over one connection of the resident server, in both eras of the protocol.

The first request of a client decides the era: `initialize` (2025-11-25 and before), or requests that carry their
version (2026-07-28, with `server/discover`). `tool_server` answers the calls.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
import mcp_types as types
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.shared.message import SessionMessage

from semlens.mcp.tools import AgentTools
from semlens.mcp.transport.tool_server import Context, ToolServer
from semlens.service.connection import Connection
from semlens.service.frames import MAX_LINE_BYTES, LineReader, LineTooLongError, write_all

logger = logging.getLogger(__name__)

ROOTS_SECONDS = 1.0
"""How long the first question waits for the roots that the client declares."""


class McpSession(ToolServer):
    """Serves one client until it leaves."""

    def __init__(self, tools: AgentTools, connection: Connection) -> None:
        super().__init__(tools)
        self._connection = connection

    def run(self) -> None:
        """Blocks. The thread gets an event loop of its own, so that no client waits for another."""
        anyio.run(self._run)

    async def _run(self) -> None:
        self._writing = anyio.Lock()
        self._roots_known = anyio.Event()
        self._roots_known.set()
        server = self.make_server()
        for method in ("notifications/initialized", "notifications/roots/list_changed"):
            server.add_notification_handler(method, types.NotificationParams, self._ask_for_roots)
        async with self._streams() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())

    async def before_call(self) -> None:
        with anyio.move_on_after(ROOTS_SECONDS):
            await self._roots_known.wait()

    async def _ask_for_roots(self, context: Context, _params: types.NotificationParams | None) -> None:
        """Of the old era only: the new one has no requests to the client."""
        capabilities = context.session.client_capabilities
        if capabilities is None or capabilities.roots is None:
            return
        self._roots_known = anyio.Event()
        try:
            declared = await context.session.send_request(types.ListRootsRequest(), types.ListRootsResult)
            uris = [str(root.uri) for root in declared.roots]
            await anyio.to_thread.run_sync(self._tools.policy.declare, uris, limiter=self._slots.threads)
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
                    await self._refuse(
                        None, types.INVALID_REQUEST, f"The message is longer than {MAX_LINE_BYTES} bytes."
                    )
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
            await self._refuse(None, types.PARSE_ERROR, "The message is not valid JSON.")
            return None
        if message is not None and "id" not in content:
            return message
        sent_id = content.get("id") if isinstance(content, dict) else None
        usable = sent_id if isinstance(sent_id, str | int) and not isinstance(sent_id, bool) else None
        await self._refuse(
            usable, types.INVALID_REQUEST, "The message must be one JSON-RPC 2.0 request, notification or response."
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
