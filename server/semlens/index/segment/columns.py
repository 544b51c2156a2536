"""Columns of strings, and the file format for named arrays that segments and vectors are stored in.

A column file starts with ``SEML``, the format version, the length of the header and a CRC-32 of everything that follows
(little-endian u32 each). Then come a JSON header and the arrays, each aligned to 64 bytes. The checksum detects
truncated and altered files. They count as absent. What the arrays mean is left to `segment` and `vectors`.

Column files are mapped. If one shrinks while it is mapped, the kernel ends the process (SIGBUS), so nobody may write to
one: a file is written under another name, renamed, and then read-only.
"""

from __future__ import annotations

import itertools
import json
import math
import mmap
import os
import stat
import struct
import sys
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from semlens.index.versions import FORMAT_VERSION, OLDEST_FORMAT_VERSION, IndexProblem

Array: TypeAlias = npt.NDArray[Any]

_MAGIC = b"SEML"
_PREFIX = struct.Struct("<4sIII")
_ALIGNMENT = 64


class ColumnFileError(Exception):
    """The file is not a whole column file of this format. The caller rebuilds what it held.

    :ivar problem: why the file cannot be used.
    """

    def __init__(self, message: str, problem: IndexProblem = IndexProblem.DAMAGED) -> None:
        super().__init__(message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class StringColumn:
    """n strings. ``heap`` holds their UTF-8 bytes one after the other, ``offsets`` has shape (n + 1,)."""

    offsets: npt.NDArray[np.uint32]
    heap: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, strings: Iterable[str]) -> StringColumn:
        encoded = [string.encode("utf-8", "surrogateescape") for string in strings]
        offsets = np.zeros(len(encoded) + 1, np.uint32)
        np.cumsum([len(item) for item in encoded], out=offsets[1:])
        return cls(offsets, np.frombuffer(b"".join(encoded), np.uint8))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        start, end = int(self.offsets[row]), int(self.offsets[row + 1])
        return self.heap[start:end].tobytes().decode("utf-8", "surrogateescape")

    def tolist(self) -> list[str]:
        data, offsets = self.heap.tobytes(), self.offsets.tolist()
        return [data[start:end].decode("utf-8", "surrogateescape") for start, end in itertools.pairwise(offsets)]

    def take(self, rows: npt.NDArray[np.int64]) -> StringColumn:
        """The strings of the given rows, in the order of the rows."""
        starts = self.offsets[rows].astype(np.int64)
        lengths = self.offsets[rows + 1].astype(np.int64) - starts
        offsets = np.zeros(len(rows) + 1, np.uint32)
        np.cumsum(lengths, out=offsets[1:])
        return StringColumn(offsets, self.heap[ranges(starts, lengths)])

    @staticmethod
    def concatenate(columns: list[StringColumn]) -> StringColumn:
        offsets = [np.zeros(1, np.uint32)]
        base = 0
        for column in columns:
            offsets.append(column.offsets[1:] + np.uint32(base))
            base += len(column.heap)
        return StringColumn(np.concatenate(offsets), np.concatenate([column.heap for column in columns]))


