"""Reading a file of the workspace once, with the stamp that tells whether it changes afterwards."""

from __future__ import annotations

import errno
import os
import stat
import time

from semlens.index.store import FileStamp

_INODE_BITS = (1 << 63) - 1


def stamp_of(status: os.stat_result) -> FileStamp:
    return FileStamp(
        status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino & _INODE_BITS, time.time_ns()
    )


def read_file(root: str, path: str, max_bytes: int) -> tuple[FileStamp | None, bytes, str]:
    """Stamp, content and the reason why the content is not wanted.

    Never blocks on a pipe that a file became, and never follows a link that it became: that may lead out of the root.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(os.path.join(root, path), flags)
    except (FileNotFoundError, NotADirectoryError):
        return None, b"", "gone"
    except OSError as error:
        return None, b"", "gone" if error.errno == errno.ELOOP else "unreadable"
    try:
        status = os.fstat(descriptor)
        stamp = stamp_of(status)
        if stat.S_ISDIR(status.st_mode):
            return None, b"", "gone"
        if not stat.S_ISREG(status.st_mode):
            return stamp, b"", "not code"
        if status.st_size > max_bytes:
            return stamp, b"", "too large"
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(status.st_size + 1)  # one more, to see a file that grows
    except OSError:
        return None, b"", "unreadable"
    finally:
        os.close(descriptor)
    return stamp, data, "too large" if len(data) > max_bytes else ""
