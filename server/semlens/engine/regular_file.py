"""Reads a regular file and nothing else: no pipe that blocks, no device, no link that leads elsewhere."""

from __future__ import annotations

import os
import stat


def read_regular(path: str, max_bytes: int, *, follow_link: bool = False) -> bytes:
    """At most `max_bytes` of the file's beginning.

    :raises OSError: when it is missing, unreadable, a link that is not to be followed, or no regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    if not follow_link:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags)
    except ValueError as error:  # a NUL in the name
        raise OSError(str(error)) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is not a regular file")
        parts: list[bytes] = []
        n_missing = max_bytes
        while n_missing > 0:
            part = os.read(descriptor, n_missing)
            if not part:
                break
            parts.append(part)
            n_missing -= len(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)
