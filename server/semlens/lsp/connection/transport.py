"""The pipes to the client: a thread that reads, a thread that writes, and the loop between them.

Neither a client that stops reading nor one that sends 100 MB blocks the event loop, and a server that must go never
waits for a read. Only the loop hands messages to the writer, so their order is the loop's.
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
"""A longer announced body is garbage, not a message."""

MAX_HEADER_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 16


def take_standard_streams() -> tuple[RawIOBase, RawIOBase]:
    """Take stdin and stdout for the protocol alone.

    The descriptors move to private, non-inheritable ones. Descriptor 0 becomes empty and 1 becomes stderr, so that
    no stray print and no child process can touch the protocol.

    :raises UsageError: when the process was started without them.
    """
    if sys.stdin is None or sys.stdout is None:
        raise UsageError("The server talks to its client over stdin and stdout: start it with both of them open.")
    sys.stdout.flush()
    reader = FileIO(os.dup(0), "rb")
    writer = FileIO(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return reader, writer


class MessageReader(threading.Thread):
    """Reads messages until the input ends. A daemon: a blocked read never keeps the process alive."""

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
            pass  # the pipe broke: the same as its end
        except RuntimeError:
            return  # the loop is closed: nobody is left to tell
        self._on_end()

    def _read(self) -> bytes | None:
        """The body of the next message; None when the input ends or is no protocol."""
        length = -1
        while True:
            while (end := self._buffer.find(b"\n")) < 0:
                if len(self._buffer) > MAX_HEADER_BYTES or not self._fill(_CHUNK_BYTES):
                    return None
            line = bytes(self._buffer[:end]).strip()
            del self._buffer[: end + 1]
            if not line:
                if length >= 0:
                    return self._take(length)
                continue
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
                if not 0 <= length <= MAX_MESSAGE_BYTES:
                    return None

    def _take(self, length: int) -> bytes | None:
        while (missing := length - len(self._buffer)) > 0:
            if not self._fill(max(missing, _CHUNK_BYTES)):
                return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _fill(self, n_bytes: int) -> bool:
        # Raw reads, not a BufferedReader: one that a daemon thread blocks in aborts the interpreter as it ends.
        data = self._stream.read(n_bytes)
        self._buffer += data or b""
        return bool(data)


class MessageWriter(threading.Thread):
    """pygls's writer interface over a queue. ``backlog_bytes`` tells how far behind the client reads."""

    def __init__(self, stream: RawIOBase, on_broken: Callable[[], None]) -> None:
        super().__init__(name="semlens-writer", daemon=True)
        self._stream = stream
        self._on_broken = on_broken
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._n_put = 0
        self._n_written = 0

    @property
    def backlog_bytes(self) -> int:
        return self._n_put - self._n_written

    def write(self, data: bytes) -> None:
        """Called by the loop alone."""
        self._n_put += len(data)
        self._queue.put(data)

    def close(self) -> None:
        """Let everything queued be written, then end; returns at once."""
        self._queue.put(None)

    def run(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                view = memoryview(data)
                while view:
                    n_written = self._stream.write(view)
                    view = view[n_written or 0 :]
                self._n_written += len(data)
        except (OSError, ValueError):
            self._on_broken()
