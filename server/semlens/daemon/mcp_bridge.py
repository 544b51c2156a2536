"""``semlens mcp``: passes an agent's messages, one JSON text a line, between its pipes and the resident server.

It holds no model, no index and no SDK, so it starts at once and stays small. When the server ends, the next message
starts it again; the agent's `initialize` is replayed, and requests that were not answered get an error.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any

from semlens.core.errors import SemlensError
from semlens.service.connection import Connection
from semlens.service.daemon_start import ensure_server
from semlens.service.endpoint import Endpoint, endpoint_of
from semlens.service.frames import INTERNAL_ERROR, INVALID_REQUEST, LineReader, LineTooLongError
from semlens.service.hello import describe_client, hello_line
from semlens.settings.user_sources import read_user_settings

LAST_ANSWERS_SECONDS = 5.0
"""How long the server may go on answering after the agent's last byte."""

_LOST = "The semlens server ended before it answered. Ask again."
_ATTEMPTS = 3
_MAX_REPEATED = 20
"""Messages that are sent again without the agent, in all."""


RequestId = str | int


def run(roots: Sequence[str]) -> int:
    """Serve one agent until its end of the pipe is closed.

    :param roots: folders of ``--root``. :returns: the exit code 0.
    """
    user = read_user_settings()
    endpoint = endpoint_of(user.cache_folder)
    hello = describe_client("semlens mcp", user)
    hello["roots"] = [os.path.abspath(os.path.expanduser(root)) for root in roots]
    hello["cwd"] = os.getcwd()
    McpBridge(endpoint, hello_line("mcp", hello), 0, 1).run()
    return 0


class McpBridge:
    """The calling thread reads the agent; a thread for each connection reads the server."""

    def __init__(self, endpoint: Endpoint, hello: bytes, input_descriptor: int, output_descriptor: int) -> None:
        self._endpoint = endpoint
        self._hello = hello
        self._input = input_descriptor
        self._output = output_descriptor
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._connection: Connection | None = None
        self._reader: threading.Thread | None = None
        self._unanswered: dict[RequestId, bytes] = {}
        self._initialize: bytes = b""
        self._initialize_id: RequestId | None = None
        self._initialized: bytes = b""
        self._has_answered = False
        self._n_repeated = 0

    def run(self) -> None:
        """Pass messages on until the agent leaves."""
        self._connect_early()
        lines = LineReader(lambda size: os.read(self._input, size))
        while True:
            try:
                line = lines.read()
            except LineTooLongError:
                self._answer_error(None, INVALID_REQUEST, "The message is too long.")
                continue
            except OSError:
                break
            if line is None:
                break
            self._pass_on(line)
        connection, reader = self._connection, self._reader
        if connection is not None and reader is not None:
            connection.end_writing()
            reader.join(LAST_ANSWERS_SECONDS)

    def _connect_early(self) -> None:
        """The server imports and indexes while the agent still starts. An error is told with the first request."""
        try:
            self._connected()
        except (SemlensError, OSError) as error:
            sys.stderr.write(f"semlens: {error}\n")

    def _pass_on(self, line: bytes) -> None:
        message = _parsed(line)
        request_id = self._note_sent(message, line)
        for _ in range(_ATTEMPTS):
            try:
                connection = self._connected()
                if request_id is not None and request_id not in self._unanswered:
                    return  # its error was sent when the last server was lost
                connection.write(line + b"\n")
            except SemlensError as error:
                if self._forget(request_id):
                    self._answer_error(request_id, INTERNAL_ERROR, str(error))
                return
            except (OSError, ValueError):
                self._lose(self._connection)
            else:
                return
        if self._forget(request_id):
            self._answer_error(request_id, INTERNAL_ERROR, _LOST)

    def _note_sent(self, message: dict[str, Any], line: bytes) -> RequestId | None:
        """Remember what must be answered or replayed. Returns the id of a request."""
        method, request_id = message.get("method"), message.get("id")
        if method == "notifications/initialized":
            self._initialized = line
        elif method == "notifications/cancelled":
            params = message.get("params")
            cancelled = params.get("requestId") if isinstance(params, dict) else None
            self._forget(cancelled if _is_id(cancelled) else None)
        if not isinstance(method, str) or not _is_id(request_id):
            return None
        assert isinstance(request_id, str | int)
        self._unanswered[request_id] = line
        return request_id

    def _connected(self) -> Connection:
        """The connection; a new one if there is none, to a server that is started if there is none."""
        with self._lock:
            if self._connection is None:
                connection = ensure_server(self._endpoint)
                connection.write(self._hello)
                swallowed = self._replay(connection)
                self._connection = connection
                self._has_answered = False
                self._reader = threading.Thread(
                    target=self._copy_answers, args=(connection, swallowed), name="semlens-mcp-answers", daemon=True
                )
                self._reader.start()
            return self._connection

    def _replay(self, connection: Connection) -> RequestId | None:
        """Bring a new session to the state of the lost one. Returns the id whose answer the agent has already."""
        if not self._initialize:
            return None
        connection.write(self._initialize + b"\n")
        if self._initialized:
            connection.write(self._initialized + b"\n")
        return self._initialize_id

    def _copy_answers(self, connection: Connection, swallowed: RequestId | None) -> None:
        lines = LineReader(connection.read)
        while True:
            try:
                line = lines.read()
            except LineTooLongError:
                continue
            except (OSError, ValueError):
                line = None
            if line is None:
                break
            if not line.startswith(b"{"):
                continue  # the server refuses the connection, in the frames of its other protocols
            self._has_answered = True
            message = _parsed(line)
            answered = message.get("id") if "method" not in message else None
            if swallowed is not None and answered == swallowed:
                swallowed = None
                continue
            if isinstance(answered, str | int) and not isinstance(answered, bool):
                request = self._unanswered.pop(answered, b"")
                if "result" in message and _parsed(request).get("method") == "initialize":
                    self._initialize, self._initialize_id = request, answered
            self._write(line)
        self._lose(connection)

    def _lose(self, connection: Connection | None) -> None:
        """Answer what a lost server left unanswered. The next message of the agent connects again."""
        with self._lock:
            if connection is None or self._connection is not connection:
                return
            self._connection = None
            connection.close()
            lost = dict(self._unanswered)
            self._unanswered.clear()
        for request_id, line in lost.items():
            # A server that never answered was about to end when it accepted. No agent repeats `initialize`.
            is_repeated = not self._has_answered or _parsed(line).get("method") == "initialize"
            if is_repeated and self._n_repeated < _MAX_REPEATED:
                self._n_repeated += 1
                self._pass_on(line)
            else:
                self._answer_error(request_id, INTERNAL_ERROR, _LOST)

    def _forget(self, request_id: RequestId | None) -> bool:
        """Whether the request was still without an answer."""
        return request_id is not None and self._unanswered.pop(request_id, None) is not None

    def _answer_error(self, request_id: RequestId | None, code: int, text: str) -> None:
        error = {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": text}}
        self._write(json.dumps(error).encode())

    def _write(self, line: bytes) -> None:
        data = memoryview(line + b"\n")
        with self._writing:
            try:
                while data:
                    data = data[os.write(self._output, data) :]
            except OSError:
                os._exit(0)  # the agent died


def _parsed(line: bytes) -> dict[str, Any]:
    """The message; empty for what is none, which the server answers."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
