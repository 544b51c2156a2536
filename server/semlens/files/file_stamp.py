"""What tells that a file on disk is still the one that was read."""

from __future__ import annotations

from dataclasses import dataclass

_INT64 = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells that a file on disk is the one that was read. Made by `of`, since SQLite's integers have 64 bits.

    :ivar inode: its low 63 bits.
    :ivar seen_ns: when it was read; a file modified in the same instant is racy, as git calls it, and is hashed again.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    seen_ns: int

    @classmethod
    def of(cls, size: int, mtime_ns: int, ctime_ns: int, inode: int, seen_ns: int) -> FileStamp:
        """Times beyond the years 1677 and 2262 become the last that can be stored."""
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
        """The clock of a file system may be as coarse as 10 ms: a later write could leave the same times."""
        return self.mtime_ns >= self.seen_ns - 20_000_000


def _clamp(value: int) -> int:
    return max(-_INT64, min(value, _INT64))
