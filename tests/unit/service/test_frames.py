"""Frames over a raw stream with short reads and writes."""

from __future__ import annotations

import io

import pytest

from semlens.service.frames import MAX_BODY_BYTES, MAX_HEADER_BYTES, FrameError, FrameReader, frame, write_frame


class Drips(io.RawIOBase):
    """Reads and writes three bytes at a time."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data
        self.written = b""

    def read(self, size=-1, /):
        part, self.data = self.data[: min(3, size)], self.data[min(3, size) :]
        return part

    def write(self, data, /):
        self.written += bytes(data[:3])
        return min(3, len(data))


def bodies(data: bytes) -> list[bytes]:
    reader = FrameReader(Drips(data))
    return list(iter(reader.read, None))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (frame(b"{}") + frame(b"") + frame(b"last"), [b"{}", b"", b"last"]),
        (b"content-LENGTH : 2 \nContent-Type: x\n\nab", [b"ab"]),
        (b"\r\n\r\nContent-Length: 1\r\n\r\na", [b"a"]),
        (b"Content-Length: 5\r\n\r\nhal", []),
        (b"Content-Len", []),
    ],
)
def test_reads_bodies_until_the_input_ends(data, expected):
    assert bodies(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: two\r\n\r\n",
        b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
        b"Content-Length: " + b"9" * 10_000 + b"\r\n\r\n",
        b"x" * (MAX_HEADER_BYTES + 10),
        b"X: y\r\n" * MAX_HEADER_BYTES,
    ],
)
def test_rejects_malformed_frames(data):
    with pytest.raises(FrameError):
        bodies(data)


def test_writes_a_whole_frame():
    stream = Drips()
    write_frame(stream, b'{"id": 1}')
    assert stream.written == b'Content-Length: 9\r\n\r\n{"id": 1}'