def best_first(values: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Positions from the largest value to the smallest. Equal values keep their order. NaN is not allowed.

    The result is that of a stable `argsort` of the negated values, in a fifth of its time. Value and position share one
    integer, because NumPy sorts plain integers in vector registers.
    """
    bits = (np.float32(0.0) - values).view(np.uint32)  # never -0.0
    ascending = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31)).astype(np.uint64)
    keys = (ascending << np.uint64(32)) | np.arange(len(values), dtype=np.uint64)
    keys.sort()
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


def ranges(starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """``concatenate([arange(s, s + n) for s, n in zip(starts, lengths)])`` without the loop."""
    total = int(lengths.sum())
    if total == 0:
        return np.zeros(0, np.int64)
    ends = np.cumsum(lengths)
    shifts: npt.NDArray[np.int64] = np.repeat(starts - (ends - lengths), lengths)
    return np.arange(total, dtype=np.int64) + shifts


def run_starts(values: Array) -> npt.NDArray[np.int64]:
    """Where each run of equal values begins."""
    is_first = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=is_first[1:])
    return is_first.nonzero()[0]


def write_column_file(path: Path, arrays: Mapping[str, Array], meta: Mapping[str, Any]) -> int:
    """Write the whole file or nothing: a temporary file in the same folder is synced, then renamed.

    :returns: the size in bytes.
    :raises OSError: when the disk is full or the folder cannot be written.
    """
    entries: dict[str, list[Any]] = {}
    position = 0
    chunks: list[bytes | memoryview] = []
    for name, values in arrays.items():
        array = np.ascontiguousarray(values)
        data = array.data.cast("B") if array.size else memoryview(b"")
        padding = bytes(-position % _ALIGNMENT)
        position += len(padding)
        entries[name] = [array.dtype.str, list(array.shape), position]
        position += len(data)
        chunks += (padding, data)
    header = json.dumps({"arrays": entries, "meta": dict(meta)}).encode()
    header += b" " * (-(len(header) + _PREFIX.size) % _ALIGNMENT)
    checksum = zlib.crc32(header)
    for chunk in chunks:
        checksum = zlib.crc32(chunk, checksum)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(_PREFIX.pack(_MAGIC, FORMAT_VERSION, len(header), checksum))
            file.write(header)
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        make_read_only(temporary)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return _PREFIX.size + len(header) + position


def make_read_only(path: Path) -> None:
    """Keep programs of the same user from writing to a file that is mapped. Windows keeps them out by itself."""
    if sys.platform != "win32":
        path.chmod(0o400)


def _open_regular(path: Path) -> BinaryIO:
    """Open without following a link, and without waiting when the path is a pipe.

    :raises OSError: when it is missing or no regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(f"{path} is not a regular file")
    return file


def read_column_file(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Map the file into memory. The arrays are read-only views; pages load when they are read.

    :raises ColumnFileError: when the file is missing, truncated, altered or of another format version.
    """
    try:
        with _open_regular(path) as file:
            prefix = file.read(_PREFIX.size)
            if len(prefix) != _PREFIX.size:
                raise ColumnFileError(f"{path} is truncated")
            magic, version, header_size, checksum = _PREFIX.unpack(prefix)
            if magic != _MAGIC:
                raise ColumnFileError(f"{path} is not in the format of a column file")
            if not OLDEST_FORMAT_VERSION <= version <= FORMAT_VERSION:
                message = f"{path} has format {version}, not {OLDEST_FORMAT_VERSION} to {FORMAT_VERSION}"
                raise ColumnFileError(message, IndexProblem.FORMAT_VERSION)
            view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        behind = np.frombuffer(view, np.uint8)[_PREFIX.size :]
        if len(behind) < header_size or zlib.crc32(behind.data) != checksum:
            raise ColumnFileError(f"{path} does not match its checksum")
        header = json.loads(behind[:header_size].tobytes())
        data = behind[header_size:]
        if sys.platform != "win32" and hasattr(mmap, "MADV_DONTNEED"):
            view.madvise(mmap.MADV_DONTNEED)  # the checksum read every page: release them
        arrays: dict[str, Array] = {}
        for name, (dtype, shape, start) in header["arrays"].items():
            kind = np.dtype(dtype)
            n_bytes = kind.itemsize * math.prod(shape)
            if kind.hasobject or min(start, n_bytes, *shape) < 0 or start + n_bytes > len(data):
                raise ColumnFileError(f"{path} has no room for its column {name}")
            arrays[name] = data[start : start + n_bytes].view(kind).reshape(shape)
        return arrays, dict(header["meta"])
    except FileNotFoundError as error:
        raise ColumnFileError(f"{path} is missing", IndexProblem.MISSING) from error
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ColumnFileError(f"{path} cannot be read: {error}") from error
