"""Messages on a stream of bytes, framed as LSP frames them: ``Content-Length: N``, an empty line, N bytes.

Or as the Model Context Protocol does: one JSON text a line.

Blocking, and without asyncio: bridges and one-shot commands must start quickly. What a body means is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
REQUEST_CANCELLED = -32800
REQUEST_FAILED = -32803
"""The codes of errors: those of JSON-RPC 2.0, and two of LSP. `docs/protocol.md` says when each is answered."""

MAX_HEADER_BYTES = 1 << 16

MAX_BODY_BYTES = 512 * 1024 * 1024
"""A header that announces more than this is not a real message."""

MAX_LINE_BYTES = 4 << 20
"""No message is near this. A longer line is skipped, so that a client cannot fill the memory."""

_LONG_HEADER = f"A header is longer than {MAX_HEADER_BYTES} bytes."
_CHUNK_BYTES = 1 << 16
_MAX_READ_BYTES = 1 << 20
"""One read allocates what it asks for. The announced length of a body must not decide that."""


class FrameError(ValueError):
    """The stream has something else than a frame. What follows cannot be read."""


class ByteSource(Protocol):
    """Raw input: a file, a pipe or a connection without a buffer."""

    def read(self, size: int, /) -> bytes | None: ...


class ByteSink(Protocol):
    """Raw output. It may take only a part of the data."""

    def write(self, data: memoryview, /) -> int | None: ...


class FrameReader:
    """Reads one body after the other.

    The stream must be raw: a `BufferedReader` whose lock a daemon thread holds aborts the interpreter at exit.
    """

    def __init__(self, stream: ByteSource) -> None:
        self._stream = stream
        self._buffer = bytearray()

    @property
    def has_data(self) -> bool:
        """Whether a part of the next message was read already."""
        return bool(self._buffer)

    def read(self) -> bytes | None:
        """The body of the next message, or None when the input ends, even within a message.

        :raises FrameError: for a header without or with a wrong length, or one that is too long.
        :raises OSError: when the stream is broken.
        """
        length, n_header_bytes = -1, 0
        while (line := self._read_line()) is not None:
            n_header_bytes += len(line)
            if n_header_bytes > MAX_HEADER_BYTES:
                raise FrameError(_LONG_HEADER)
            if line:
                name, _, value = line.partition(b":")
                if name.strip().lower() == b"content-length":
                    length = _parse_length(value)
            elif length >= 0:
                return self._read_body(length)
        return None

    def _read_line(self) -> bytes | None:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise FrameError(_LONG_HEADER)
            if not self._fill(_CHUNK_BYTES):
                return None
        line = bytes(self._buffer[:end]).strip()
        del self._buffer[: end + 1]
        return line

    def _read_body(self, length: int) -> bytes | None:
        while (missing := length - len(self._buffer)) > 0:
            if not self._fill(min(max(missing, _CHUNK_BYTES), _MAX_READ_BYTES)):
                return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _fill(self, n_bytes: int) -> bool:
        data = self._stream.read(n_bytes)
        self._buffer += data or b""
        return bool(data)


def _parse_length(value: bytes) -> int:
    text = value.strip()
    # A number of many digits is refused before it is converted.
    length = int(text) if text.isdigit() and len(text) <= 12 else -1
    if not 0 <= length <= MAX_BODY_BYTES:
        raise FrameError(f"A message must have between 0 and {MAX_BODY_BYTES} bytes.")
    return length


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def write_frame(stream: ByteSink, body: bytes) -> None:
    """Write one message. Only one thread may write at a time.

    :raises OSError: when the stream is broken.
    """
    write_all(stream, frame(body))


def write_all(stream: ByteSink, data: bytes) -> None:
    """Write all of the data, however little of it the stream takes at once."""
    view = memoryview(data)
    while view:
        view = view[stream.write(view) or 0 :]


class LineTooLongError(Exception):
    """A line was longer than `MAX_LINE_BYTES`. It was skipped, and reading may go on."""


class LineReader:
    """Reads lines. Empty ones are left out."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        """:param read: returns some bytes, or none at the end."""
        self._read = read
        self._buffer = bytearray()
        self._searched = 0
        self._skips = False

    def read(self) -> bytes | None:
        """The next line without its end; None at the end of the stream. An unfinished last line is dropped.

        :raises LineTooLongError: after a line that is too long was skipped.
        """
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if end >= 0:
                line = bytes(self._buffer[:end]).strip()
                del self._buffer[: end + 1]
                self._searched = 0
                if self._skips:
                    self._skips = False
                    raise LineTooLongError
                if line:
                    return line
                continue
            self._searched = len(self._buffer)
            if len(self._buffer) > MAX_LINE_BYTES:
                self._skips = True
                self._buffer.clear()
                self._searched = 0
            data = self._read(_CHUNK_BYTES)
            if not data:
                return None
            self._buffer += data
