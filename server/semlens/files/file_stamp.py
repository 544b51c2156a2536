"""The stamp of a file: size, times and inode. It shows whether a file changed since it was read."""

from __future__ import annotations

from dataclasses import dataclass

_INT64 = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Size, times and inode of a file when it was read. Create it with `of`, because integers in SQLite have 64 bits.

    :ivar inode: its low 63 bits.
    :ivar seen_ns: when it was read; a file modified at the same moment is racy (a term of git) and is hashed again.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    seen_ns: int

    @classmethod
    def of(cls, size: int, mtime_ns: int, ctime_ns: int, inode: int, seen_ns: int) -> FileStamp:
        """Times outside the years 1677 to 2262 are clamped to the range that can be stored."""
        return cls(size, _clamp(mtime_ns), _clamp(ctime_ns), inode & _INT64, _clamp(seen_ns))

    def same_file(self, other: FileStamp) -> bool:
        return (self.size, self.mtime_ns, self.ctime_ns, self.inode) == (
            other.size,
            other.mtime_ns,
            other.ctime_ns,
            other.inode,
        )

    @property
    def racy(self) -> bool:
        """Whether a later write could leave the same times: file systems may have clocks as coarse as 10 ms."""
        return self.mtime_ns >= self.seen_ns - 20_000_000


NO_STAMP = FileStamp(0, 0, 0, 0, 0)
"""Fits no file, so that the next scan reads it."""


def _clamp(value: int) -> int:
    return max(-_INT64, min(value, _INT64))
