"""A connection to a client whose first line was read, and the reading of that line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from semlens.service.connection import Connection
from semlens.service.frames import INVALID_REQUEST, write_frame
from semlens.service.hello import MAX_HELLO_BYTES, HelloError, parse_hello

HELLO_SECONDS = 5.0

_CHUNK_BYTES = 1 << 16
_LINGER_SECONDS = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class ClientConnection:
    """One client. Its handler owns the connection until it returns.

    :ivar protocol: what the client speaks: ``lsp``, ``api``, ``mcp``, ``control``.
    :ivar hello: what the client said of itself, unchecked: ``client``, ``settings``, ``remoteKey``, ``processId``,
        of an agent also ``roots`` and ``cwd``.
    :ivar reader: raw bytes from the client, after the first line. :ivar writer: raw bytes to it.
    """

    protocol: str
    hello: dict[str, Any]
    reader: Connection
    writer: Connection

    @property
    def peer_process_id(self) -> int | None:
        """The client's process; None where neither the system nor the client says it."""
        said = self.hello.get("processId")
        return self.reader.peer_process_id or (said if isinstance(said, int) else None)

    def close(self) -> None:
        """Close the connection. A thread that reads or writes meanwhile returns."""
        self.reader.close()


Handler: TypeAlias = Callable[[ClientConnection], None]
"""Serves one client on the thread of its connection. The connection is closed when it returns."""


def read_hello(connection: Connection, timeout_s: float = HELLO_SECONDS) -> ClientConnection | None:
    """Read the first line of a connection; None when the client leaves before it.

    :raises HelloError: when the line is wrong, too long or not complete within the timeout.
    :raises OSError: when the connection is broken.
    """
    deadline = time.monotonic() + timeout_s
    line = bytearray()
    while (end := line.find(b"\n")) < 0:
        if len(line) > MAX_HELLO_BYTES:
            raise HelloError(f"The first line of a connection is longer than {MAX_HELLO_BYTES} bytes.")
        if not connection.wait_readable(deadline - time.monotonic()):
            raise HelloError(f"The first line of a connection was not complete within {timeout_s:g} seconds.")
        data = connection.read(_CHUNK_BYTES)
        if not data:
            return None
        line += data
    connection.unread(bytes(line[end + 1 :]))
    protocol, hello = parse_hello(bytes(line[:end]))
    return ClientConnection(protocol, hello, connection, connection)


def send_error(connection: Connection, message: str) -> None:
    """Tell a client why it is not served: one JSON-RPC error that answers no request."""
    error = {"code": INVALID_REQUEST, "message": message}
    write_frame(connection, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode())


def refuse(connection: Connection, message: str) -> None:
    """Tell a client why it is not served, then read what it still sends, for a second at most.

    A socket that is closed with unread data resets the connection: a client that still writes would get a broken pipe
    and never read the reason.

    :raises OSError: when the connection is broken.
    """
    send_error(connection, message)
    connection.end_writing()
    deadline = time.monotonic() + _LINGER_SECONDS
    while connection.wait_readable(deadline - time.monotonic()) and connection.read(_CHUNK_BYTES):
        if time.monotonic() > deadline:
            return
