"""Packs the objects that shrink: segments to two fifths, texts to a third. Vectors keep nine tenths, so they stay."""

from __future__ import annotations

import zlib
from pathlib import Path

LEVEL = 1
"""Higher levels save a hundredth more and take two to four times as long."""

_CHUNK_BYTES = 1 << 20
_SUFFIX = ".packed"


def pack(path: Path) -> Path:
    """Write the packed bytes beside a file. :raises OSError: when the disk is full."""
    target = path.with_name(path.name + _SUFFIX)
    packer = zlib.compressobj(LEVEL)
    with path.open("rb") as source, target.open("wb") as packed:
        while chunk := source.read(_CHUNK_BYTES):
            packed.write(packer.compress(chunk))
        packed.write(packer.flush())
    return target


class Unpacker:
    """Unpacks bytes of strangers: never more than were promised."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._unpacker = zlib.decompressobj()

    def unpack(self, chunk: bytes) -> bytes:
        """:raises zlib.error: when they are damaged, or more than promised."""
        data = self._unpacker.decompress(chunk, self._left + 1)
        self._left -= len(data)
        if self._left < 0 or self._unpacker.unconsumed_tail or self._unpacker.unused_data:
            raise zlib.error("more than promised")
        return data

    @property
    def is_whole(self) -> bool:
        return self._unpacker.eof and not self._left
