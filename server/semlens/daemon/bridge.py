"""``semlens serve --shared``: copies bytes between an editor's pipes and a session of the resident server.

It holds no model and no index and parses no message, so it starts quickly and stays small. It ends when either side
ends. Its exit code tells the editor whether the server was lost. The session in the server watches the process of the
editor, so the bridge need not.
"""

from __future__ import annotations

import os
import re
import threading

from semlens.service.connection import Connection, ServerLostError
from semlens.service.daemon_start import ensure_server
from semlens.service.endpoint import Endpoint, endpoint_of
from semlens.service.frames import write_all
from semlens.service.hello import describe_client, hello_line
from semlens.settings.user_sources import read_user_settings

LAST_ANSWERS_SECONDS = 5.0
"""How long the server may go on writing after the editor's last byte."""

_LOST = "The resident server ended. Start the language server again."
_ATTEMPTS = 3
_CHUNK_BYTES = 1 << 16
_EXIT = re.compile(rb'"method"\s*:\s*"exit"')
_EXIT_BYTES = 100  # the length of an `exit` message at the end of what the editor sent


def run() -> int:
    """Serve one editor until it leaves.

    :returns: the exit code 0.
    :raises SemlensError: when the server was lost, or there is none and none can be started.
    """
    user = read_user_settings()
    endpoint = endpoint_of(user.cache_folder)
    line = hello_line("lsp", describe_client("semlens serve --shared", user))
    Bridge(_open_session(endpoint, line), 0, 1).run()
    return 0


def _open_session(endpoint: Endpoint, line: bytes) -> Connection:
    """Connect and send the first line, again if the server ends meanwhile: nothing of the editor is lost yet."""
    for _ in range(_ATTEMPTS):
        connection = ensure_server(endpoint)
        try:
            connection.write(line)
        except OSError:
            connection.close()
        else:
            return connection
    raise ServerLostError(_LOST)


class Bridge:
    """Copies both ways. One thread reads the editor, the calling thread reads the server."""

    def __init__(self, connection: Connection, input_descriptor: int, output_descriptor: int) -> None:
        self._connection = connection
        self._input = input_descriptor
        self._output = output_descriptor
        self._editor_left = threading.Event()

    def run(self) -> None:
        """Copy until one side ends.

        :raises ServerLostError: when it is the server, and the editor did not ask it to.
        """
        threading.Thread(target=self._copy_input, name="semlens-bridge-input", daemon=True).start()
        output = _Descriptor(self._output)
        while data := self._receive():
            try:
                write_all(output, data)
            except OSError:  # the editor died
                self._editor_left.set()
                break
        self._connection.close()
        if not self._editor_left.is_set():
            raise ServerLostError(_LOST)

    def _receive(self) -> bytes:
        try:
            return self._connection.read(_CHUNK_BYTES)
        except (OSError, ValueError):
            return b""

    def _copy_input(self) -> None:
        tail = b""
        try:
            while data := os.read(self._input, _CHUNK_BYTES):
                tail = (tail + data)[-_EXIT_BYTES:]
                if _EXIT.search(tail):
                    self._editor_left.set()  # the server closes the connection after `exit`
                self._connection.write(data)
        except (OSError, ValueError):
            return  # the server was lost; the other thread says so
        self._editor_left.set()
        self._connection.end_writing()
        timer = threading.Timer(LAST_ANSWERS_SECONDS, self._connection.close)
        timer.daemon = True
        timer.start()


class _Descriptor:
    """The editor's pipe without a buffer."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: memoryview, /) -> int:
        return os.write(self._descriptor, data)
