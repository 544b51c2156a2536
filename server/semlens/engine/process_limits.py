"""Checks the limits that a shell set for this process (``ulimit``), before work begins that they would stop midway."""

from __future__ import annotations

import contextlib
import sys

from semlens.core.errors import ResourceLimitError

MIN_ADDRESS_BYTES = 900_000_000
"""Address space of a process that holds the models and a small index."""

MIN_OPEN_FILES = 64


def check_process_limits() -> None:
    """:raises ResourceLimitError: when the index cannot be used under these limits."""
    if sys.platform == "win32":  # it has no such limits
        return
    import resource

    address_bytes, _ = resource.getrlimit(resource.RLIMIT_AS)
    if address_bytes != resource.RLIM_INFINITY and address_bytes < MIN_ADDRESS_BYTES:
        raise ResourceLimitError(
            f"This shell limits a process to {address_bytes // 1_000_000} MB of address space, and semlens needs "
            f"{MIN_ADDRESS_BYTES // 1_000_000} MB. Raise the limit with 'ulimit -v unlimited'."
        )
    n_files, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    if n_files == resource.RLIM_INFINITY or n_files >= MIN_OPEN_FILES:
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (MIN_OPEN_FILES, most_files))
        return
    raise ResourceLimitError(
        f"This shell limits a process to {n_files} open files, and semlens needs {MIN_OPEN_FILES}. "
        f"Raise the limit with 'ulimit -n 1024'."
    )
