"""The pipes to the client: one thread reads, one thread writes. `messages` decodes the bodies.

The event loop never blocks, even when the client stops reading or sends 100 MB. The server can exit during a read.
Only the loop passes messages to the writer, so they keep the loop's order.
"""

from __future__ import annotations

import os
import queue
import re
import sys
import threading
from collections.abc import Callable
from io import FileIO, RawIOBase

from semlens.core.errors import UsageError
from semlens.service.frames import FrameReader, write_all

_ESCAPES = re.compile(rb"\\(?:ud[89ab]..\\ud[c-f]..|u(?P<lone>d[89a-f]..)|.)")
"""Each escape of JSON that only has ASCII, from left to right. A pair of surrogates is one."""


def take_standard_streams() -> tuple[RawIOBase, RawIOBase]:
    """Reserve stdin and stdout for the protocol.

    They move to private descriptors that children do not inherit. Descriptor 0 becomes empty and 1 becomes stderr.
    So a stray print or a child process cannot disturb the protocol.

    :raises UsageError: when the process has no stdin or stdout.
    """
    if sys.__stdin__ is None or sys.__stdout__ is None:  # the command line replaces those that the shell closed
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
        self._frames = FrameReader(stream)
        self._on_message = on_message
        self._on_end = on_end

    def run(self) -> None:
        try:
            while (body := self._frames.read()) is not None:
                self._on_message(body)
        except (OSError, ValueError):
            pass  # a broken pipe is the end of the input, and so is what is no message
        except RuntimeError:
            return  # the loop is closed, so the session is over
        self._on_end()


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
                write_all(self._stream, _without_lone_surrogates(data))
                self._n_written_bytes += len(data)
        except (OSError, ValueError):
            self._on_broken()


def _without_lone_surrogates(data: bytes) -> bytes:
    """JSON of the same length with U+FFFD for lone surrogates: bytes of a file's name that are not UTF-8.

    JSON allows them, but the decoders of Neovim and of editors in Rust refuse the whole message.
    """
    if b"\\ud" not in data:
        return data
    return _ESCAPES.sub(lambda escape: rb"\ufffd" if escape["lone"] else escape[0], data)
