"""What a parse worker may use: processor time for each step, memory, and few of its user's rights.

The kernel enforces all of it, so a step that never returns to Python ends too. None of it stops code that takes the
worker over: that runs as the user. ARCHITECTURE.md says why there is no system call filter.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import signal
import sys
from collections.abc import Iterator

MAX_STEP_SECONDS = 8
"""Of processor time, so that a busy machine is no file's fault. A step is to parse one file, or to tokenise it."""

MAX_MEMORY_BYTES = 2 << 30
"""Address space of a worker."""

_MAX_IDLE_BYTES = 512 << 20
"""Resident memory of a worker between two requests."""

_MAX_OPEN_FILES = 64
_PR_SET_NO_NEW_PRIVS = 38  # of linux/prctl.h


@contextlib.contextmanager
def time_limit(seconds: float = MAX_STEP_SECONDS) -> Iterator[None]:
    """SIGPROF's default action ends the process; Python need not get a turn for that."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def drop_privileges() -> None:
    """Take from this process what parsing does not need. What the system refuses to take stays."""
    if sys.platform != "linux":  # macOS does not enforce the limit of memory, Windows has no such calls
        return
    import resource

    sys.dont_write_bytecode = True
    for kind, limit in (
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),  # a core file would hold source code
        (resource.RLIMIT_FSIZE, 0),  # no byte to any file; pipes are none
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, limit))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def exceeds_memory_limit() -> bool:
    """Some grammars keep hundreds of megabytes after some texts; only the end of the process frees them."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * mmap.PAGESIZE > _MAX_IDLE_BYTES
    except OSError:
        return False
