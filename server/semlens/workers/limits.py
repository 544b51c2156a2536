"""Limits a parse worker: processor time for each step, memory, open files and privileges.

The kernel enforces the limits, so a step that never returns to Python ends too. macOS has that of time only, and
Windows has none. The limits do not stop code that takes the worker over: it runs as the user. ARCHITECTURE.md says why
there is no filter of system calls.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
from collections.abc import Iterator

from semlens.syntax.parsing.memory import resident_bytes

MAX_STEP_SECONDS = 8
"""Limit of processor time for one step, which parses or tokenises one file. A busy machine makes no file fail.

`syntax/parsing/parse_limits.py` has the shorter limit of a parse. This one ends what that cannot stop."""

MAX_MEMORY_BYTES = 3 << 29
"""Address space of a worker. `syntax/parsing/parse_limits.py` has the lower limit of a parse."""

_MAX_IDLE_BYTES = 512 << 20
"""Resident memory of a worker between two requests."""

_MAX_OPEN_FILES = 64
_PR_SET_NO_NEW_PRIVS = 38  # of linux/prctl.h


@contextlib.contextmanager
def time_limit(seconds: float = MAX_STEP_SECONDS) -> Iterator[None]:
    """End the process when the block takes longer. The default action of SIGPROF does it without help from Python."""
    if sys.platform == "win32":
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def drop_privileges() -> None:
    """Give up the privileges that parsing does not need. A limit that the system refuses to set is left out."""
    if sys.platform != "linux":  # macOS does not enforce memory limits, and Windows has no such calls
        return
    import resource

    sys.dont_write_bytecode = True
    for kind, limit in (
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),  # a core file would hold source code
        (resource.RLIMIT_FSIZE, 0),  # the worker writes to no file; pipes do not count
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, limit))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def exceeds_memory_limit() -> bool:
    """Whether the process should end to free memory: some grammars keep hundreds of megabytes after some texts."""
    return resident_bytes() > _MAX_IDLE_BYTES
