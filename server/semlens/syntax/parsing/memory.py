"""How much memory this process uses. Some grammars need ten thousand bytes for each byte of certain texts."""

from __future__ import annotations

import mmap
import os
import sys
from functools import cache


def resident_bytes() -> int:
    """The resident memory of this process; 0 where the system does not say, which is not Linux."""
    if sys.platform != "linux":
        return 0
    try:
        return int(os.pread(_memory_file(os.getpid()), 128, 0).split()[1]) * mmap.PAGESIZE
    except OSError:
        return 0


@cache
def _memory_file(_process_id: int) -> int:
    """A descriptor, which is kept. To open the file takes five times as long as to read it.

    :raises OSError: where there is no such file.
    """
    return os.open("/proc/self/statm", os.O_RDONLY)
