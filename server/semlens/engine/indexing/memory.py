"""Returns memory to the system, so that a server does not keep what the first index needed.

glibc keeps freed memory in arenas, one a thread; both calls are its own, and do nothing where there is no glibc.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

_M_ARENA_MAX = -8  # of malloc.h
_N_ARENAS = 2

TRIM_SECONDS = 10.0


@cache
def _c_library() -> Any:
    """The C library that the process runs on, or None where it has no such calls."""
    if sys.platform != "linux":
        return None
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
    except OSError:
        return None


def limit_arenas() -> None:
    """Let all threads share two arenas: what one frees another can use. Call it before the threads start."""
    if (library := _c_library()) is not None:
        library.mallopt(_M_ARENA_MAX, _N_ARENAS)


class MemoryTrimmer:
    """Releases memory, but not again within some seconds. :ivar next_trim: monotonic seconds."""

    def __init__(self) -> None:
        self.next_trim = 0.0

    def trim(self, now: float) -> bool:
        """Release memory if it is time. :returns: whether it was."""
        if now < self.next_trim:
            return False
        self.next_trim = now + TRIM_SECONDS
        release_memory()
        return True


def release_memory() -> None:
    """Return free pages to the system; some milliseconds, without holding the interpreter."""
    if (library := _c_library()) is not None:
        library.malloc_trim(0)
