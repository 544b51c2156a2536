"""The pipes to the client: one thread reads, one thread writes. Framing only; `messages` decodes the bodies.

The event loop never blocks, even when the client stops reading or sends 100 MB. The server can exit during a read.
Only the loop passes messages to the writer, so they keep the loop's order.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from io import FileIO, RawIOBase

from semlens.core.errors import UsageError

MAX_MESSAGE_BYTES = 512 * 1024 * 1024
"""A header that announces more than this is not a real message."""

MAX_HEADER_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 16


def take_standard_streams() -> tuple[RawIOBase, RawIOBase]:
    """Reserve stdin and stdout for the protocol.

    They move to private descriptors that children do not inherit. Descriptor 0 becomes empty and 1 becomes stderr.
    So a stray print or a child process cannot disturb the protocol.

    :raises UsageError: when the process has no stdin or stdout.
    """
    if sys.stdin is None or sys.stdout is None:
        raise UsageError("The server has no stdin or stdout. Start it with both of them open.")
    sys.stdout.flush()
    reader = FileIO(os.dup(0), "rb")
    writer = FileIO(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return reader, writer


class MessageReader(threading.Thread):
    """Reads messages until the input ends. It is a daemon, so a blocked read does not keep the process alive."""

    def __init__(self, stream: RawIOBase, on_message: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        super().__init__(name="semlens-reader", daemon=True)
        self._stream = stream
        self._buffer = bytearray()
        self._on_message = on_message
        self._on_end = on_end

    def run(self) -> None:
        try:
            while (body := self._read()) is not None:
                self._on_message(body)
        except (OSError, ValueError):
            pass  # a broken pipe is the end of the input
        except RuntimeError:
            return  # the loop is closed, so the session is over
        self._on_end()

    def _read(self) -> bytes | None:
        """The body of the next message, or None when the input ends or is not LSP."""
        length = -1
        while True:
            while (end := self._buffer.find(b"\n")) < 0:
                if len(self._buffer) > MAX_HEADER_BYTES or not self._fill(_CHUNK_BYTES):
                    return None
            line = bytes(self._buffer[:end]).strip()
            del self._buffer[: end + 1]
            if not line:
                if length >= 0:
                    return self._read_body(length)
                continue
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
                if not 0 <= length <= MAX_MESSAGE_BYTES:
                    return None

    def _read_body(self, length: int) -> bytes | None:
        while (missing := length - len(self._buffer)) > 0:
            if not self._fill(max(missing, _CHUNK_BYTES)):
                return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _fill(self, n_bytes: int) -> bool:
        # Raw reads: a BufferedReader whose lock a daemon thread holds aborts the interpreter at exit.
        data = self._stream.read(n_bytes)
        self._buffer += data or b""
        return bool(data)


class MessageWriter(threading.Thread):
    """pygls's writer interface over a queue. ``backlog_bytes`` is the output that the client has not read yet."""

    def __init__(self, stream: RawIOBase, on_broken: Callable[[], None]) -> None:
        super().__init__(name="semlens-writer", daemon=True)
        self._stream = stream
        self._on_broken = on_broken
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._n_queued_bytes = 0
        self._n_written_bytes = 0

    @property
    def backlog_bytes(self) -> int:
        return self._n_queued_bytes - self._n_written_bytes

    def write(self, data: bytes) -> None:
        """Queue data. Only the loop may call this."""
        self._n_queued_bytes += len(data)
        self._queue.put(data)

    def close(self) -> None:
        """End after all queued data is written. Returns at once."""
        self._queue.put(None)

    def run(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                view = memoryview(data)
                while view:
                    n_written = self._stream.write(view)
                    view = view[n_written or 0 :]
                self._n_written_bytes += len(data)
        except (OSError, ValueError):
            self._on_broken()
